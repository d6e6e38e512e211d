#include "core/base/error.h"

#include <criterion/criterion.h>
#include <string.h>

Test(error, returns_the_code_and_keeps_the_first_sentence) {
    struct error error = {0};
    cr_expect_eq(error_set(&error, ERR_NOT_FOUND, "no feature '%s'", "poll"), ERR_NOT_FOUND);
    cr_expect_eq(error_set(&error, ERR_CONFLICT, "later"), ERR_CONFLICT);
    cr_expect_eq(error.code, ERR_NOT_FOUND);
    cr_expect_str_eq(error.detail, "no feature 'poll'");
    error_clear(&error);
    cr_expect_eq(error.code, 0);
    cr_expect_str_eq(error.detail, "");
    error_set(&error, ERR_GONE, "new");
    cr_expect_str_eq(error.detail, "new");
}

Test(error, may_be_nobodys) {
    cr_expect_eq(error_set(NULL, ERR_IO, "%s", "x"), ERR_IO);
    cr_expect_eq(error_at(NULL, "/a", "x"), ERR_INVALID);
}

Test(error, collects_places_and_says_the_first) {
    struct error error = {0};
    cr_expect_eq(error_at(&error, "/rules/0/if", "unknown operator '%s'", "x"), ERR_INVALID);
    error_at(&error, "/off", "no such variant");
    cr_expect_eq(error.code, ERR_INVALID);
    cr_expect_str_eq(error.detail, "/rules/0/if: unknown operator 'x'");
    cr_expect_eq(error.places, 2);
    cr_expect_str_eq(error.at[1].pointer, "/off");
    cr_expect_str_eq(error.at[1].detail, "no such variant");
}

Test(error, calls_the_empty_pointer_the_body) {
    struct error error = {0};
    error_at(&error, "", "expected an object");
    cr_expect_str_eq(error.detail, "the body: expected an object");
}

Test(error, keeps_as_many_places_as_fit_and_cuts_long_ones) {
    struct error error = {0};
    char wide[1000];
    memset(wide, 'x', sizeof wide - 1);
    wide[sizeof wide - 1] = 0;
    for (int i = 0; i < ERROR_PLACES + 3; i++) error_at(&error, wide, "%s", wide);
    cr_expect_eq(error.places, ERROR_PLACES);
    cr_expect_eq(strlen(error.at[0].pointer), sizeof error.at[0].pointer - 1);
    cr_expect_eq(strlen(error.detail), sizeof error.detail - 1);
}

Test(error, codes_have_status_name_and_title) {
    cr_expect_eq(error_status(ERR_INVALID), 400);
    cr_expect_eq(error_status(ERR_PRECONDITION), 412);
    cr_expect_eq(error_status(ERR_UNAVAILABLE), 503);
    cr_expect_str_eq(error_name(ERR_NOT_FOUND), "NOT_FOUND");
    cr_expect_str_eq(error_title(ERR_TOO_LARGE), "The body is too large");
    cr_expect_eq(error_status(-12345), 500, "an unknown code is our own fault");
    cr_expect_eq(error_status(0), 500);
}
