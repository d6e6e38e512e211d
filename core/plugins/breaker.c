#include "core/plugins/breaker.h"

#include <stdio.h>

const char *breaker_name(enum breaker_state state) {
    static const char *const names[] = {"closed", "half-open", "open"};
    return names[state];
}

uint64_t breaker_wait(const struct breaker *breaker, const struct breaker_policy *policy, uint64_t now) {
    if (breaker->state != BREAKER_OPEN) return 0;
    uint64_t until = breaker->since + ((uint64_t)policy->open << breaker->row);
    return until > now ? until - now : 0;
}

bool breaker_admits(const struct breaker *breaker, const struct breaker_policy *policy, uint64_t now) {
    switch (breaker->state) {
    case BREAKER_CLOSED: return true;
    case BREAKER_OPEN: return breaker_wait(breaker, policy, now) == 0;
    case BREAKER_HALF_OPEN: return false; /* one is under way */
    }
    return false;
}

static void enter(struct breaker *breaker, enum breaker_state state, uint64_t now) {
    breaker->state = state;
    breaker->since = breaker->turned = now;
    breaker->now = breaker->before = (struct tally){0};
}

bool breaker_sends(struct breaker *breaker, uint64_t now) {
    if (breaker->state != BREAKER_OPEN) return false;
    enter(breaker, BREAKER_HALF_OPEN, now);
    return true;
}

static void turn(struct breaker *breaker, const struct breaker_policy *policy, uint64_t now) {
    uint64_t half = (uint64_t)policy->window / 2, age = now - breaker->turned;
    if (age < half) return;
    breaker->before = age < 2 * half ? breaker->now : (struct tally){0};
    breaker->now = (struct tally){0};
    breaker->turned = now;
}

static bool saw_probe(struct breaker *breaker, const struct breaker_policy *policy, uint64_t now, bool failed,
                      double ms) {
    if (failed || ms > policy->limits.slow) {
        if (breaker->row < BREAKER_DOUBLED) breaker->row++;
        snprintf(breaker->why, sizeof breaker->why, "the call that was let through %s again",
                 failed ? "failed" : "was slow");
        enter(breaker, BREAKER_OPEN, now);
    } else {
        breaker->row = 0;
        breaker->why[0] = 0;
        enter(breaker, BREAKER_CLOSED, now);
    }
    return true;
}

bool breaker_saw(struct breaker *breaker, const struct breaker_policy *policy, uint64_t now, bool probe, bool failed,
                 double ms) {
    if (probe && breaker->state == BREAKER_HALF_OPEN) return saw_probe(breaker, policy, now, failed, ms);
    if (breaker->state != BREAKER_CLOSED) return false; /* sent before it opened */
    turn(breaker, policy, now);
    tally_add(&breaker->now, &policy->limits, failed, ms);
    const struct tally *a = &breaker->now, *b = &breaker->before;
    struct tally both = {a->calls + b->calls, a->failed + b->failed, a->slow + b->slow};
    if (tally_fair(&both, &policy->limits, breaker->why, sizeof breaker->why)) return false;
    enter(breaker, BREAKER_OPEN, now);
    return true;
}
