/* How calls went: so many, so many of them failed, so many slow; and whether that is too much. Pure: knows no clock. Internal to
 * core/plugins. */
#ifndef PARLEY_CORE_PLUGINS_TALLY_H
#define PARLEY_CORE_PLUGINS_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tally {
    int64_t calls, failed, slow;
};

/* What is too much. */
struct tally_limits {
    int least;  /* calls, before anything is judged */
    int errors; /* percent of them that failed: no answer in time, a worker that died, a status of 500 and above */
    int slow;   /* ms; half of them took longer */
};

void tally_add(struct tally *tally, const struct tally_limits *limits, bool failed, double ms);
/* False, and `why` says what: "12 of 40 calls failed (30 %, allowed are 25 %)". */
bool tally_fair(const struct tally *tally, const struct tally_limits *limits, char *why, size_t room);

#endif
