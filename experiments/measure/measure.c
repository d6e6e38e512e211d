#include "experiments/measure/measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/aside.h"
#include "core/base/memory.h"
#include "experiments/measure/answers.h"
#include "experiments/measure/checkpoint.h"
#include "experiments/measure/recent.h"

enum { READ_ROWS = 20000 /* of the journal in one job, so that blocks and questions come between */ };

struct measure {
    struct lane *lane;
    struct fold fold;
    struct recent recent;
    struct journal_reader *reader;
    const struct clock *clock;
    const struct log *log;
    char checkpoint[4096];
    int64_t checkpoint_ms;
    uint64_t written;   /* ticks: when the last checkpoint was begun */
    struct aside aside; /* the disk's part of it */
    struct saving {
        struct checkpoint_draft draft;
        bool under_way;
        int rc;
        struct error error;
    } saving;
    int64_t target;          /* seq: what is up to it comes from the files, not in blocks */
    struct lane_job reading; /* reads the files; at most one is queued */
    bool is_reading, warned;
    _Atomic bool closing;
    _Atomic int64_t shown_position, shown_target;
    _Atomic bool recovered;
    struct telemetry *own_telemetry;
    struct counter *position_gauge, *refolds_gauge, *bytes_gauge, *checkpoints;
    struct histogram *checkpoint_time;
};

/* --- following the journal --- */

static void show(struct measure *m) {
    m->shown_position = m->fold.position;
    m->shown_target = m->target;
    m->recovered = m->fold.position >= m->target && !m->is_reading;
    gauge_set(m->position_gauge, m->fold.position);
    gauge_set(m->refolds_gauge, m->fold.refolds);
    int64_t bytes = 0;
    for (uint32_t i = 0; i < m->fold.n; i++) bytes += (int64_t)unit_table_bytes(&m->fold.measured[i]->units);
    gauge_set(m->bytes_gauge, bytes);
}

