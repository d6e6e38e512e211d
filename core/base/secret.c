#include "core/base/secret.h"

#include <sodium.h>

#include "core/base/error.h"

int secret_init(void) {
    return sodium_init() < 0 ? ERR_INTERNAL : 0;
}

void secret_bytes(void *out, size_t n) {
    randombytes_buf(out, n);
}

void id_new(char out[static ID_ROOM], int64_t now_ms) {
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    unsigned char random[16];
    secret_bytes(random, sizeof random);
    for (int i = 9; i >= 0; i--) {
        out[i] = digits[now_ms & 31];
        now_ms >>= 5;
    }
    for (int i = 0; i < 16; i++) out[10 + i] = digits[random[i] & 31];
    out[26] = 0;
}

void secret_hash(unsigned char out[static SECRET_HASH_BYTES], struct text t) {
    crypto_generichash(out, SECRET_HASH_BYTES, (const unsigned char *)t.at, t.n, NULL, 0);
}

void secret_hash_hex(char out[static SECRET_HASH_HEX], struct text t) {
    unsigned char hash[SECRET_HASH_BYTES];
    secret_hash(hash, t);
    sodium_bin2hex(out, SECRET_HASH_HEX, hash, sizeof hash);
}

void secret_hmac(unsigned char out[static SECRET_HASH_BYTES], struct text key, struct text message) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.at, key.n);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)message.at, message.n);
    crypto_auth_hmacsha256_final(&state, out);
}

void secret_sign(char out[static SECRET_HASH_HEX], struct text key, struct text message) {
    unsigned char mac[SECRET_HASH_BYTES];
    secret_hmac(mac, key, message);
    sodium_bin2hex(out, SECRET_HASH_HEX, mac, sizeof mac);
}

bool secret_equal(struct text a, struct text b) {
    return a.n == b.n && sodium_memcmp(a.at, b.at, a.n) == 0;
}
