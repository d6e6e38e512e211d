/* What others ask of measuring, each a job on its lane; answers.c has the answers. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "experiments/measure/answers.h"
#include "experiments/measure/measure_internal.h"

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
    if (!measure_all_live(&m->fold)) measure_keep_reading(m);
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
    if (m->fold.dirty_n) measure_complain(m, fold_settle(&m->fold));
    if (m->fold.position < m->target || !measure_all_live(&m->fold)) measure_keep_reading(m);
    recent_renew(&m->recent, &m->fold, clock_now(m->clock));
    measure_checkpoint_if_due(m);
    measure_show(m);
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

static bool caught_up(const struct measure *m) {
    return m->fold.position >= m->target && measure_all_live(&m->fold);
}

/* What is asked of everything that happened so far: behind the reading of the files, turn by turn. */
struct patient_job {
    struct lane_job job, *asked;
    void (*work)(struct lane_job *asked, void *owner);
};

static void wait_turns(struct lane_job *job, void *owner) {
    struct measure *m = owner;
    struct patient_job *patient = (struct patient_job *)job;
    struct lane_job *asked = patient->asked;
    if (!caught_up(m) && !m->warned && !m->closing) {
        lane_do(m->lane, job);
        return;
    }
    patient->work(asked, owner);
    if (asked->reply_to) mailbox_post(asked->reply_to, &asked->mail);
    free(job);
}

static void do_patiently(struct measure *m, struct lane_job *asked, void (*work)(struct lane_job *, void *)) {
    struct patient_job *patient = memory_new(struct patient_job);
    *patient = (struct patient_job){.job.work = wait_turns, .asked = asked, .work = work};
    lane_do(m->lane, &patient->job);
}

static void recall(struct lane_job *job, void *owner) {
    struct measure *m = owner;
    answer_memory(&m->fold, (struct measure_memory *)job);
}

void measure_recall(struct measure *m, struct measure_memory *memory) {
    do_patiently(m, &memory->job, recall);
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
    if (!caught_up(m)) {
        error_set(&forgetting->error, ERR_UNAVAILABLE, "the journal cannot be read now");
        return;
    }
    answer_forgetting(&m->fold, forgetting, clock_now(m->clock));
    recent_forget(&m->recent);
    measure_checkpoint(m, &forgetting->error);
}

void measure_forget(struct measure *m, struct measure_forgetting *forgetting) {
    do_patiently(m, &forgetting->job, forget);
}

static void expire(struct lane_job *job, void *owner) {
    struct measure *m = owner;
    struct measure_expiry *e = (struct measure_expiry *)job;
    e->last = 0;
    if (!caught_up(m) || m->fold.dirty_n) return;
    int rc = answer_expiry(&m->fold, e, clock_now(m->clock));
    recent_forget(&m->recent);
    if (rc == 0 && e->last) rc = measure_checkpoint(m, &e->error);
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
    if (!error->code && !(caught_up(m) && job->again.position == m->fold.position)) {
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
