#include <criterion/criterion.h>

#include "core/plugins/backoff.h"

static const struct backoff_policy policy = {100, 30000, 60000};

Test(backoff, waits_twice_as_long_each_time_between_half_and_the_whole) {
    struct backoff low = {0}, high = {0};
    for (int i = 0, whole = 100; i < 5; i++, whole *= 2) {
        cr_assert_eq(backoff_died(&low, &policy, 1000, 0), whole / 2);
        cr_assert_eq(backoff_died(&high, &policy, 1000, UINT32_MAX), whole);
    }
}

Test(backoff, gives_up_at_the_sixth_death_within_the_window) {
    struct backoff backoff = {0};
    for (int i = 0; i < 5; i++) cr_assert_geq(backoff_died(&backoff, &policy, (uint64_t)i * 10000, 0), 0);
    cr_assert_eq(backoff_died(&backoff, &policy, 60000, 0), -1);
}

Test(backoff, slow_deaths_wait_at_most_the_maximum_and_never_give_up) {
    struct backoff backoff = {0};
    int wait = 0;
    for (int i = 0; i < 50; i++) wait = backoff_died(&backoff, &policy, (uint64_t)i * 20000, UINT32_MAX);
    cr_assert_eq(wait, 30000);
}

Test(backoff, a_death_after_a_quiet_window_counts_as_the_first) {
    struct backoff backoff = {0};
    for (int i = 0; i < 4; i++) backoff_died(&backoff, &policy, 1000, 0);
    cr_assert_eq(backoff_died(&backoff, &policy, 1000 + 60001, UINT32_MAX), 100);
}
