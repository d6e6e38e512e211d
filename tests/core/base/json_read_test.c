#include "core/base/json.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct arena arena;
static struct json json;

static void set_up(void) {
    arena_init(&arena, 4096);
}
static void tear_down(void) {
    arena_free(&arena);
}
TestSuite(json_read, .init = set_up, .fini = tear_down);

static void scan(const char *text) {
    struct error error = {0};
    cr_assert_eq(json_scan(&json, text_of(text), &arena, &error), 0, "%s", error.detail);
}

static void expect_text(struct text t, const char *text) {
    cr_expect(text_is(t, text), "%.*s instead of %s", TEXT_ARGS(t), text);
}

static struct text member(const char *key) {
    return json_unescaped(&json, json_get(&json, 0, text_of(key)), &arena);
}

Test(json_read, finds_members_by_name) {
    scan("{\"a\":{\"b\":1,\"c\":\"deep\"},\"b\":[{\"c\":\"x\"}],\"c\":\"top\",\"\":\"empty\"}");
    expect_text(member("c"), "top");
    expect_text(member(""), "empty");
    expect_text(json_unescaped(&json, json_get(&json, json_get(&json, 0, TEXT("a")), TEXT("c")), &arena), "deep");
    cr_expect_eq(json_get(&json, 0, TEXT("d")), JSON_NONE);
    cr_expect_eq(json_get(&json, 0, TEXT("ab")), JSON_NONE);
}

Test(json_read, finds_every_member_of_large_objects_wherever_they_stand) {
    char text[8192], name[16];
    size_t n = (size_t)snprintf(text, sizeof text, "{\"\":\"empty\",\"\\u0061\":\"escaped\"");
    for (int i = 0; i < 100; i++) n += (size_t)snprintf(text + n, sizeof text - n, ",\"k%d\":%d", i, i);
    n += (size_t)snprintf(text + n, sizeof text - n, ",\"small\":{\"k1\":-1},\"large\":{");
    for (int i = 0; i < 33; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s\"k%d\":%d", i ? "," : "", i, 1000 + i);
    snprintf(text + n, sizeof text - n, "}}");
    scan(text);
    json_at large = json_get(&json, 0, TEXT("large")), small = json_get(&json, 0, TEXT("small"));
    for (int i = 0; i < 100; i++) {
        double value;
        struct text key = text_n(name, (size_t)snprintf(name, sizeof name, "k%d", i));
        cr_assert(json_number(&json, json_get(&json, 0, key), &value) && value == i, "%s", name);
        bool found = json_number(&json, json_get(&json, large, key), &value);
        cr_assert(i < 33 ? found && value == 1000 + i : !found, "%s", name);
        cr_assert_eq(json_get(&json, small, key) == JSON_NONE, i != 1);
    }
    expect_text(member("a"), "escaped");
    expect_text(member(""), "empty");
    cr_expect_eq(json_get(&json, 0, TEXT("k100")), JSON_NONE);
    cr_expect_eq(json_get(&json, 0, TEXT("~")), JSON_NONE);
}

Test(json_read, finds_members_whose_names_are_escaped) {
    scan("{\"\\u0061\\/b\":\"slash\",\"\\ud83d\\ude00\":\"smile\",\"\\n\":\"line\"}");
    expect_text(member("a/b"), "slash");
    expect_text(member("😀"), "smile");
    expect_text(member("\n"), "line");
    cr_expect_eq(json_get(&json, 0, TEXT("a/")), JSON_NONE);
    cr_expect_eq(json_get(&json, 0, TEXT("a/bc")), JSON_NONE);
}

Test(json_read, walks_arrays_and_objects) {
    scan("[10,[20,21],{\"x\":30},\"40\"]");
    enum json_kind kinds[8];
    int n = 0;
    for (json_at c = json_first(&json, 0); c != JSON_NONE; c = json_after(&json, 0, c))
        kinds[n++] = json_kind(&json, c);
    cr_assert_eq(n, 4);
    cr_expect_eq(kinds[0], JSON_KIND_NUMBER);
    cr_expect_eq(kinds[1], JSON_KIND_ARRAY);
    cr_expect_eq(kinds[2], JSON_KIND_OBJECT);
    cr_expect_eq(kinds[3], JSON_KIND_STRING);

    scan("{\"a\":[1,2],\"b\":{\"c\":3},\"d\":4}");
    const char *const names[] = {"a", "b", "d"}, *const values[] = {"[1,2]", "{\"c\":3}", "4"};
    n = 0;
    for (json_at c = json_first(&json, 0); c != JSON_NONE; c = json_after(&json, 0, c), n++) {
        expect_text(json_unescaped(&json, c, &arena), names[n]);
        expect_text(json_source(&json, c + 1), values[n]);
    }
    cr_expect_eq(n, 3);
    cr_expect_eq(json.tokens[0].size, 3);
}

Test(json_read, walks_nothing_where_nothing_is) {
    scan("[[],{}]");
    json_at first = json_first(&json, 0), second = json_after(&json, 0, first);
    cr_expect_eq(json_first(&json, first), JSON_NONE);
    cr_expect_eq(json_first(&json, second), JSON_NONE);
    cr_expect_eq(json_after(&json, 0, second), JSON_NONE);
}

