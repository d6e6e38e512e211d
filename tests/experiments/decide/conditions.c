#include "tests/experiments/decide/conditions.h"

#include "core/base/json_dump.h"
#include "core/base/number.h"

void conditions_begin(struct fixture *f, const char *data) {
    *f = (struct fixture){0};
    arena_init(&f->arena, 4096);
    cr_assert_eq(json_scan(&f->json, text_of(data), &f->arena, &f->error), 0, "%s: %s", data, f->error.detail);
    f->input = (struct condition_input){.json = &f->json, .root = 0, .arena = &f->arena};
}

const struct condition *conditions_compile(struct fixture *f, const char *logic) {
    json_t *json = json_loads(logic, JSON_DECODE_ANY, NULL);
    cr_assert(json, "%s is no JSON", logic);
    struct reader reader = {&f->arena, &f->error, 0};
    const struct condition *condition = condition_compile(&reader, NULL, json);
    json_decref(json);
    return condition;
}

void conditions_put(struct buffer *out, const struct value_home *home, struct value v) {
    char digits[NUMBER_ROOM];
    struct value_cursor cursor = {0};
    struct value item;
    switch ((enum value_kind)v.kind) {
    case VALUE_NULL: buffer_cstr(out, "null"); return;
    case VALUE_BOOL: buffer_cstr(out, v.truth ? "true" : "false"); return;
    case VALUE_NUMBER:
        if (v.number != v.number)
            buffer_cstr(out, "NaN");
        else
            buffer_put(out, digits, number_print(digits, v.number));
        return;
    case VALUE_STRING: json_escape(out, v.string); return;
    case VALUE_SCOPE:
        buffer_cstr(out, "{\"current\":");
        conditions_put(out, home, v.items[0]);
        buffer_cstr(out, ",\"accumulator\":");
        conditions_put(out, home, v.items[1]);
        buffer_byte(out, '}');
        return;
    case VALUE_LIST:
    case VALUE_TAPE: break;
    }
    if (!value_is_list(home, v)) {
        buffer_text(out, json_source(home->json, v.at));
        return;
    }
    buffer_byte(out, '[');
    while (value_next(home, v, &cursor, &item)) {
        if (cursor.i > 1) buffer_byte(out, ',');
        conditions_put(out, home, item);
    }
    buffer_byte(out, ']');
}

void conditions_give(const char *logic, const char *data, const char *expected) {
    struct fixture f;
    struct buffer out = {0};
    conditions_begin(&f, data);
    const struct condition *condition = conditions_compile(&f, logic);
    cr_assert(condition, "%s: %s", logic, f.error.detail);
    conditions_put(&out, &(struct value_home){&f.json, &f.arena}, condition_value(condition, &f.input));
    cr_expect(text_is(buffer_view(&out), expected), "%s over %s gives %.*s, not %s", logic, data,
              TEXT_ARGS(buffer_view(&out)), expected);
    buffer_free(&out);
    arena_free(&f.arena);
}

void conditions_all_give(const struct example *examples, size_t n) {
    for (size_t i = 0; i < n; i++) conditions_give(examples[i].logic, examples[i].data, examples[i].expected);
}
