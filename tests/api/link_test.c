#include "api/link.h"

#include <criterion/criterion.h>

#include "core/base/secret.h"

static struct identity_keys keys = {.server = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"};
static struct arena arena;
static struct text payload;

static void set_up(void) {
    secret_init();
    arena_init(&arena, 1024);
}
static void tear_down(void) {
    arena_free(&arena);
}
TestSuite(link, .init = set_up, .fini = tear_down);

Test(link, says_what_was_signed_until_it_expires) {
    struct text link = link_sign(&keys, "preview", TEXT("poll~top"), 5000, &arena);
    cr_assert(link_check(&keys, "preview", link, 4999, &payload));
    cr_expect(text_is(payload, "poll~top"));
    cr_expect_not(link_check(&keys, "preview", link, 5000, &payload));
}

Test(link, does_not_pass_for_another_purpose_or_under_another_key) {
    struct text link = link_sign(&keys, "preview", TEXT("poll~top"), 5000, &arena);
    cr_expect_not(link_check(&keys, "stream", link, 1000, &payload));
    keys.server[0] = 'f';
    cr_expect_not(link_check(&keys, "preview", link, 1000, &payload));
}

Test(link, is_refused_where_a_single_byte_differs) {
    struct text link = link_sign(&keys, "preview", TEXT("poll~top"), 5000, &arena);
    for (size_t i = 0; i < link.n; i++) {
        char *other = arena_cstr(&arena, link);
        other[i] ^= 1;
        cr_expect_not(link_check(&keys, "preview", text_n(other, link.n), 1000, &payload), "byte %zu", i);
    }
    for (size_t n = 0; n < link.n; n++)
        cr_expect_not(link_check(&keys, "preview", text_n(link.at, n), 1000, &payload), "%zu bytes", n);
}
