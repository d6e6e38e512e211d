#include <criterion/criterion.h>
#include <sodium.h>

#include "core/base/secret.h"
#include "core/plugins/bundle_envelope.h"
#include "core/plugins/secret_key.h"

/* minisign 0.11 made these: `minisign -G -W`, then -S and -S -l over "a bundle's bytes\n". */
#include "tests/core/plugins/minisign_made.h"

static struct error error;
static struct signature signature;
static struct public_key public;
static struct secret_key secret;

static void init(void) {
    cr_assert_eq(secret_init(), 0);
}
TestSuite(signature, .init = init);
TestSuite(secret_key, .init = init);

static int verify(const char *minisig, struct text bytes) {
    error_clear(&error);
    int code = public_key_read(&public, TEXT(MINISIGN_PUBLIC), &error);
    if (code == 0) code = signature_read(&signature, text_of(minisig), &error);
    return code ? code : signature_verify(&signature, &public, bytes, &error);
}

Test(signature, of_minisign_holds_prehashed_and_not) {
    cr_assert_eq(verify(MINISIGN_HASHED, TEXT(MINISIGN_BYTES)), 0, "%s", error.detail);
    cr_assert(signature.hashed);
    cr_assert(text_is(signature.comment, "hashed one"));
    cr_assert_eq(verify(MINISIGN_LEGACY, TEXT(MINISIGN_BYTES)), 0, "%s", error.detail);
    cr_assert_not(signature.hashed);
}

Test(signature, holds_for_no_other_bytes_comment_or_key) {
    cr_assert_eq(verify(MINISIGN_HASHED, TEXT("a bundle's bytes")), ERR_INVALID);
    cr_assert(strstr(error.detail, "the bundle is not the one that was signed"), "%s", error.detail);
    cr_assert_eq(verify(MINISIGN_HASHED, TEXT("")), ERR_INVALID);
    char other[600];
    snprintf(other, sizeof other, "%s", MINISIGN_HASHED);
    memcpy(strstr(other, "hashed one"), "hashed two", 10);
    cr_assert_eq(verify(other, TEXT(MINISIGN_BYTES)), ERR_INVALID);
    cr_assert(strstr(error.detail, "trusted comment is not the one that was signed"), "%s", error.detail);
    struct public_key stranger;
    secret_key_new(&secret, &stranger);
    cr_assert_eq(verify(MINISIGN_HASHED, TEXT(MINISIGN_BYTES)), 0);
    cr_assert_eq(signature_verify(&signature, &stranger, TEXT(MINISIGN_BYTES), NULL), ERR_INVALID);
    memcpy(stranger.id, public.id, KEY_ID); /* it only pretends */
    cr_assert_eq(signature_verify(&signature, &stranger, TEXT(MINISIGN_BYTES), NULL), ERR_INVALID);
}

Test(signature, with_any_character_changed_is_refused) {
    char other[600];
    size_t n = strlen(MINISIGN_HASHED), start = sizeof "untrusted comment: " - 1, line = strcspn(MINISIGN_HASHED, "\n");
    for (size_t i = 0; i < n - 1; i++) {
        if (i >= start && i < line) continue; /* what it says it is not trusted for */
        snprintf(other, sizeof other, "%s", MINISIGN_HASHED);
        other[i] ^= 1;
        cr_assert_eq(verify(other, TEXT(MINISIGN_BYTES)), ERR_INVALID, "at %zu", i);
    }
}

Test(signature, of_our_own_is_the_same_each_time_and_holds) {
    struct buffer one = {0}, two = {0};
    secret_key_new(&secret, &public);
    signature_write(&one, &secret, TEXT("bytes"), TEXT("plugin:p"));
    signature_write(&two, &secret, TEXT("bytes"), TEXT("plugin:p"));
    cr_assert(text_eq(buffer_view(&one), buffer_view(&two)));
    cr_assert_eq(signature_read(&signature, buffer_view(&one), &error), 0, "%s", error.detail);
    cr_assert_eq(signature_verify(&signature, &public, TEXT("bytes"), &error), 0, "%s", error.detail);
    buffer_free(&one);
    buffer_free(&two);
}

Test(signature, ids_of_keys_are_told_as_minisign_tells_them) {
    char id[KEY_ID_TEXT];
    struct buffer out = {0};
    cr_assert_eq(public_key_read(&public, TEXT(MINISIGN_PUBLIC), &error), 0);
    key_id_text(id, public.id);
    cr_assert_str_eq(id, MINISIGN_ID);
    public_key_write(&public, &out);
    cr_assert(
        text_is(buffer_view(&out), "untrusted comment: minisign public key " MINISIGN_ID "\n" MINISIGN_PUBLIC "\n"));
    buffer_free(&out);
    cr_assert_eq(public_key_read(&public, TEXT("RWQ"), NULL), ERR_INVALID);
    cr_assert_eq(public_key_read(&public, TEXT_NONE, NULL), ERR_INVALID);
}