Test(json_read, resolves_escapes) {
    scan("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\\uDBFF\\uDFFF\",\"plain\"]");
    json_at at = json_first(&json, 0);
    expect_text(json_unescaped(&json, at, &arena), "\"\\/\b\f\n\r\t");
    at = json_after(&json, 0, at);
    expect_text(json_unescaped(&json, at, &arena), "Aé€😀\xF4\x8F\xBF\xBF");
    at = json_after(&json, 0, at);
    struct text plain = json_unescaped(&json, at, &arena);
    expect_text(plain, "plain");
    cr_expect(plain.at > json.text.at && plain.at < json.text.at + json.text.n, "borrowed, not copied");
}

Test(json_read, gives_the_source_of_any_value) {
    scan("{\"a\": [ 1 , \"x\\n\" ] ,\"b\":\"q\",\"c\":-1.50E+2,\"d\":true}");
    expect_text(json_source(&json, json_get(&json, 0, TEXT("a"))), "[ 1 , \"x\\n\" ]");
    expect_text(json_source(&json, json_get(&json, 0, TEXT("b"))), "\"q\"");
    expect_text(json_source(&json, json_get(&json, 0, TEXT("c"))), "-1.50E+2");
    expect_text(json_source(&json, json_get(&json, 0, TEXT("d"))), "true");
    cr_expect(text_eq(json_source(&json, 0), json.text));
}

Test(json_read, answers_emptily_for_what_is_not_there_or_of_another_kind) {
    scan("{\"s\":\"1\",\"n\":1}");
    double number = 7;
    int64_t integer = 7;
    const json_at asked[] = {JSON_NONE, 0, json_get(&json, 0, TEXT("s")), 99};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        cr_expect_not(json_number(&json, asked[i], &number));
        cr_expect_not(json_whole(&json, asked[i], &integer));
        cr_expect_not(json_micros(&json, asked[i], &integer));
    }
    cr_expect_eq(number, 7);
    cr_expect_eq(integer, 7);
    cr_expect_null(json_unescaped(&json, json_get(&json, 0, TEXT("n")), &arena).at);
    cr_expect_null(json_unescaped(&json, JSON_NONE, &arena).at);
    cr_expect_eq(json_kind(&json, JSON_NONE), JSON_KIND_NULL);
    cr_expect_eq(json_get(&json, JSON_NONE, TEXT("s")), JSON_NONE);
    cr_expect_eq(json_get(&json, json_get(&json, 0, TEXT("s")), TEXT("s")), JSON_NONE);
    cr_expect_eq(json_first(&json, JSON_NONE), JSON_NONE);
    cr_expect_eq(json_source(&json, JSON_NONE).n, 0);
}

Test(json_read, reads_doubles) {
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"0", 0},
        {"-0.0", -0.0},
        {"19.99", 19.99},
        {"1e3", 1000},
        {"-2.5e-3", -0.0025},
        {"1e-999", 0},
        {"5e-324", 5e-324},
        {"1.7976931348623157e308", 1.7976931348623157e308},
        {"9007199254740993", 9007199254740992.0},
        {"0.1000000000000000055511151231257827021181583404541015625", 0.1},
        {"123456789012345678901234567890", 123456789012345678901234567890.0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value = -1;
        scan(cases[i].text);
        cr_expect(json_number(&json, 0, &value), "%s", cases[i].text);
        cr_expect_eq(value, cases[i].value, "%s gave %.17g", cases[i].text, value);
    }
}

Test(json_read, reads_integers_only_where_they_are_whole_and_fit) {
    static const struct {
        const char *text;
        bool whole;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"7", true, 7},
        {"7.0", true, 7},
        {"7.5", false, 0},
        {"1e3", true, 1000},
        {"1200e-2", true, 12},
        {"1250e-2", false, 0},
        {"1e19", false, 0},
        {"1e-5", false, 0},
        {"0e9", true, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"9007199254740993.0", true, 9007199254740993},
        {"0.9999999999999999999999", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 0;
        scan(cases[i].text);
        cr_expect_eq(json_whole(&json, 0, &value), cases[i].whole, "%s", cases[i].text);
        cr_expect_eq(value, cases[i].value, "%s gave %lld", cases[i].text, (long long)value);
    }
}

Test(json_read, reads_millionths_exactly_and_rounds_half_away_from_zero) {
    static const struct {
        const char *text;
        bool fits;
        int64_t micros;
    } cases[] = {
        {"0", true, 0},
        {"19.99", true, 19990000},
        {"-19.99", true, -19990000},
        {"0.0000005", true, 1},
        {"-0.0000005", true, -1},
        {"0.00000049999999999999999999999", true, 0},
        {"1.0000005", true, 1000001}, /* the nearest double lies below the half */
        {"0.0000015", true, 2},
        {"2.5e-6", true, 3},
        {"25e-7", true, 3},
        {"0.05e-5", true, 1},
        {"1e-7", true, 0},
        {"1e-999", true, 0},
        {"123e2", true, 12300000000},
        {"0.000123e3", true, 123000},
        {"0e999", true, 0},
        {"999999999.999999", true, 999999999999999},
        {"999999999.9999995", false, 0},
        {"1e9", false, 0},
        {"-1e9", false, 0},
        {"1e300", false, 0},
        {"100000000000e-3", true, 100000000000000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t micros = 0;
        scan(cases[i].text);
        cr_expect_eq(json_micros(&json, 0, &micros), cases[i].fits, "%s", cases[i].text);
        cr_expect_eq(micros, cases[i].micros, "%s gave %lld", cases[i].text, (long long)micros);
    }
}
