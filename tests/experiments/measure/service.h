/* Measuring as a service, in a folder of its own: a journal, the measures over it, and a loop that answers come to. */
#ifndef PARLEY_TESTS_EXPERIMENTS_MEASURE_SERVICE_H
#define PARLEY_TESTS_EXPERIMENTS_MEASURE_SERVICE_H

#include "experiments/measure/measure.h"
#include "tests/experiments/measure/trial.h"

static const struct trial_definition trial_one = {
    "{\"key\":\"trial\",\"feature\":\"poll\",\"control\":\"off\",\"weights\":{\"off\":50,\"top\":50},\"breakdowns\":"
    "[\"country\"],\"metrics\":{\"primary\":\"bought\",\"secondary\":[\"spend\"]}}",
    {"{\"key\":\"bought\",\"kind\":\"conversion\",\"event\":\"Order Completed\",\"window\":\"P7D\"}",
     "{\"key\":\"spend\",\"kind\":\"mean\",\"event\":\"Order Completed\",\"value\":\"revenue\"}"},
    T,
    0};
enum { OFF, TOP, BOUGHT = 0, SPEND = 1 };

static struct {
    uv_loop_t loop;
    struct mailbox box;
    struct journal *journal;
    struct measure *measure;
    struct clock clock;
    int answered;
} h;

static inline void start_with(const struct trial_definition *definition, int64_t checkpoint_ms) {
    struct error error = {0};
    char journal_folder[128];
    snprintf(journal_folder, sizeof journal_folder, "%s", in_folder("journal"));
    h.journal = journal_start((struct journal_options){0});
    clock_fix(&h.clock, T + 1000);
    struct snapshot *snapshot = trial_snapshot(definition);
    struct measure_options options = {.folder = in_folder("measure"),
                                      .journal_folder = journal_folder,
                                      .journal = h.journal,
                                      .checkpoint_ms = checkpoint_ms,
                                      .clock = &h.clock};
    cr_assert_eq(measure_open(&h.measure, &options, snapshot, &error), 0, "%s", error.detail);
    snapshot_release(snapshot);
    uv_loop_init(&h.loop);
    mailbox_open(&h.box, &h.loop);
}

static inline void start(void) {
    start_with(&trial_one, 0);
}

static inline void stop(void) {
    journal_close(h.journal);
    measure_close(h.measure);
    mailbox_close(&h.box);
    uv_run(&h.loop, UV_RUN_DEFAULT);
    uv_loop_close(&h.loop);
}

static inline void on_answer(struct mail *mail) {
    h.answered = 1;
}

static inline void wait_for(struct lane_job *job) {
    (void)job;
    h.answered = 0;
    while (!h.answered) uv_run(&h.loop, UV_RUN_ONCE);
}

#define ASKED                                                                                                          \
    { .mail.receive = on_answer, .reply_to = &h.box }

static inline void wait_until_recovered(void) {
    struct measure_memory memory = {.job = ASKED};
    measure_recall(h.measure, &memory);
    wait_for(&memory.job);
    arena_free(&memory.arena);
}

static inline struct measure_results *results_by(const char *by) {
    struct measure_question q = {.job = ASKED, .experiment = TEXT("trial"), .by = by ? text_of(by) : TEXT_NONE};
    measure_ask(h.measure, &q);
    wait_for(&q.job);
    cr_assert(q.results, "%s", q.error.detail);
    return q.results;
}
static inline struct measure_results *results(void) {
    return results_by(NULL);
}

static inline void write_one(struct journal_record r) {
    cr_assert_eq(journal_write(h.journal, &r, 1).code, 0);
}

static inline void write_units(int from, int to) {
    for (int i = from; i < to; i++) {
        char unit[16], properties[48];
        snprintf(unit, sizeof unit, "u%d", i);
        snprintf(properties, sizeof properties, "{\"revenue\":%d}", i);
        write_one(trial_exposure(unit, i % 2 ? "top" : "off", T + i));
        write_one(trial_event(unit, "Order Completed", T + i + (i % 3 ? 5 : -5), properties));
        if (i % 7 == 0) write_one(trial_exposure(unit, i % 2 ? "top" : "off", T + i - 10));
    }
}

static inline void verify(void) {
    struct measure_proof proof = {.job = ASKED};
    measure_verify(h.measure, &proof);
    wait_for(&proof.job);
    cr_assert_eq(proof.error.code, 0, "%s", proof.error.detail);
    cr_assert_eq(proof.different, 0, "%lld of %lld", (long long)proof.different, (long long)proof.units);
    cr_assert_gt(proof.units, 0);
}

#endif
