/* Figures are laid into the cells of a real definition; what comes out is read as a client reads it. */
#ifndef PARLEY_TESTS_EXPERIMENTS_JUDGE_RESULTS_SCENE_H
#define PARLEY_TESTS_EXPERIMENTS_JUDGE_RESULTS_SCENE_H

#include <math.h>

#include "experiments/judge/results.h"
#include "tests/experiments/measure/trial.h"

static struct fold fold;
static struct measure_results *r;
static json_t *answer;
static struct text by;            /* what read_back asks for ... */
static const struct look *before; /* ... and the look it goes on from */

#define TWO   "\"weights\":{\"off\":50,\"top\":50}"
#define THREE "\"weights\":{\"off\":1,\"top\":1,\"mid\":1}"
#define EXPERIMENT(weights, more)                                                                                      \
    "{\"key\":\"trial\",\"feature\":\"poll\",\"control\":\"off\"," weights                                             \
    ",\"metrics\":{\"primary\":\"bought\",\"secondary\":[\"spend\"],\"guardrails\":[{\"metric\":\"complaints\","       \
    "\"harm\":"                                                                                                        \
    "\"increase\",\"margin\":0.01,\"action\":\"rollback\"}]}" more "}"
static struct trial_definition definition = {
    NULL,
    {"{\"key\":\"bought\",\"kind\":\"conversion\",\"event\":\"Order Completed\"}",
     "{\"key\":\"spend\",\"kind\":\"mean\",\"event\":\"Order Completed\",\"value\":\"revenue\"}",
     "{\"key\":\"complaints\",\"kind\":\"conversion\",\"event\":\"Complained\",\"better\":\"lower\"}"},
    T,
    0};
enum { BOUGHT, SPEND, COMPLAINTS };

static inline void open_results(const char *experiment) {
    definition.experiment = experiment;
    struct snapshot *snapshot = trial_snapshot(&definition);
    fold_init(&fold, NULL, NULL, 0);
    fold_set_plan(&fold, plan_new(snapshot));
    snapshot_release(snapshot);
    r = cells_read(&fold, fold.measured[0], -1, T + 10 * (int64_t)DAY);
}

/* `n` units of which `k` have the value `value` (in whole units) and the others 0. */
static inline void lay(int metric, int arm, uint64_t n, uint64_t k, int64_t value) {
    struct cell *cell = &r->groups[0].metrics[metric].cells[arm];
    int64_t x = value * CELL_SCALE;
    *cell = (struct cell){.n = n, .sum_x = (__int128)x * (__int128)k};
    struct cell one = {0};
    cell_add(&one, x, 0);
    for (uint64_t i = 0; i < k; i++) {
        struct cell sum = *cell; /* the squares alone, by the cell's own arithmetic */
        cell_merge(&sum, &one);
        cell->sum_xx = sum.sum_xx;
    }
    r->groups[0].units[arm] = (int64_t)n;
}

static inline void lay_all(int arm, uint64_t n, uint64_t bought, uint64_t complaints) {
    lay(BOUGHT, arm, n, bought, 1);
    lay(SPEND, arm, n, bought, 20);
    lay(COMPLAINTS, arm, n, complaints, 1);
}

static inline void read_back(void) {
    struct buffer b = {0};
    struct json_writer w;
    json_error_t error;
    json_writer_init(&w, &b);
    results_write(r, by, before, &w);
    answer = json_loadb(b.at, b.n, JSON_REJECT_DUPLICATES, &error);
    cr_assert(answer, "%s\n%.*s", error.text, (int)b.n, b.at);
    buffer_free(&b);
}

struct laid {
    uint64_t n, bought, complaints;
};

/* The whole way of a trial of two arms: laid, and read back. */
static inline void laid_out(const char *experiment, struct laid control, struct laid treatment) {
    open_results(experiment);
    lay_all(0, control.n, control.bought, control.complaints);
    lay_all(1, treatment.n, treatment.bought, treatment.complaints);
    read_back();
}
#define ARM(units, bought, complaints) ((struct laid){units, bought, complaints})

static inline void close_results(void) {
    json_decref(answer);
    measure_results_free(r);
    fold_free(&fold);
}

/* "a.b.0.c" */
static inline json_t *at(const char *path) {
    json_t *json = answer;
    char copy[128];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *part = strtok(copy, "."); part && json; part = strtok(NULL, "."))
        json = json_is_array(json) ? json_array_get(json, (size_t)atoi(part)) : json_object_get(json, part);
    cr_assert(json, "no %s in %s", path, json_dumps(answer, 0));
    return json;
}
static inline double number(const char *path) {
    cr_assert(json_is_number(at(path)), "%s is %s", path, json_dumps(at(path), JSON_ENCODE_ANY));
    return json_number_value(at(path));
}
static inline const char *words(const char *path) {
    return json_string_value(at(path));
}
static inline void near(const char *path, double expected, double tolerance) {
    double is = number(path);
    cr_expect(fabs(is - expected) <= tolerance, "%s is %.10g, not %.10g", path, is, expected);
}

#endif
