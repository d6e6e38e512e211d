#include "experiments/decide/bucket.h"

#include <assert.h>
#define XXH_INLINE_ALL /* a dozen bytes: the call would cost as much as the hash */
#include <xxhash.h>

uint64_t bucket_seed(struct text salt, enum bucket_purpose purpose) {
    /* The purpose seeds the salt's hash: no salt can be chosen so that two purposes meet. */
    return XXH3_64bits_withSeed(salt.n ? salt.at : "", salt.n, (uint64_t)purpose + 1);
}

uint64_t bucket_hash(uint64_t seed, struct unit_id unit) {
    return XXH3_64bits_withSeed(&unit, sizeof unit, seed);
}

uint32_t bucket_pick(const struct bucket_ranges *ranges, uint64_t hash) {
    assert(ranges->n && ranges->ends[ranges->n - 1]);
    uint64_t x = bucket_scale(hash, ranges->ends[ranges->n - 1]);
    uint32_t passed = 0; /* counted, not searched: which way a hash falls is what no processor can foretell */
    for (uint32_t i = 0; i + 1 < ranges->n; i++) passed += x >= ranges->ends[i];
    return passed;
}

bool bucket_slot_in(const struct bucket_slots *slots, int n, uint32_t slot) {
    for (int i = 0; i < n; i++)
        if (slot >= slots[i].from && slot < slots[i].to) return true;
    return false;
}

int bucket_allot(const struct bucket_slots *taken, int n_taken, int share, struct bucket_slots *out, int room,
                 int *free) {
    uint8_t used[BUCKET_SLOTS] = {0};
    int n = 0, left = BUCKET_SLOTS;
    for (int i = 0; i < n_taken; i++)
        for (int slot = taken[i].from; slot < taken[i].to; slot++) {
            left -= !used[slot];
            used[slot] = 1;
        }
    *free = left;
    if (left < share) return -1;
    for (int slot = 0; slot < BUCKET_SLOTS && share > 0; slot++) {
        if (used[slot]) continue;
        if (n && out[n - 1].to == slot)
            out[n - 1].to++;
        else {
            if (n == room) return -1;
            out[n++] = (struct bucket_slots){(uint16_t)slot, (uint16_t)(slot + 1)};
        }
        share--;
    }
    return n;
}
