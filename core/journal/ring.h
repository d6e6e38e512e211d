/* The exposures' way from a loop to the journal's writer: a bounded ring of bytes with one sender and one receiver, so that
 * an evaluation never waits for a disk. What does not fit is refused and counted. */
#ifndef PARLEY_CORE_JOURNAL_RING_H
#define PARLEY_CORE_JOURNAL_RING_H

#include <stdatomic.h>

#include "core/journal/record.h"

struct journal_exposure {
    int64_t at;             /* ms */
    struct text experiment; /* key */
    struct text salt;       /* of the experiment: it tells one of this key from an earlier one of the same key */
    struct text unit;
    struct text variant;    /* key */
    struct text attributes; /* a JSON object, or TEXT_NONE */
    int32_t epoch;
    enum journal_cause cause;
};

struct ring;
struct ring *ring_new(size_t bytes); /* a power of two, at least 4096 */
void ring_free(struct ring *ring);

/* Copies; false when there is no room. The sender's thread. */
bool ring_push(struct ring *ring, const struct journal_exposure *exposure);

/* The receiver's thread: looks at the exposure at `*place` (start with ring_start) and moves `*place` behind it; texts are
 * borrowed until ring_release gives everything before a place back to the sender. False when there is no more. */
uint64_t ring_start(const struct ring *ring);
bool ring_peek(const struct ring *ring, uint64_t *place, struct journal_exposure *exposure);
void ring_release(struct ring *ring, uint64_t place);

#endif
