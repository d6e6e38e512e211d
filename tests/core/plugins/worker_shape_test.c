/* Shapes and sentences: what a plugin writes becomes JSON that cannot be broken by what is put in. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "core/plugins/worker_shape.h"

#define VALUES(...)                                                                                                    \
    (const parley_value[]){__VA_ARGS__}, sizeof((const parley_value[]){__VA_ARGS__}) / sizeof(parley_value)
#define NOTHING NULL, 0

static struct error error;
static char text[512];

/* NUL-terminated, until the next one. */
static const char *take(struct buffer *out) {
    snprintf(text, sizeof text, "%.*s", TEXT_ARGS(buffer_view(out)));
    buffer_free(out);
    return text;
}

static const char *shaped(const char *shape, const parley_value *values, size_t n) {
    struct buffer out = {0};
    error_clear(&error);
    int rc = shape_write(&out, shape, values, n, &error);
    take(&out);
    return rc < 0 ? NULL : text;
}

Test(shape, a_bare_key_takes_the_next_value) {
    cr_expect_str_eq(
        shaped("{id, votes: {n, open: ?}}", VALUES(PARLEY_VALUE("p1"), PARLEY_VALUE(7), PARLEY_VALUE((bool)1))),
        "{\"id\":\"p1\",\"votes\":{\"n\":7,\"open\":true}}");
}

Test(shape, literals_stand_for_themselves) {
    cr_expect_str_eq(shaped("{next: null, ok: true, list: [1, -2.5, false], none: {}, empty: []}", NOTHING),
                     "{\"next\":null,\"ok\":true,\"list\":[1,-2.5,false],\"none\":{},\"empty\":[]}");
}

Test(shape, text_is_escaped_and_cannot_leave_its_place) {
    cr_expect_str_eq(shaped("{a}", VALUES(PARLEY_VALUE("\",\"b\":1}\n</script>"))),
                     "{\"a\":\"\\\",\\\"b\\\":1}\\n</script>\"}");
}

Test(shape, kinds_of_values_keep_their_kind) {
    cr_expect_str_eq(
        shaped("[?, ?, ?, ?, ?]", VALUES(PARLEY_VALUE(NULL), PARLEY_VALUE(0.1), PARLEY_VALUE((parley_time){0}),
                                         PARLEY_VALUE((parley_text){0}), PARLEY_VALUE(INT64_MIN))),
        "[null,0.1,\"1970-01-01T00:00:00.000Z\",null,-9223372036854775808]");
}

Test(shape, what_is_wrong_with_it_is_said_with_its_place) {
    cr_expect_null(shaped("{id, more}", VALUES(PARLEY_VALUE(1))));
    cr_expect(strstr(error.detail, "a gap without a value at byte 9"), "%s", error.detail);
    cr_expect_null(shaped("{id}", VALUES(PARLEY_VALUE(1), PARLEY_VALUE(2))));
    cr_expect(strstr(error.detail, "a value without a gap"), "%s", error.detail);
    static const char *const broken[] = {"", "{", "{a:", "{a: ?", "[?", "{a: ?}}", "{a: nonsense}", "{, a}", "{a,}"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        cr_expect_null(shaped(broken[i], VALUES(PARLEY_VALUE(1))), "%s", broken[i]);
}

Test(sentence, braces_take_the_next_value) {
    struct buffer out = {0};
    sentence_write(&out, "poll {} has {} votes, {}", VALUES(PARLEY_VALUE("p\"1"), PARLEY_VALUE(3)));
    cr_expect_str_eq(take(&out), "poll p\"1 has 3 votes, {}");
}
