/* Webhooks in the main database: who is told of what, how far each has been told, and what was given up. All of it on the
 * store lane; every change by a person is audited, never with the secret. */
#ifndef PARLEY_CORE_WEBHOOKS_WEBHOOK_H
#define PARLEY_CORE_WEBHOOKS_WEBHOOK_H

#include "core/base/arena.h"
#include "core/base/json_write.h"
#include "core/store/audit.h"

enum {
    WEBHOOK_PATTERNS = 32,
    WEBHOOK_PATTERN_BYTES = 300,
    WEBHOOK_URL_BYTES = 2000,
    WEBHOOK_SECRET_ROOM = 64, /* "whsec_" and 32 bytes as base64 */
    WEBHOOK_MOST = 100
};

struct webhook {
    struct text id, url, secret, events, note; /* events: patterns, one a line */
    bool enabled;
    int64_t created, audit_position, event_position, attempts, next_at, delivered, dead, last_at, last_status;
    struct text last_error;
};

/* Whether a message of that type is wanted: a pattern is the type, or its beginning and a star. */
bool webhook_wants(const struct webhook *webhook, struct text type);
/* Whether any pattern asks for what customers do ("event:...", "page:...", "exposure:...", "customer:..."). */
bool webhook_wants_events(const struct webhook *webhook);

/* Told of everything after these positions. `secret` takes what is shown once. ERR_CONFLICT where there are too many. */
int webhook_create(struct sql *sql, struct arena *arena, struct webhook *webhook, struct text actor, int64_t now,
                   char secret[static WEBHOOK_SECRET_ROOM], struct error *error);
int webhook_get(struct sql *sql, struct arena *arena, struct text id, struct webhook *webhook, struct error *error);
/* In the order of their ids, after `after`. */
int webhook_list(struct sql *sql, struct arena *arena, struct text after, size_t limit, struct webhook **list,
                 size_t *n, struct error *error);
/* url, events, note and enabled of `webhook`; it is tried again at once. */
int webhook_update(struct sql *sql, struct arena *arena, const struct webhook *webhook, struct text actor, int64_t now,
                   struct error *error);
int webhook_delete(struct sql *sql, struct arena *arena, struct text id, struct text actor, int64_t now,
                   struct error *error);
/* Tells again what comes after these positions; a negative one stays. */
int webhook_replay(struct sql *sql, struct arena *arena, struct text id, int64_t audit, int64_t event,
                   struct text actor, int64_t now, struct error *error);
/* Without its secret; with `dead`, the messages given up, the newest hundred. */
void webhook_write(struct json_writer *w, const struct webhook *webhook);
int webhook_write_dead(struct sql *sql, struct json_writer *w, struct text id, struct error *error);

#endif
