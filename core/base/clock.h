/* The one source of time. Wall time is int64 milliseconds since 1970-01-01T00:00:00Z; durations are milliseconds
 * unless a name says otherwise. A test sets its own clock; nothing else in the house asks the system. */
#ifndef PARLEY_CORE_BASE_CLOCK_H
#define PARLEY_CORE_BASE_CLOCK_H

#include "core/base/text.h"

struct clock {
    int64_t (*now)(const struct clock *clock); /* wall time, ms; any thread */
    _Atomic int64_t fixed;                     /* what clock_fixed answers */
};

extern const struct clock clock_system;

static inline int64_t clock_now(const struct clock *clock) {
    return clock->now(clock);
}
/* A clock that stands still at `ms` until moved: for tests. */
void clock_fix(struct clock *clock, int64_t ms);
void clock_move(struct clock *clock, int64_t by_ms);
/* Monotonic nanoseconds, for latencies and deadlines. */
uint64_t clock_ticks(void);

enum { CLOCK_ISO_ROOM = 40 };
/* ISO 8601 in UTC with milliseconds, "2026-12-01T08:00:00.000Z". Returns the length (a NUL follows). */
size_t clock_iso(char out[static CLOCK_ISO_ROOM], int64_t ms);
/* Whether that has a year of four digits, 0 to 9999: whoever reads what clock_iso writes reads it again. */
bool clock_shown(int64_t ms);
/* RFC 3339 / ISO 8601 date-time with offset or Z, or a bare date (midnight UTC); fractions are cut to milliseconds.
 * False when the text is none, or names a day that does not exist. Years 1 to 9999. */
bool clock_parse(struct text iso, int64_t *ms);
/* ISO 8601 duration of weeks, days, hours, minutes, seconds ("P7D", "PT1H30M", "P2W"); no months or years, whose length
 * is not fixed. False when the text is none or negative. */
bool clock_parse_duration(struct text iso, int64_t *ms);

enum {
    CLOCK_SECOND = 1000,
    CLOCK_MINUTE = 60 * CLOCK_SECOND,
    CLOCK_HOUR = 60 * CLOCK_MINUTE,
    CLOCK_DAY = 24 * CLOCK_HOUR
};

#endif
