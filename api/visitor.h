/* What a request says of who looks, beyond who she is: a known crawler, or staff with a preview link. Loop thread. */
#ifndef PARLEY_API_VISITOR_H
#define PARLEY_API_VISITOR_H

#include "api/app.h"

/* The context of a decision for this request, without attributes: when, whether a crawler looks, and the variants that valid
 * links in its Parley-Preview header name. The caller adds json and root (visitor_attributes, or its own) and targeting_key. */
struct context visitor_context(struct request *request);
/* Adds the attributes of the header Parley-Context, a JSON object; {} where it was not sent. False: it is none, and that has been
 * answered. */
bool visitor_attributes(struct request *request, struct context *context);
/* Whether the request comes from under a valid preview link: a look, which counts nowhere. */
bool visitor_previews(struct request *request);
/* A link for visitor_context, as "1795334400~product-poll~top~..."; it shows `variant` of `feature` until `expires`, ms. */
struct text visitor_preview(struct request *request, struct text feature, struct text variant, int64_t expires);

#endif
