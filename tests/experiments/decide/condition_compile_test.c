/* What conditions refuse, how large and deep they may be, and that whatever is taken ends and can be written back. */
#include "tests/experiments/decide/conditions.h"

static uint32_t draw(uint32_t *seed, uint32_t n) {
    *seed = *seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)*seed * n) >> 32);
}

static void generate(struct buffer *out, uint32_t *seed, int depth) {
    static const char *const leaves[] = {"1",
                                         "0",
                                         "-2.5",
                                         "\"\"",
                                         "\"a\"",
                                         "\"2\"",
                                         "true",
                                         "false",
                                         "null",
                                         "[]",
                                         "[1,\"a\"]",
                                         "{\"var\":\"a\"}",
                                         "{\"var\":\"list\"}",
                                         "{\"var\":\"o.x\"}",
                                         "{\"var\":\"\"}",
                                         "{\"var\":[\"gone\",3]}",
                                         "{\"var\":\"list.1\"}",
                                         "{\"var\":\"current\"}"};
    static const struct {
        const char *name;
        uint32_t least, most;
    } ops[] = {{"var", 1, 2},     {"missing", 0, 3},     {"missing_some", 2, 2},
               {"if", 0, 5},      {"?:", 3, 3},          {"==", 2, 2},
               {"===", 2, 2},     {"!=", 2, 2},          {"!==", 2, 2},
               {"!", 1, 1},       {"!!", 1, 1},          {"or", 1, 3},
               {"and", 1, 3},     {"<", 2, 3},           {"<=", 2, 3},
               {">", 2, 3},       {">=", 2, 3},          {"max", 1, 3},
               {"min", 1, 3},     {"+", 1, 3},           {"-", 1, 2},
               {"*", 1, 3},       {"/", 2, 2},           {"%", 2, 2},
               {"map", 2, 2},     {"filter", 2, 2},      {"reduce", 2, 3},
               {"all", 2, 2},     {"none", 2, 2},        {"some", 2, 2},
               {"merge", 0, 3},   {"in", 2, 2},          {"cat", 0, 3},
               {"substr", 2, 3},  {"starts_with", 2, 2}, {"ends_with", 2, 2},
               {"sem_ver", 3, 3}, {"fractional", 1, 3},  {"in_segment", 1, 2},
               {"before", 2, 2},  {"after", 2, 2}};
    if (depth == 0 || draw(seed, 4) == 0) {
        buffer_cstr(out, leaves[draw(seed, sizeof leaves / sizeof *leaves)]);
        return;
    }
    uint32_t op = draw(seed, sizeof ops / sizeof *ops),
             n = ops[op].least + draw(seed, ops[op].most - ops[op].least + 1);
    buffer_printf(out, "{\"%s\":[", ops[op].name);
    for (uint32_t i = 0; i < n; i++) {
        if (i) buffer_byte(out, ',');
        generate(out, seed, depth - 1);
    }
    buffer_cstr(out, "]}");
}

/* Every operator over every kind of argument ends, and what is written back means the same. */
Test(condition, generated_conditions_mean_the_same_after_being_written_and_read) {
    static const char data[] = "{\"a\":\"1.2.3\",\"list\":[1,\"2\",null,{\"x\":4},[5]],\"o\":{\"x\":\"\\u00fcb\\n\"}}";
    uint32_t seed = 20261122;
    for (int i = 0; i < 20000; i++) {
        struct fixture f;
        struct buffer logic = {0}, written = {0}, first = {0}, second = {0};
        conditions_begin(&f, data);
        struct value_home home = {&f.json, &f.arena};
        generate(&logic, &seed, 1 + i % 6);
        buffer_byte(&logic, 0);
        if (strcmp(logic.at, "null") != 0) {
            const struct condition *condition = conditions_compile(&f, logic.at);
            cr_assert(condition, "%s: %s", logic.at, f.error.detail);
            condition_write(condition, &written);
            buffer_byte(&written, 0);
            conditions_put(&first, &home, condition_value(condition, &f.input));
            conditions_put(&second, &home, condition_value(conditions_compile(&f, written.at), &f.input));
            cr_assert(text_eq(buffer_view(&first), buffer_view(&second)), "%s and %s", logic.at, written.at);
        }
        buffer_free(&logic);
        buffer_free(&written);
        buffer_free(&first);
        buffer_free(&second);
        arena_free(&f.arena);
    }
}

