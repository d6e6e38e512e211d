#include "tests/experiments/quoted.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "core/base/json_dump.h"

json_t *quoted_json(const char *quoted) {
    char *copy = strdup(quoted);
    for (char *c = copy; *c; c++)
        if (*c == '\'') *c = '"';
    json_error_t error;
    json_t *json = json_loads(copy, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    cr_assert(json, "%s: %s", error.text, copy);
    free(copy);
    return json;
}

void quoted_expect(const json_t *json, const char *quoted) {
    struct buffer got = {0}, wanted = {0};
    json_t *expected = quoted_json(quoted);
    json_dump(&got, json);
    json_dump(&wanted, expected);
    cr_expect(text_eq(buffer_view(&got), buffer_view(&wanted)), "\n%.*s instead of\n%.*s", TEXT_ARGS(buffer_view(&got)),
              TEXT_ARGS(buffer_view(&wanted)));
    buffer_free(&got);
    buffer_free(&wanted);
    json_decref(expected);
}
