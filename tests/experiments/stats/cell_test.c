/* Moments: NIST StRD, merging; and the exact cell against 128-bit recomputation and correct rounding. */
#include "experiments/stats/cell.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "experiments/stats/random.h"

/* NumAcc2 to 4 are a first value, then two values in turn, 1001 in all. */
static double alternating(int i, double first, double low, double high) {
    return i == 0 ? first : i % 2 ? low : high;
}

static struct moments numacc(double first, double low, double high) {
    double values[1001];
    for (int i = 0; i < 1001; i++) values[i] = alternating(i, first, low, high);
    return moments_of(values, 1001);
}

static double sd_of(struct moments m) {
    return sqrt(moments_variance(m));
}

Test(moments, nist_numacc_1_and_2_are_met_to_1e_12) {
    const struct moments one = moments_of((double[]){10000001, 10000003, 10000002}, 3);
    cr_expect_eq(one.mean, 10000002);
    cr_expect_float_eq(sd_of(one), 1, 1e-12);
    const struct moments two = numacc(1.2, 1.1, 1.3);
    cr_expect_float_eq(two.mean, 1.2, 1.2e-12);
    cr_expect_float_eq(sd_of(two), 0.1, 1e-13);
}

Test(moments, nist_numacc_3_and_4_are_met_as_far_as_doubles_hold_the_data) {
    /* The doubles nearest to 1000000.1 … have this standard deviation (exact rational arithmetic); certified is 0.1, which no
     * program that reads the data as doubles can reach to more than 9.4 (and 8.3) digits. */
    const struct moments three = numacc(1000000.2, 1000000.1, 1000000.3);
    cr_expect_float_eq(three.mean / 1000000.2, 1, 1e-12);
    cr_expect_float_eq(sd_of(three) / 0.1000000000349245965480804443, 1, 1e-12);
    const struct moments four = numacc(10000000.2, 10000000.1, 10000000.3);
    cr_expect_float_eq(four.mean / 10000000.2, 1, 1e-12);
    cr_expect_float_eq(sd_of(four) / 0.1, 1, 1e-8);
}

Test(cell, nist_numacc_3_and_4_are_certified_to_the_last_bit_as_the_cell_counts_in_millionths) {
    struct cell three = {0}, four = {0};
    for (int i = 0; i < 1001; i++) {
        cell_add(&three, llround(alternating(i, 1000000.2, 1000000.1, 1000000.3) * 1e6), 0);
        cell_add(&four, llround(alternating(i, 10000000.2, 10000000.1, 10000000.3) * 1e6), 0);
    }
    cr_expect_eq(cell_sample(&three).mean, 1000000.2);
    cr_expect_eq(cell_sample(&three).variance, 0.01);
    cr_expect_eq(cell_sample(&four).mean, 10000000.2);
    cr_expect_eq(cell_sample(&four).variance, 0.01);
}

Test(moments, variance_is_not_lost_where_sums_of_squares_lose_it) {
    /* 1e9 + {4, 7, 13, 16}: variance 30. The textbook formula gives 29.33, 0 or less in doubles. */
    const double values[] = {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16};
    double sum = 0, squares = 0;
    struct moments m = {0};
    for (int i = 0; i < 4; i++) {
        sum += values[i];
        squares += values[i] * values[i];
        moments_add(&m, values[i]);
    }
    cr_expect(fabs((squares - sum * sum / 4) / 3 - 30) > 0.5,
              "the example must be one that breaks the textbook formula");
    cr_expect_eq(moments_variance(m), 30);
    cr_expect_eq(moments_variance(moments_of(values, 4)), 30);
}

Test(moments, merging_parts_gives_the_whole) {
    struct random random = random_seeded(7);
    struct moments whole = {0}, parts = {0};
    struct cross_moments whole_xy = {0}, parts_xy = {0};
    for (int part = 0; part < 20; part++) {
        struct moments one = {0};
        struct cross_moments one_xy = {0};
        for (int i = 0; i < 1 + part * 7; i++) {
            const double x = 1e6 + random_normal(&random), y = 3 * x + random_normal(&random);
            moments_add(&whole, x), moments_add(&one, x);
            cross_moments_add(&whole_xy, x, y), cross_moments_add(&one_xy, x, y);
        }
        parts = moments_merge(parts, one);
        parts_xy = cross_moments_merge(parts_xy, one_xy);
    }
    cr_expect_eq(parts.n, whole.n);
    cr_expect_float_eq(parts.mean / whole.mean, 1, 1e-14);
    cr_expect_float_eq(parts.m2 / whole.m2, 1, 1e-9);
    cr_expect_float_eq(parts_xy.c2 / whole_xy.c2, 1, 1e-9);
    cr_expect_float_eq(parts_xy.m2_y / whole_xy.m2_y, 1, 1e-9);
}

static bool same(const struct cross_moments *a, const struct cross_moments *b) {
    return a->n == b->n && a->mean_x == b->mean_x && a->mean_y == b->mean_y && a->m2_x == b->m2_x &&
           a->m2_y == b->m2_y && a->c2 == b->c2;
}

