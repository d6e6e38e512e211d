/* Evaluation in process: nanoseconds per experiment with one condition, fresh and remembered, and what it allocates.
 * Aim: under 200 ns and nothing allocated. The peer, measured in the same run, is the least that any evaluation must do:
 * find the feature by its key and draw one 128-bit hash of the unit. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "core/base/clock.h"
#include "core/base/memory.h"
#include "experiments/decide/evaluate.h"

enum { FEATURES = 1000, UNITS = 10000, ROUNDS = 200 };

static json_t *json(const char *text) {
    json_t *value = json_loads(text, 0, NULL);
    if (!value) abort();
    return value;
}

static struct snapshot *make_snapshot(struct arena *arena, int features, double *ms) {
    struct definition *definitions = memory_zero(2 * (size_t)features, sizeof *definitions);
    struct error error = {0};
    struct snapshot *snapshot;
    json_t *body = json("{\"type\":\"string\",\"variants\":{\"off\":{\"value\":\"off\"},\"top\":{\"value\":\"top\"}}}");
    json_t *state = json("{\"phase\":\"running\",\"startAt\":\"2026-01-01T00:00:00Z\",\"traffic\":100,"
                         "\"arms\":[{\"variant\":\"off\",\"control\":true},{\"variant\":\"top\"}],"
                         "\"epochs\":[{\"from\":\"2026-01-01T00:00:00Z\",\"weights\":[50,50]}]}");
    for (int i = 0; i < features; i++) {
        struct text feature = arena_printf(arena, "feature-%d", i), trial = arena_printf(arena, "trial-%d", i);
        json_t *experiment =
            json("{\"weights\":{\"off\":50,\"top\":50},\"audience\":{\"==\":[{\"var\":\"country\"},\"DE\"]}}");
        json_object_set_new(experiment, "feature", json_stringn(feature.at, feature.n));
        definitions[2 * i] = (struct definition){DEFINITION_FEATURE, feature, body, NULL};
        definitions[2 * i + 1] = (struct definition){DEFINITION_EXPERIMENT, trial, experiment, state};
    }
    uint64_t begin = clock_ticks();
    if (snapshot_build(&snapshot, 1, definitions, 2 * (size_t)features, &error)) {
        fprintf(stderr, "%s\n", error.detail);
        abort();
    }
    *ms = (double)(clock_ticks() - begin) / 1e6;
    free(definitions);
    return snapshot;
}

/* 10,000 features with an experiment each: how long compiling takes (not on a loop), and freeing the one that is replaced, which is
 * what a swap may cost a loop. The best of five. */
static bool bench_snapshot(struct arena *arena) {
    enum { MANY = 10000 };
    double compiled = 1e9, freed = 1e9, ms;
    for (int i = 0; i < 5; i++) {
        struct snapshot *snapshot = make_snapshot(arena, MANY, &ms);
        if (ms < compiled) compiled = ms;
        uint64_t begin = clock_ticks();
        snapshot_release(snapshot);
        ms = (double)(clock_ticks() - begin) / 1e6;
        if (ms < freed) freed = ms;
    }
    printf("snapshot of %d features and as many experiments: compiled in %.1f ms (limit 100), freed in %.2f ms (limit "
           "1)\n",
           MANY, compiled, freed);
    return compiled < 100 && freed < 1;
}

/* Two reads of memory: among a million ids. */
static bool bench_id_list(void) {
    enum { MANY = 1000000 };
    uint64_t *fingerprints = memory_zero(MANY, sizeof *fingerprints), found = 0;
    struct text *ids = memory_zero(MANY, sizeof *ids);
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (int i = 0; i < MANY; i++) {
        ids[i] = arena_printf(&arena, "customer-%d", i);
        fingerprints[i] = id_fingerprint(ids[i]);
    }
    struct id_list *list = id_list_new(fingerprints, MANY);
    uint64_t begin = clock_ticks();
    for (int i = 0; i < MANY; i++) found += id_list_has(list, ids[i]);
    double each = (double)(clock_ticks() - begin) / MANY;
    printf("list of a million ids: %.1f ns a lookup (limit 100), %.1f bytes an id\n", each,
           (double)id_list_bytes(list) / MANY);
    id_list_release(list);
    arena_free(&arena);
    free(ids);
    return found == MANY && each < 100;
}

static void report(const char *what, uint64_t ticks, double n, double peer) {
    double each = (double)ticks / n;
    printf("%-44s %7.1f ns", what, each);
    if (peer > 0) printf("   %.1f x the peer", each / peer);
    printf("\n");
}

/* One experiment with many units: putting them (the longest put too), the most bytes that a unit takes while they come, and
 * finding them in no order. */
