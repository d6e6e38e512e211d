/* A circuit breaker: when too many of a release's calls fail or are slow, it gets none for a while; then one, and that one's
 * fate decides for all. Pure: knows no clock and no call. Internal to core/plugins. */
#ifndef PARLEY_CORE_PLUGINS_BREAKER_H
#define PARLEY_CORE_PLUGINS_BREAKER_H

#include "core/plugins/tally.h"

struct breaker_policy {
    struct tally_limits limits;
    int window; /* ms over which calls are looked at, half a window more or less */
    int open;   /* ms before it is tried again; doubled for each try that fails ... */
};

enum { BREAKER_DOUBLED = 4 /* ... so often */ };

enum breaker_state { BREAKER_CLOSED, BREAKER_HALF_OPEN, BREAKER_OPEN };

struct breaker {
    enum breaker_state state;
    uint64_t since;           /* when the state began, ms */
    struct tally now, before; /* this half window and the one before */
    uint64_t turned;          /* when this half window began */
    int row;                  /* tries in a row that failed */
    char why[120];            /* it opened */
};

/* Whether a call would be let through. */
bool breaker_admits(const struct breaker *breaker, const struct breaker_policy *policy, uint64_t now);
/* One is sent; true: it is the one that decides, and breaker_saw must be told so. Only where breaker_admits. */
bool breaker_sends(struct breaker *breaker, uint64_t now);
/* How a call went; `probe` is what breaker_sends said of it. True when the state has changed. */
bool breaker_saw(struct breaker *breaker, const struct breaker_policy *policy, uint64_t now, bool probe, bool failed,
                 double ms);
/* ms until a call is let through again; 0 where one would be now. */
uint64_t breaker_wait(const struct breaker *breaker, const struct breaker_policy *policy, uint64_t now);
/* "closed", "half-open", "open" */
const char *breaker_name(enum breaker_state state);

#endif
