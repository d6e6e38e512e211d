#include "experiments/steer/stale.h"

#include <criterion/criterion.h>

#include "core/base/clock.h"

/* A feature and its experiment as they stand in a snapshot. */
enum { NOW = 1000 * CLOCK_SECOND };
static struct metric week = {.kind = METRIC_CONVERSION, .window = 7000};
static struct metric whole = {.kind = METRIC_MEAN, .window = METRIC_NO_WINDOW};
static struct metric back = {.kind = METRIC_RETENTION, .window = METRIC_NO_WINDOW, .from = 8000, .to = 9000};

static struct snapshot_feature feature(enum feature_stage stage, int64_t review_by) {
    return (struct snapshot_feature){.definition = {.key = TEXT("poll"), .stage = stage, .review_by = review_by}};
}

static const struct usage_of unused;

static bool only(unsigned reasons, enum stale_reason reason) {
    return reasons == 1u << reason;
}

Test(stale, a_feature_stands_out_once_its_review_is_overdue_until_it_is_retired) {
    struct snapshot_feature f = feature(STAGE_SHIPPED, NOW);
    cr_expect_eq(stale_reasons_of(&f, unused, NOW), 0u);
    cr_expect(only(stale_reasons_of(&f, unused, NOW + 1), STALE_REVIEW_OVERDUE));
    f.definition.stage = STAGE_RETIRED;
    cr_expect_eq(stale_reasons_of(&f, unused, NOW + 1), 0u);
}

Test(stale, an_ended_experiment_waits_for_its_conclusion_once_the_longest_window_has_run_out) {
    const struct metric *secondary[] = {&whole, &back};
    struct snapshot_experiment e = {.definition = {.n_secondary = 2},
                                    .state = {.phase = PHASE_MATURING, .end_at = NOW},
                                    .primary = &week,
                                    .secondary = secondary};
    struct snapshot_feature f = feature(STAGE_TRIAL, 0);
    f.experiment = &e;
    cr_expect_eq(stale_reasons_of(&f, unused, NOW + 8999), 0u);
    cr_expect(only(stale_reasons_of(&f, unused, NOW + 9000), STALE_EXPERIMENT_OVER));
    e.state.phase = PHASE_RUNNING;
    cr_expect_eq(stale_reasons_of(&f, unused, NOW + 9000), 0u);
    e.definition.review_by = NOW;
    cr_expect(only(stale_reasons_of(&f, unused, NOW + 9000), STALE_EXPERIMENT_OVERDUE));
}

Test(stale, a_trial_without_an_experiment_stands_out_where_there_was_one) {
    struct snapshot_feature f = feature(STAGE_TRIAL, 0);
    cr_expect_eq(stale_reasons_of(&f, unused, NOW), 0u);
    f.last_trial = NOW - 1;
    cr_expect(only(stale_reasons_of(&f, unused, NOW), STALE_NO_EXPERIMENT));
}
