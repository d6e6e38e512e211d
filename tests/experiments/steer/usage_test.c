#include "experiments/steer/usage.h"

#include <criterion/criterion.h>

#include "core/base/clock.h"

static struct snapshot_feature features[] = {{.definition = {.key = TEXT("banner")}},
                                             {.definition = {.key = TEXT("poll")}}};
static struct snapshot snapshot = {.revision = 1, .features = features, .n_features = 2};
static struct usage *usage;
static void begin(void) {
    usage = usage_new();
}
static void end(void) {
    usage_free(usage);
}
TestSuite(usage, .init = begin, .fini = end);

static void mark(int feature, int day, int times) {
    while (times-- > 0) usage_mark(usage, &snapshot, &features[feature], day * (int64_t)CLOCK_DAY + times);
}
static uint64_t recent(const char *feature, int day) {
    return usage_recent(usage, text_of(feature), day * (int64_t)CLOCK_DAY + CLOCK_DAY - 1);
}

Test(usage, the_last_seven_days_are_counted_feature_by_feature) {
    mark(0, 20000, 3);
    mark(0, 20006, 2);
    mark(1, 20006, 1);
    cr_expect_eq(recent("banner", 20006), 5u);
    cr_expect_eq(recent("poll", 20006), 1u);
    cr_expect_eq(recent("nowhere", 20006), 0u);
}

Test(usage, days_fall_out_whether_or_not_somebody_asks_again) {
    mark(0, 20000, 3);
    mark(0, 20006, 2);
    cr_expect_eq(recent("banner", 20007), 2u);
    cr_expect_eq(recent("banner", 20013), 0u);
    mark(0, 20007, 1);
    cr_expect_eq(recent("banner", 20007), 3u);
    mark(0, 20100, 1);
    cr_expect_eq(recent("banner", 20100), 1u);
}

Test(usage, what_another_loop_marked_is_gathered_once) {
    struct usage *all = usage_new();
    mark(0, 20000, 3);
    usage_gather(all, usage);
    mark(0, 20006, 2);
    usage_mark(all, &snapshot, &features[0], 20002 * (int64_t)CLOCK_DAY);
    usage_gather(all, usage);
    usage_gather(all, usage);
    int64_t end = 20006 * (int64_t)CLOCK_DAY + CLOCK_DAY - 1;
    cr_expect_eq(usage_recent(all, TEXT("banner"), end), 6u);
    cr_expect_eq(usage_get(all, TEXT("banner")).last, 20006 * (int64_t)CLOCK_DAY);
    cr_expect_eq(usage_recent(all, TEXT("poll"), end), 0u);
    usage_free(all);
}

Test(usage, days_of_another_loop_that_are_too_old_by_now_are_not_gathered) {
    struct usage *all = usage_new();
    mark(0, 20000, 3);
    usage_mark(all, &snapshot, &features[0], 20010 * (int64_t)CLOCK_DAY);
    usage_gather(all, usage);
    cr_expect_eq(usage_recent(all, TEXT("banner"), 20010 * (int64_t)CLOCK_DAY), 1u);
    usage_free(all);
}
