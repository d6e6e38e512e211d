/* The id of a unit (what is randomised and counted: a customer, a visitor, a session) as 128 bits of its text, so that tables
 * of units have rows of one size. XXH3 with 128 bits: two of a thousand million units meet with a chance of about 1e-21.
 * Frozen for ever: journals, checkpoints and remembered assignments hold these numbers; test vectors guard them. */
#ifndef PARLEY_CORE_BASE_UNIT_H
#define PARLEY_CORE_BASE_UNIT_H

#include "core/base/text.h"

struct unit_id {
    uint64_t lo, hi;
};

/* Of the bytes as they are: no folding of case, no trimming. Any thread. */
struct unit_id unit_of(struct text unit);

static inline bool unit_eq(struct unit_id a, struct unit_id b) {
    return a.lo == b.lo && a.hi == b.hi;
}

#endif
