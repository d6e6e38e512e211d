/* What a sender of webhooks signs with. */
#ifndef PARLEY_TESTS_PLUGINS_SIGNATURE_H
#define PARLEY_TESTS_PLUGINS_SIGNATURE_H

#include <sodium.h>
#include <string.h>

/* HMAC-SHA256 as base64, by an independent way: a table of sextets over a string of bits. Static memory, one at a time. */
static inline const char *signature(const char *secret, const char *body) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static char out[45];
    unsigned char mac[crypto_auth_hmacsha256_BYTES + 1] = {0};
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, strlen(body));
    crypto_auth_hmacsha256_final(&state, mac);
    for (int i = 0; i < 43; i++) {
        int bit = i * 6, byte = bit / 8, two = mac[byte] << 8 | mac[byte + 1];
        out[i] = letters[two >> (10 - bit % 8) & 63];
    }
    out[43] = '=';
    return out;
}

#endif
