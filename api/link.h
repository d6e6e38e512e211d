/* Signed, expiring words that stand in a URL or a header: what they allow is in them, so nothing is stored. Knows nothing of
 * what they are for but a purpose, which keeps one kind from passing as another. Any thread. */
#ifndef PARLEY_API_LINK_H
#define PARLEY_API_LINK_H

#include "api/identity.h"

/* `payload` of letters, digits, '.', '_', '-' and '~' is readable in the link; `expires` is ms since 1970, kept to the
 * second. In `arena`. */
struct text link_sign(const struct identity_keys *keys, const char *purpose, struct text payload, int64_t expires,
                      struct arena *arena);
/* True where it was signed here for that purpose and has not expired; the payload is a view into `link`. */
bool link_check(const struct identity_keys *keys, const char *purpose, struct text link, int64_t now,
                struct text *payload);

#endif
