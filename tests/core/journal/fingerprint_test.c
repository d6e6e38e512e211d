#include <criterion/criterion.h>

#include "core/base/secret.h"
#include "core/journal/fingerprint.h"

static const unsigned char key[FINGERPRINT_KEY_BYTES] = "sixteen bytes..";

Test(fingerprint, a_unit_and_a_message_cannot_pass_for_another_pair_with_the_cut_elsewhere) {
    uint64_t a = fingerprint_of(key, TEXT("ab"), TEXT("c")), b = fingerprint_of(key, TEXT("a"), TEXT("bc"));
    cr_expect_neq(a, b);
    cr_expect_neq(fingerprint_of(key, TEXT_NONE, TEXT("abc")), a);
    cr_expect_eq(fingerprint_of(key, TEXT("ab"), TEXT("c")), a);
}

Test(fingerprint, without_the_key_it_is_another_number) {
    static const unsigned char other[FINGERPRINT_KEY_BYTES] = "another sixteen";
    cr_expect_neq(fingerprint_of(key, TEXT_NONE, TEXT("m")), fingerprint_of(other, TEXT_NONE, TEXT("m")));
}

Test(fingerprint, at_least_the_last_ones_up_to_the_limit_are_recognised) {
    struct fingerprint_set set = {.limit = 1000, .span_ms = 1000000};
    for (uint64_t i = 1; i <= 10000; i++) {
        fingerprint_prepare(&set, 5, 1);
        cr_assert(fingerprint_add(&set, i * 0x9e3779b97f4a7c15u));
        if (i > 1000) {
            fingerprint_prepare(&set, 5, 1);
            cr_assert_not(fingerprint_add(&set, (i - 999) * 0x9e3779b97f4a7c15u));
        }
    }
    cr_expect_leq(set.before.n + set.now.n, 2000, "older ones are forgotten");
    fingerprint_free(&set);
}

Test(fingerprint, what_is_taken_back_was_never_seen) {
    struct fingerprint_set set = {.limit = 1000, .span_ms = 1000000};
    fingerprint_prepare(&set, 5, 300);
    for (uint64_t i = 1; i <= 100; i++) fingerprint_add(&set, i);
    for (uint64_t i = 101; i <= 300; i++) fingerprint_add(&set, i << 32 | 7);
    for (uint64_t i = 300; i > 100; i--) fingerprint_undo(&set, i << 32 | 7);
    cr_expect_eq(set.now.n, 100);
    for (uint64_t i = 1; i <= 100; i++) cr_expect_not(fingerprint_add(&set, i));
    for (uint64_t i = 101; i <= 300; i++) cr_expect(fingerprint_add(&set, i << 32 | 7));
    fingerprint_free(&set);
}
