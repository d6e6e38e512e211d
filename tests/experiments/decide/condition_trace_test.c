/* How conditions tell what they found. */
#include "tests/experiments/decide/conditions.h"

static void traces(const char *logic, const char *data, const char *expected) {
    struct fixture f;
    struct buffer out = {0};
    struct json_writer w;
    conditions_begin(&f, data);
    json_writer_init(&w, &out);
    condition_trace(conditions_compile(&f, logic), &f.input, &w);
    cr_expect(text_is(buffer_view(&out), expected), "%s:\n%.*s instead of\n%s", logic, TEXT_ARGS(buffer_view(&out)),
              expected);
    buffer_free(&out);
    arena_free(&f.arena);
}

Test(condition, a_trace_tells_true_false_and_unknown_apart) {
    traces("{\"==\":[{\"var\":\"a\"},1]}", "{\"a\":1}",
           "{\"if\":{\"==\":[{\"var\":[\"a\"]},1]},\"result\":\"true\",\"taken\":true}");
    traces("{\"==\":[{\"var\":\"a\"},1]}", "{}",
           "{\"if\":{\"==\":[{\"var\":[\"a\"]},1]},\"result\":\"unknown\",\"taken\":false}");
    traces("{\"or\":[{\"var\":\"a\"},{\"var\":\"b\"}]}", "{\"b\":1}",
           "{\"if\":{\"or\":[{\"var\":[\"a\"]},{\"var\":[\"b\"]}]},\"result\":\"true\",\"taken\":true,\"of\":["
           "{\"if\":{\"var\":[\"a\"]},\"result\":\"unknown\",\"taken\":false},"
           "{\"if\":{\"var\":[\"b\"]},\"result\":\"true\",\"taken\":true}]}");
    traces("{\"!\":{\"var\":\"a\"}}", "{}",
           "{\"if\":{\"!\":[{\"var\":[\"a\"]}]},\"result\":\"unknown\",\"taken\":true,\"of\":["
           "{\"if\":{\"var\":[\"a\"]},\"result\":\"unknown\",\"taken\":false}]}");
    traces("{\"var\":[\"a\",5]}", "{}", "{\"if\":{\"var\":[\"a\",5]},\"result\":\"true\",\"taken\":true}");
}

Test(condition, the_deepest_condition_can_be_traced_and_written) {
    struct buffer deep = {0};
    for (int i = 0; i < 63; i++) buffer_cstr(&deep, "{\"!\":");
    buffer_cstr(&deep, "1");
    for (int i = 0; i < 63; i++) buffer_cstr(&deep, "}");
    buffer_byte(&deep, 0);
    struct fixture f;
    struct buffer out = {0};
    struct json_writer w;
    conditions_begin(&f, "{}");
    const struct condition *condition = conditions_compile(&f, deep.at);
    cr_assert(condition, "%s", f.error.detail);
    json_writer_init(&w, &out);
    condition_trace(condition, &f.input, &w);
    buffer_clear(&out);
    condition_write(condition, &out);
    cr_expect_eq(out.n, 63 * strlen("{\"!\":[]}") + 1);
    buffer_free(&out);
    buffer_free(&deep);
    arena_free(&f.arena);
}
