/* A request of a further loop, while the first loop answers it. On its own loop it is suspended, as for a lane; on the first one it has
 * the first one's app and is answered like any other; the answer comes back by mail. An answer that is a stream is read on
 * the first loop and carried in chunks, one under way at a time: the next is fetched when that one is sent. */
#ifndef PARLEY_API_AWAY_H
#define PARLEY_API_AWAY_H

#include "api/request.h"

/* Lets `handle` answer on the first loop, at once where this is the first. In the request's handler, as the last thing that it does. */
void away_send(struct request *request, void (*handle)(struct request *request));
/* The request is suspended already and goes on in what the caller hands to the first loop by itself, as a lane's job with this app's
 * mailbox as its reply_to: the first loop's app, which is the request's from now on. */
struct app *away_begin(struct request *request);

/* For server_requests.c and request.c. On the first loop: the answer stands; the stream has something to read again. */
void away_answered(struct request *request);
void away_wake(struct request *request);
/* Puts carrying between request->source and the connection. On the first loop, before the answer. */
void away_carry(struct request *request);
/* Whether the request is an away one whose stream is still to be closed on the first loop: then server_released comes later. */
bool away_closes(const struct request *request);

#endif
