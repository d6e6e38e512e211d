/* What must hold for every unit and every definition, tried on generated ones. Generators are seeded, so each run is the same. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/experiments/decide/scene.h"

static struct scene scene;
static uint64_t state = 20261122;

static void begin(void) {
    scene_begin(&scene);
    scene_define(
        &scene, DEFINITION_FEATURE,
        "{'key':'poll','type':'string','variants':{'off':{'value':'off'},'top':{'value':'top'},'side':{'value':"
        "'side'}}}",
        NULL);
}
static void end(void) {
    scene_end(&scene);
}
TestSuite(properties, .init = begin, .fini = end);

static uint64_t generate(void) { /* splitmix64 */
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}
static uint32_t below(uint32_t n) {
    return (uint32_t)(generate() % n);
}

/* Units as shops name them: running numbers, mail addresses, UUIDs. */
static struct text unit_named(char out[static 64], uint32_t i) {
    static const char *const shapes[] = {"%u", "customer-%08u", "user%u@example.com",
                                         "6ba7b810-9dad-11d1-80b4-00c0%08x"};
    return text_n(out, (size_t)snprintf(out, 64, shapes[i % 4], i));
}

/* The number of the arm that a unit is given; -1 where it is not in. Without conditions, for speed. */
static int arm_of(const char *experiment, uint32_t i) {
    char name[64];
    uint32_t epoch;
    return decide_arm(snapshot_experiment(scene.snapshot, text_of(experiment)), unit_of(unit_named(name, i)), NULL,
                      &epoch);
}

static void experiment(const char *key, const char *more) {
    char body[400];
    snprintf(body, sizeof body, "{'key':'%s','feature':'poll','control':'off',%s}", key, more);
    scene_define(&scene, DEFINITION_EXPERIMENT, body, NULL);
    scene_start(&scene, key, 1000);
}

/* Leaves the feature alone. */
static void forget_experiments(void) {
    while (scene.n_owned > 1) json_decref(scene.owned[--scene.n_owned]);
    scene.n = 1;
}

/* The upper tail of χ² by Wilson and Hilferty's cube root (1931): good to a few per cent of p here. */
static double chi2_p(double chi2, double df) {
    double z = (cbrt(chi2 / df) - (1 - 2 / (9 * df))) / sqrt(2 / (9 * df));
    return 0.5 * erfc(z / sqrt(2));
}

Test(properties, a_million_units_spread_as_the_weights_say) {
    enum { UNITS = 1000000 };
    static const double weights[] = {50, 30, 20};
    static const char *const keys[] = {"a", "b", "a-longer-key", "2027-q1"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        experiment(keys[k], "'weights':{'off':50,'top':30,'side':20}");
        double counts[3] = {0}, chi2 = 0;
        for (uint32_t i = 0; i < UNITS; i++) counts[arm_of(keys[k], i)]++;
        for (int v = 0; v < 3; v++) {
            double expected = UNITS * weights[v] / 100;
            chi2 += (counts[v] - expected) * (counts[v] - expected) / expected;
        }
        cr_expect_gt(chi2_p(chi2, 2), 0.001, "%s: χ² %.2f", keys[k], chi2);
    }
}

Test(properties, buckets_of_a_million_units_are_uniform) {
    enum { UNITS = 1000000, CELLS = 1000 };
    static double counts[CELLS];
    uint64_t seed = bucket_seed(TEXT("uniform"), BUCKET_IN);
    char name[64];
    double chi2 = 0;
    for (uint32_t i = 0; i < UNITS; i++) counts[bucket_scale(bucket_hash(seed, unit_of(unit_named(name, i))), CELLS)]++;
    for (int c = 0; c < CELLS; c++) chi2 += (counts[c] - 1000) * (counts[c] - 1000) / 1000;
    double p = chi2_p(chi2, CELLS - 1);
    cr_expect(p > 0.001 && p < 0.999, "χ² %.1f, p %.4f", chi2, p); /* neither uneven nor too even */
}

/* χ² of a table of `rows` × `columns` against independence. */
static double independence(const double *table, int rows, int columns) {
    double row[16] = {0}, column[16] = {0}, n = 0, chi2 = 0;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) {
            row[r] += table[r * columns + c];
            column[c] += table[r * columns + c];
            n += table[r * columns + c];
        }
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) {
            double expected = row[r] * column[c] / n, off = table[r * columns + c] - expected;
            chi2 += off * off / expected;
        }
    return chi2_p(chi2, (rows - 1) * (columns - 1));
}

Test(properties, two_experiments_are_independent) {
    double table[9] = {0};
    experiment("one", "'weights':{'off':1,'top':1,'side':1}");
    experiment("other", "'weights':{'off':1,'top':1,'side':1}");
    for (uint32_t i = 0; i < 300000; i++) table[arm_of("one", i) * 3 + arm_of("other", i)]++;
    cr_expect_gt(independence(table, 3, 3), 0.001);
}

Test(properties, who_is_in_says_nothing_of_the_variant) {
    double table[6] = {0};
    char name[64];
    experiment("whole", "'weights':{'off':1,'top':1,'side':1}");
    uint64_t seed = snapshot_experiment(scene.snapshot, TEXT("whole"))->in_seed;
    for (uint32_t i = 0; i < 300000; i++) {
        bool in = bucket_scale(bucket_hash(seed, unit_of(unit_named(name, i))), BUCKET_TRAFFIC_FULL) < 200000;
        table[in * 3 + arm_of("whole", i)]++;
    }
    cr_expect_gt(independence(table, 2, 3), 0.001);
    cr_expect_float_eq(table[3] + table[4] + table[5], 60000, 1000);
}

