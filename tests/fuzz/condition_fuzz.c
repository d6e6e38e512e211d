/* A condition on the first line, a context on the others. Whatever compiles is evaluated twice alike, is written back as a condition
 * that says the same, and can be traced; a preview of the work is bounded by its step limit. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json_write.h"
#include "experiments/decide/condition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds, const char *what, struct text condition) {
    if (holds) return;
    fprintf(stderr, "condition_fuzz: %s: %.*s\n", what, TEXT_ARGS(condition));
    abort();
}

static bool same_value(const struct value_home *home, struct value a, struct value b, int depth) {
    if (a.kind != b.kind || a.absent != b.absent || a.n != b.n) return false;
    switch ((enum value_kind)a.kind) {
    case VALUE_BOOL: return a.truth == b.truth;
    case VALUE_NUMBER: return a.number == b.number || (isnan(a.number) && isnan(b.number));
    case VALUE_STRING: return text_eq(a.string, b.string);
    case VALUE_TAPE: return a.at == b.at;
    case VALUE_LIST:
        for (uint32_t i = 0; i < a.n && depth < 8; i++)
            if (!same_value(home, a.items[i], b.items[i], depth + 1)) return false;
        return true;
    case VALUE_SCOPE:
        return depth >= 8 || (same_value(home, a.items[0], b.items[0], depth + 1) &&
                              same_value(home, a.items[1], b.items[1], depth + 1));
    case VALUE_NULL: return true;
    }
    return false;
}

static const struct condition *compile(struct text source, struct arena *arena, json_t **tree) {
    struct json scanned;
    struct error error = {0};
    struct reader reader = {arena, &error, 0};
    *tree = NULL;
    if (json_scan(&scanned, source, arena, NULL) != 0) return NULL;
    *tree = json_loadb(source.at, source.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    const struct condition *condition = *tree ? condition_compile(&reader, NULL, *tree) : NULL;
    require(!*tree || (condition != NULL) == (reader.faults == 0), "compiled and faulty", source);
    require(condition || !*tree || *error.detail, "refused without a word", source);
    return condition;
}

static void evaluate(const struct condition *condition, struct text source, const struct condition_input *input) {
    struct value_home home = {input->json, input->arena};
    struct value first = condition_value(condition, input), second = condition_value(condition, input);
    require(same_value(&home, first, second, 0), "two evaluations differ", source);
    require(condition_true(condition, input) == value_true(&home, first), "truth is not that of the value", source);
    struct buffer written = {0}, trace = {0};
    struct json_writer w;
    json_t *tree;
    condition_write(condition, &written);
    const struct condition *again = compile(buffer_view(&written), input->arena, &tree);
    if (again) /* what is written out with all its arrays may be a step too deep */
        require(same_value(&home, first, condition_value(again, input), 0), "written back, it says something else",
                source);
    json_decref(tree);
    json_writer_init(&w, &trace);
    condition_trace(condition, input, &w);
    struct json traced;
    require(json_scan(&traced, buffer_view(&trace), input->arena, NULL) == 0, "the trace is not JSON", source);
    buffer_free(&written);
    buffer_free(&trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct text source, context;
    struct arena arena;
    struct json json;
    json_t *tree;
    text_cut(text_n((const char *)data, n), '\n', &source, &context);
    arena_init(&arena, 16 * 1024);
    const struct condition *condition = compile(source, &arena, &tree);
    bool has_context = json_scan(&json, context, &arena, NULL) == 0;
    struct condition_input input = {
        .json = has_context ? &json : NULL, .feature_key = TEXT("fuzzed"), .now = 1800000000000, .arena = &arena};
    if (condition) evaluate(condition, source, &input);
    json_decref(tree);
    arena_free(&arena);
    return 0;
}
