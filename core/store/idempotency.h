/* What a POST with an Idempotency-Key was answered, so that the same request sent again creates nothing a second time and
 * gets the same answer. Remembered for 24 hours, per actor. On the lane of the connection.
 *
 * In one transaction: idempotency_find; where it says 0, do the work, then idempotency_keep. Failures are not kept: a
 * request that failed may be sent again with its key. */
#ifndef PARLEY_CORE_STORE_IDEMPOTENCY_H
#define PARLEY_CORE_STORE_IDEMPOTENCY_H

#include "core/store/sql.h"

struct idempotency {
    struct text actor, key; /* who sent it, and the header's value */
    struct text request;    /* what makes it this request and no other: method, path and body. Kept as a hash */
    int64_t now;            /* ms since 1970 */
};

struct idempotency_answer {
    int status;
    struct text body;
};

/* 1 with the answer given before (body in the arena); 0 where the key is new; ERR_CONFLICT where the key came with another
 * request. */
int idempotency_find(struct sql *sql, struct arena *arena, const struct idempotency *id,
                     struct idempotency_answer *answer, struct error *error);
/* Also forgets what is older than 24 hours. */
int idempotency_keep(struct sql *sql, const struct idempotency *id, struct idempotency_answer answer,
                     struct error *error);

#endif
