/* The trial that most tests of folding tell their story with: purchases, what was spent, pins; and questions to it. */
#ifndef PARLEY_TESTS_EXPERIMENTS_MEASURE_SCENE_H
#define PARLEY_TESTS_EXPERIMENTS_MEASURE_SCENE_H

#include "tests/experiments/measure/trial.h"

#define METRICS                                                                                                        \
    {                                                                                                                  \
        "{\"key\":\"bought\",\"kind\":\"conversion\",\"event\":\"Order Completed\",\"window\":\"P7D\"}",               \
            "{\"key\":\"spend\",\"kind\":\"mean\",\"event\":\"Order Completed\",\"value\":\"revenue\",\"net\":true}",  \
            "{\"key\":\"pins\",\"kind\":\"count\",\"event\":\"Pinned\"}",                                              \
    }
#define EXPERIMENT(more)                                                                                               \
    "{\"key\":\"trial\",\"feature\":\"poll\",\"control\":\"off\",\"weights\":{\"off\":50,\"top\":50},"                 \
    "\"metrics\":{\"primary\":\"bought\",\"secondary\":[\"spend\",\"pins\"]}" more "}"
enum { BOUGHT, SPEND, PINS };
enum { OFF, TOP };

static const struct trial_definition plain = {EXPERIMENT(""), METRICS, T, 0};
static const struct trial_definition ending = {EXPERIMENT(""), METRICS, T, T + 20 * (int64_t)DAY};
static const struct trial_definition external = {EXPERIMENT(",\"assignment\":\"external\""), METRICS, T, 0};
static struct trial t;

static inline void expect(int64_t as_of, int arm, int64_t units, double bought, double spend, double pins) {
    struct measure_results *r = trial_read(&t, as_of);
    cr_expect_eq(trial_units(r, arm), units, "%lld units in arm %d", (long long)trial_units(r, arm), arm);
    cr_expect_eq(trial_sum(r, BOUGHT, arm), bought, "bought %g", trial_sum(r, BOUGHT, arm));
    cr_expect_eq(trial_sum(r, SPEND, arm), spend, "spend %g", trial_sum(r, SPEND, arm));
    cr_expect_eq(trial_sum(r, PINS, arm), pins, "pins %g", trial_sum(r, PINS, arm));
    measure_results_free(r);
}

static inline struct measure_excluded excluded(void) {
    struct measure_results *r = trial_read(&t, T);
    struct measure_excluded e = r->excluded;
    measure_results_free(r);
    return e;
}

static inline void order(const char *unit, int64_t at, const char *properties) {
    trial_send(&t, trial_event(unit, "Order Completed", at, properties));
}

static inline void identify(const char *user, const char *anonymous, int64_t at) {
    struct journal_record r = trial_event(user, "", at, NULL);
    r.kind = JOURNAL_IDENTIFY;
    r.flags = JOURNAL_KNOWN;
    r.other = text_of(anonymous);
    trial_send(&t, r);
}

#endif
