/* The scanner against jansson as oracle: both accept a body or both refuse it, and where they accept, they read the same
 * values. Three differences are known: the scanner stops at 64 levels (jansson at 2,048); jansson loses a NUL byte behind a
 * number, where the scanner refuses it; and jansson, which refuses integers over 64 bits, is told to read them as doubles. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/json_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds, const char *what, struct text body, const char *detail) {
    if (holds) return;
    struct buffer shown = {0};
    json_escape(&shown, body);
    fprintf(stderr, "json_fuzz: %s: %.*s (%s)\n", what, (int)shown.n, shown.at, detail);
    abort();
}

static bool same(const struct json *json, json_at at, const json_t *tree, struct arena *arena);

static bool same_number(const struct json *json, json_at at, const json_t *tree) {
    double value;
    int64_t whole, micros;
    if (!json_is_real(tree) || !json_number(json, at, &value) || value != json_real_value(tree)) return false;
    if (json_whole(json, at, &whole) && (double)whole != value) return false;
    /* Exact millionths lie within half of one of the value, and within what a double near 1e9 cannot tell apart. */
    return !json_micros(json, at, &micros) || fabs((double)micros / 1e6 - value) <= 0.5e-6 + 1.2e-7;
}

static bool same_array(const struct json *json, json_at at, const json_t *tree, struct arena *arena) {
    size_t i = 0;
    for (json_at c = json_first(json, at); c != JSON_NONE; c = json_after(json, at, c), i++)
        if (!same(json, c, json_array_get(tree, i), arena)) return false;
    return i == json_array_size(tree) && i == json->tokens[at].size;
}

static bool same_object(const struct json *json, json_at at, const json_t *tree, struct arena *arena) {
    size_t i = 0;
    for (json_at c = json_first(json, at); c != JSON_NONE; c = json_after(json, at, c), i++) {
        struct text key = json_unescaped(json, c, arena);
        if (!same(json, c + 1, json_object_getn(tree, key.at, key.n), arena)) return false;
        if (i < 64 && json_get(json, at, key) != c + 1) return false;
    }
    return i == json_object_size(tree) && i == json->tokens[at].size;
}

static bool same(const struct json *json, json_at at, const json_t *tree, struct arena *arena) {
    switch (json_kind(json, at)) {
    case JSON_KIND_NULL: return json_is_null(tree);
    case JSON_KIND_FALSE: return json_is_false(tree);
    case JSON_KIND_TRUE: return json_is_true(tree);
    case JSON_KIND_NUMBER: return same_number(json, at, tree);
    case JSON_KIND_ARRAY: return json_is_array(tree) && same_array(json, at, tree, arena);
    case JSON_KIND_OBJECT: return json_is_object(tree) && same_object(json, at, tree, arena);
    case JSON_KIND_STRING:
        return json_is_string(tree) &&
               text_eq(json_unescaped(json, at, arena), text_n(json_string_value(tree), json_string_length(tree)));
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct text body = text_n((const char *)data, n);
    struct arena arena;
    struct json json;
    struct error error = {0};
    arena_init(&arena, 4096);
    bool accepted = json_scan(&json, body, &arena, &error) == 0, has_nul = n && memchr(data, 0, n);
    require(accepted == (error.code == 0), "an error and no error", body, error.detail);
    require(accepted || (json.n == 0 && *error.detail), "refused without a word", body, error.detail);
    require(!accepted || !has_nul, "accepted a NUL", body, error.detail);
    if (!has_nul && !strstr(error.detail, "nested more than 64 deep")) {
        json_t *tree =
            json_loadb(n ? body.at : "", n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
        require(!accepted || tree, "accepted what jansson refuses", body, error.detail);
        require(accepted || !tree, "refused what jansson accepts", body, error.detail);
        require(!accepted || same(&json, 0, tree, &arena), "read another value than jansson", body, error.detail);
        json_decref(tree);
    }
    arena_free(&arena);
    return 0;
}
