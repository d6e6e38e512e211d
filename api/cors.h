/* Which pages of other origins may call the shoppers' part of the API from a browser (CORS). Knows nothing of what is called.
 * Any thread. */
#ifndef PARLEY_API_CORS_H
#define PARLEY_API_CORS_H

#include "api/request.h"

/* `origins` is "https://shop.example, https://www.shop.example", or has a "*" for any page, which then gets no cookies.
 * ERR_INVALID names the one that is no origin. */
int cors_check(struct text origins, struct error *error);
/* Says in the answer's headers what the request's origin may do; under /ofrep, /v1, /plugins and for /parley.js only.
 * True: it was a preflight (OPTIONS), which is answered with the methods of `allow`. */
bool cors_answer(struct text origins, struct request *request, bool preflight, const char *allow);

#endif
