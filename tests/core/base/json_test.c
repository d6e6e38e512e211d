/* What is accepted and what is refused, case by case: y_ must be, n_ must not be, named after the one thing they show. */
#include "core/base/json.h"

#include <criterion/criterion.h>

#include "core/base/buffer.h"
#include "core/base/memory.h"

static struct arena arena;
static struct json json;
static struct error error;

static void set_up(void) {
    arena_init(&arena, 4096);
    error_clear(&error);
}
static void tear_down(void) {
    arena_free(&arena);
}
TestSuite(json, .init = set_up, .fini = tear_down);

/* Scans a copy that ends where the text ends, so that AddressSanitizer sees a read beyond it. */
static int scan(struct text text) {
    char *copy = memcpy(memory_alloc(text.n), text.at, text.n);
    error_clear(&error);
    int code = json_scan(&json, text_n(copy, text.n), &arena, &error);
    free(copy);
    return code;
}

struct json_case {
    const char *name;
    struct text text;
};
#define C(name, literal)                                                                                               \
    { name, TEXT(literal) }

static const struct json_case accepted[] = {
    C("array_empty", "[]"),
    C("array_with_blanks", " [ 1 ,\t2 ,\r\n3 ] "),
    C("array_nested", "[[[]],[]]"),
    C("object_empty", "{}"),
    C("object_empty_key", "{\"\":0}"),
    C("object_same_key_in_two_objects", "[{\"a\":1},{\"a\":2}]"),
    C("object_same_key_at_two_depths", "{\"a\":{\"a\":1}}"),
    C("object_keys_differ_in_case", "{\"a\":1,\"A\":2}"),
    C("object_keys_differ_behind_same_start", "{\"ab\":1,\"abc\":2}"),
    C("root_number", "42"),
    C("root_string", "\"a\""),
    C("root_null", "null"),
    C("root_true", "true"),
    C("root_false", "false"),
    C("number_zero", "0"),
    C("number_minus_zero", "-0"),
    C("number_fraction", "0.5"),
    C("number_exponent", "1e5"),
    C("number_exponent_capital_plus", "1E+5"),
    C("number_exponent_leading_zero", "1e05"),
    C("number_largest_double", "1.7976931348623157e308"),
    C("number_underflow_is_zero", "1e-999"),
    C("number_zero_with_huge_exponent", "0e999"),
    C("number_integer_over_64_bits", "123456789012345678901234567890"),
    C("number_many_digits", "0.1000000000000000055511151231257827021181583404541015625"),
    C("string_empty", "\"\""),
    C("string_escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    C("string_unicode_escape", "\"\\u00e9\""),
    C("string_surrogate_pair", "\"\\uD83D\\uDE00\""),
    C("string_two_byte_utf8", "\"\xC3\xA9\""),
    C("string_three_byte_utf8", "\"\xE2\x82\xAC\""),
    C("string_four_byte_utf8", "\"\xF0\x9F\x98\x80\""),
    C("string_last_code_point", "\"\xF4\x8F\xBF\xBF\""),
    C("string_del", "\"\x7F\""),
    C("string_noncharacter", "\"\xEF\xBF\xBF\""),
    C("string_escaped_noncharacter", "\"\\uFFFF\""),
    C("string_escaped_control", "\"\\u001f\""),
    C("string_of_each_length_around_eight", "[\"1234567\",\"12345678\",\"123456789\",\"1234567890123456\"]"),
};

