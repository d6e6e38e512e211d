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

static struct snapshot_feature in_service(int64_t changed_at) {
    struct snapshot_feature f = feature(STAGE_SHIPPED, 0);
    f.definition.enabled = true;
    f.changed_at = changed_at;
    return f;
}
static const int64_t later = 100 * (int64_t)CLOCK_DAY, month = STALE_DAYS * (int64_t)CLOCK_DAY;

Test(stale, a_feature_that_gives_everybody_the_same_for_a_month_stands_out) {
    struct snapshot_feature f = in_service(later - month);
    cr_expect_eq(stale_reasons_of(&f, unused, later), 0u);
    cr_expect(only(stale_reasons_of(&f, unused, later + 1), STALE_ONE_SIDED));
    struct rule rules[] = {{.serve = 0}, {.serve = 1}};
    f.definition.rules = rules;
    f.definition.n_rules = 1;
    cr_expect(only(stale_reasons_of(&f, unused, later + 1), STALE_ONE_SIDED),
              "a rule that serves what the default serves");
    f.definition.n_rules = 2;
    cr_expect_eq(stale_reasons_of(&f, unused, later + 1), 0u);
}

Test(stale, a_feature_that_nobody_asks_for_stands_out_a_month_after_it_is_watched) {
    struct snapshot_feature f = in_service(later);
    struct usage_of never = {later - month, 0}, once = {1, later - month};
    cr_expect_eq(stale_reasons_of(&f, never, later), 0u);
    cr_expect(only(stale_reasons_of(&f, never, later + 1), STALE_NOT_EVALUATED));
    cr_expect_eq(stale_reasons_of(&f, once, later), 0u);
    cr_expect(only(stale_reasons_of(&f, once, later + 1), STALE_NOT_EVALUATED));
    f.definition.stage = STAGE_DRAFT;
    cr_expect_eq(stale_reasons_of(&f, never, later + 1), 0u, "a draft waits for its trial");
}

Test(stale, a_decided_trial_whose_losing_variants_are_still_there_stands_out) {
    struct snapshot_experiment e = {
        .state = {.phase = PHASE_CONCLUDED, .outcome = OUTCOME_SHIP, .concluded_at = later - month}};
    struct snapshot_feature f = in_service(later);
    f.concluded = &e;
    f.definition.n_variants = 2;
    cr_expect_eq(stale_reasons_of(&f, unused, later), 0u);
    cr_expect(only(stale_reasons_of(&f, unused, later + 1), STALE_NOT_CLEANED_UP));
    f.definition.n_variants = 1;
    cr_expect_eq(stale_reasons_of(&f, unused, later + 1), 0u);
}

Test(stale, every_reason_has_a_next_step) {
    for (int i = 0; i < STALE_REASONS; i++) cr_expect(stale_reasons[i] && stale_steps[i]);
    cr_expect(!stale_reasons[STALE_REASONS] && !stale_steps[STALE_REASONS]);
}
