#include "core/plugins/effects.h"

#include <assert.h>

uint32_t effects_hold(struct effects *effects, uint64_t outbox) {
    assert(!effects_full(effects));
    uint32_t sequence = effects->first + effects->n++;
    effects->held[sequence % EFFECTS_HELD] = (struct effect_held){outbox, false};
    return sequence;
}

uint64_t effects_keep(struct effects *effects, uint32_t sequence) {
    if (sequence - effects->first >= effects->n) return 0;
    effects->held[sequence % EFFECTS_HELD].kept = true;
    uint64_t outbox = 0;
    while (effects->n && effects->held[effects->first % EFFECTS_HELD].kept) {
        outbox = effects->held[effects->first++ % EFFECTS_HELD].outbox;
        effects->n--;
    }
    return outbox;
}