static const struct json_case refused[] = {
    C("empty", ""),
    C("only_blanks", " \n"),
    C("two_values", "1 2"),
    C("trailing_bytes", "{}x"),
    C("trailing_nul", "{}\0"),
    C("trailing_comma_root", "[],"),
    C("byte_order_mark", "\xEF\xBB\xBF{}"),
    C("form_feed_is_no_blank", "[\f1]"),
    C("nbsp_is_no_blank", "[\xC2\xA0]"),
    C("comment", "[1/*a*/]"),
    C("array_unclosed", "[1"),
    C("array_unclosed_after_comma", "[1,"),
    C("array_trailing_comma", "[1,]"),
    C("array_leading_comma", "[,1]"),
    C("array_double_comma", "[1,,2]"),
    C("array_missing_comma", "[1 2]"),
    C("array_closed_as_object", "[1}"),
    C("array_closed_twice", "[1]]"),
    C("array_colon", "[1:2]"),
    C("object_unclosed", "{\"a\":1"),
    C("object_only_key", "{\"a\"}"),
    C("object_key_without_quotes", "{a:1}"),
    C("object_key_number", "{1:1}"),
    C("object_key_single_quotes", "{'a':1}"),
    C("object_missing_value", "{\"a\":}"),
    C("object_missing_colon", "{\"a\" 1}"),
    C("object_two_colons", "{\"a\"::1}"),
    C("object_trailing_comma", "{\"a\":1,}"),
    C("object_double_comma", "{\"a\":1,,\"b\":2}"),
    C("object_closed_as_array", "{\"a\":1]"),
    C("object_duplicate_key", "{\"a\":1,\"a\":2}"),
    C("object_duplicate_empty_key", "{\"\":1,\"\":2}"),
    C("object_duplicate_key_after_unescaping", "{\"a\":1,\"\\u0061\":2}"),
    C("object_duplicate_key_both_escaped", "{\"\\u00e9\":1,\"\\u00E9\":2}"),
    C("object_duplicate_key_escaped_and_utf8", "{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\ude00\":2}"),
    C("object_duplicate_slash", "{\"a/b\":1,\"a\\/b\":2}"),
    C("object_duplicate_key_far_apart", "{\"a\":1,\"b\":[{\"a\":1}],\"c\":{},\"a\":2}"),
    C("number_leading_zero", "01"),
    C("number_minus_leading_zero", "-01"),
    C("number_two_zeros", "00"),
    C("number_plus", "+1"),
    C("number_lone_minus", "-"),
    C("number_double_minus", "--1"),
    C("number_no_digit_before_point", ".5"),
    C("number_no_digit_after_point", "1."),
    C("number_no_digit_after_point_exponent", "1.e5"),
    C("number_no_exponent_digits", "1e"),
    C("number_no_exponent_digits_plus", "1e+"),
    C("number_two_exponents", "1e5e5"),
    C("number_two_points", "1.2.3"),
    C("number_hex", "0x1F"),
    C("number_nan", "NaN"),
    C("number_infinity", "Infinity"),
    C("number_minus_infinity", "-Infinity"),
    C("number_beyond_double", "1e999"),
    C("number_minus_beyond_double", "-1e999"),
    C("number_just_beyond_double", "1.8e308"),
    C("number_with_thin_digits", "\xEF\xBC\x91"),
    C("word_capital", "True"),
    C("word_short", "nul"),
    C("word_long", "nulll"),
    C("word_unknown", "undefined"),
    C("string_unclosed", "\"a"),
    C("string_unclosed_escape", "\"a\\"),
    C("string_only_quote", "\""),
    C("string_single_quotes", "'a'"),
    C("string_raw_newline", "\"a\nb\""),
    C("string_raw_tab", "\"a\tb\""),
    C("string_raw_nul", "\"a\0b\""),
    C("string_raw_control_after_eight", "\"123456789\x1F\""),
    C("string_escaped_nul", "\"\\u0000\""),
    C("string_bad_escape", "\"\\x41\""),
    C("string_escape_capital", "\"\\N\""),
    C("string_escape_nul_byte", "\"\\\0\""),
    C("string_escape_three_digits", "\"\\u00e\""),
    C("string_escape_not_hex", "\"\\u00eg\""),
    C("string_escape_at_end", "\"\\u00"),
    C("string_lone_high_surrogate", "\"\\uD83D\""),
    C("string_lone_low_surrogate", "\"\\uDE00\""),
    C("string_high_high_surrogate", "\"\\uD83D\\uD83D\""),
    C("string_low_high_surrogate", "\"\\uDE00\\uD83D\""),
    C("string_high_surrogate_then_letter", "\"\\uD83Dabcdef\""),
    C("string_high_surrogate_then_escape", "\"\\uD83D\\n12345\""),
    C("string_high_surrogate_at_end", "\"\\uD83D\\uDE"),
    C("utf8_lone_continuation", "\"\x80\""),
    C("utf8_overlong_two", "\"\xC0\xAF\""),
    C("utf8_overlong_three", "\"\xE0\x80\xAF\""),
    C("utf8_overlong_four", "\"\xF0\x80\x80\xAF\""),
    C("utf8_overlong_nul", "\"\xC0\x80\""),
    C("utf8_surrogate", "\"\xED\xA0\x80\""),
    C("utf8_beyond_last", "\"\xF4\x90\x80\x80\""),
    C("utf8_cut", "\"\xE2\x82\""),
    C("utf8_cut_at_end", "\"\xE2\x82"),
    C("utf8_latin1", "\"\xE9\""),
    C("utf8_fe", "\"\xFE\""),
    C("utf8_in_key", "{\"\xFF\":1}"),
    C("utf16", "\xFF\xFE[\0]\0"),
};

