#include "core/plugins/signature.h"

#include <assert.h>
#include <sodium.h>

#define UNTRUSTED "untrusted comment: "
#define TRUSTED   "trusted comment: "

enum { BASE64 = sodium_base64_VARIANT_ORIGINAL };

/* As they lie in base64. Bytes alone: no padding. */
struct packed_key {
    unsigned char algorithm[2], id[KEY_ID], key[32];
};
struct packed_signature {
    unsigned char algorithm[2], id[KEY_ID], signature[SIGNATURE_BYTES];
};

void key_id_text(char out[static KEY_ID_TEXT], const unsigned char id[static KEY_ID]) {
    for (int i = 0; i < KEY_ID; i++) { /* a little-endian number */
        out[2 * i] = "0123456789ABCDEF"[id[KEY_ID - 1 - i] >> 4];
        out[2 * i + 1] = "0123456789ABCDEF"[id[KEY_ID - 1 - i] & 15];
    }
    out[KEY_ID_TEXT - 1] = 0;
}

/* Exactly `n` bytes. */
static bool from_base64(void *out, size_t n, struct text line) {
    size_t got;
    return line.n && sodium_base642bin(out, n, line.at, line.n, NULL, &got, NULL, BASE64) == 0 && got == n;
}

static void to_base64(struct buffer *out, const void *bytes, size_t n) {
    size_t room = sodium_base64_ENCODED_LEN(n, BASE64);
    sodium_bin2base64(buffer_reserve(out, room), room, bytes, n, BASE64);
    out->n += room - 1;
    buffer_byte(out, '\n');
}

/* ---- keys ---- */

int public_key_read(struct public_key *key, struct text line, struct error *error) {
    struct packed_key packed;
    if (!from_base64(&packed, sizeof packed, text_trim(line)) || memcmp(packed.algorithm, "Ed", 2) != 0)
        return error_set(error, ERR_INVALID, "'%.*s' is no public key as minisign writes it",
                         line.n > 60 ? 60 : (int)line.n, line.n ? line.at : "");
    memcpy(key->id, packed.id, sizeof key->id);
    memcpy(key->key, packed.key, sizeof key->key);
    return 0;
}

void public_key_write(const struct public_key *key, struct buffer *out) {
    struct packed_key packed = {.algorithm = {'E', 'd'}};
    char id[KEY_ID_TEXT];
    memcpy(packed.id, key->id, sizeof packed.id);
    memcpy(packed.key, key->key, sizeof packed.key);
    key_id_text(id, key->id);
    buffer_printf(out, UNTRUSTED "minisign public key %s\n", id);
    to_base64(out, &packed, sizeof packed);
}

/* ---- signatures ---- */

/* The next line, without its end. */
static struct text line_of(struct text *rest) {
    struct text line;
    text_cut(*rest, '\n', &line, rest);
    if (text_ends(line, TEXT("\r"))) line.n--;
    return line;
}

int signature_read(struct signature *signature, struct text file, struct error *error) {
    struct text untrusted = line_of(&file), first = line_of(&file), trusted = line_of(&file), second = line_of(&file);
    struct packed_signature packed;
    *signature = (struct signature){.hashed = false};
    if (!text_starts(untrusted, TEXT(UNTRUSTED)) || !text_starts(trusted, TEXT(TRUSTED)) ||
        trusted.n > sizeof TRUSTED - 1 + SIGNATURE_COMMENT || !from_base64(&packed, sizeof packed, first) ||
        !from_base64(signature->of_comment, sizeof signature->of_comment, second) || text_trim(file).n)
        return error_set(error, ERR_INVALID, "the signature is none of minisign's: four lines, two of them comments");
    if (packed.algorithm[0] != 'E' || (packed.algorithm[1] != 'D' && packed.algorithm[1] != 'd'))
        return error_set(error, ERR_INVALID, "the signature is made in a way that is not known here: only ed25519 is");
    signature->hashed = packed.algorithm[1] == 'D';
    memcpy(signature->id, packed.id, sizeof packed.id);
    memcpy(signature->of_file, packed.signature, sizeof packed.signature);
    signature->comment = text_n(trusted.at + sizeof TRUSTED - 1, trusted.n - (sizeof TRUSTED - 1));
    return 0;
}

static struct text hash_of(struct text bytes, unsigned char hash[static crypto_generichash_BYTES_MAX]) {
    crypto_generichash(hash, crypto_generichash_BYTES_MAX, (const unsigned char *)bytes.at, bytes.n, NULL, 0);
    return text_n((const char *)hash, crypto_generichash_BYTES_MAX);
}

/* What the second signature is over: the first one and the comment. */
static struct buffer bound(const unsigned char of_file[static SIGNATURE_BYTES], struct text comment) {
    struct buffer both = {0};
    buffer_put(&both, of_file, SIGNATURE_BYTES);
    buffer_text(&both, comment);
    return both;
}

static bool made_by(const struct public_key *key, const unsigned char signature[static SIGNATURE_BYTES],
                    struct text bytes) {
    return crypto_sign_verify_detached(signature, (const unsigned char *)(bytes.at ? bytes.at : ""), bytes.n,
                                       key->key) == 0;
}

int signature_verify(const struct signature *signature, const struct public_key *key, struct text bytes,
                     struct error *error) {
    unsigned char hash[crypto_generichash_BYTES_MAX];
    if (memcmp(signature->id, key->id, KEY_ID) != 0 ||
        !made_by(key, signature->of_file, signature->hashed ? hash_of(bytes, hash) : bytes))
        return error_set(error, ERR_INVALID,
                         "the signature does not fit: the bundle is not the one that was signed. Fetch it again");
    struct buffer both = bound(signature->of_file, signature->comment);
    bool fits = made_by(key, signature->of_comment, buffer_view(&both));
    buffer_free(&both);
    if (fits) return 0;
    return error_set(error, ERR_INVALID, "the signature's trusted comment is not the one that was signed");
}

void signature_write(struct buffer *out, const struct secret_key *key, struct text bytes, struct text comment) {
    unsigned char hash[crypto_generichash_BYTES_MAX], second[SIGNATURE_BYTES];
    struct packed_signature packed = {.algorithm = {'E', 'D'}};
    assert(comment.n <= SIGNATURE_COMMENT);
    struct text hashed = hash_of(bytes, hash);
    memcpy(packed.id, key->id, sizeof packed.id);
    crypto_sign_detached(packed.signature, NULL, (const unsigned char *)hashed.at, hashed.n, key->key);
    struct buffer both = bound(packed.signature, comment);
    crypto_sign_detached(second, NULL, (const unsigned char *)both.at, both.n, key->key);
    buffer_free(&both);
    buffer_cstr(out, UNTRUSTED "signature by parley plugin sign\n");
    to_base64(out, &packed, sizeof packed);
    buffer_printf(out, TRUSTED "%.*s\n", TEXT_ARGS(comment));
    to_base64(out, second, sizeof second);
}
