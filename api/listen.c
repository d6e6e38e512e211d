#include "api/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/memory.h"

int listen_open(const char *host, int port, int *fd, struct error *error) {
    char service[8];
    snprintf(service, sizeof service, "%d", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found = NULL;
    int rc = getaddrinfo(host, service, &hints, &found);
    if (rc != 0) return error_set(error, ERR_INVALID, "cannot listen on %s:%d: %s", host, port, gai_strerror(rc));
    int on = 1;
    *fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd >= 0) {
        setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* inherited by what is accepted */
    }
    if (*fd < 0 || bind(*fd, found->ai_addr, found->ai_addrlen) < 0 || listen(*fd, 1024) < 0) {
        error_set(error, ERR_IO, "cannot listen on %s:%d: %s", host, port, strerror(errno));
        if (*fd >= 0) close(*fd);
        freeaddrinfo(found);
        return ERR_IO;
    }
    freeaddrinfo(found);
    return 0;
}

int listen_port(int fd) {
    struct sockaddr_storage at;
    socklen_t n = sizeof at;
    getsockname(fd, (struct sockaddr *)&at, &n);
    return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                          : ((struct sockaddr_in *)&at)->sin_port);
}

/* ---- dealing ---- */

enum { DEALT_A_TURN = 64, PAUSE_MS = 50 };

struct dealer {
    struct dealer_options options;
    uv_poll_t poll;
    uv_timer_t again; /* after a pause: every connection was taken, or no file was free */
    int handles;      /* still closing */
};

/* The server with the fewest connections; `*all`: how many there are. */
static struct server *fewest(const struct dealer *dealer, int64_t *all) {
    struct server *found = NULL;
    int64_t least = INT64_MAX;
    *all = 0;
    for (unsigned i = 0; i < dealer->options.n; i++) {
        int64_t n = server_connections(dealer->options.servers[i]);
        *all += n;
        if (n >= least) continue;
        least = n;
        found = dealer->options.servers[i];
    }
    return found;
}

static void on_acceptable(uv_poll_t *poll, int status, int events);

static void on_again(uv_timer_t *timer) {
    struct dealer *dealer = timer->data;
    uv_poll_start(&dealer->poll, UV_READABLE, on_acceptable);
}

static void pause_accepting(struct dealer *dealer, const char *why) {
    log_warn(dealer->options.log, "connections wait", LOG_S("reason", why));
    uv_poll_stop(&dealer->poll);
    uv_timer_start(&dealer->again, on_again, PAUSE_MS, 0);
}

static void on_acceptable(uv_poll_t *poll, int status, int events) {
    struct dealer *dealer = poll->data;
    for (int i = 0; i < DEALT_A_TURN; i++) {
        int64_t all;
        struct server *server = fewest(dealer, &all);
        if (all >= dealer->options.most) {
            pause_accepting(dealer, "http.connections are open");
            return;
        }
        struct sockaddr_storage from;
        socklen_t n = sizeof from;
        int fd = accept4(dealer->options.fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            server_add(server, fd, &from, n);
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR && errno != ECONNABORTED) {
            pause_accepting(dealer, strerror(errno));
            return;
        }
    }
}

struct dealer *dealer_start(const struct dealer_options *options) {
    struct dealer *dealer = memory_new(struct dealer);
    dealer->options = *options;
    uv_poll_init(options->loop, &dealer->poll, options->fd);
    uv_timer_init(options->loop, &dealer->again);
    dealer->poll.data = dealer->again.data = dealer;
    uv_poll_start(&dealer->poll, UV_READABLE, on_acceptable);
    return dealer;
}

static void on_closed(uv_handle_t *handle) {
    struct dealer *dealer = handle->data;
    if (--dealer->handles == 0) free(dealer);
}

void dealer_stop(struct dealer *dealer) {
    if (!dealer) return;
    dealer->handles = 2;
    uv_close((uv_handle_t *)&dealer->poll, on_closed);
    uv_close((uv_handle_t *)&dealer->again, on_closed);
    close(dealer->options.fd);
}
