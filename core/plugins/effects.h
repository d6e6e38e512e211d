/* The effects a worker has sent that are not durable yet, in the order they came: it may delete one only when all before it
 * are durable too. Pure: knows nothing of channels. */
#ifndef PARLEY_CORE_PLUGINS_EFFECTS_H
#define PARLEY_CORE_PLUGINS_EFFECTS_H

#include <stdbool.h>
#include <stdint.h>

enum { EFFECTS_HELD = 1024 }; /* a power of two */

struct effects {
    struct effect_held {
        uint64_t outbox; /* the worker's number */
        bool kept;
    } held[EFFECTS_HELD]; /* a ring by sequence number */
    uint32_t first, n;    /* sequence number of the oldest; how many */
};

static inline bool effects_full(const struct effects *effects) {
    return effects->n == EFFECTS_HELD;
}
/* Returns its sequence number; must not be full. */
uint32_t effects_hold(struct effects *effects, uint64_t outbox);
/* That one is durable. The outbox number up to which all are now and were not before; 0 where that did not move. */
uint64_t effects_keep(struct effects *effects, uint32_t sequence);

#endif
