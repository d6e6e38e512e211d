#include "core/base/number.h"

#include <criterion/criterion.h>
#include <string.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t next_random(uint64_t *state) { /* splitmix64 */
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static void expect_print(double value, const char *text) {
    char out[NUMBER_ROOM];
    size_t n = number_print(out, value);
    cr_expect_str_eq(out, text);
    cr_expect_eq(n, strlen(text));
}

Test(number, prints_no_more_digits_than_needed) {
    expect_print(19.99, "19.99");
    expect_print(0.1, "0.1");
    expect_print(0.1 + 0.2, "0.30000000000000004");
    expect_print(1.0 / 3, "0.3333333333333333");
    expect_print(0, "0");
    expect_print(-0.0, "-0");
    expect_print(-17, "-17");
    expect_print(1e15, "1e+15");
    expect_print(999999999999999, "999999999999999");
    expect_print(123456.789, "123456.789");
    expect_print(5e-324, "4.94065645841247e-324");
    expect_print(1.7976931348623157e308, "1.7976931348623157e+308");
}

Test(number, prints_as_javascript_does) {
    static const struct {
        double value;
        const char *text;
    } cases[] = {{1e-7, "1e-7"},
                 {-1.5e-7, "-1.5e-7"},
                 {0.000001, "0.000001"},
                 {-0.00001234, "-0.00001234"},
                 {0.0001, "0.0001"},
                 {1e15, "1000000000000000"},
                 {123456789012345680000.0, "123456789012345680000"},
                 {-1e20, "-100000000000000000000"},
                 {1e21, "1e+21"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {2.2250738585072014e-308, "2.2250738585072014e-308"},
                 {19.99, "19.99"}};
    char out[NUMBER_ROOM];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = number_print_script(out, cases[i].value);
        cr_expect_str_eq(out, cases[i].text);
        cr_expect_eq(n, strlen(cases[i].text));
    }
}

Test(number, reads_back_every_double_it_prints) {
    uint64_t state = 1;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = next_random(&state);
        double value, back;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        char out[NUMBER_ROOM];
        size_t n = number_print(out, value);
        cr_assert_lt(n, NUMBER_ROOM);
        cr_assert(number_parse(text_n(out, n), &back), "%s", out);
        cr_assert_eq(memcmp(&value, &back, sizeof value), 0, "%s", out);
        n = number_print_script(out, value);
        cr_assert(number_parse(text_n(out, n), &back), "%s", out);
        cr_assert_eq(memcmp(&value, &back, sizeof value), 0, "%s", out);
    }
}

Test(number, reads_short_decimals_as_strtod_does) {
    uint64_t state = 2;
    for (int i = 0; i < 100000; i++) {
        char text[64];
        double value;
        snprintf(text, sizeof text, "%lld.%0*llue%d", (long long)(next_random(&state) % 2000000) - 1000000,
                 1 + (int)(next_random(&state) % 12), (unsigned long long)(next_random(&state) % 10000000),
                 (int)(next_random(&state) % 60) - 30);
        cr_assert(number_parse(text_of(text), &value), "%s", text);
        cr_assert_eq(value, strtod(text, NULL), "%s", text);
    }
}

Test(number, does_not_care_for_the_locale) {
    /* A locale with a decimal comma, where one is installed; the C locale shows the same. */
    if (!setlocale(LC_ALL, "de_DE.UTF-8")) setlocale(LC_ALL, "fr_FR.UTF-8");
    double value;
    expect_print(19.99, "19.99");
    cr_expect(number_parse(TEXT("0.1234567890123456789"), &value));
    cr_expect_eq(value, 0.1234567890123456789);
}