Test(properties, a_holdout_says_nothing_of_who_is_in_or_of_the_variant) {
    double table[6] = {0};
    scene_define(&scene, DEFINITION_HOLDOUT, "{'key':'q1','share':20,'start':'1970-01-01T00:00:00Z'}", NULL);
    experiment("whole", "'weights':{'off':1,'top':1,'side':1}");
    for (uint32_t i = 0; i < 300000; i++) table[arm_of("holdout:q1", i) * 3 + arm_of("whole", i)]++;
    cr_expect_gt(independence(table, 2, 3), 0.001);
    cr_expect_float_eq(table[0] + table[1] + table[2], 60000, 1000);
}

Test(properties, raising_traffic_drops_and_moves_nobody) {
    enum { UNITS = 20000 };
    static int before[UNITS];
    for (int round = 0; round < 20; round++) {
        char key[16], more[128];
        double traffic = 0;
        snprintf(key, sizeof key, "ramp-%d", round % 8);
        for (int i = 0; i < UNITS; i++) before[i] = -1;
        while (traffic < 100) {
            traffic += 0.5 + below(400000) / 10000.0;
            if (traffic > 100) traffic = 100;
            snprintf(more, sizeof more, "'traffic':%.4f,'weights':{'off':%u,'top':%u}", traffic, 1 + round, 3u);
            forget_experiments();
            experiment(key, more);
            for (uint32_t i = 0; i < UNITS; i++) {
                int now = arm_of(key, i);
                cr_assert(before[i] < 0 || now == before[i], "unit %u went from %d to %d at %.2f %%", i, before[i], now,
                          traffic);
                before[i] = now;
            }
        }
        for (int i = 0; i < UNITS; i++) cr_assert_geq(before[i], 0);
    }
}

Test(properties, experiments_of_a_layer_never_share_a_unit_however_they_come_and_go) {
    enum { SLOTS_EACH = 8 };
    static struct {
        struct bucket_slots runs[5000];
        int n;
    } held[SLOTS_EACH];
    static struct bucket_slots taken[40000];
    for (int step = 0; step < 3000; step++) {
        int who = (int)below(SLOTS_EACH), n = 0, free_slots;
        if (held[who].n && below(2)) {
            held[who].n = 0; /* concluded */
            continue;
        }
        for (int i = 0; i < SLOTS_EACH; i++)
            for (int k = 0; k < held[i].n; k++) taken[n++] = held[i].runs[k];
        struct bucket_slots more[5000];
        int share = 1 + (int)below(2500), got = bucket_allot(taken, n, share, more, 5000, &free_slots);
        if (got < 0) {
            cr_assert_lt(free_slots, share);
            continue;
        }
        int slots = 0;
        for (int k = 0; k < got; k++) {
            slots += more[k].to - more[k].from;
            for (int i = 0; i < n; i++)
                cr_assert(more[k].to <= taken[i].from || more[k].from >= taken[i].to, "step %d: slots shared", step);
        }
        cr_assert_eq(slots, share);
        if (held[who].n + got > 5000) continue;
        for (int k = 0; k < got; k++) held[who].runs[held[who].n++] = more[k];
    }
}

/* A condition over the attributes of a generated context. */
static void random_condition(char *out, size_t room, int depth) {
    static const char *const leaves[] = {"{'==':[{'var':'country'},'DE']}", "{'>':[{'var':'spend'},500]}",
                                         "{'in':[{'var':'plan'},['gold','silver']]}", "{'!':{'var':'spend'}}",
                                         "{'starts_with':[{'var':'targetingKey'},'customer']}"};
    if (depth == 0 || below(3) == 0) {
        snprintf(out, room, "%s", leaves[below(5)]);
        return;
    }
    char left[400], right[400];
    random_condition(left, sizeof left, depth - 1);
    random_condition(right, sizeof right, depth - 1);
    int n = snprintf(out, room, "{'%s':[%s,%s]}", below(2) ? "and" : "or", left, right);
    cr_assert(n > 0 && (size_t)n < room);
}

static const char *random_context(char *out, size_t room, uint32_t i) {
    static const char *const countries[] = {"DE", "FR", "AT"}, *const plans[] = {"gold", "silver", "none"};
    char name[64];
    struct text unit = unit_named(name, i);
    snprintf(out, room, "{'targetingKey':'%.*s','country':'%s','plan':'%s','spend':%u}", TEXT_ARGS(unit),
             countries[below(3)], plans[below(3)], below(1000));
    return out;
}

Test(properties, the_same_context_gets_the_same_variant_in_every_snapshot) {
    for (int round = 0; round < 60; round++) {
        char condition[900], rule[1200], context[200], first[16];
        random_condition(condition, sizeof condition, 3);
        snprintf(rule, sizeof rule,
                 "{'key':'ruled','type':'number','variants':{'off':{'value':1},'top':{'value':2}},'rules':[{'id':'r',"
                 "'if':%s,'split':{'off':%u,'top':%u}}]}",
                 condition, 1 + below(9), 1 + below(9));
        struct scene other;
        scene_begin(&other);
        scene_define(&other, DEFINITION_FEATURE, rule, NULL);
        for (uint32_t i = 0; i < 100; i++) {
            random_context(context, sizeof context, i);
            snprintf(first, sizeof first, "%s", scene_decide(&other, "ruled", NULL, context));
            if (i % 25 == 0) scene_define(&other, DEFINITION_SEGMENT, "{'key':'unrelated','if':true}", NULL);
            cr_assert_str_eq(scene_decide(&other, "ruled", NULL, context), first, "%s under %s", context, condition);
        }
        scene_end(&other);
    }
}
