#include "experiments/decide/bucket.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Assignments of running experiments rest on these numbers: they never change. Computed by Python's xxhash 3.2.0:
 * xxh3_64(unit as 16 little-endian bytes, seed = xxh3_64(salt, seed = purpose + 1)). */
Test(bucket, hashes_are_frozen_for_ever) {
    const struct {
        const char *salt, *unit;
        enum bucket_purpose purpose;
        uint64_t hash;
    } vectors[] = {
        {"poll-trial", "customer-1", BUCKET_IN, 0x58d32ca9544ff106u},
        {"poll-trial", "customer-1", BUCKET_VARIANT, 0xdbbec28c0f543fd7u},
        {"poll-trial", "customer-1", BUCKET_AGAIN, 0xf17a9dd890214829u},
        {"home", "customer-1", BUCKET_SLOT, 0x167a061eff077ebcu},
        {"2027-q1", "customer-1", BUCKET_HOLDOUT, 0x10de65d57c99833bu},
        {"poll-trial", "f47ac10b-58cc-4372-a567-0e02b2c3d479", BUCKET_IN, 0x1a01bcb705c307b3u},
        {"poll-trial", "f47ac10b-58cc-4372-a567-0e02b2c3d479", BUCKET_VARIANT, 0x848a4576e42c7428u},
        {"", "", BUCKET_VARIANT, 0x62181204e3e66c93u},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint64_t hash =
            bucket_hash(bucket_seed(text_of(vectors[i].salt), vectors[i].purpose), unit_of(text_of(vectors[i].unit)));
        cr_expect_eq(hash, vectors[i].hash, "%s %s %d: 0x%016lx", vectors[i].salt, vectors[i].unit, vectors[i].purpose,
                     (unsigned long)hash);
    }
}

static struct unit_id unit_number(int i) {
    char name[32];
    return unit_of(text_n(name, (size_t)snprintf(name, sizeof name, "customer-%d", i)));
}

enum { UNITS = 1000000 };

/* Pearson's statistic of counts against shares. */
static double chi2(const int *counts, const double *shares, int n, double total) {
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (counts[i] - total * shares[i]) * (counts[i] - total * shares[i]) / (total * shares[i]);
    return sum;
}

Test(bucket, a_million_units_spread_evenly_over_a_thousand_buckets) {
    static int counts[1000];
    static double shares[1000];
    for (int purpose = BUCKET_IN; purpose <= BUCKET_HOLDOUT; purpose++) {
        uint64_t seed = bucket_seed(TEXT("poll-trial"), (enum bucket_purpose)purpose);
        memset(counts, 0, sizeof counts);
        for (int i = 0; i < UNITS; i++) counts[bucket_scale(bucket_hash(seed, unit_number(i)), 1000)]++;
        for (int i = 0; i < 1000; i++) shares[i] = 0.001;
        /* chi2 with 999 degrees of freedom: mean 999, sd 44.7; five sd either side */
        double x = chi2(counts, shares, 1000, UNITS);
        cr_expect(x > 776 && x < 1222, "purpose %d: chi2 %f", purpose, x);
    }
}

Test(bucket, weights_are_met_without_bias) {
    static const uint64_t ends[] = {333333, 333333, 500000, 1000000};
    static const double shares[] = {0.333333, 0.166667, 0.5};
    struct bucket_ranges ranges = {ends, 4};
    uint64_t seed = bucket_seed(TEXT("weights"), BUCKET_VARIANT);
    int counts[4] = {0};
    for (int i = 0; i < UNITS; i++) counts[bucket_pick(&ranges, bucket_hash(seed, unit_number(i)))]++;
    cr_expect_eq(counts[1], 0, "weight 0 is never picked");
    int drawn[] = {counts[0], counts[2], counts[3]};
    cr_expect_lt(chi2(drawn, shares, 3, UNITS), 13.8); /* p = .001, 2 degrees */
}

Test(bucket, the_ends_of_the_hash_fall_into_the_first_and_last_range) {
    static const uint64_t ends[] = {1, 2, 10000};
    struct bucket_ranges ranges = {ends, 3};
    cr_expect_eq(bucket_pick(&ranges, 0), 0);
    cr_expect_eq(bucket_pick(&ranges, UINT64_MAX), 2);
    cr_expect_eq(bucket_pick(&ranges, UINT64_MAX / 10000 + 1), 1);
}

/* Chi2 of the 2 x 2 table of two hashes' upper halves. */
static double dependence(uint64_t seed_a, uint64_t seed_b) {
    int cells[4] = {0};
    static const double shares[] = {0.25, 0.25, 0.25, 0.25};
    for (int i = 0; i < UNITS; i++) {
        struct unit_id unit = unit_number(i);
        cells[bucket_scale(bucket_hash(seed_a, unit), 2) * 2 + bucket_scale(bucket_hash(seed_b, unit), 2)]++;
    }
    return chi2(cells, shares, 4, UNITS); /* 3 degrees of freedom: p = 1e-4 is 21.1 */
}

Test(bucket, who_is_in_says_nothing_of_the_variant_nor_of_another_experiment) {
    uint64_t in = bucket_seed(TEXT("a"), BUCKET_IN), variant = bucket_seed(TEXT("a"), BUCKET_VARIANT);
    cr_expect_lt(dependence(in, variant), 21.1);
    cr_expect_lt(dependence(variant, bucket_seed(TEXT("a"), BUCKET_AGAIN)), 21.1);
    cr_expect_lt(dependence(variant, bucket_seed(TEXT("b"), BUCKET_VARIANT)), 21.1);
    cr_expect_lt(dependence(in, bucket_seed(TEXT("a2"), BUCKET_IN)), 21.1);
}

Test(bucket, slots_go_to_one_experiment_only) {
    struct bucket_slots first[8], second[8], taken[16];
    int free;
    int n = bucket_allot(NULL, 0, 4000, first, 8, &free);
    cr_assert_eq(n, 1);
    cr_expect(first[0].from == 0 && first[0].to == 4000);
    memcpy(taken, first, sizeof first);
    int m = bucket_allot(taken, n, 6000, second, 8, &free);
    cr_assert_eq(m, 1);
    for (uint32_t slot = 0; slot < BUCKET_SLOTS; slot++)
        cr_assert_neq(bucket_slot_in(first, n, slot), bucket_slot_in(second, m, slot));
}

Test(bucket, too_few_free_slots_are_refused_with_their_number) {
    struct bucket_slots taken[] = {{0, 3000}, {2000, 5000}, {9000, 10000}}, out[8];
    int free;
    cr_expect_eq(bucket_allot(taken, 3, 4001, out, 8, &free), -1);
    cr_expect_eq(free, 4000);
    cr_assert_eq(bucket_allot(taken, 3, 4000, out, 8, &free), 1);
    cr_expect(out[0].from == 5000 && out[0].to == 9000);
}

Test(bucket, slots_are_taken_around_those_of_others) {
    struct bucket_slots taken[] = {{10, 20}, {40, 50}}, out[8];
    int free;
    cr_assert_eq(bucket_allot(taken, 2, 40, out, 8, &free), 3);
    cr_expect(out[0].from == 0 && out[0].to == 10);
    cr_expect(out[1].from == 20 && out[1].to == 40);
    cr_expect(out[2].from == 50 && out[2].to == 60);
}
