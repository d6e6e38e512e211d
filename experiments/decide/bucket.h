/* Who is in, and which variant: two independent hashes of a unit, and integer ranges that weights and shares become.
 * Frozen for ever: the vectors in tests/experiments/decide/bucket_test.c must never change. Knows nothing of contexts. */
#ifndef PARLEY_EXPERIMENTS_DECIDE_BUCKET_H
#define PARLEY_EXPERIMENTS_DECIDE_BUCKET_H

#include "core/base/text.h"
#include "core/base/unit.h"

enum {
    BUCKET_WEIGHT_SCALE = 10000,   /* weights have up to 4 decimals: they are kept as ten-thousandths */
    BUCKET_TRAFFIC_FULL = 1000000, /* traffic of 100 %, in ten-thousandths of a percent */
    BUCKET_SLOTS = 10000           /* slots of a layer, and the range of the bucket that is shown to people */
};

/* What a salt is used for; each purpose hashes independently of the others. */
enum bucket_purpose {
    BUCKET_IN,      /* is the unit in? */
    BUCKET_VARIANT, /* which variant? */
    BUCKET_AGAIN,   /* which of the arms that are left, for units whose arm was removed? */
    BUCKET_SLOT,    /* which slot of a layer? */
    BUCKET_HOLDOUT
};

/* The seed of one salt and purpose: computed once, when a snapshot is compiled. */
uint64_t bucket_seed(struct text salt, enum bucket_purpose purpose);
/* Uniform over 2^64; XXH3 of the unit's 16 bytes under the seed. */
uint64_t bucket_hash(uint64_t seed, struct unit_id unit);
/* hash * n / 2^64, so 0..n-1: no modulo, hence no bias beyond n / 2^64. */
static inline uint64_t bucket_scale(uint64_t hash, uint64_t n) {
    return (uint64_t)(((unsigned __int128)hash * n) >> 64);
}

/* Cumulative ranges: `ends[i]` is the sum of the weights 0..i in ten-thousandths; the last is the total, above 0. */
struct bucket_ranges {
    const uint64_t *ends; /* borrowed */
    uint32_t n;
};
/* The index whose range the hash falls into; one of weight 0 is never picked. */
uint32_t bucket_pick(const struct bucket_ranges *ranges, uint64_t hash);

/* A run of slots of a layer: from (included) to (excluded). */
struct bucket_slots {
    uint16_t from, to;
};
/* Allots `share` further slots out of those that no run in `taken` covers, lowest first. Writes at most `room` runs to
 * `out` and returns how many; -1 where fewer than `share` slots are free, or not in `room` runs (5,000 always do). *free is
 * how many were. `taken` in any order. */
int bucket_allot(const struct bucket_slots *taken, int n_taken, int share, struct bucket_slots *out, int room,
                 int *free);
bool bucket_slot_in(const struct bucket_slots *slots, int n, uint32_t slot);

#endif