Test(json, accepts_what_is_json) {
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++)
        cr_expect_eq(scan(accepted[i].text), 0, "y_%s: %s", accepted[i].name, error.detail);
}

Test(json, refuses_what_is_not) {
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        cr_expect_eq(scan(refused[i].text), ERR_INVALID, "n_%s", refused[i].name);
        cr_expect_eq(error.code, ERR_INVALID, "n_%s", refused[i].name);
        cr_expect(text_starts(text_of(error.detail), TEXT("not valid JSON: ")), "n_%s: %s", refused[i].name,
                  error.detail);
        cr_expect_eq(json.n, 0, "n_%s leaves an empty document", refused[i].name);
    }
}

Test(json, refuses_every_beginning_of_a_document) {
    struct text whole = TEXT("{\"a\":[1.5e3,true,null,\"x\\u00e9\\ud83d\\ude00\xE2\x82\xAC\"],\"b\":{}}");
    cr_assert_eq(scan(whole), 0, "%s", error.detail);
    for (size_t n = 0; n < whole.n; n++) cr_expect_eq(scan(text_n(whole.at, n)), ERR_INVALID, "%zu bytes", n);
}

Test(json, says_line_byte_and_what_was_expected) {
    static const struct {
        struct text text;
        const char *detail;
    } cases[] = {
        {TEXT("{\n \"a\": 1,\n \"b\" 2}"), "not valid JSON: line 3, byte 16: expected a colon, found 2"},
        {TEXT("[1,]"), "not valid JSON: line 1, byte 3: expected a value, found ]"},
        {TEXT("[1 2]"), "not valid JSON: line 1, byte 3: expected a comma or ], found 2"},
        {TEXT("{\"a\":1"), "not valid JSON: line 1, byte 6: expected a comma or }, but the text ends"},
        {TEXT("{} \x01"), "not valid JSON: line 1, byte 3: expected nothing more, found byte 0x01"},
        {TEXT("[\"\xFF\"]"), "not valid JSON: line 1, byte 2: expected UTF-8, found byte 0xFF"},
        {TEXT("[01]"), "not valid JSON: line 1, byte 1: a number may not begin with a zero"},
        {TEXT("[1e999]"), "not valid JSON: line 1, byte 1: the number is too large for a double"},
        {TEXT("[\"\\u0000\"]"), "not valid JSON: line 1, byte 2: \\u0000 is not allowed"},
        {TEXT("[\"\\ud800\"]"), "not valid JSON: line 1, byte 2: half of a surrogate pair"},
        {TEXT("{\"a\":1,\n\"b\":2,\"\\u0061\":3}"), "not valid JSON: line 2, byte 15: the member \"a\" is there twice"},
        {TEXT("\xEF\xBB\xBF{}"), "not valid JSON: it begins with a byte order mark"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scan(cases[i].text);
        cr_expect_str_eq(error.detail, cases[i].detail);
    }
}

static struct text nested(struct buffer *out, int depth, char open, char shut) {
    out->n = 0;
    for (int i = 0; i < depth; i++) buffer_cstr(out, open == '[' ? "[" : i + 1 < depth ? "{\"a\":" : "{");
    for (int i = 0; i < depth; i++) buffer_byte(out, shut);
    return text_n(out->at, out->n);
}

Test(json, nests_64_deep_and_no_deeper) {
    struct buffer out = {0};
    cr_expect_eq(scan(nested(&out, 64, '[', ']')), 0);
    cr_expect_eq(scan(nested(&out, 64, '{', '}')), 0, "%s", error.detail);
    cr_expect_eq(scan(nested(&out, 65, '[', ']')), ERR_INVALID);
    cr_expect_str_eq(error.detail, "not valid JSON: line 1, byte 64: nested more than 64 deep");
    cr_expect_eq(scan(nested(&out, 65, '{', '}')), ERR_INVALID);
    cr_expect_eq(scan(nested(&out, 1000000, '[', ']')), ERR_INVALID);
    buffer_free(&out);
}

/* {"k0":0,"k1":1, ... ,"LAST":n} */
static struct text members(struct buffer *out, int n, const char *last) {
    out->n = 0;
    for (int i = 0; i < n; i++) buffer_printf(out, "%c\"k%d\":%d", i ? ',' : '{', i, i);
    buffer_printf(out, ",\"%s\":%d}", last, n);
    return text_n(out->at, out->n);
}

Test(json, finds_a_duplicate_among_any_number_of_members) {
    struct buffer out = {0};
    static const int sizes[] = {30, 31, 32, 33, 100, 10000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cr_expect_eq(scan(members(&out, sizes[i], "other")), 0, "%d: %s", sizes[i], error.detail);
        cr_expect_eq(scan(members(&out, sizes[i], "k7")), ERR_INVALID, "%d", sizes[i]);
        cr_expect_eq(scan(members(&out, sizes[i], "\\u006b7")), ERR_INVALID, "%d, escaped", sizes[i]);
        cr_expect(strstr(error.detail, "the member \"k7\" is there twice"), "%s", error.detail);
    }
    buffer_free(&out);
}

Test(json, takes_as_many_tokens_as_fit_into_the_text) {
    struct buffer out = {0};
    buffer_byte(&out, '[');
    for (int i = 0; i < 300000; i++) buffer_text(&out, TEXT("0,"));
    buffer_text(&out, TEXT("0]"));
    cr_assert_eq(scan(text_n(out.at, out.n)), 0, "%s", error.detail);
    cr_expect_eq(json.tokens[0].size, 300001);
    cr_expect_eq(json.n, 300002);
    cr_expect_lt(arena.total, out.n * 16, "the tape of the densest text is at most 12.5 bytes a byte of text");
    buffer_free(&out);
}

Test(json, has_room_for_all_that_is_open_when_the_text_ends) {
    for (size_t depth = 1; depth <= JSON_MAX_DEPTH; depth++) {
        struct buffer out = {0};
        for (size_t i = 0; i < depth; i++) buffer_byte(&out, '[');
        cr_expect_eq(scan(text_n(out.at, out.n)), ERR_INVALID);
        cr_expect(strstr(error.detail, "but the text ends"), "%s", error.detail);
        buffer_free(&out);
    }
}

Test(json, refuses_more_than_64_mebibytes) {
    struct buffer out = {0};
    size_t n = JSON_MAX_BYTES + 1;
    memset(buffer_reserve(&out, n), ' ', n);
    out.at[0] = '1';
    cr_expect_eq(json_scan(&json, text_n(out.at, n), &arena, &error), ERR_TOO_LARGE);
    cr_expect_eq(json_scan(&json, text_n(out.at, n - 1), &arena, NULL), 0);
    buffer_free(&out);
}

Test(json, needs_nobody_to_take_the_error) {
    cr_expect_eq(json_scan(&json, TEXT("[1,"), &arena, NULL), ERR_INVALID);
}
