#include "core/base/json_dump.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void dumps_as(const char *json, const char *expected) {
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    cr_assert(value, "%s", json);
    struct buffer out = {0};
    json_dump(&out, value);
    cr_expect(text_is(buffer_view(&out), expected), "%.*s instead of %s", TEXT_ARGS(buffer_view(&out)), expected);
    buffer_free(&out);
    json_decref(value);
}

Test(json_dump, doubles_are_no_longer_than_they_must_be) {
    dumps_as("[19.99, 0.1, 1e300, 2.0, -0.000001, 0.30000000000000004]",
             "[19.99,0.1,1e+300,2,-1e-06,0.30000000000000004]");
}

Test(json_dump, members_keep_their_order) {
    dumps_as("{\"z\":1,\"a\":{\"y\":[],\"b\":{}},\"m\":null}", "{\"z\":1,\"a\":{\"y\":[],\"b\":{}},\"m\":null}");
}

Test(json_dump, every_kind_of_value_comes_out) {
    dumps_as("[true,false,null,\"a\\\"\\u00e9\\n\",9007199254740993]",
             "[true,false,null,\"a\\\"é\\n\",9007199254740993]");
    dumps_as("\"plain\"", "\"plain\"");
}
