#include "core/base/json_write.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json.h"

static struct buffer out;
static struct json_writer w;

static void set_up(void) {
    json_writer_init(&w, &out);
}
static void tear_down(void) {
    buffer_free(&out);
}
TestSuite(json_write, .init = set_up, .fini = tear_down);

static void expect(const char *text) {
    cr_expect(text_is(text_n(out.at, out.n), text), "%.*s instead of %s", (int)out.n, out.at, text);
    out.n = 0;
    json_writer_init(&w, &out);
}

Test(json_write, puts_commas_where_they_are_due) {
    json_open_object(&w);
    json_put_text(&w, "a", TEXT("x"));
    json_key(&w, TEXT("list"));
    json_open_array(&w);
    json_int(&w, 1);
    json_open_object(&w);
    json_close_object(&w);
    json_open_array(&w);
    json_close_array(&w);
    json_nil(&w);
    json_close_array(&w);
    json_put_bool(&w, "yes", true);
    json_put_bool(&w, "no", false);
    json_put_null(&w, "none");
    json_put_raw(&w, "raw", TEXT("{\"b\":2}"));
    json_put_time(&w, "at", 0);
    json_close_object(&w);
    expect("{\"a\":\"x\",\"list\":[1,{},[],null],\"yes\":true,\"no\":false,\"none\":null,\"raw\":{\"b\":2},"
           "\"at\":\"1970-01-01T00:00:00.000Z\"}");
}

Test(json_write, starts_each_nested_value_without_a_comma) {
    json_open_array(&w);
    for (int i = 0; i < 3; i++) {
        json_open_array(&w);
        json_int(&w, i);
        json_close_array(&w);
    }
    json_close_array(&w);
    expect("[[0],[1],[2]]");
}

Test(json_write, escapes_what_must_be_and_nothing_else) {
    json_text(&w, TEXT("a\"b\\c/d"));
    expect("\"a\\\"b\\\\c/d\"");
    json_text(&w, TEXT("\b\t\n\f\r\v\x01\x1F\0\x7F"));
    expect("\"\\b\\t\\n\\f\\r\\u000b\\u0001\\u001f\\u0000\x7F\"");
    json_text(&w, TEXT("Größe € 😀"));
    expect("\"Größe € 😀\"");
    json_text(&w, TEXT_NONE);
    expect("\"\"");
}

Test(json_write, replaces_what_is_not_utf8) {
    json_text(&w, TEXT("a\xFF"
                       "b"));
    expect("\"a\xEF\xBF\xBD"
           "b\"");
    json_text(&w, TEXT("\xE2\x82"));
    expect("\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    json_text(&w, TEXT("\xED\xA0\x80"));
    expect("\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

Test(json_write, escapes_wherever_in_a_long_text_it_stands) {
    static const struct {
        char byte;
        const char *written;
    } cases[] = {{'"', "\\\""}, {'\\', "\\\\"}, {0x1F, "\\u001f"}, {'\x80', "\xEF\xBF\xBD"},
                 {'!', "!"},    {0x7F, "\x7F"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t at = 0; at < 24; at++) {
            char text[25] = "aaaaaaaaaaaaaaaaaaaaaaaa", wanted[64];
            text[at] = cases[i].byte;
            json_text(&w, text_of(text));
            snprintf(wanted, sizeof wanted, "\"%.*s%s%.*s\"", (int)at, text, cases[i].written, (int)(23 - at),
                     text + at + 1);
            expect(wanted);
        }
}

Test(json_write, escapes_keys_too) {
    json_open_object(&w);
    json_key(&w, TEXT("\"\n"));
    json_int(&w, 1);
    json_close_object(&w);
    expect("{\"\\\"\\n\":1}");
}

Test(json_write, prints_doubles_as_people_wrote_them) {
    static const struct {
        double value;
        const char *text;
    } cases[] = {{19.99, "19.99"},  {0.1, "0.1"},   {0.1 + 0.2, "0.30000000000000004"},
                 {1e300, "1e+300"}, {-2.5, "-2.5"}, {1000000, "1000000"},
                 {0, "0"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_double(&w, cases[i].value);
        expect(cases[i].text);
    }
}

Test(json_write, writes_null_for_what_is_no_number) {
    json_open_array(&w);
    json_double(&w, NAN);
    json_double(&w, INFINITY);
    json_double(&w, -INFINITY);
    json_close_array(&w);
    expect("[null,null,null]");
}

Test(json_write, writes_integers_of_any_size) {
    json_open_array(&w);
    json_int(&w, INT64_MIN);
    json_int(&w, INT64_MAX);
    json_close_array(&w);
    expect("[-9223372036854775808,9223372036854775807]");
}

Test(json_write, writes_strings_that_the_scanner_reads_back) {
    struct arena arena;
    arena_init(&arena, 4096);
    srand(1);
    for (int round = 0; round < 2000; round++) {
        char bytes[40];
        struct json json;
        struct error error = {0};
        size_t n = (size_t)rand() % sizeof bytes;
        for (size_t i = 0; i < n; i++) bytes[i] = (char)(1 + rand() % 127); /* the scanner takes no NUL */
        json_text(&w, text_n(bytes, n));
        cr_assert_eq(json_scan(&json, text_n(out.at, out.n), &arena, &error), 0, "%s", error.detail);
        cr_assert(text_eq(json_unescaped(&json, 0, &arena), text_n(bytes, n)));
        out.n = 0;
        json_writer_init(&w, &out);
        arena_reset(&arena);
    }
    arena_free(&arena);
}
