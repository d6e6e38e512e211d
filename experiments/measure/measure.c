#include "experiments/measure/measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/memory.h"
#include "experiments/measure/measure_internal.h"

/* --- following the journal --- */

void measure_show(struct measure *m) {
    m->shown_position = m->fold.position;
    m->shown_target = m->target;
    m->recovered = m->fold.position >= m->target && !m->is_reading;
    gauge_set(m->position_gauge, m->fold.position);
    gauge_set(m->refolds_gauge, m->fold.refolds);
    int64_t bytes = 0;
    for (uint32_t i = 0; i < m->fold.n; i++) bytes += (int64_t)unit_table_bytes(&m->fold.measured[i]->units);
    gauge_set(m->bytes_gauge, bytes);
}

void measure_complain(struct measure *m, int code) {
    if (code < 0 && !m->warned)
        log_error(m->log, "measuring cannot read the journal; figures wait until it can",
                  LOG_S("code", error_name(code)));
    m->warned = code < 0;
}

static int checkpoint_done(struct measure *m, uint64_t began, int rc, const struct error *error) {
    if (rc < 0) log_warn(m->log, "no checkpoint of the figures could be written", LOG_S("detail", error->detail));
    m->fold.changed |= rc < 0;
    count(m->checkpoints, 1);
    histogram_observe(m->checkpoint_time, clock_ticks() - began);
    return rc;
}

static void settle(void *what) {
    struct saving *saving = what;
    saving->rc = checkpoint_settle(&saving->draft, &saving->error);
}

/* The disk's part of the last one is over, or is waited for. */
static void end_saving(struct measure *m) {
    if (!m->saving.under_way) return;
    aside_wait(&m->aside);
    m->saving.under_way = false;
    checkpoint_done(m, m->written, m->saving.rc, &m->saving.error);
}

int measure_checkpoint(struct measure *m, struct error *error) {
    end_saving(m);
    if (m->fold.dirty_n) return error_set(error, ERR_UNAVAILABLE, "the journal cannot be read now");
    m->written = clock_ticks();
    m->fold.changed = false;
    return checkpoint_done(m, m->written, checkpoint_write(&m->fold, m->checkpoint, error), error);
}

void measure_checkpoint_if_due(struct measure *m) {
    if (aside_busy(&m->aside)) return;
    end_saving(m);
    if (!m->fold.changed || m->fold.dirty_n || clock_ticks() - m->written < (uint64_t)m->checkpoint_ms * 1000000u)
        return;
    m->written = clock_ticks();
    m->fold.changed = false;
    m->saving.error = (struct error){0};
    int rc = checkpoint_draft(&m->saving.draft, &m->fold, m->checkpoint, &m->saving.error);
    m->saving.under_way = rc == 0;
    if (rc == 0)
        aside_do(&m->aside, settle, &m->saving);
    else
        checkpoint_done(m, m->written, rc, &m->saving.error);
}

void measure_keep_reading(struct measure *m) {
    if (m->is_reading || m->closing) return;
    m->is_reading = true;
    lane_do(m->lane, &m->reading);
}

bool measure_all_live(const struct fold *fold) {
    for (uint32_t i = 0; i < fold->n; i++)
        if (!fold->measured[i]->live) return false;
    return true;
}

static int fold_one(void *visitor, const struct journal_record *record) {
    fold_record(visitor, record);
    return 0;
}

/* First the tail that comes in no block, then the past of experiments that are not live. */
static void read_files(struct lane_job *job, void *owner) {
    struct measure *m = owner;
    int rc;
    if (m->fold.position < m->target) {
        int64_t to = m->fold.position + READ_ROWS < m->target ? m->fold.position + READ_ROWS : m->target;
        rc = journal_read(m->reader, m->fold.position + 1, to, fold_one, &m->fold, NULL);
        if (rc == 0) rc = fold_settle(&m->fold);
        if (rc == 0 && m->fold.position < to) m->fold.position = to; /* rows whose file is gone */
    } else
        rc = fold_catch_up(&m->fold, READ_ROWS);
    measure_complain(m, rc);
    m->is_reading = false;
    if (rc >= 0 && (m->fold.position < m->target || !measure_all_live(&m->fold))) measure_keep_reading(m);
    measure_checkpoint_if_due(m);
    measure_show(m);
}

