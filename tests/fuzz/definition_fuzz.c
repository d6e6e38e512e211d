/* {"feature": body}, {"experiment": body} ... What a kind accepts comes back from its canonical form as it was, can be compiled into
 * a snapshot, and decides; what it refuses is refused with a place and a sentence. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json_dump.h"
#include "experiments/decide/evaluate.h"
#include "experiments/model/catalogue_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds, const char *what, struct text body, const char *detail) {
    if (holds) return;
    fprintf(stderr, "definition_fuzz: %s: %.*s (%s)\n", what, TEXT_ARGS(body), detail);
    abort();
}

static void decide_all(const struct snapshot *snapshot, struct arena *arena) {
    struct json json;
    struct decision decision;
    json_scan(&json, TEXT("{\"targetingKey\":\"u\",\"country\":\"DE\",\"spend\":7}"), arena, NULL);
    struct context context = {.json = &json, .targeting_key = TEXT("u"), .now = 1800000000000, .arena = arena};
    for (uint32_t i = 0; i < snapshot->n_features; i++)
        decide(snapshot, &snapshot->features[i], &context, NULL, &decision);
}

static void check(enum definition_kind kind, const json_t *body, struct text source, struct arena *arena) {
    union definition_parsed first, second;
    struct error error = {0};
    if (definition_parse(kind, body, TEXT_NONE, arena, &first, &error) != 0) {
        require(error.code == ERR_INVALID && error.places > 0 && *error.detail, "refused without a place", source,
                error.detail);
        return;
    }
    require(error.code == 0, "accepted with an error", source, error.detail);
    json_t *once = definition_canonical(kind, &first, body);
    int again = definition_parse(kind, once, TEXT_NONE, arena, &second, &error);
    require(again == 0, "refuses its own canonical form", source, error.detail);
    json_t *twice = definition_canonical(kind, &second, once);
    require(json_equal(once, twice), "the canonical form changes when it is read", source, "");
    const char *key = json_string_value(json_object_get(once, "key"));
    struct definition definition = {kind, text_of(key), once, NULL};
    struct snapshot *snapshot;
    require(snapshot_build(&snapshot, 1, &definition, 1, &error) == 0, "does not compile", source, error.detail);
    decide_all(snapshot, arena);
    snapshot_release(snapshot);
    json_decref(once);
    json_decref(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct text source = text_n((const char *)data, n);
    struct arena arena;
    struct json scanned;
    arena_init(&arena, 16 * 1024);
    json_t *tree = json_scan(&scanned, source, &arena, NULL) == 0
                       ? json_loadb(source.at, source.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL)
                       : NULL;
    for (int kind = 0; definition_kinds[kind]; kind++) {
        const json_t *body = json_object_get(tree, definition_kinds[kind]);
        if (body) check((enum definition_kind)kind, body, source, &arena);
    }
    json_decref(tree);
    arena_free(&arena);
    return 0;
}
