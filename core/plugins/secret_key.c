#include "core/plugins/secret_key.h"

#include <sodium.h>

/* As they lie in base64 (minisign.h, struct SeckeyStruct). Bytes alone: no padding. */
struct packed {
    unsigned char algorithm[2], kdf[2], checksum_kind[2], salt[32], operations[8], memory[8];
    struct hidden {
        unsigned char id[KEY_ID], key[64], checksum[32];
    } hidden; /* encrypted by the password's stream */
};

static uint64_t number(const unsigned char bytes[static 8]) {
    uint64_t n = 0;
    for (int i = 7; i >= 0; i--) n = n << 8 | bytes[i];
    return n;
}

static void put_number(unsigned char out[static 8], uint64_t n) {
    for (int i = 0; i < 8; i++) out[i] = (unsigned char)(n >> 8 * i);
}

static void checksum(unsigned char out[static 32], const struct packed *packed) {
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, 32);
    crypto_generichash_update(&state, packed->algorithm, sizeof packed->algorithm);
    crypto_generichash_update(&state, packed->hidden.id, sizeof packed->hidden.id);
    crypto_generichash_update(&state, packed->hidden.key, sizeof packed->hidden.key);
    crypto_generichash_final(&state, out, 32);
}

/* Encrypts, and decrypts. */
static int mask(struct packed *packed, struct text password, struct error *error) {
    unsigned char stream[sizeof packed->hidden], *hidden = (unsigned char *)&packed->hidden;
    uint64_t memory = number(packed->memory);
    if (memory > 2ull << 30)
        return error_set(error, ERR_INVALID, "the key's password would take %llu MiB to try",
                         (unsigned long long)(memory >> 20));
    if (crypto_pwhash_scryptsalsa208sha256(stream, sizeof stream, password.at ? password.at : "", password.n,
                                           packed->salt, number(packed->operations), (size_t)memory) != 0)
        return error_set(error, ERR_NO_MEMORY, "no memory (%llu MiB) to turn the password into a key",
                         (unsigned long long)(memory >> 20));
    for (size_t i = 0; i < sizeof stream; i++) hidden[i] ^= stream[i];
    sodium_memzero(stream, sizeof stream);
    return 0;
}

void secret_key_public(const struct secret_key *key, struct public_key *out) {
    memcpy(out->id, key->id, sizeof out->id);
    crypto_sign_ed25519_sk_to_pk(out->key, key->key);
}

void secret_key_new(struct secret_key *key, struct public_key *its_public) {
    crypto_sign_keypair(its_public->key, key->key);
    randombytes_buf(key->id, sizeof key->id);
    memcpy(its_public->id, key->id, sizeof key->id);
}

int secret_key_write(const struct secret_key *key, struct text password, struct secret_key_cost cost,
                     struct buffer *out, struct error *error) {
    struct packed packed = {.algorithm = {'E', 'd'}, .checksum_kind = {'B', '2'}};
    char text[sodium_base64_ENCODED_LEN(sizeof packed, sodium_base64_VARIANT_ORIGINAL)];
    int rc = 0;
    memcpy(packed.hidden.id, key->id, sizeof key->id);
    memcpy(packed.hidden.key, key->key, sizeof key->key);
    checksum(packed.hidden.checksum, &packed);
    if (password.n) {
        memcpy(packed.kdf, "Sc", 2);
        randombytes_buf(packed.salt, sizeof packed.salt);
        put_number(packed.operations, cost.operations);
        put_number(packed.memory, cost.memory);
        rc = mask(&packed, password, error);
    }
    if (rc == 0) {
        sodium_bin2base64(text, sizeof text, (const unsigned char *)&packed, sizeof packed,
                          sodium_base64_VARIANT_ORIGINAL);
        buffer_printf(out, "untrusted comment: minisign %ssecret key\n%s\n", password.n ? "encrypted " : "", text);
        sodium_memzero(text, sizeof text);
    }
    sodium_memzero(&packed, sizeof packed);
    return rc;
}

static int unpack(struct packed *packed, struct text file, struct error *error) {
    struct text comment, line, rest;
    size_t got = 0;
    text_cut(file, '\n', &comment, &rest);
    text_cut(rest, '\n', &line, &rest);
    line = text_trim(line);
    bool whole = text_starts(comment, TEXT("untrusted comment: ")) && line.n &&
                 sodium_base642bin((unsigned char *)packed, sizeof *packed, line.at, line.n, NULL, &got, NULL,
                                   sodium_base64_VARIANT_ORIGINAL) == 0 &&
                 got == sizeof *packed;
    if (whole && memcmp(packed->algorithm, "Ed", 2) == 0 && memcmp(packed->checksum_kind, "B2", 2) == 0) return 0;
    return error_set(
        error, ERR_INVALID,
        "it is no secret key as minisign writes it: the one that signs is NAME.key of parley plugin keygen NAME");
}

/* minisign leaves the checksum of a key without password empty: then the key's two halves must belong together. */
static bool consistent(const struct packed *packed) {
    unsigned char seed[32], its_public[32], key[64];
    crypto_sign_ed25519_sk_to_seed(seed, packed->hidden.key);
    crypto_sign_seed_keypair(its_public, key, seed);
    bool same = sodium_memcmp(key, packed->hidden.key, sizeof key) == 0;
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(key, sizeof key);
    return same;
}

static int open_packed(struct packed *packed, struct text password, struct error *error) {
    static const unsigned char plain[2];
    unsigned char sum[32];
    if (memcmp(packed->kdf, plain, 2) != 0) {
        if (memcmp(packed->kdf, "Sc", 2) != 0)
            return error_set(error, ERR_INVALID, "it is encrypted in a way that is not known here");
        if (!password.n) return error_set(error, ERR_UNAUTHENTICATED, "it is encrypted: its password is needed");
        int rc = mask(packed, password, error);
        if (rc < 0) return rc;
    }
    checksum(sum, packed);
    if (!password.n && sodium_is_zero(packed->hidden.checksum, sizeof sum) && consistent(packed)) return 0;
    if (sodium_memcmp(sum, packed->hidden.checksum, sizeof sum) == 0) return 0;
    return password.n ? error_set(error, ERR_UNAUTHENTICATED, "that is not its password")
                      : error_set(error, ERR_INVALID, "it is damaged");
}

int secret_key_read(struct secret_key *key, struct text file, struct text password, struct error *error) {
    struct packed packed;
    int rc = unpack(&packed, file, error);
    if (rc == 0) rc = open_packed(&packed, password, error);
    if (rc == 0) {
        memcpy(key->id, packed.hidden.id, sizeof key->id);
        memcpy(key->key, packed.hidden.key, sizeof key->key);
    }
    sodium_memzero(&packed, sizeof packed);
    return rc;
}