struct block_job {
    struct lane_job job;
    struct journal_block *block;
};

static void fold_block(struct lane_job *job, void *owner) {
    struct measure *m = owner;
    struct journal_block *block = ((struct block_job *)job)->block;
    if (block->first > m->fold.position + 1) {
        m->target = block->last; /* behind the files: it is read from them in its turn */
        measure_keep_reading(m);
    } else {
        fold_records(&m->fold, block->records, block->n);
        measure_complain(m, fold_settle(&m->fold));
        measure_checkpoint_if_due(m);
    }
    journal_block_free(block);
    free(job);
    measure_show(m);
}

static void committed(void *subscriber, struct journal_block *block) {
    struct measure *m = subscriber;
    struct block_job *job = memory_new(struct block_job);
    job->job.work = fold_block;
    job->block = block;
    lane_do(m->lane, &job->job);
}

/* --- opening and closing --- */

static int open_parts(struct measure *m, const struct measure_options *o, struct error *error) {
    if (mkdir(o->folder, 0700) != 0 && errno != EEXIST)
        return error_set(error, ERR_IO, "the folder %s cannot be made: %s", o->folder, strerror(errno));
    int rc = journal_reader_open(&m->reader, o->journal_folder, error);
    if (rc < 0) return rc;
    struct error why = {0};
    fold_init(&m->fold, m->reader, o->log, o->late_ms ? o->late_ms : 7 * (int64_t)CLOCK_DAY);
    snprintf(m->checkpoint, sizeof m->checkpoint, "%s/checkpoint", o->folder);
    rc = checkpoint_read(&m->fold, m->checkpoint, &why);
    if (rc < 0 && rc != ERR_NOT_FOUND)
        log_warn(o->log, "the figures are computed again from the journal", LOG_S("detail", why.detail));
    return 0;
}

static void make_instruments(struct measure *m, struct telemetry *t) {
    if (!t) t = m->own_telemetry = telemetry_new();
    m->position_gauge = telemetry_gauge(t, "parley_measure_position", "The journal's row that figures include", "");
    m->refolds_gauge = telemetry_gauge(t, "parley_measure_refolds", "Units computed again since the start", "");
    m->bytes_gauge = telemetry_gauge(t, "parley_measure_unit_bytes", "Memory that the units of experiments take", "");
    m->checkpoints = telemetry_counter(t, "parley_measure_checkpoints_total", "Checkpoints written", "");
    m->checkpoint_time = telemetry_histogram(t, "parley_measure_checkpoint_seconds", "Time to write a checkpoint", "");
}

static void measure_free(struct measure *m) {
    recent_free(&m->recent);
    fold_free(&m->fold);
    journal_reader_close(m->reader);
    telemetry_free(m->own_telemetry);
    free(m);
}

int measure_open(struct measure **out, const struct measure_options *o, struct snapshot *snapshot,
                 struct error *error) {
    struct measure *m = memory_new(struct measure);
    m->clock = o->clock ? o->clock : &clock_system;
    m->log = o->log;
    m->checkpoint_ms = o->checkpoint_ms ? o->checkpoint_ms : 30 * CLOCK_SECOND;
    m->written = clock_ticks();
    m->reading.work = read_files;
    recent_init(&m->recent);
    *out = NULL;
    int rc = open_parts(m, o, error);
    if (rc < 0) {
        free(m);
        return rc;
    }
    make_instruments(m, o->telemetry);
    fold_set_plan(&m->fold, plan_new(snapshot));
    m->lane = lane_start("measure", m);
    m->target = journal_subscribe(o->journal, committed, m);
    m->shown_target = m->target;
    m->is_reading = true;
    lane_do(m->lane, &m->reading);
    *out = m;
    return 0;
}

void measure_close(struct measure *m) {
    if (!m) return;
    m->closing = true;
    lane_stop(m->lane);
    struct error error = {0};
    end_saving(m);
    if (m->fold.changed && !fold_settle(&m->fold)) measure_checkpoint(m, &error);
    measure_free(m);
}