/* ---- secret keys ---- */

static const struct secret_key_cost cheap = {1 << 15, 16 << 20};

Test(secret_key, of_minisign_is_read_and_is_the_public_keys_other_half) {
    struct public_key expected;
    cr_assert_eq(secret_key_read(&secret, TEXT(MINISIGN_SECRET), TEXT_NONE, &error), 0, "%s", error.detail);
    secret_key_public(&secret, &public);
    cr_assert_eq(public_key_read(&expected, TEXT(MINISIGN_PUBLIC), &error), 0);
    cr_assert_eq(memcmp(&public, &expected, sizeof public), 0);
}

Test(secret_key, is_written_and_read_back_with_and_without_a_password) {
    struct secret_key back;
    struct buffer file = {0};
    secret_key_new(&secret, &public);
    cr_assert_eq(secret_key_write(&secret, TEXT_NONE, cheap, &file, &error), 0);
    cr_assert_eq(secret_key_read(&back, buffer_view(&file), TEXT_NONE, &error), 0, "%s", error.detail);
    cr_assert_eq(memcmp(&secret, &back, sizeof back), 0);
    buffer_clear(&file);
    cr_assert_eq(secret_key_write(&secret, TEXT("swordfish"), cheap, &file, &error), 0, "%s", error.detail);
    cr_assert_eq(secret_key_read(&back, buffer_view(&file), TEXT_NONE, NULL), ERR_UNAUTHENTICATED);
    cr_assert_eq(secret_key_read(&back, buffer_view(&file), TEXT("sailfish"), NULL), ERR_UNAUTHENTICATED);
    cr_assert_eq(secret_key_read(&back, buffer_view(&file), TEXT("swordfish"), &error), 0, "%s", error.detail);
    cr_assert_eq(memcmp(&secret, &back, sizeof back), 0);
    buffer_free(&file);
}

Test(secret_key, that_is_damaged_or_none_is_refused) {
    static const char *const none[] = {"", "untrusted comment: x\n", "untrusted comment: x\nRWQ=\n", MINISIGN_PUBLIC};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert_eq(secret_key_read(&secret, text_of(none[i]), TEXT_NONE, NULL), ERR_INVALID, "%s", none[i]);
    char damaged[600];
    snprintf(damaged, sizeof damaged, "%s", MINISIGN_SECRET);
    char *line = strchr(damaged, '\n') + 1;
    line[100] = line[100] == 'A' ? 'B' : 'A'; /* within the key */
    cr_assert_eq(secret_key_read(&secret, text_of(damaged), TEXT_NONE, &error), ERR_INVALID);
    cr_assert_str_eq(error.detail, "it is damaged");
}

/* ---- a bundle and its signature as one file ---- */

Test(envelope, is_read_back_as_it_was_written) {
    struct envelope in = {TEXT("polls.tar.zst"), TEXT("bytes of a bundle"), TEXT("four lines\n")}, out;
    struct buffer file = {0};
    envelope_write(&file, &in);
    cr_assert_eq(file.n % 512, 0);
    cr_assert(envelope_read(&out, buffer_view(&file), &error), "%s", error.detail);
    cr_assert(text_eq(in.name, out.name) && text_eq(in.bundle, out.bundle) && text_eq(in.signature, out.signature));
    buffer_free(&file);
}

Test(envelope, other_files_are_none_and_one_that_holds_more_is_refused) {
    struct envelope in = {TEXT("polls.tar.zst"), TEXT("bytes of a bundle"), TEXT("four lines\n")}, out;
    struct buffer file = {0};
    cr_assert_not(envelope_read(&out, TEXT(""), &error));
    cr_assert_not(envelope_read(&out, TEXT("\x28\xb5\x2f\xfd zstd"), &error));
    envelope_write(&file, &in);
    for (size_t n = 0; n < 4 * 512; n++) /* without the signature's bytes it is not whole */
        if (n < 3 * 512 + in.signature.n) cr_assert_not(envelope_read(&out, text_n(file.at, n), &error), "%zu", n);
    cr_assert_eq(error.code, 0);
    file.at[3 * 512] = 'x';
    cr_assert(envelope_read(&out, buffer_view(&file), &error), "contents are not its affair");
    file.at[2 * 512 - 1] = 'x';
    cr_assert_not(envelope_read(&out, buffer_view(&file), &error), "behind a file's end there is nothing");
    file.at[2 * 512 - 1] = 0;
    buffer_cstr(&file, "more");
    cr_assert_not(envelope_read(&out, buffer_view(&file), &error));
    cr_assert_eq(error.code, ERR_INVALID);
    cr_assert(strstr(error.detail, "a tar of two files"), "%s", error.detail);
    buffer_free(&file);
}
