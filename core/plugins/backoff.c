#include "core/plugins/backoff.h"

int backoff_died(struct backoff *backoff, const struct backoff_policy *policy, uint64_t now, uint32_t random) {
    uint64_t window = (uint64_t)policy->window;
    if (backoff->n > 0 && now - backoff->deaths[(backoff->n - 1) % BACKOFF_INTENSITY] > window) backoff->row = 0;
    uint64_t oldest = backoff->deaths[backoff->n % BACKOFF_INTENSITY]; /* the death so many deaths before this one */
    bool too_often = backoff->n >= BACKOFF_INTENSITY && now - oldest <= window;
    backoff->deaths[backoff->n++ % BACKOFF_INTENSITY] = now;
    if (too_often) return -1;
    int64_t whole = policy->first;
    for (int i = 0; i < backoff->row && whole < policy->most; i++) whole *= 2;
    if (whole > policy->most) whole = policy->most;
    backoff->row++;
    return (int)(whole / 2 + (int64_t)((uint64_t)random * (uint64_t)(whole - whole / 2 + 1) >> 32));
}
