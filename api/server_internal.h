/* What server.c (the loop, connections), server_requests.c (a request's course) and request.c (its answer) share. */
#ifndef PARLEY_API_SERVER_INTERNAL_H
#define PARLEY_API_SERVER_INTERNAL_H

#include <microhttpd.h>
#include <pthread.h>

#include "api/server.h"

struct server {
    struct server_options options;
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer;
    uv_prepare_t prepare;
    int handles; /* still closing */
    int active;  /* requests whose head was read and whose answer is not sent */
    bool resumed, draining;
    void (*drained)(void *user);
    void *drained_user;
    struct request *pool;
    int pool_n;
    struct counter *responses[6], *connections, *loop_answers;
    int64_t answers; /* so far; shown at each turn's end */
    struct histogram *latency;
};

/* Around what reads the app: see server_options.gate. */
static inline void server_enter(struct server *server) {
    if (server->options.gate) pthread_rwlock_rdlock(server->options.gate);
}
static inline void server_leave(struct server *server) {
    if (server->options.gate) pthread_rwlock_unlock(server->options.gate);
}

void server_on_timer(uv_timer_t *timer);

/* libmicrohttpd's, with the server as `cls`: called first for every request, with the URI as it was sent; then again and again
 * until it is answered; and once it is over. */
void *server_on_uri(void *cls, const char *uri, struct MHD_Connection *connection);
enum MHD_Result server_on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_n, void **con_cls);
void server_on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode why);
void server_free_pool(struct server *server);

/* The request's response stands: send it now or, where the connection sleeps, wake it. */
void server_answered(struct request *request);
/* The connection sleeps: it is to go on. */
void server_wake(struct request *request);
/* The answer of a request that was away has come. */
void server_resume(struct request *request);
/* Nobody has the request any more. */
void server_released(struct request *request);

#endif
