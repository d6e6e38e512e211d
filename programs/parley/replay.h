/* `parley replay`: a shop's past orders, out of a CSV file, told to Parley as if they happened now, so that a trial
 * can be judged on history. */
#ifndef PARLEY_PROGRAMS_PARLEY_REPLAY_H
#define PARLEY_PROGRAMS_PARLEY_REPLAY_H

#include "programs/parley/call.h"
#include "programs/parley/orders.h"

enum exit_code replay_run(struct call *call);

/* What is told, in the order of its happening: an order, or that a customer met her variant. */
struct replay_events {
    struct order **list; /* of one lane, by time */
    size_t n, next;
    bool viewed; /* the exposure in front of list[next] was told */
};

enum { REPLAY_BATCH_BYTES = 3 * 1024 * 1024, REPLAY_EVENT_BYTES = 32 * 1024 };

/* Puts {"batch":[...]} of at most `most` events into `body` and moves on; returns how many (0: none are left).
 * `experiment` may be empty; a customer's variant key is customer->user (NULL: she is not in it). Message ids
 * depend on what is told alone, so that telling it again changes nothing. *without_products counts orders too long
 * to list their products. */
size_t replay_batch(struct replay_events *events, struct text experiment, struct text currency, size_t most,
                    struct buffer *body, size_t *without_products);

#endif