/* What cannot be read now is tried again at the next tick; nothing is lost by it. */
static void complain(struct measure *m, int code) {
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

/* Durable when it returns. */
static int checkpoint(struct measure *m, struct error *error) {
    end_saving(m);
    if (m->fold.dirty_n) return error_set(error, ERR_UNAVAILABLE, "the journal cannot be read now");
    m->written = clock_ticks();
    m->fold.changed = false;
    return checkpoint_done(m, m->written, checkpoint_write(&m->fold, m->checkpoint, error), error);
}

/* Durable soon: figures go on while the disk is busy with it. */
static void checkpoint_if_due(struct measure *m) {
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

static void keep_reading(struct measure *m) {
    if (m->is_reading || m->closing) return;
    m->is_reading = true;
    lane_do(m->lane, &m->reading);
}

static bool all_live(const struct fold *fold) {
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
    complain(m, rc);
    m->is_reading = false;
    if (rc >= 0 && (m->fold.position < m->target || !all_live(&m->fold))) keep_reading(m);
    checkpoint_if_due(m);
    show(m);
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
        keep_reading(m);
    } else {
        fold_records(&m->fold, block->records, block->n);
        complain(m, fold_settle(&m->fold));
        checkpoint_if_due(m);
    }
    journal_block_free(block);
    free(job);
    show(m);
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
    if (m->fold.changed && !fold_settle(&m->fold)) checkpoint(m, &error);
    measure_free(m);
}

/* --- small jobs --- */

struct snapshot_job {
    struct lane_job job;
    struct snapshot *snapshot;
};

static void set_plan(struct lane_job *job, void *owner) {
    struct measure *m = owner;
    struct snapshot *snapshot = ((struct snapshot_job *)job)->snapshot;
    fold_set_plan(&m->fold, plan_new(snapshot));
    recent_forget(&m->recent);
    snapshot_release(snapshot);
    free(job);
    if (!all_live(&m->fold)) keep_reading(m);
}

void measure_set_snapshot(struct measure *m, struct snapshot *snapshot) {
    struct snapshot_job *job = memory_new(struct snapshot_job);
    job->job.work = set_plan;
    job->snapshot = snapshot_keep(snapshot);
    recent_expect(&m->recent, snapshot->revision);
    lane_do(m->lane, &job->job);
}

static void tick(struct lane_job *job, void *owner) {
    struct measure *m = owner;
    if (m->fold.dirty_n) complain(m, fold_settle(&m->fold));
    if (m->fold.position < m->target || !all_live(&m->fold)) keep_reading(m);
    recent_renew(&m->recent, &m->fold, clock_now(m->clock));
    checkpoint_if_due(m);
    show(m);
    free(job);
}

void measure_tick(struct measure *m) {
    struct lane_job *job = memory_new(struct lane_job);
    job->work = tick;
    lane_do(m->lane, job);
}

void measure_stats(struct measure *m, struct measure_stats *stats) {
    *stats = (struct measure_stats){m->shown_position, m->shown_target, m->recovered};
}

/* --- questions --- */

static void ask(struct lane_job *job, void *owner) {
    struct measure *m = owner;
    struct measure_question *question = (struct measure_question *)job;
    int64_t now = clock_now(m->clock);
    answer_question(&m->fold, question, now);
    recent_keep(&m->recent, question, now);
}

void measure_ask(struct measure *m, struct measure_question *question) {
    question->job.work = ask;
    if (recent_answer(&m->recent, question, clock_now(m->clock)))
        mailbox_post(question->job.reply_to, &question->job.mail);
    else
        lane_do(m->lane, &question->job);
}

static void ask_traffic(struct lane_job *job, void *owner) {
    struct measure *m = owner;
    answer_traffic(&m->fold, (struct measure_traffic *)job, clock_now(m->clock));
}

void measure_ask_traffic(struct measure *m, struct measure_traffic *traffic) {
    traffic->job.work = ask_traffic;
    lane_do(m->lane, &traffic->job);
}

struct recall_job {
    struct lane_job job;
    struct measure_memory *memory;
};

/* Behind the reading of the files, turn by turn. */
static void recall(struct lane_job *job, void *owner) {
    struct measure *m = owner;
    struct measure_memory *memory = ((struct recall_job *)job)->memory;
    if ((m->fold.position < m->target || !all_live(&m->fold)) && !m->warned && !m->closing) {
        lane_do(m->lane, job);
        return;
    }
    answer_memory(&m->fold, memory);
    if (memory->job.reply_to) mailbox_post(memory->job.reply_to, &memory->job.mail);
    free(job);
}

void measure_recall(struct measure *m, struct measure_memory *memory) {
    struct recall_job *job = memory_new(struct recall_job);
    job->job.work = recall;
    job->memory = memory;
    lane_do(m->lane, &job->job);
}

static void export_page(struct lane_job *job, void *owner) {
    struct measure *m = owner;
    answer_export(&m->fold, (struct measure_export *)job, clock_now(m->clock));
}

void measure_export_units(struct measure *m, struct measure_export *page) {
    page->job.work = export_page;
    lane_do(m->lane, &page->job);
}

static void forget(struct lane_job *job, void *owner) {
    struct measure *m = owner;
    struct measure_forgetting *forgetting = (struct measure_forgetting *)job;
    answer_forgetting(&m->fold, forgetting, clock_now(m->clock));
    recent_forget(&m->recent);
    checkpoint(m, &forgetting->error);
}

void measure_forget(struct measure *m, struct measure_forgetting *forgetting) {
    forgetting->job.work = forget;
    lane_do(m->lane, &forgetting->job);
}

static void expire(struct lane_job *job, void *owner) {
    struct measure *m = owner;
    struct measure_expiry *e = (struct measure_expiry *)job;
    bool caught_up = m->fold.position >= m->target && all_live(&m->fold) && !m->fold.dirty_n;
    e->last = 0;
    if (!caught_up) return;
    int rc = answer_expiry(&m->fold, e, clock_now(m->clock));
    recent_forget(&m->recent);
    if (rc == 0 && e->last) rc = checkpoint(m, &e->error);
    if (rc < 0) e->last = 0;
}

void measure_expire(struct measure *m, struct measure_expiry *expiry) {
    expiry->job.work = expire;
    lane_do(m->lane, &expiry->job);
}

struct proof_job {
    struct lane_job job;
    struct measure_proof *proof;
    struct fold again;
    bool begun;
};

static void end_proof(struct proof_job *job) {
    struct measure_proof *proof = job->proof;
    if (job->begun) fold_free(&job->again);
    free(job);
    if (proof->job.reply_to) mailbox_post(proof->job.reply_to, &proof->job.mail);
}

static void prove(struct lane_job *lane_job, void *owner) {
    struct measure *m = owner;
    struct proof_job *job = (struct proof_job *)lane_job;
    struct error *error = &job->proof->error;
    struct text key = job->proof->experiment;
    if (job->begun && job->again.plan->snapshot != m->fold.plan->snapshot) fold_free(&job->again), job->begun = false;
    if (!job->begun) answer_proof_begin(&m->fold, &job->again);
    job->begun = true;
    if (key.n && !map_get(&m->fold.plan->by_key, key))
        error_set(error, ERR_NOT_FOUND, "there is no experiment `%.*s` that was started", TEXT_ARGS(key));
    else if (m->closing || m->warned)
        error_set(error, ERR_UNAVAILABLE, "the journal cannot be read now");
    else if (answer_proof_read(&m->fold, &job->again, READ_ROWS) < 0)
        error_set(error, ERR_IO, "the journal cannot be read");
    bool caught_up = m->fold.position >= m->target && all_live(&m->fold) && job->again.position == m->fold.position;
    if (!error->code && !caught_up) {
        lane_do(m->lane, lane_job);
        return;
    }
    if (!error->code) answer_proof(&m->fold, &job->again, job->proof);
    end_proof(job);
}

void measure_verify(struct measure *m, struct measure_proof *proof) {
    struct proof_job *job = memory_new(struct proof_job);
    job->job.work = prove;
    job->proof = proof;
    lane_do(m->lane, &job->job);
}
