/* A trial in a folder of its own: definitions, a real journal, and the fold over it, driven step by step. */
#ifndef PARLEY_TESTS_EXPERIMENTS_MEASURE_TRIAL_H
#define PARLEY_TESTS_EXPERIMENTS_MEASURE_TRIAL_H

#include "core/base/memory.h"
#include "experiments/measure/cells.h"
#include "tests/core/journal/write.h"

enum { T = 1000000000 /* when trials start, ms */, DAY = CLOCK_DAY };

struct trial_definition {
    const char *experiment;  /* JSON */
    const char *metrics[12]; /* JSON */
    int64_t start, end;      /* end 0: open */
};

/* When the trials that are defined next were paused, resumed, paused ...; 0 ends them. */
static int64_t trial_turns[4];

/* The experiment is on feature `poll` with the variants off and top (and mid). */
static inline struct snapshot *trial_snapshot(const struct trial_definition *d) {
    static const char feature[] =
        "{\"key\":\"poll\",\"type\":\"string\",\"enabled\":true,\"variants\":{\"off\":{\"value\":"
        "\"off\"},\"top\":{\"value\":\"top\"},\"mid\":{\"value\":\"mid\"}},\"off\":\"off\","
        "\"default\":{\"serve\":\"off\"}}";
    struct definition definitions[16];
    struct error error = {0};
    struct arena arena;
    size_t n = 0;
    arena_init(&arena, 4096);
    definitions[n++] = (struct definition){DEFINITION_FEATURE, TEXT("poll"), json_loads(feature, 0, NULL), NULL};
    for (int i = 0; d->metrics[i]; i++) {
        json_t *body = json_loads(d->metrics[i], 0, NULL);
        cr_assert(body, "%s", d->metrics[i]);
        definitions[n++] = (struct definition){DEFINITION_METRIC,
                                               text_of(json_string_value(json_object_get(body, "key"))), body, NULL};
    }
    json_t *body = json_loads(d->experiment, 0, NULL);
    cr_assert(body, "%s", d->experiment);
    struct feature f;
    struct experiment experiment;
    struct experiment_state state;
    cr_assert_eq(feature_parse(&f, definitions[0].body, TEXT("poll"), &arena, &error), 0, "%s", error.detail);
    cr_assert_eq(experiment_parse(&experiment, body, TEXT_NONE, &arena, &error), 0, "%s", error.detail);
    experiment_settle(&experiment, &f);
    lifecycle_create(&state, &experiment, TEXT_NONE);
    struct slots_taken none = {0};
    int free_slots;
    cr_assert_eq(lifecycle_start(&state, &experiment, d->start, none, &arena, &free_slots, &error), 0, "%s",
                 error.detail);
    for (int i = 0; i < 4 && trial_turns[i]; i++)
        cr_assert_eq((i % 2 ? lifecycle_resume : lifecycle_pause)(&state, trial_turns[i], &arena, &error), 0, "%s",
                     error.detail);
    if (d->end) cr_assert_eq(lifecycle_end(&state, d->end, &error), 0, "%s", error.detail);
    definitions[n++] = (struct definition){DEFINITION_EXPERIMENT, experiment.key, body, experiment_state_json(&state)};
    struct snapshot *snapshot;
    cr_assert_eq(snapshot_build(&snapshot, 1, definitions, n, &error), 0, "%s", error.detail);
    for (size_t i = 0; i < n; i++) {
        json_decref((json_t *)definitions[i].body);
        json_decref((json_t *)definitions[i].state);
    }
    arena_free(&arena);
    return snapshot;
}

struct trial {
    struct journal *journal;
    struct journal_reader *reader;
    struct fold fold;
    int events; /* for message ids */
};

static inline void trial_plan(struct trial *t, const struct trial_definition *d) {
    struct snapshot *snapshot = trial_snapshot(d);
    fold_set_plan(&t->fold, plan_new(snapshot));
    snapshot_release(snapshot);
}

static inline void trial_open(struct trial *t, const struct trial_definition *d) {
    struct error error = {0};
    *t = (struct trial){.journal = journal_start((struct journal_options){0})};
    cr_assert_eq(journal_reader_open(&t->reader, in_folder("journal"), &error), 0, "%s", error.detail);
    fold_init(&t->fold, t->reader, NULL, 7 * (int64_t)DAY);
    trial_plan(t, d);
}

static inline void trial_close(struct trial *t) {
    fold_free(&t->fold);
    journal_reader_close(t->reader);
    journal_close(t->journal);
}

static inline int trial_fold_one(void *visitor, const struct journal_record *r) {
    fold_record(visitor, r);
    return 0;
}

/* Folds what the journal holds beyond the fold's position. */
static inline void trial_fold(struct fold *fold) {
    struct error error = {0};
    cr_assert_eq(journal_read(fold->reader, fold->position + 1, INT64_MAX, trial_fold_one, fold, &error), 0, "%s",
                 error.detail);
    cr_assert_eq(fold_settle(fold), 0);
    int rc;
    while ((rc = fold_catch_up(fold, 3)) > 0) continue;
    cr_assert_eq(rc, 0);
}

static inline void trial_write(struct trial *t, struct journal_record *records, size_t n) {
    cr_assert_eq(journal_write(t->journal, records, n).code, 0);
    trial_fold(&t->fold);
}

/* An event with properties as JSON; received a little after it happened. */
static inline struct journal_record trial_event(const char *unit, const char *name, int64_t at,
                                                const char *properties) {
    static struct arena arena; /* a test is a process: it is never freed */
    if (!arena.block_size) arena_init(&arena, 65536);
    struct journal_record r = track(unit, name, NULL, at);
    r.received = at + 10;
    r.body = arena_printf(&arena, "{\"properties\":%s}", properties ? properties : "{}");
    return r;
}

static inline struct journal_record trial_exposure(const char *unit, const char *variant, int64_t at) {
    static struct arena arena;
    if (!arena.block_size) arena_init(&arena, 65536);
    struct journal_record r = track(unit, "trial", NULL, at);
    r.kind = JOURNAL_EXPOSURE;
    r.received = at + 10;
    r.body =
        arena_printf(&arena, "{\"experiment\":\"trial\",\"variant\":\"%s\",\"epoch\":0,\"cause\":\"met\"}", variant);
    return r;
}

static inline void trial_send(struct trial *t, struct journal_record r) {
    trial_write(t, &r, 1);
}

static inline struct measure_results *trial_read(struct trial *t, int64_t as_of) {
    return cells_read(&t->fold, t->fold.measured[0], -1, as_of);
}

/* The arm's units, or the sum of its metric in whole values. */
static inline int64_t trial_units(const struct measure_results *r, int arm) {
    return r->groups[0].units[arm];
}
static inline double trial_sum(const struct measure_results *r, int metric, int arm) {
    return cell_total(&r->groups[0].metrics[metric].cells[arm]);
}

/* Whether two states say the same of every unit, to the bit. */
static inline bool trial_same(const struct measured *a, const struct measured *b) {
    if (a->units.n != b->units.n || memcmp(&a->excluded, &b->excluded, sizeof a->excluded) != 0) return false;
    for (uint32_t i = 0; i < a->units.n; i++)
        if (!fold_same(a, &a->units.rows[i], b, unit_table_find(&b->units, a->units.rows[i].unit))) return false;
    return true;
}

#endif
