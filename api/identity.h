/* Who the shopper is: the shop's JWT, a server's word (Parley-Act-As), or the signed anonymous cookie. Knows nothing of
 * tokens' roles but which may act for others. */
#ifndef PARLEY_API_IDENTITY_H
#define PARLEY_API_IDENTITY_H

#include "api/request.h"

struct identity_keys {
    char server[65];      /* hex; signs cookies and links; made once per data folder */
    struct text shop_jwt; /* the shop's secret for HS256; empty: JWTs are refused */
    bool secure_cookies;  /* the public URL is https */
};

/* Fills caller.customer and .known from the headers. False: it has answered (401 for a bad JWT, 403 for Act-As by a role
 * that may not). A bad or missing cookie is nobody. Loop thread. */
bool identity_establish(struct request *request, const struct identity_keys *keys);
/* Makes the caller an anonymous visitor with a new signed cookie where nobody is known yet. */
void identity_welcome(struct request *request, const struct identity_keys *keys, int64_t now);

#endif
