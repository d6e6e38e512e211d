/* The loops that serve: the first one, which owns all state, and further ones, each with a thread, a server and an app of its own that
 * shares what routes with ROUTE_ANY_LOOP read (docs/decisions/027). With one loop: its server, and nothing else. First loop's thread. */
#ifndef PARLEY_API_LOOPS_H
#define PARLEY_API_LOOPS_H

#include "api/app.h"

struct loops;

struct loops_options {
    unsigned n;       /* 1: the first alone */
    const char *host; /* "127.0.0.1", "::", ... */
    int port;         /* 0 picks one */
    unsigned max_connections;
    size_t ring;                 /* bytes of each further loop's way into the journal */
    const struct router *router; /* borrowed */
};

enum { LOOPS_MOST = 32 };

/* Listens and serves; `app->loops` from then on. Everything that `app` has is open. The error names address and reason. */
int loops_start(struct app *app, const struct loops_options *options, struct error *error);
int loops_port(const struct loops *loops);
/* All loops stop accepting and finish what is in flight (answers say Connection: close); then `drained` is called. */
void loops_drain(struct loops *loops, void (*drained)(void *user), void *user);
/* After drained: ends all connections and threads; `app->loops` is NULL then. Freed with the loop's next turns. */
void loops_stop(struct loops *loops);
/* Where draining took too long: ends the further threads where they are. Returns how many requests were not answered. The process is to end. */
int loops_abandon(struct loops *loops);
/* After that, before what requests use is closed: the first loop answers no more either. */
void loops_mute(struct loops *loops);

#endif
