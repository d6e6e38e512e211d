/* Whose order it is. A customer is named by the shop's own number, which the shop's pages give Parley too (the JWT's `sub`); a guest by
 * what her orders have in common, the e-mail, of which only a keyed hash leaves this plugin. */
#include "plugins/shopify/shop.h"

enum { HASH = 16 /* bytes of it */, EMAIL_MOST = 320 };

static parley_text text_of(const char *text) {
    return (parley_text){text, __builtin_strlen(text)};
}

/* "guest:9f86d0..." for an e-mail in whatever case; the key is this plugin's secret, so nobody finds it by trying addresses. */
static parley_text guest(parley_call *c, parley_text email) {
    static const char digits[] = "0123456789abcdef", prefix[] = "guest:";
    unsigned char digest[32];
    char *lower = parley->alloc(c, email.n), *id = parley->alloc(c, sizeof prefix + 2 * (size_t)HASH), *out = id;
    for (size_t i = 0; i < email.n; i++)
        lower[i] = (char)(email.at[i] >= 'A' && email.at[i] <= 'Z' ? email.at[i] + 'a' - 'A' : email.at[i]);
    if (!parley->hmac(c, (parley_text){lower, email.n}, digest)) return (parley_text){0};
    for (const char *p = prefix; *p; p++) *out++ = *p;
    for (int i = 0; i < HASH; i++) {
        *out++ = digits[digest[i] >> 4];
        *out++ = digits[digest[i] & 15];
    }
    return text_of(id);
}

struct person person_of(parley_call *c, parley_text customer, parley_text email, parley_text order) {
    if (parley_some(customer)) return (struct person){customer, true};
    if (parley_some(email) && email.n <= EMAIL_MOST) return (struct person){guest(c, email), false};
    if (parley_some(order)) return (struct person){text_of(parley_format(c, "order:{}", order)), false};
    return (struct person){0};
}

int person_concern(parley_call *c, const struct delivery *delivery, struct person person) {
    int rc = parley_sql(c, "INSERT INTO person (id, shop, known) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", person.id,
                        delivery->domain, person.known);
    return rc < 0 ? rc : parley->concern(c, person.id, person.known);
}
