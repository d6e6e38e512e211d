/* Features that require features: deep, wide, and in circles that should not be there. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/pulse.h"
#include "experiments/decide/evaluate.h"

static struct arena arena;
static struct definition *definitions;
static size_t n;
static struct snapshot *snapshot;

static void begin(void) {
    arena_init(&arena, 65536);
    definitions = calloc(20000, sizeof *definitions);
}
static void end(void) {
    snapshot_release(snapshot);
    for (size_t i = 0; i < n; i++) json_decref((json_t *)(uintptr_t)definitions[i].body);
    free(definitions);
    arena_free(&arena);
}
TestSuite(prerequisites, .init = begin, .fini = end);

static struct text key_of(char row, int i) {
    return arena_printf(&arena, "%c%d", row, i);
}

/* A boolean that is on, or off for whoever is not signed in, and requires two others to be on. */
static void define(struct text key, const char *rule, struct text first, struct text second) {
    json_t *body = json_pack("{s:s, s:{s:{s:b}, s:{s:b}}, s:s, s:{s:s}, s:[]}", "type", "boolean", "variants", "off",
                             "value", 0, "on", "value", 1, "off", "off", "default", "serve", "on", "prerequisites");
    if (rule) json_object_set_new(body, "rules", json_loads(rule, 0, NULL));
    const struct text required[] = {first, second};
    for (int i = 0; i < 2; i++)
        if (required[i].n)
            json_array_append_new(
                json_object_get(body, "prerequisites"),
                json_pack("{s:s#, s:[s]}", "feature", required[i].at, (int)required[i].n, "variants", "on"));
    definitions[n++] = (struct definition){DEFINITION_FEATURE, key, body, NULL};
}

static void compile(void) {
    struct error error = {0};
    cr_assert_eq(snapshot_build(&snapshot, 1, definitions, n, &error), 0, "%s", error.detail);
}

static bool is_on(struct text key, const char *context) {
    struct json json;
    struct decision decision;
    cr_assert_eq(json_scan(&json, text_of(context), &arena, NULL), 0);
    struct context asking = {.json = &json, .now = 1, .arena = &arena};
    decide(snapshot, snapshot_feature(snapshot, key), &asking, NULL, &decision);
    return text_is(decision.variant->key, "on");
}

#define SIGNED_IN "[{\"id\":\"in\",\"if\":{\"!\":[{\"var\":\"in\"}]},\"serve\":\"off\"}]"

Test(prerequisites, a_chain_of_ten_thousand_is_followed_to_its_end) {
    enum { DEEP = 10000 };
    for (int i = 0; i < DEEP; i++)
        define(key_of('f', i), i + 1 < DEEP ? NULL : SIGNED_IN, i + 1 < DEEP ? key_of('f', i + 1) : TEXT_NONE,
               TEXT_NONE);
    compile();
    cr_expect_eq(snapshot_feature(snapshot, TEXT("f0"))->depth, DEEP - 1u);
    cr_expect(is_on(TEXT("f0"), "{\"in\":true}"));
    cr_expect_not(is_on(TEXT("f0"), "{\"in\":false}"));
    cr_expect_not(is_on(TEXT("f9998"), "{\"in\":false}"));
}

Test(prerequisites, ways_that_meet_again_are_not_followed_twice) {
    enum { ROWS = 400 }; /* 2^400 ways from the top to the bottom */
    for (int i = 0; i < ROWS; i++) {
        bool last = i + 1 == ROWS;
        struct text a = last ? TEXT_NONE : key_of('a', i + 1), b = last ? TEXT_NONE : key_of('b', i + 1);
        define(key_of('a', i), NULL, a, b);
        define(key_of('b', i), last ? SIGNED_IN : NULL, a, b);
    }
    compile();
    uint64_t began = worked_ns();
    cr_expect(is_on(TEXT("a0"), "{\"in\":true}"));
    cr_expect_not(is_on(TEXT("a0"), "{}"));
    cr_expect_lt(worked_ns() - began, 1000000000u);
}

Test(prerequisites, decisions_of_one_context_share_what_they_learn) {
    enum { DEEP = 3000 };
    for (int i = 0; i < DEEP; i++)
        define(key_of('f', i), NULL, i + 1 < DEEP ? key_of('f', i + 1) : TEXT_NONE, TEXT_NONE);
    compile();
    struct variants_known known = {0};
    struct context asking = {.now = 1, .arena = &arena, .known = &known};
    struct decision decision;
    decide(snapshot, snapshot_feature(snapshot, TEXT("f0")), &asking, NULL, &decision);
    cr_assert(text_is(decision.variant->key, "on"));
    for (int i = 0; i < DEEP; i++) /* each was decided once, on the way down */
        cr_assert_eq(known.of[i] > 1, &snapshot->features[i] != decision.feature, "%d", i);
}

Test(prerequisites, a_circle_that_was_stored_is_never_met) {
    define(TEXT("a"), NULL, TEXT("b"), TEXT_NONE);
    define(TEXT("b"), NULL, TEXT("c"), TEXT_NONE);
    define(TEXT("c"), NULL, TEXT("a"), TEXT_NONE);
    define(TEXT("d"), NULL, TEXT_NONE, TEXT_NONE);
    compile();
    cr_expect_not(is_on(TEXT("c"), "{}"));
    cr_expect_not(is_on(TEXT("a"), "{}"));
    cr_expect(is_on(TEXT("d"), "{}"));
}
