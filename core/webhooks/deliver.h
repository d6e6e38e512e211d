/* Sends signed messages (Standard Webhooks) to addresses outside: one after the other to each, to all of them at once. Refuses
 * addresses that are not on the public internet unless they are allowed, after the name was resolved. Knows nothing of where messages
 * come from. Blocks: a lane's. */
#ifndef PARLEY_CORE_WEBHOOKS_DELIVER_H
#define PARLEY_CORE_WEBHOOKS_DELIVER_H

#include <stdatomic.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"

struct sockaddr;

struct delivery_message {
    struct text id, type; /* id: the same at each attempt; NUL-terminated, as all texts here */
    struct text body;     /* JSON */
};

/* One receiver's. */
struct delivery {
    struct text url, secret; /* secret: the key as base64 */
    struct delivery_message *messages;
    size_t n;
    size_t done;      /* answered with 2xx, from the first on; sending ends where one is not */
    long status;      /* of the last attempt; 0: nothing was answered */
    char detail[200]; /* why it failed; empty where all are done */
};

struct delivery_options {
    const struct clock *clock; /* borrowed */
    bool allow_private;        /* addresses of this machine and of its networks */
    int timeout_ms;            /* of one message */
    const atomic_bool *stop;   /* set: gives up soon */
};

/* Sends what there is. Each delivery says what came of it. */
void deliver(struct delivery *deliveries, size_t n, const struct delivery_options *options);

enum { DELIVER_SIGNATURE_ROOM = 64 };
/* "v1,BASE64": HMAC-SHA256 of "id.seconds.body". False where the secret is no base64. */
bool deliver_sign(char out[static DELIVER_SIGNATURE_ROOM], struct text secret, struct text id, int64_t seconds,
                  struct text body);
/* Whether an address is on the public internet: not of this machine, of a private, shared, link-local or test network, not
 * multicast; nor an IPv6 address that leads to such an IPv4 one. */
bool deliver_is_public(const struct sockaddr *address);
/* An http or https URL with a host and without a user. */
int deliver_check_url(struct text url, struct error *error);

#endif
