/* A small seeded generator for simulations: xoshiro256** (Blackman & Vigna, ACM TOMS 47, 2021), seeded by splitmix64. The same
 * seed gives the same numbers on every machine. Not for secrets. The state is the caller's: one thread at a time. */
#ifndef PARLEY_EXPERIMENTS_STATS_RANDOM_H
#define PARLEY_EXPERIMENTS_STATS_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t s[4];
};

struct random random_seeded(uint64_t seed);
uint64_t random_bits(struct random *r);
/* In the open interval (0, 1). */
double random_uniform(struct random *r);
/* Standard normal, by inversion. */
double random_normal(struct random *r);

#endif
