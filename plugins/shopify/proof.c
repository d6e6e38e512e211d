/* Who sent it: only the shop system and Parley know the secret, so only a body that was signed with it counts. */
#include "plugins/base64.h"
#include "plugins/shopify/shop.h"

enum { DIGEST = 32, BASE64 = 44 };

int proof_check(parley_call *c, const struct shop *shop) {
    unsigned char digest[DIGEST];
    char expected[BASE64];
    if (!parley->hmac(c, parley->source(c), digest))
        return parley->fail(c, 409,
                            "this connector is not configured: give parleyd the secret that the shop signs its webhooks"
                            " with, plugins.shopify.secret (or PARLEY_PLUGINS_SHOPIFY_SECRET), and start it again");
    base64_write(digest, DIGEST, expected);
    const parley_text given = parley->header(c, shop->signature);
    if (given.n == BASE64 && base64_same(expected, given.at, BASE64)) return 0;
    parley->count(c, "refused", 1);
    return parley_fail(c, 401, "the header {} is not this body's signature under the secret that Parley has",
                       shop->signature);
}