Test(number, refuses_what_is_no_json_number) {
    static const char *const bad[] = {"",   "-",  "+1",  "01",  "1.",  ".1",  "1e",  "1e+",  "1x",
                                      " 1", "1 ", "0x1", "inf", "nan", "1,5", "--1", "1e5.5"};
    double value = 7;
    int64_t integer = 7;
    bool exact;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_expect_not(number_parse(text_of(bad[i]), &value), "%s", bad[i]);
        cr_expect_not(number_scaled(text_of(bad[i]), 0, &integer, &exact), "%s", bad[i]);
    }
    cr_expect_not(number_parse(TEXT_NONE, &value));
}

Test(number, knows_where_doubles_end) {
    double value;
    cr_expect_not(number_parse(TEXT("1e309"), &value));
    cr_expect_not(number_parse(TEXT("-1e99999999999999999999"), &value));
    cr_expect(number_parse(TEXT("1e-99999999999999999999"), &value));
    cr_expect_eq(value, 0);
    cr_expect(number_parse(TEXT("0e99999999999999999999"), &value));
    cr_expect_eq(value, 0);
    char zeros[420] = "0.";
    memset(zeros + 2, '0', 400);
    strcpy(zeros + 402, "1e401");
    cr_expect(number_parse(text_of(zeros), &value));
    cr_expect_eq(value, 1);
}

static void expect_scaled(const char *text, int scale, int64_t value, bool exact) {
    int64_t out = 0;
    bool is_exact = !exact;
    cr_expect(number_scaled(text_of(text), scale, &out, &is_exact), "%s", text);
    cr_expect_eq(out, value, "%s gave %lld", text, (long long)out);
    cr_expect_eq(is_exact, exact, "%s", text);
}

Test(number, scales_exactly_and_rounds_half_away_from_zero) {
    expect_scaled("19.99", 2, 1999, true);
    expect_scaled("19.99", 1, 200, false);
    expect_scaled("0.5", 0, 1, false);
    expect_scaled("-0.5", 0, -1, false);
    expect_scaled("0.49999999999999999999", 0, 0, false);
    expect_scaled("0.04", 0, 0, false);
    expect_scaled("0.0", 6, 0, true);
    expect_scaled("100e-2", 0, 1, true);
    expect_scaled("0.001e3", 0, 1, true);
    expect_scaled("9223372036854775807", 0, INT64_MAX, true);
    expect_scaled("9223372036854775806.5", 0, INT64_MAX, false);
    expect_scaled("1e18", 0, 1000000000000000000, true);
    int64_t out;
    bool exact;
    cr_expect_not(number_scaled(TEXT("9223372036854775807.5"), 0, &out, &exact));
    cr_expect_not(number_scaled(TEXT("9223372036854775808"), 0, &out, &exact));
    cr_expect_not(number_scaled(TEXT("1e19"), 0, &out, &exact));
    cr_expect_not(number_scaled(TEXT("1e999999999999"), 0, &out, &exact));
}

Test(number, scales_as_long_arithmetic_does) {
    uint64_t state = 3;
    for (int i = 0; i < 100000; i++) {
        /* digits / 10^places, rounded to 6 places by integers alone */
        int64_t digits = (int64_t)(next_random(&state) % 1000000000000000), scaled;
        int places = 7 + (int)(next_random(&state) % 6);
        char text[64];
        bool exact;
        snprintf(text, sizeof text, "%llde-%d", (long long)digits, places);
        int64_t divisor = 1;
        for (int p = 6; p < places; p++) divisor *= 10;
        cr_assert(number_scaled(text_of(text), 6, &scaled, &exact), "%s", text);
        cr_assert_eq(scaled, (digits + divisor / 2) / divisor, "%s", text);
        cr_assert_eq(exact, digits % divisor == 0, "%s", text);
    }
}

Test(number, whole_numbers_are_printed_to_their_limits) {
    char out[NUMBER_ROOM];
    const struct {
        int64_t value;
        const char *text;
    } cases[] = {{0, "0"},
                 {7, "7"},
                 {-1, "-1"},
                 {1234567890, "1234567890"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(number_print_int(out, cases[i].value), strlen(cases[i].text));
        cr_assert_str_eq(out, cases[i].text);
    }
}
