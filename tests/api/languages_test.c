#include "api/languages.h"

#include <criterion/criterion.h>

static const char *best(const char *accepted) {
    static const char *const offered[] = {"en", "de", "fr"};
    return offered[languages_best(text_of(accepted), offered, 3)];
}

Test(languages, are_chosen_by_their_weight) {
    cr_expect_str_eq(best("de"), "de");
    cr_expect_str_eq(best("fr;q=0.7, de;q=0.8, en;q=0.1"), "de");
    cr_expect_str_eq(best("de;q=0.799,fr;q=0.8"), "fr");
    cr_expect_str_eq(best("it, de;q=0.5"), "de", "what nobody offers does not count");
}

Test(languages, of_equal_weight_are_taken_as_they_are_named) {
    cr_expect_str_eq(best("fr, de"), "fr");
    cr_expect_str_eq(best("de, fr"), "de");
}

Test(languages, with_a_region_are_the_language) {
    cr_expect_str_eq(best("de-AT, en;q=0.9"), "de");
    cr_expect_str_eq(best("DE-1996"), "de");
    cr_expect_str_eq(best("den, dex-DE"), "en", "another language that begins like it");
}

Test(languages, that_are_any_are_the_default_by_its_weight) {
    cr_expect_str_eq(best("*, de;q=0.5"), "en");
    cr_expect_str_eq(best("de;q=0.1, *;q=0.5"), "en");
    cr_expect_str_eq(best("de, *;q=0.5"), "de");
    cr_expect_str_eq(best("*;q=0, de;q=0.1"), "de");
}

Test(languages, that_are_refused_or_illegible_leave_the_default) {
    cr_expect_str_eq(best(""), "en");
    cr_expect_str_eq(best("*"), "en");
    cr_expect_str_eq(best("de;q=0"), "en");
    cr_expect_str_eq(best("de;q=0.000, fr;q=0.001"), "fr");
    cr_expect_str_eq(best("de;q=1.1"), "en");
    cr_expect_str_eq(best("de;q=2, de;q=-1, de;q=, de;q=0.1234, de;q=0,5, de;x=1"), "en");
    cr_expect_str_eq(best(",;,-,;q=1, ;,"), "en");
}
