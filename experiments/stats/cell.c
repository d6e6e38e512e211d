/* Exact sums and their one rounding: n Sxx - Sx^2 in 320-bit whole numbers, divided by n 10^12 with round to nearest even. */
#include "experiments/stats/cell.h"

#include <math.h>
#include <stdbool.h>

typedef unsigned __int128 u128;
typedef __int128 i128;

static void wide_add(struct cell_wide *sum, u128 low, int64_t high) {
    const u128 before = sum->low;
    sum->low += low;
    sum->high += high + (sum->low < before);
}

static void wide_add_product(struct cell_wide *sum, int64_t a, int64_t b, bool negative) {
    const i128 product = (i128)a * b; /* at most 2^126 */
    const i128 value = negative ? -product : product;
    wide_add(sum, (u128)value, value < 0 ? -1 : 0);
}

static void change(struct cell *cell, int64_t x, int64_t y, bool remove) {
    cell->n += remove ? UINT64_MAX : 1;
    cell->sum_x += remove ? -(i128)x : x;
    cell->sum_y += remove ? -(i128)y : y;
    wide_add_product(&cell->sum_xx, x, x, remove);
    wide_add_product(&cell->sum_yy, y, y, remove);
    wide_add_product(&cell->sum_xy, x, y, remove);
}

void cell_add(struct cell *cell, int64_t x, int64_t y) {
    change(cell, x, y, false);
}
void cell_remove(struct cell *cell, int64_t x, int64_t y) {
    change(cell, x, y, true);
}

void cell_replace(struct cell *cell, int64_t old_x, int64_t old_y, int64_t x, int64_t y) {
    change(cell, old_x, old_y, true);
    change(cell, x, y, false);
}

void cell_merge(struct cell *cell, const struct cell *other) {
    cell->n += other->n;
    cell->sum_x += other->sum_x;
    cell->sum_y += other->sum_y;
    wide_add(&cell->sum_xx, other->sum_xx.low, other->sum_xx.high);
    wide_add(&cell->sum_yy, other->sum_yy.low, other->sum_yy.high);
    wide_add(&cell->sum_xy, other->sum_xy.low, other->sum_xy.high);
}

void cell_joint_add(struct cell_joint *cell, const int64_t values[JOINT_VALUES]) {
    struct cell_wide *product = cell->product;
    cell->n++;
    for (int i = 0; i < JOINT_VALUES; i++) {
        cell->sum[i] += values[i];
        for (int k = i; k < JOINT_VALUES; k++) wide_add_product(product++, values[i], values[k], false);
    }
}

void cell_joint_merge(struct cell_joint *cell, const struct cell_joint *other) {
    struct cell_wide *product = cell->product;
    const struct cell_wide *add = other->product;
    cell->n += other->n;
    for (int i = 0; i < JOINT_VALUES; i++) {
        cell->sum[i] += other->sum[i];
        for (int k = i; k < JOINT_VALUES; k++, product++, add++) wide_add(product, add->low, add->high);
    }
}

/* A signed whole number of 320 bits, two's complement, lowest limb first. */
enum { LIMBS = 5 };
struct big {
    uint64_t limb[LIMBS];
};

static bool big_negative(const struct big *b) {
    return b->limb[LIMBS - 1] >> 63;
}

static struct big big_negate(struct big b) {
    uint64_t carry = 1;
    for (int i = 0; i < LIMBS; i++) {
        b.limb[i] = ~b.limb[i] + carry;
        carry = carry && b.limb[i] == 0;
    }
    return b;
}

static struct big big_add(struct big a, const struct big *b) {
    unsigned carry = 0;
    for (int i = 0; i < LIMBS; i++) {
        const u128 sum = (u128)a.limb[i] + b->limb[i] + carry;
        a.limb[i] = (uint64_t)sum;
        carry = (unsigned)(sum >> 64);
    }
    return a;
}

/* |a| of two limbs and more times one limb. */
static void multiply_add(struct big *sum, const uint64_t *a, int limbs, uint64_t by, int at) {
    uint64_t carry = 0;
    for (int i = 0; i + at < LIMBS; i++) {
        const u128 product = (i < limbs ? (u128)a[i] * by : 0) + sum->limb[i + at] + carry;
        sum->limb[i + at] = (uint64_t)product;
        carry = (uint64_t)(product >> 64);
    }
}

static struct big wide_times(const struct cell_wide *wide, uint64_t n) {
    struct cell_wide value = *wide;
    const bool negative = value.high < 0;
    if (negative) {
        value.low = -value.low;
        value.high = ~value.high + (value.low == 0);
    }
    const uint64_t limbs[3] = {(uint64_t)value.low, (uint64_t)(value.low >> 64), (uint64_t)value.high};
    struct big product = {{0}};
    multiply_add(&product, limbs, 3, n, 0);
    return negative ? big_negate(product) : product;
}

