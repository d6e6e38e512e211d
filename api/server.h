/* HTTP on a libuv loop: libmicrohttpd with external epoll, driven by the loop (facts.md), requests pooled with their arenas,
 * bodies gathered within the route's limit, answers given at once or later. Knows nothing of what is answered. */
#ifndef PARLEY_API_SERVER_H
#define PARLEY_API_SERVER_H

#include <pthread.h>
#include <sys/socket.h>
#include <uv.h>

#include "api/request.h"
#include "core/base/log.h"
#include "core/base/telemetry.h"

struct server;

enum server_turn { SERVER_TURN_BEGINS, SERVER_TURN_ENDS };

struct server_options {
    uv_loop_t *loop;
    int listen_fd; /* accepts from it (listen.h) and closes it; -1: connections come by server_add */
    unsigned max_connections;
    struct app *app; /* borrowed; passed to handlers */
    /* Of a further loop: where requests are answered whose route has no ROUTE_ANY_LOOP, and what is held for reading while a handler looks at
     * `app`. NULL on the first loop. */
    struct app *home;
    pthread_rwlock_t *gate;
    unsigned number;             /* of the loop: 0 is the first */
    const struct router *router; /* borrowed */
    /* First of all, with the headers known, also where there is no route; `options`: by method OPTIONS. True: answered. */
    bool (*arrive)(struct request *request, const struct route_match *match, bool options);
    bool (*admit)(struct request *request); /* authentication; false: it has answered. Headers are known, no body yet */
    /* Around each turn, in which any number of requests are handled. */
    void (*turn)(struct app *app, enum server_turn turn);
    const struct log *log;
    struct telemetry *telemetry;
};

/* Serves. On the loop's thread, or before it runs. */
int server_start(struct server **server, const struct server_options *options, struct error *error);
/* One more connection, accepted from `from`; `fd` is the server's. Any thread. */
void server_add(struct server *server, int fd, const struct sockaddr_storage *from, socklen_t n);
/* How many connections there are or are under way to it. Any thread. */
int64_t server_connections(const struct server *server);
/* Stops accepting, lets requests in flight finish (answers say Connection: close), then calls `drained` on the loop. */
void server_drain(struct server *server, void (*drained)(void *user), void *user);
/* After drained, or at once where draining took too long: ends all connections. `server` is freed with the loop's next turns. */
void server_stop(struct server *server);
/* Nothing is read or sent any more, and requests stay where they are: what they use is about to go. */
void server_mute(struct server *server);
/* How many requests are being answered now. */
int server_active(const struct server *server);

#endif
