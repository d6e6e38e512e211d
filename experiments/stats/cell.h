/* The exact cell: what an arm's unit totals add up to, in whole numbers of millionths, so that the answer depends neither on
 * the order of events nor on how often a total was replaced. Mean and M2 are made at read-out, each rounded once.
 * Totals are any int64 (|total| up to 9.2e12 units of value). Sums of totals then fit 128 bits and sums of products
 * 192 bits for fewer than 2^63 units, so nothing can overflow: 128 bits for the squares would only hold 1.7e8 units of
 * 1e9 each. A cell is plain data of 160 bytes, 16-byte aligned; one thread at a time. Zeroed memory is an empty cell. */
#ifndef PARLEY_EXPERIMENTS_STATS_CELL_H
#define PARLEY_EXPERIMENTS_STATS_CELL_H

#include <stdint.h>

#include "experiments/stats/moments.h"

/* A signed sum of products: 192 bits, two's complement, low part first. */
struct cell_wide {
    unsigned __int128 low;
    int64_t high;
};

struct cell {
    __int128 sum_x, sum_y;
    struct cell_wide sum_xx, sum_yy, sum_xy;
    uint64_t n;
};

enum { CELL_SCALE = 1000000 };

/* Four values of a unit and all their products, likewise: a ratio's numerator and denominator before the unit entered and
 * since. 400 bytes. */
struct cell_joint {
    __int128 sum[JOINT_VALUES];
    struct cell_wide product[JOINT_VALUES * (JOINT_VALUES + 1) / 2]; /* of i <= k: row by row */
    uint64_t n;
};

/* One unit with totals x and y in millionths; y is 0 where a metric has only one value. */
void cell_add(struct cell *cell, int64_t x, int64_t y);
/* Takes out a unit that was added with exactly these totals. */
void cell_remove(struct cell *cell, int64_t x, int64_t y);
/* The unit's totals changed. */
void cell_replace(struct cell *cell, int64_t old_x, int64_t old_y, int64_t x, int64_t y);
/* Adds all units of `other`. */
void cell_merge(struct cell *cell, const struct cell *other);

/* Means, M2 and C2 in units of value (not millionths), each the double nearest to the exact quotient; zeros when empty. */
struct cross_moments cell_moments(const struct cell *cell);
/* x alone, as most metrics need it; the variance is M2 / (n - 1) with one more rounding, NaN for n < 2. */
struct sample cell_sample(const struct cell *cell);
/* The sum of x in units of value, rounded once. */
double cell_total(const struct cell *cell);

/* One unit with these totals in millionths. */
void cell_joint_add(struct cell_joint *cell, const int64_t values[JOINT_VALUES]);
void cell_joint_merge(struct cell_joint *cell, const struct cell_joint *other);
/* As cell_moments(). */
struct joint_moments cell_joint_moments(const struct cell_joint *cell);

#endif