static struct big product_of(i128 a, i128 b) {
    const u128 p = a < 0 ? -(u128)a : (u128)a, q = b < 0 ? -(u128)b : (u128)b;
    const uint64_t limbs[2] = {(uint64_t)p, (uint64_t)(p >> 64)};
    struct big product = {{0}};
    multiply_add(&product, limbs, 2, (uint64_t)q, 0);
    multiply_add(&product, limbs, 2, (uint64_t)(q >> 64), 1);
    return (a < 0) != (b < 0) ? big_negate(product) : product;
}

/* The place of the highest bit that is set; -1: none is. */
static int highest_bit(const struct big *b) {
    for (int i = LIMBS - 1; i >= 0; i--)
        if (b->limb[i]) return 64 * i + 63 - __builtin_clzll(b->limb[i]);
    return -1;
}

/* Whether a bit is set at `bit` or below. */
static bool any_from(const struct big *b, int bit) {
    if (bit < 0) return false;
    for (int i = 0; i < bit / 64; i++)
        if (b->limb[i]) return true;
    return b->limb[bit / 64] << (63 - bit % 64) != 0;
}

/* top / bottom, rounded once to nearest even. Long division from the highest bit, until the quotient has 64 significant ones: what is
 * left only says whether it was exact. 0 < bottom < 2^126. */
static double big_quotient(struct big top, u128 bottom) {
    enum { MORE = 192 }; /* bits behind the point, more than bottom and significand need */
    const bool negative = big_negative(&top);
    if (negative) top = big_negate(top);
    u128 rest = 0;
    uint64_t quotient = 0;
    int exponent = 0, bit = highest_bit(&top);
    if (bit < 0) return 0;
    for (; bit >= -MORE && !(quotient >> 63); bit--) {
        rest = rest << 1 | (bit >= 0 ? top.limb[bit / 64] >> (bit % 64) & 1 : 0);
        const bool one = rest >= bottom;
        if (one) rest -= bottom;
        quotient = quotient << 1 | one;
        exponent = bit;
    }
    const bool inexact = rest != 0 || any_from(&top, bit);
    /* 64 significant bits to 53: 11 go, the sticky bit takes part. */
    const uint64_t cut = quotient & 0x7ff, half = 0x400;
    uint64_t kept = quotient >> 11;
    if (cut > half || (cut == half && (inexact || (kept & 1)))) kept++;
    const double magnitude = ldexp((double)kept, exponent + 11);
    return negative ? -magnitude : magnitude;
}

static struct big big_of(i128 value) {
    const uint64_t sign = value < 0 ? UINT64_MAX : 0;
    return (struct big){{(uint64_t)value, (uint64_t)((u128)value >> 64), sign, sign, sign}};
}

static double mean(i128 sum, uint64_t n) {
    return big_quotient(big_of(sum), (u128)n * CELL_SCALE);
}

/* (n Sab - Sa Sb) / (n 10^12) */
static double deviation(const struct cell_wide *sum_ab, i128 sum_a, i128 sum_b, uint64_t n) {
    const struct big less = product_of(-sum_a, sum_b);
    return big_quotient(big_add(wide_times(sum_ab, n), &less), (u128)n * CELL_SCALE * CELL_SCALE);
}

struct cross_moments cell_moments(const struct cell *cell) {
    const uint64_t n = cell->n;
    if (n == 0) return (struct cross_moments){0};
    return (struct cross_moments){
        .n = (double)n,
        .mean_x = mean(cell->sum_x, n),
        .mean_y = mean(cell->sum_y, n),
        .m2_x = deviation(&cell->sum_xx, cell->sum_x, cell->sum_x, n),
        .m2_y = deviation(&cell->sum_yy, cell->sum_y, cell->sum_y, n),
        .c2 = deviation(&cell->sum_xy, cell->sum_x, cell->sum_y, n),
    };
}

struct sample cell_sample(const struct cell *cell) {
    const uint64_t n = cell->n;
    if (n == 0) return (struct sample){0, 0, NAN};
    const double m2 = deviation(&cell->sum_xx, cell->sum_x, cell->sum_x, n);
    return moments_sample((struct moments){(double)n, mean(cell->sum_x, n), m2});
}

double cell_total(const struct cell *cell) {
    return big_quotient(big_of(cell->sum_x), CELL_SCALE);
}

struct joint_moments cell_joint_moments(const struct cell_joint *cell) {
    const struct cell_wide *product = cell->product;
    struct joint_moments m = {.n = (double)cell->n};
    for (int i = 0; cell->n && i < JOINT_VALUES; i++) {
        m.mean[i] = mean(cell->sum[i], cell->n);
        for (int k = i; k < JOINT_VALUES; k++)
            m.c2[i][k] = m.c2[k][i] = deviation(product++, cell->sum[i], cell->sum[k], cell->n);
    }
    return m;
}
