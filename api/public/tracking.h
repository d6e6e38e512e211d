/* What the ways in share: a body is read into records, kept by the journal, its keys are joined, and only then answered
 * with how many were accepted. */
#ifndef PARLEY_API_PUBLIC_TRACKING_H
#define PARLEY_API_PUBLIC_TRACKING_H

#include "api/request.h"
#include "core/journal/segment.h"

enum {
    TRACKING_BODY = 1024 * 1024,
    TRACKING_BATCH_BODY = 4 * 1024 * 1024,
    TRACKING_ROLES = ROLE_SERVER | ROLE_BROWSER,
    TRACKING_HOW = ROUTE_BASIC | ROUTE_SHOPPER | ROUTE_ANY_LOOP
};

struct tracking_body {
    /* On any thread: fills `out`, or sets `error`. Memory comes from the request's arena. */
    void (*read)(const struct tracking_body *body, struct request *request, const struct segment_caller *caller,
                 int64_t received, struct segment_intake *out, struct error *error);
    int form;            /* the reader's own */
    struct text headers; /* likewise */
};

/* Takes the request and answers it: 202, or what went wrong. Loop thread. */
void tracking_take(struct request *request, struct tracking_body body);

#endif
