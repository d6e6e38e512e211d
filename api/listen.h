/* Where connections come from: the listening socket, and, where several loops serve it, the dealer, which accepts on the first loop
 * and gives each connection to the loop that has the fewest. SO_REUSEPORT would deal by a hash: a shop's back end with four
 * connections that it keeps would often have three of them on one loop. */
#ifndef PARLEY_API_LISTEN_H
#define PARLEY_API_LISTEN_H

#include "api/server.h"

/* A socket that listens; the caller's. The error names address and reason. */
int listen_open(const char *host, int port, int *fd, struct error *error);
int listen_port(int fd);

struct dealer;
struct dealer_options {
    uv_loop_t *loop;
    int fd;                  /* from listen_open; the dealer's */
    struct server **servers; /* borrowed until dealer_stop */
    unsigned n, most;        /* connections of all servers; beyond it they wait in the socket's queue */
    const struct log *log;
};
struct dealer *dealer_start(const struct dealer_options *options);
/* Accepts no more. Freed with the loop's next turns. NULL is fine. */
void dealer_stop(struct dealer *dealer);

#endif
