#include "core/base/secret.h"

#include <criterion/criterion.h>

static void set_up(void) {
    cr_assert_eq(secret_init(), 0);
}
TestSuite(secret, .init = set_up);

static void expect_sign(const char *key, const char *message, const char *hex) {
    char out[SECRET_HASH_HEX];
    secret_sign(out, text_of(key), text_of(message));
    cr_expect_str_eq(out, hex);
}

Test(secret, signs_as_hmac_sha256_of_rfc_4231) {
    expect_sign("Jefe", "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    expect_sign("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    char key[132] = {0};
    memset(key, 0xaa, 131);
    expect_sign(key, "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

Test(secret, hashes_as_blake2b_256) {
    char out[SECRET_HASH_HEX];
    secret_hash_hex(out, TEXT(""));
    cr_expect_str_eq(out, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    secret_hash_hex(out, TEXT("abc"));
    cr_expect_str_eq(out, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

Test(secret, compares_lengths_and_bytes) {
    cr_expect(secret_equal(TEXT("token"), TEXT("token")));
    cr_expect_not(secret_equal(TEXT("token"), TEXT("tokem")));
    cr_expect_not(secret_equal(TEXT("token"), TEXT("tokens")));
    cr_expect_not(secret_equal(TEXT(""), TEXT("token")));
    cr_expect(secret_equal(TEXT_NONE, TEXT_NONE));
}

Test(secret, ids_are_ordered_by_time) {
    char before[ID_ROOM] = "";
    for (int64_t ms = 1700000000000; ms < 1700000002000; ms++) {
        char id[ID_ROOM];
        id_new(id, ms);
        cr_assert_eq(strlen(id), 26);
        cr_assert_eq(strspn(id, "0123456789abcdefghjkmnpqrstvwxyz"), 26, "%s", id);
        cr_assert_gt(strcmp(id, before), 0, "%s is not behind %s", id, before);
        memcpy(before, id, sizeof id);
    }
}

Test(secret, ids_begin_with_their_time) {
    char early[ID_ROOM], late[ID_ROOM];
    id_new(early, 0);
    cr_expect_eq(strncmp(early, "0000000000", 10), 0);
    id_new(early, 1469918176385);
    cr_expect_eq(strncmp(early, "01aryz6s41", 10), 0, "the example of the ULID specification: %s", early);
    id_new(late, 4102444800000);
    cr_expect_gt(strcmp(late, early), 0);
}

Test(secret, ids_of_one_millisecond_differ) {
    static char ids[1000][ID_ROOM];
    for (int i = 0; i < 1000; i++) {
        id_new(ids[i], 1700000000000);
        for (int j = 0; j < i; j++) cr_assert_str_neq(ids[i], ids[j]);
    }
}

Test(secret, bytes_are_not_the_same_twice) {
    unsigned char a[32] = {0}, b[32] = {0};
    secret_bytes(a, sizeof a);
    secret_bytes(b, sizeof b);
    cr_expect_neq(memcmp(a, b, sizeof a), 0);
}