static void refuses(const char *logic, const char *pointer, const char *words) {
    struct fixture f;
    conditions_begin(&f, "{}");
    cr_expect_null(conditions_compile(&f, logic), "%.60s", logic);
    cr_expect_str_eq(f.error.at[0].pointer, pointer, "%.60s: %s", logic, f.error.detail);
    cr_expect(strstr(f.error.at[0].detail, words), "%.60s: %s", logic, f.error.at[0].detail);
    arena_free(&f.arena);
}

Test(condition, what_is_wrong_is_named_with_its_place) {
    refuses("{\"equals\":[1,2]}", "/equals", "not an operator that is known");
    refuses("{\"and\":[true,{\"==\":[1]}]}", "/and/1/==", "takes 2 arguments, not 1");
    refuses("{\"<\":[1,2,3,4]}", "/<", "takes 2 to 3 arguments, not 4");
    refuses("{\"or\":[]}", "/or", "takes at least 1 argument, not 0");
    refuses("{\"==\":[1,2],\"!=\":[1,2]}", "", "has 2 members; an operator is an object with exactly one");
    refuses("{\"!\":{}}", "/!", "has 0 members");
    refuses("null", "", "is null; write a condition or leave it out");
    refuses("{\"/\":[{\"x\":1},2]}", "/~1/0/x", "not an operator");
}

Test(condition, depth_and_size_have_limits) {
    struct buffer deep = {0}, wide = {0};
    for (int i = 0; i < 70; i++) buffer_cstr(&deep, "{\"!\":");
    buffer_cstr(&deep, "1");
    for (int i = 0; i < 70; i++) buffer_cstr(&deep, "}");
    buffer_byte(&deep, 0);
    struct fixture f;
    conditions_begin(&f, "{}");
    cr_expect_null(conditions_compile(&f, deep.at));
    cr_expect(strstr(f.error.detail, "more than 64 deep"), "%s", f.error.detail);
    error_clear(&f.error);
    buffer_cstr(&wide, "{\"or\":[");
    for (int i = 0; i < 3000; i++) buffer_cstr(&wide, "{\"var\":\"a\"},");
    buffer_cstr(&wide, "1]}");
    buffer_byte(&wide, 0);
    cr_expect_null(conditions_compile(&f, wide.at));
    cr_expect(strstr(f.error.detail, "larger than 4096"), "%s", f.error.detail);
    buffer_free(&deep);
    buffer_free(&wide);
    arena_free(&f.arena);
}

Test(condition, a_hostile_context_cannot_make_it_run_long) {
    struct buffer data = {0};
    struct fixture f;
    buffer_cstr(&data, "{\"n\":[");
    for (int i = 0; i < 2000; i++) buffer_cstr(&data, i ? ",1" : "1");
    buffer_cstr(&data, "]}");
    buffer_byte(&data, 0);
    conditions_begin(&f, data.at);
    static const char doubling[] = "{\"reduce\":[{\"var\":\"n\"},{\"cat\":[{\"var\":\"accumulator\"},{\"var\":"
                                   "\"accumulator\"}]},\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"]}";
    struct value v = condition_value(conditions_compile(&f, doubling), &f.input);
    cr_expect_lt(f.arena.total, 64u << 20, "doubling stops: %zu bytes", f.arena.total);
    cr_expect(v.kind == VALUE_NULL || v.kind == VALUE_STRING);
    buffer_free(&data);
    arena_free(&f.arena);
}
