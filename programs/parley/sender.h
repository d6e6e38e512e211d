/* Sends a long run of requests over a few connections at once, and goes on where the server is away for a while:
 * what was not acknowledged is sent again. On one connection requests keep their order: the next one is made when
 * the one before is acknowledged. One thread. Knows nothing of what is sent. */
#ifndef PARLEY_PROGRAMS_PARLEY_SENDER_H
#define PARLEY_PROGRAMS_PARLEY_SENDER_H

#include "programs/parley/client.h"

enum { SENDER_LANES = 64 };

enum sender_next {
    SENDER_REQUEST, /* the body is there */
    SENDER_LATER,   /* not yet: it is asked again soon */
    SENDER_DONE,    /* none is left for this lane */
};

struct sender {
    const struct client *client;
    const char *path; /* POSTed to, with JSON */
    size_t lanes;     /* connections, 1 to SENDER_LANES */
    int64_t patience; /* ms that the server may stay away before sending gives up */
    /* Puts the lane's next request into the empty `body`. */
    enum sender_next (*next)(void *user, size_t lane, struct buffer *body);
    /* A 2xx answer to it. EXIT_OK, or what to end with. */
    enum exit_code (*answered)(void *user, size_t lane, const struct answer *answer);
    void (*tick)(void *user); /* many times a second */
    void *user;
};

/* Sends everything. EXIT_OK; or what `answered` said; or, said on stderr, what a refusal comes to, or
 * EXIT_TRY_AGAIN where patience ended. Tells on stderr when the server goes away and when it is back. */
enum exit_code sender_run(const struct sender *sender);

#endif
