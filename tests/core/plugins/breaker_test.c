#include "core/plugins/breaker.h"

#include <criterion/criterion.h>

static const struct breaker_policy policy = {
    .limits = {.least = 10, .errors = 50, .slow = 100}, .window = 1000, .open = 500};
static struct breaker breaker;

/* `n` calls at `now`; true when the breaker changed its state. */
static bool calls(int n, uint64_t now, bool failed, double ms) {
    bool changed = false;
    for (int i = 0; i < n; i++) changed |= breaker_saw(&breaker, &policy, now, false, failed, ms);
    return changed;
}

static void open_at(uint64_t now) {
    cr_assert(calls(10, now, true, 1));
    cr_assert_eq(breaker.state, BREAKER_OPEN);
}

/* The call that is let through. */
static bool probe(uint64_t now, bool failed, double ms) {
    cr_assert(breaker_admits(&breaker, &policy, now));
    cr_assert(breaker_sends(&breaker, now), "it is no probe");
    return breaker_saw(&breaker, &policy, now, true, failed, ms);
}

Test(breaker, lets_everything_through_while_calls_are_well) {
    for (uint64_t now = 0; now < 100000; now += 10) {
        cr_assert(breaker_admits(&breaker, &policy, now));
        cr_assert_not(breaker_sends(&breaker, now));
        cr_assert_not(calls(1, now, false, 1));
    }
}

Test(breaker, opens_when_too_many_of_the_window_fail_and_says_why) {
    calls(10, 5, false, 1);
    cr_expect_not(calls(10, 6, true, 1));
    cr_expect(calls(1, 7, true, 1));
    cr_expect_str_eq(breaker_name(breaker.state), "open");
    cr_expect_str_eq(breaker.why, "11 of 21 calls failed (52 %, allowed are 50 %)");
    cr_expect_not(breaker_admits(&breaker, &policy, 8));
    cr_expect_eq(breaker_wait(&breaker, &policy, 107), 400);
}

Test(breaker, opens_when_most_are_slow) {
    cr_expect(calls(10, 5, false, 101));
    cr_expect_eq(breaker.state, BREAKER_OPEN);
}

Test(breaker, forgets_what_is_older_than_its_window) {
    calls(9, 0, true, 1);
    cr_expect_not(calls(9, 1100, true, 1), "nine a window are too few to judge");
    cr_expect(calls(1, 1200, true, 1));
}

Test(breaker, lets_one_call_through_after_a_while_and_no_other_meanwhile) {
    open_at(100);
    cr_expect_not(breaker_admits(&breaker, &policy, 599));
    cr_assert(breaker_admits(&breaker, &policy, 600));
    cr_expect(breaker_sends(&breaker, 600));
    cr_expect_str_eq(breaker_name(breaker.state), "half-open");
    cr_expect_not(breaker_admits(&breaker, &policy, 5000));
}

Test(breaker, closes_when_that_call_is_well) {
    open_at(100);
    cr_expect(probe(600, false, 1));
    cr_expect_eq(breaker.state, BREAKER_CLOSED);
    cr_expect_str_eq(breaker.why, "");
    cr_expect_not(calls(9, 601, true, 1), "it begins to count anew");
}

Test(breaker, waits_twice_as_long_for_each_try_that_fails_but_not_for_ever) {
    uint64_t now = 100, wait = 500;
    open_at(now);
    for (int i = 0; i < 8; i++) {
        cr_expect_eq(breaker_wait(&breaker, &policy, now), wait, "try %d", i);
        now += wait;
        cr_expect(probe(now, i % 2, 101));
        if (wait < 500 << BREAKER_DOUBLED) wait *= 2;
    }
    cr_expect_eq(wait, 500 << BREAKER_DOUBLED);
    probe(now + wait, false, 1);
    open_at(now + wait + 1);
    cr_expect_eq(breaker_wait(&breaker, &policy, now + wait + 1), 500);
}

Test(breaker, learns_nothing_from_calls_sent_before_it_opened) {
    open_at(100);
    cr_expect_not(calls(50, 200, true, 1));
    breaker_sends(&breaker, 600);
    cr_expect_not(calls(50, 601, false, 1));
    cr_expect_eq(breaker.state, BREAKER_HALF_OPEN);
}
