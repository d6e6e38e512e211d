#include "api/link.h"

#include <stdio.h>

#include "core/base/secret.h"

enum { SIGNATURE_DIGITS = 32, SIGNED_MOST = 512 };

/* The first 128 bits of HMAC-SHA256 over purpose and content, in hex; false where the content is too long to be ours. */
static bool signature(char out[static SECRET_HASH_HEX], const struct identity_keys *keys, const char *purpose,
                      struct text content) {
    char message[SIGNED_MOST];
    int n = snprintf(message, sizeof message, "%s:%.*s", purpose, TEXT_ARGS(content));
    if (n < 0 || n >= (int)sizeof message) return false;
    secret_sign(out, text_of(keys->server), text_n(message, (size_t)n));
    out[SIGNATURE_DIGITS] = 0;
    return true;
}

struct text link_sign(const struct identity_keys *keys, const char *purpose, struct text payload, int64_t expires,
                      struct arena *arena) {
    char signed_as[SECRET_HASH_HEX] = "";
    struct text content = arena_printf(arena, "%lld~%.*s", (long long)(expires / 1000), TEXT_ARGS(payload));
    signature(signed_as, keys, purpose, content);
    return arena_printf(arena, "%.*s~%s", TEXT_ARGS(content), signed_as);
}

bool link_check(const struct identity_keys *keys, const char *purpose, struct text link, int64_t now,
                struct text *payload) {
    char expected[SECRET_HASH_HEX];
    struct text expires;
    int64_t seconds;
    if (link.n <= SIGNATURE_DIGITS + 1 || link.at[link.n - SIGNATURE_DIGITS - 1] != '~') return false;
    struct text content = text_n(link.at, link.n - SIGNATURE_DIGITS - 1);
    struct text shown = text_n(link.at + link.n - SIGNATURE_DIGITS, SIGNATURE_DIGITS);
    if (!signature(expected, keys, purpose, content) || !secret_equal(text_of(expected), shown)) return false;
    return text_cut(content, '~', &expires, payload) && text_to_int(expires, &seconds) && now / 1000 < seconds;
}
