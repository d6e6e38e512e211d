#include "core/base/fold.h"

#include <criterion/criterion.h>

static struct arena arena;

static void set_up(void) {
    arena_init(&arena, 256);
}
static void tear_down(void) {
    arena_free(&arena);
}
TestSuite(fold, .init = set_up, .fini = tear_down);

static const char *folded(const char *text) {
    return text_fold(text_of(text), &arena).at;
}

Test(fold, letters_of_every_script_become_small) {
    cr_expect_str_eq(folded("Anna BLUM 17"), "anna blum 17");
    cr_expect_str_eq(folded("MÜLLER"), "müller");
    cr_expect_str_eq(folded("ŁÓDŹ"), "łódź");
    cr_expect_str_eq(folded("ΣΟΦΊΑ"), "σοφία");
    cr_expect_str_eq(folded("ЖАННА"), "жанна");
    cr_expect_str_eq(folded("\xF0\x90\x90\x80"), "\xF0\x90\x90\xA8"); /* Deseret, four bytes */
}

Test(fold, what_has_no_small_form_stays) {
    cr_expect_str_eq(folded(""), "");
    cr_expect_str_eq(folded("田中 😀 ß"), "田中 😀 ß");
}

Test(fold, a_letter_may_change_its_length) {
    cr_expect_str_eq(folded("ẞ"), "ß");
    cr_expect_str_eq(folded("ȺȺȺ"), "ⱥⱥⱥ");
}

Test(fold, bytes_that_are_no_letters_stay_and_end_nothing) {
    cr_expect_str_eq(folded("A\xff\xc3Z\xc3"), "a\xff\xc3z\xc3");
}
