#include "core/base/arena.h"

#include <criterion/criterion.h>

static struct arena arena;
static void set_up(void) {
    arena_init(&arena, 1024);
}
static void tear_down(void) {
    arena_free(&arena);
}
TestSuite(arena, .init = set_up, .fini = tear_down);

Test(arena, hands_out_aligned_zeroed_memory_that_does_not_overlap) {
    unsigned char *before = NULL;
    size_t before_n = 0;
    for (size_t n = 1; n < 3000; n += 7) {
        unsigned char *at = arena_alloc(&arena, n);
        cr_assert_eq((uintptr_t)at % 16, 0);
        for (size_t i = 0; i < n; i++) cr_assert_eq(at[i], 0);
        memset(at, 0xAA, n);
        for (size_t i = 0; i < before_n; i++) cr_assert_eq(before[i], 0x55);
        memset(at, 0x55, n);
        before = at, before_n = n;
    }
}

Test(arena, zeroes_again_what_was_used_before_a_reset) {
    unsigned char *first = arena_alloc(&arena, 100);
    memset(first, 0xFF, 100);
    arena_reset(&arena);
    unsigned char *again = arena_alloc(&arena, 100);
    cr_expect_eq(again, first, "the first block is kept warm");
    for (int i = 0; i < 100; i++) cr_assert_eq(again[i], 0);
}

Test(arena, counts_what_it_handed_out_since_the_last_reset) {
    arena_alloc(&arena, 1);
    arena_take(&arena, 100000);
    cr_expect_eq(arena.total, 16 + 100000);
    arena_reset(&arena);
    cr_expect_eq(arena.total, 0);
}

Test(arena, takes_blocks_larger_than_its_own) {
    char *large = arena_take(&arena, 1 << 20);
    large[0] = large[(1 << 20) - 1] = 'x';
    char *small = arena_alloc(&arena, 8);
    cr_expect_eq(small[0], 0);
}

Test(arena, copies_texts_with_a_nul_behind_them) {
    char source[] = "checkout";
    struct text copy = arena_text(&arena, text_n(source, 5));
    source[0] = 'X';
    cr_expect(text_is(copy, "check"));
    cr_expect_eq(copy.at[5], 0);
    cr_expect_str_eq(arena_cstr(&arena, TEXT_NONE), "");
    cr_expect(text_eq(arena_text(&arena, TEXT("a\0b")), TEXT("a\0b")));
}

Test(arena, prints) {
    struct text t = arena_printf(&arena, "%s-%d", "poll", 7);
    cr_expect(text_is(t, "poll-7"));
    cr_expect_eq(t.at[t.n], 0);
    struct text wide = arena_printf(&arena, "%5000d", 1);
    cr_expect_eq(wide.n, 5000);
}

Test(arena, can_be_used_again_after_it_was_freed) {
    arena_alloc(&arena, 10);
    arena_free(&arena);
    arena_free(&arena);
    cr_expect_not_null(arena_alloc(&arena, 10));
}
