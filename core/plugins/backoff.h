/* When to start a process again that died: exponentially later with jitter, and not at all when it died too often. Pure:
 * knows no clock and no process. */
#ifndef PARLEY_CORE_PLUGINS_BACKOFF_H
#define PARLEY_CORE_PLUGINS_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

enum { BACKOFF_INTENSITY = 5 }; /* deaths within the window after which it stays down */

struct backoff {
    int row;                            /* deaths in a row, each within a window of the one before */
    uint64_t deaths[BACKOFF_INTENSITY]; /* when, ms; the latest ones, as a ring */
    int n;                              /* all deaths so far */
};

struct backoff_policy {
    int first, most, window; /* ms */
};

/* It died at `now`. How many ms to wait, between half and the whole of first * 2^row, or -1: it stays down. `random` is
 * uniform over its range. */
int backoff_died(struct backoff *backoff, const struct backoff_policy *policy, uint64_t now, uint32_t random);

#endif