static bool bench_remembered(uint32_t many) {
    struct remembered_all all = {0};
    struct remembered *r = remembered_make(&all, TEXT("trial"));
    struct remembered_unit unit = {0};
    struct unit_id *ids = memory_zero(many, sizeof *ids);
    uint64_t longest = 0, found = 0, begin, spent = 0;
    double most = 0;
    char name[32];
    for (uint32_t i = 0; i < many; i++)
        ids[i] = unit_of(text_n(name, (size_t)snprintf(name, sizeof name, "customer-%u", i)));
    for (uint32_t i = 0; i < many; i++) {
        uint64_t one = clock_ticks();
        unit.unit = ids[i];
        remembered_put(r, &unit);
        one = clock_ticks() - one;
        spent += one;
        if (one > longest) longest = one;
        if (i % 1000 != 999) continue;
        double each = (double)remembered_bytes(r) / (i + 1);
        if (each > most) most = each;
    }
    printf("remembered, %u units:\n", many);
    report("  put", spent, many, 0);
    begin = clock_ticks();
    for (uint32_t i = 0; i < many; i++) found += remembered_find(r, ids[i], &unit); /* hashes: in no order */
    uint64_t finding = clock_ticks() - begin;
    report("  find", finding, many, 0);
    printf("  longest put %.0f us (others' load in it); %.1f bytes a unit, at most %.1f while growing (limit 32)\n",
           (double)longest / 1e3, (double)remembered_bytes(r) / many, most);
    remembered_all_free(&all);
    free(ids);
    return found == many && most <= 32;
}

/* The fastest round counts, as in peers/in-process.mjs: nobody else was there. */
static void keep_least(uint64_t *least, uint64_t ticks) {
    if (ticks < *least) *least = ticks;
}

int main(int argc, char **argv) {
    struct arena arena, scratch;
    struct remembered_all remembered = {0};
    struct decision decision;
    struct error error;
    struct json document;
    uint64_t sink = 0, exposed = 0, begin, floor_ticks = UINT64_MAX, fresh = UINT64_MAX, again = UINT64_MAX;
    double n = (double)ROUNDS * UNITS;
    arena_init(&arena, 65536);
    arena_init(&scratch, 65536);
    double ms;
    struct snapshot *snapshot = make_snapshot(&arena, FEATURES, &ms);
    struct text text = TEXT("{\"targetingKey\":\"x\",\"plan\":\"gold\",\"groups\":[\"a\",\"b\"],\"country\":\"DE\"}");
    if (json_scan(&document, text, &arena, &error)) abort();
    struct text *keys = memory_zero(UNITS, sizeof *keys), *features = memory_zero(UNITS, sizeof *features);
    for (int i = 0; i < UNITS; i++) {
        keys[i] = arena_printf(&arena, "customer-%08d", i);
        features[i] = arena_printf(&arena, "feature-%d", i * 7 % FEATURES);
    }
    struct context context = {.json = &document, .now = 1800000000000, .arena = &scratch};

    for (int round = 0; round < ROUNDS; round++) {
        begin = clock_ticks();
        for (int i = 0; i < UNITS; i++)
            sink += (uintptr_t)snapshot_feature(snapshot, features[i]) + XXH3_128bits(keys[i].at, keys[i].n).low64;
        keep_least(&floor_ticks, clock_ticks() - begin);
    }
    double peer = (double)floor_ticks / UNITS;
    report("peer: find the feature, hash the unit", floor_ticks, UNITS, 0);

    for (int round = 0; round < ROUNDS; round++) {
        begin = clock_ticks();
        for (int i = 0; i < UNITS; i++) {
            context.targeting_key = keys[i];
            decide(snapshot, snapshot_feature(snapshot, features[i]), &context, NULL, &decision);
            exposed += decision.expose;
            sink += decision.index;
        }
        keep_least(&fresh, clock_ticks() - begin);
    }
    report("experiment with one condition, fresh", fresh, UNITS, peer);

    for (int i = 0; i < UNITS; i++) {
        context.targeting_key = keys[i];
        decide(snapshot, snapshot_feature(snapshot, features[i]), &context, NULL, &decision);
        struct remembered_unit unit = {decision.unit, 0, decision.arm, decision.epoch};
        remembered_put(remembered_make(&remembered, decision.experiment->state.salt), &unit);
    }
    for (int round = 0; round < ROUNDS; round++) {
        begin = clock_ticks();
        for (int i = 0; i < UNITS; i++) {
            context.targeting_key = keys[i];
            decide(snapshot, snapshot_feature(snapshot, features[i]), &context, &remembered, &decision);
            exposed += decision.enrolled;
            sink += decision.index;
        }
        keep_least(&again, clock_ticks() - begin);
    }
    report("experiment with one condition, remembered", again, UNITS, peer);
    printf("bytes allocated while deciding: %zu; exposed %.0f of %.0f (%llx)\n", scratch.total, (double)exposed, 2 * n,
           (unsigned long long)sink);
    bool kept = true;
    if (argc == 1) { /* not with "deciding" */
        kept &= bench_remembered(1000000);
        kept &= bench_remembered(10000000);
        kept &= bench_id_list();
        kept &= bench_snapshot(&arena);
    }
    remembered_all_free(&remembered);
    snapshot_release(snapshot);
    free(keys);
    free(features);
    arena_free(&arena);
    arena_free(&scratch);
    return kept && scratch.total == 0 && exposed == 2 * (uint64_t)n ? 0 : 1;
}