Test(cell, a_million_replacements_in_any_order_leave_what_a_recomputation_finds_bit_for_bit) {
    enum { UNITS = 5000, REPLACEMENTS = 1000000 };
    static int64_t x[UNITS], y[UNITS];
    struct random random = random_seeded(11);
    struct cell live = {0}, fresh = {0};
    for (int i = 0; i < UNITS; i++) cell_add(&live, 0, 0);
    for (int k = 0; k < REPLACEMENTS; k++) {
        const int i = (int)(random_bits(&random) % UNITS);
        const int64_t to_x = x[i] + (int64_t)(random_bits(&random) >> 14) % 1000000000000000;
        const int64_t to_y = (int64_t)(random_bits(&random) >> 1) - INT64_MAX / 2;
        cell_replace(&live, x[i], y[i], to_x, to_y);
        x[i] = to_x, y[i] = to_y;
    }
    for (int i = UNITS - 1; i >= 0; i--) cell_add(&fresh, x[i], y[i]);
    const struct cross_moments a = cell_moments(&live), b = cell_moments(&fresh);
    cr_expect(same(&a, &b));
    cr_expect(a.m2_x > 0 && a.m2_y > 0);
}

Test(cell, read_out_is_the_double_nearest_to_the_exact_quotient) {
    /* Small totals, so that exact values fit 128 bits and long double division by 2^k shows the true neighbours. */
    struct random random = random_seeded(5);
    for (int trial = 0; trial < 2000; trial++) {
        const int n = 2 + (int)(random_bits(&random) % 30);
        struct cell cell = {0};
        __int128 sum = 0, squares = 0;
        for (int i = 0; i < n; i++) {
            const int64_t v = (int64_t)(random_bits(&random) % 2000000001) - 1000000000;
            cell_add(&cell, v, 0);
            sum += v, squares += (__int128)v * v;
        }
        const struct cross_moments m = cell_moments(&cell);
        /* |found * bottom - top| is at most half a unit in the last place of found, times bottom. */
        const long double bottom = n * 1e6L, off_mean = fabsl(m.mean_x * bottom - (long double)sum);
        cr_expect(off_mean <= (nextafter(fabs(m.mean_x), INFINITY) - fabs(m.mean_x)) / 2.0L * bottom * (1 + 1e-9L));
        const __int128 top = n * squares - sum * sum;
        const long double off = fabsl(m.m2_x * (n * 1e12L) - (long double)top);
        cr_expect(off <= (nextafter(m.m2_x, INFINITY) - m.m2_x) / 2.0L * (n * 1e12L) * (1 + 1e-4L) + 1, "trial %d",
                  trial);
    }
}

Test(cell, four_values_together_give_what_each_pair_of_them_gives) {
    struct random random = random_seeded(17);
    struct cell_joint joint = {0}, other = {0};
    struct cell pairs[JOINT_VALUES][JOINT_VALUES] = {0};
    for (int unit = 0; unit < 500; unit++) {
        int64_t v[JOINT_VALUES];
        for (int i = 0; i < JOINT_VALUES; i++) v[i] = (int64_t)(random_bits(&random) >> (1 + 8 * i)) - 1000;
        cell_joint_add(unit % 2 ? &joint : &other, v);
        for (int i = 0; i < JOINT_VALUES; i++)
            for (int k = 0; k < JOINT_VALUES; k++) cell_add(&pairs[i][k], v[i], v[k]);
    }
    cell_joint_merge(&joint, &other);
    const struct joint_moments m = cell_joint_moments(&joint);
    cr_expect_eq(m.n, 500);
    for (int i = 0; i < JOINT_VALUES; i++)
        for (int k = 0; k < JOINT_VALUES; k++) {
            const struct cross_moments pair = cell_moments(&pairs[i][k]);
            cr_expect(m.mean[i] == pair.mean_x && m.c2[i][k] == pair.c2, "%d and %d", i, k);
        }
}

Test(cell, the_largest_totals_do_not_overflow) {
    struct cell cell = {0};
    cell_add(&cell, INT64_MAX, INT64_MIN);
    cell_add(&cell, INT64_MIN, INT64_MAX);
    struct cell big = cell;
    for (int i = 0; i < 60; i++) {
        const struct cell copy = big;
        cell_merge(&big, &copy); /* 2^61 units */
    }
    const struct cross_moments m = cell_moments(&big);
    /* Half at about +9.2e12 and half at -9.2e12 units of value, y the mirror image. */
    const double extreme = 9223372036854.775;
    cr_expect_float_eq(m.m2_x / (m.n * extreme * extreme), 1, 1e-12);
    cr_expect_float_eq(m.c2 / m.m2_x, -1, 1e-12);
    cr_expect_eq(m.n, 0x1p61);
    cell_remove(&cell, INT64_MIN, INT64_MAX);
    cell_remove(&cell, INT64_MAX, INT64_MIN);
    const struct cross_moments none = cell_moments(&cell);
    cr_expect(same(&none, &(struct cross_moments){0}));
    cr_expect(cell.sum_xx.low == 0 && cell.sum_xx.high == 0 && cell.sum_xy.low == 0 && cell.sum_xy.high == 0);
}

Test(cell, one_unit_has_a_mean_and_no_variance) {
    struct cell cell = {0};
    cell_add(&cell, 19990000, 0);
    cr_expect_eq(cell_sample(&cell).mean, 19.99);
    cr_expect_eq(cell_moments(&cell).m2_x, 0);
    cr_expect(isnan(cell_sample(&cell).variance));
    cr_expect_eq(cell_total(&cell), 19.99);
    cr_expect(isnan(cell_sample(&(struct cell){0}).variance));
}
