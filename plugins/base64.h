/* Base64 of RFC 4648, with padding, for plugins that write bytes into texts. */
#ifndef PLUGINS_BASE64_H
#define PLUGINS_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static const char base64_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Into `out`, which has room for 4 * ((n + 2) / 3) characters and gets no NUL. Returns how many were written. */
static inline size_t base64_write(const unsigned char *at, size_t n, char *out) {
    size_t o = 0;
    for (size_t i = 0; i < n; i += 3) {
        const uint32_t next = i + 1 < n ? at[i + 1] : 0, last = i + 2 < n ? at[i + 2] : 0;
        const uint32_t bits = (uint32_t)at[i] << 16 | next << 8 | last;
        out[o++] = base64_letters[bits >> 18];
        out[o++] = base64_letters[bits >> 12 & 63];
        out[o++] = i + 1 < n ? base64_letters[bits >> 6 & 63] : '=';
        out[o++] = i + 2 < n ? base64_letters[bits & 63] : '=';
    }
    return o;
}

/* Whether two texts of the same length are the same, in a time that does not tell how much of them is: for signatures. */
static inline bool base64_same(const char *expected, const char *given, size_t n) {
    unsigned char different = 0;
    for (size_t i = 0; i < n; i++) different |= (unsigned char)(expected[i] ^ given[i]);
    return different == 0;
}

#endif
