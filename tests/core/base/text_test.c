#include "core/base/text.h"

#include <criterion/criterion.h>

Test(text, equals_bytes_and_not_pointers) {
    char copy[] = "abc";
    cr_expect(text_eq(TEXT("abc"), text_n(copy, 3)));
    cr_expect_not(text_eq(TEXT("abc"), TEXT("abd")));
    cr_expect_not(text_eq(TEXT("abc"), TEXT("ab")));
    cr_expect(text_eq(TEXT_NONE, TEXT("")));
    cr_expect(text_is(text_of(NULL), ""));
    cr_expect_not(text_eq(TEXT("a\0b"), TEXT("a\0c")));
}

Test(text, orders_bytewise_and_the_shorter_first) {
    cr_expect_lt(text_cmp(TEXT("a"), TEXT("b")), 0);
    cr_expect_lt(text_cmp(TEXT("a"), TEXT("aa")), 0);
    cr_expect_gt(text_cmp(TEXT("\xC3"), TEXT("z")), 0);
    cr_expect_eq(text_cmp(TEXT("ab"), TEXT("ab")), 0);
    cr_expect_lt(text_cmp(TEXT_NONE, TEXT("a")), 0);
}

Test(text, starts_and_ends) {
    cr_expect(text_starts(TEXT("checkout-poll"), TEXT("checkout")));
    cr_expect(text_ends(TEXT("checkout-poll"), TEXT("poll")));
    cr_expect(text_starts(TEXT("x"), TEXT_NONE));
    cr_expect_not(text_starts(TEXT("check"), TEXT("checkout")));
    cr_expect_not(text_ends(TEXT("poll"), TEXT("checkout-poll")));
}

Test(text, ignores_case_of_ascii_alone) {
    cr_expect(text_eq_nocase(TEXT("Content-Type"), TEXT("content-TYPE")));
    cr_expect_not(text_eq_nocase(TEXT("Ä"), TEXT("ä")));
    cr_expect_not(text_eq_nocase(TEXT("@"), TEXT("`")));
}

Test(text, cuts_at_the_first_separator) {
    struct text head, tail;
    cr_expect(text_cut(TEXT("a=b=c"), '=', &head, &tail));
    cr_expect(text_is(head, "a"));
    cr_expect(text_is(tail, "b=c"));
    cr_expect(text_cut(TEXT("=b"), '=', &head, &tail));
    cr_expect_eq(head.n, 0);
    cr_expect_not(text_cut(TEXT("abc"), '=', &head, &tail));
    cr_expect(text_is(head, "abc"));
    cr_expect_eq(tail.n, 0);
    cr_expect_not(text_cut(TEXT_NONE, '=', &head, &tail));
}

Test(text, trims_blanks_at_both_sides) {
    cr_expect(text_is(text_trim(TEXT(" \t a b \r\n")), "a b"));
    cr_expect_eq(text_trim(TEXT(" \n ")).n, 0);
    cr_expect_eq(text_trim(TEXT_NONE).n, 0);
}

Test(text, measures_how_far_two_words_are_apart) {
    cr_expect_eq(text_distance(TEXT("kitten"), TEXT("sitting")), 3);
    cr_expect_eq(text_distance(TEXT("lisen"), TEXT("listen")), 1);
    cr_expect_eq(text_distance(TEXT("same"), TEXT("same")), 0);
    cr_expect_eq(text_distance(TEXT("abc"), TEXT_NONE), 3);
    cr_expect_eq(text_distance(TEXT_NONE, TEXT("abc")), 3);
    char longest[65];
    memset(longest, 'a', sizeof longest);
    cr_expect_eq(text_distance(text_n(longest, 64), text_n(longest, 63)), 1);
    cr_expect_eq(text_distance(text_n(longest, 65), TEXT("a")), SIZE_MAX);
}

Test(text, knows_well_formed_utf8) {
    static const struct text good[] = {
        TEXT(""),
        TEXT("abc"),
        TEXT("\xC2\x80"),
        TEXT("\xDF\xBF"),
        TEXT("\xE0\xA0\x80"),
        TEXT("\xED\x9F\xBF"),
        TEXT("\xEE\x80\x80"),
        TEXT("\xEF\xBF\xBF"),
        TEXT("\xF0\x90\x80\x80"),
        TEXT("\xF4\x8F\xBF\xBF"),
        TEXT("a\0b"),
        TEXT("Größe: 5 € 😀"),
    };
    static const struct text bad[] = {
        TEXT("\x80"),
        TEXT("\xBF"),
        TEXT("\xC0\x80"),
        TEXT("\xC1\xBF"),
        TEXT("\xC3"),
        TEXT("\xC3("),
        TEXT("\xE0\x9F\xBF"),
        TEXT("\xED\xA0\x80"),
        TEXT("\xED\xBF\xBF"),
        TEXT("\xE2\x82"),
        TEXT("\xE2\x28\xA1"),
        TEXT("\xE2\x82("),
        TEXT("\xF0\x8F\xBF\xBF"),
        TEXT("\xF4\x90\x80\x80"),
        TEXT("\xF5\x80\x80\x80"),
        TEXT("\xF0\x9F\x98"),
        TEXT("\xFE"),
        TEXT("\xFF"),
        TEXT("good until here \xC3"),
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) cr_expect(text_utf8_valid(good[i]), "good %zu", i);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) cr_expect_not(text_utf8_valid(bad[i]), "bad %zu", i);
}

Test(text, measures_one_utf8_sequence) {
    cr_expect_eq(text_utf8_length("a\xFF", 2), 1);
    cr_expect_eq(text_utf8_length("\xC3\xA9x", 3), 2);
    cr_expect_eq(text_utf8_length("\xE2\x82\xAC", 3), 3);
    cr_expect_eq(text_utf8_length("\xF0\x9F\x98\x80", 4), 4);
    cr_expect_eq(text_utf8_length("\xE2\x82\xAC", 2), 0);
    cr_expect_eq(text_utf8_length("\xA9", 1), 0);
    cr_expect_eq(text_utf8_length("", 0), 0);
}

Test(text, knows_the_keys_of_definitions) {
    static const char *const keys[] = {"a", "7", "checkout-poll", "A.b_c-d", "product.poll.2"};
    static const char *const others[] = {"", "-a", ".a", "_a", "a b", "a/b", "é", "a\n"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) cr_expect(text_is_key(text_of(keys[i])), "%s", keys[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect_not(text_is_key(text_of(others[i])), "%s", others[i]);
    char longest[65];
    memset(longest, 'k', sizeof longest);
    cr_expect(text_is_key(text_n(longest, 64)));
    cr_expect_not(text_is_key(text_n(longest, 65)));
}

Test(text, reads_integers_that_fit) {
    int64_t n = 7;
    cr_expect(text_to_int(TEXT("-9223372036854775808"), &n));
    cr_expect_eq(n, INT64_MIN);
    cr_expect(text_to_int(TEXT("9223372036854775807"), &n));
    cr_expect_eq(n, INT64_MAX);
    cr_expect(text_to_int(TEXT("007"), &n));
    cr_expect_eq(n, 7);
    static const char *const bad[] = {
        "", "-", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "-9223372036854775809"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) cr_expect_not(text_to_int(text_of(bad[i]), &n), "%s", bad[i]);
    cr_expect_eq(n, 7, "left alone where there is none");
}
