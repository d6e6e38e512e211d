#include "core/plugins/tally.h"

#include <criterion/criterion.h>

static const struct tally_limits limits = {.least = 10, .errors = 25, .slow = 100};
static char why[120];

static struct tally after(int good, int failed, int slow) {
    struct tally tally = {0};
    for (int i = 0; i < good; i++) tally_add(&tally, &limits, false, 100);
    for (int i = 0; i < failed; i++) tally_add(&tally, &limits, true, 1);
    for (int i = 0; i < slow; i++) tally_add(&tally, &limits, false, 100.1);
    return tally;
}

static bool fair(int good, int failed, int slow) {
    struct tally tally = after(good, failed, slow);
    return tally_fair(&tally, &limits, why, sizeof why);
}

Test(tally, judges_nothing_before_enough_calls) {
    cr_expect(fair(0, 9, 0));
    cr_expect_not(fair(0, 10, 0));
}

Test(tally, allows_exactly_the_share_of_failures_and_says_what_was_over_it) {
    cr_expect(fair(9, 3, 0));
    cr_expect_not(fair(8, 3, 0));
    cr_expect_str_eq(why, "3 of 11 calls failed (27 %, allowed are 25 %)");
}

Test(tally, allows_half_of_the_calls_to_be_slow) {
    cr_expect(fair(10, 0, 10));
    cr_expect_not(fair(10, 0, 11));
    cr_expect_str_eq(why, "11 of 21 calls took longer than 100 ms");
}
