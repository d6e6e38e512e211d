/* Who sent it: only the shop system and Parley know the secret, so only a body that was signed with it counts. */
#include "plugins/shopify/shop.h"

enum { DIGEST = 32, BASE64 = 44 };

static void encode(char out[static BASE64], const unsigned char digest[static DIGEST]) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0, o = 0; i < DIGEST; i += 3) {
        size_t left = DIGEST - i;
        uint32_t three = (uint32_t)digest[i] << 16;
        if (left > 1) three |= (uint32_t)digest[i + 1] << 8;
        if (left > 2) three |= digest[i + 2];
        out[o++] = letters[three >> 18];
        out[o++] = letters[three >> 12 & 63];
        out[o++] = left > 1 ? letters[three >> 6 & 63] : '=';
        out[o++] = left > 2 ? letters[three & 63] : '=';
    }
}

/* In a time that does not tell how much of it is right. */
static bool same(const char expected[static BASE64], parley_text given) {
    unsigned char different = 0;
    if (given.n != BASE64) return false;
    for (size_t i = 0; i < BASE64; i++) different |= (unsigned char)(expected[i] ^ given.at[i]);
    return different == 0;
}

int proof_check(parley_call *c, const struct shop *shop) {
    unsigned char digest[DIGEST];
    char expected[BASE64];
    if (!parley->hmac(c, parley->source(c), digest))
        return parley->fail(c, 409,
                            "this connector is not configured: give parleyd the secret that the shop signs its webhooks"
                            " with, plugins.shopify.secret (or PARLEY_PLUGINS_SHOPIFY_SECRET), and start it again");
    encode(expected, digest);
    if (same(expected, parley->header(c, shop->signature))) return 0;
    parley->count(c, "refused", 1);
    return parley_fail(c, 401, "the header {} is not this body's signature under the secret that Parley has",
                       shop->signature);
}
