/* What server.c and request.c share. */
#ifndef PARLEY_API_SERVER_INTERNAL_H
#define PARLEY_API_SERVER_INTERNAL_H

#include "api/server.h"

struct server {
    struct server_options options;
    struct MHD_Daemon *daemon;
    int listen_fd, port;
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
    struct counter *responses[6];
    struct histogram *latency;
};

void server_on_timer(uv_timer_t *timer);
/* The request's response stands: send it now or, where the connection sleeps, wake it. */
void server_answered(struct request *request);

#endif
