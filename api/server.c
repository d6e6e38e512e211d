#include "api/server.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/app.h"
#include "api/server_internal.h"
#include "core/base/memory.h"

enum {
    MHD_ROUNDS = 16,               /* MHD_run calls a wake-up before the loop gets its turn back (facts.md) */
    CONNECTION_MEMORY = 16 * 1024, /* request line, headers and a buffer; libmicrohttpd clears it after every request */
};

/* ---- the loop ---- */

static void drive(struct server *server) {
    MHD_UNSIGNED_LONG_LONG wait = 0;
    server->resumed = false;
    int round = 0;
    server->options.turn(server->options.app, SERVER_TURN_BEGINS);
    do MHD_run(server->daemon);
    while (++round < MHD_ROUNDS && MHD_get_timeout(server->daemon, &wait) == MHD_YES && wait == 0);
    server->options.turn(server->options.app, SERVER_TURN_ENDS);
    gauge_set(server->loop_answers, server->answers);
    if (MHD_get_timeout(server->daemon, &wait) != MHD_YES) wait = 1000;
    if (server->draining && server->active == 0 && server->drained) {
        void (*drained)(void *) = server->drained;
        server->drained = NULL;
        drained(server->drained_user);
        return;
    }
    uv_timer_start(&server->timer, server_on_timer, wait, 0);
}

static void on_readable(uv_poll_t *poll, int status, int events) {
    drive(poll->data);
}
void server_on_timer(uv_timer_t *timer) {
    drive(timer->data);
}

/* Before the loop sleeps: what was answered in this turn goes out. */
static void on_prepare(uv_prepare_t *prepare) {
    struct server *server = prepare->data;
    if (server->resumed) drive(server);
}

/* ---- connections ---- */

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what) {
    struct server *server = cls;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED)
        count(server->connections, -1);
    else if (server->options.listen_fd >= 0)
        count(server->connections, 1); /* others are counted when they are dealt */
}

struct added {
    struct mail mail;
    struct server *server;
    int fd;
    struct sockaddr_storage from;
    socklen_t n;
};

static void on_added(struct mail *mail) {
    struct added *added = (struct added *)mail;
    struct server *server = added->server;
    if (server->draining ||
        MHD_add_connection(server->daemon, added->fd, (struct sockaddr *)&added->from, added->n) != MHD_YES) {
        if (server->draining) close(added->fd);
        count(server->connections, -1);
    }
    server->resumed = true;
    free(added);
}

void server_add(struct server *server, int fd, const struct sockaddr_storage *from, socklen_t n) {
    struct added *added = memory_new(struct added);
    *added = (struct added){.mail.receive = on_added, .server = server, .fd = fd, .from = *from, .n = n};
    count(server->connections, 1);
    mailbox_post(&server->options.app->mailbox, &added->mail);
}

int64_t server_connections(const struct server *server) {
    return atomic_load_explicit(&server->connections->value, memory_order_relaxed);
}

/* ---- start and stop ---- */

/* Paths stay percent-encoded until a handler asks for a parameter. */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text) {
    return strlen(text);
}

static void on_mhd_log(void *cls, const char *format, va_list args) {
    struct server *server = cls;
    char line[300];
    int n = vsnprintf(line, sizeof line, format, args);
    while (n > 0 && n < (int)sizeof line && line[n - 1] == '\n') line[--n] = 0;
    log_debug(server->options.log, "http", LOG_S("detail", line));
}

static void raise_files(unsigned connections) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    rlim_t wanted = connections + 256;
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void make_instruments(struct server *server) {
    for (int class = 0; class < 6; class ++) {
        char labels[24];
        snprintf(labels, sizeof labels, "class=\"%s\"",
                 (const char *[]){"aborted", "1xx", "2xx", "3xx", "4xx", "5xx"}[class]);
        server->responses[class] = telemetry_counter(server->options.telemetry, "parley_http_responses_total",
                                                     "Answers by status class", labels);
    }
    server->latency = telemetry_histogram(server->options.telemetry, "parley_http_request_seconds",
                                          "From the request's first line to its answer sent, streams left out", "");
    char loop[24];
    snprintf(loop, sizeof loop, "loop=\"%u\"", server->options.number);
    server->connections = telemetry_gauge(server->options.telemetry, "parley_loop_connections", "Open now", loop);
    server->loop_answers = telemetry_counter(server->options.telemetry, "parley_loop_answers_total",
                                             "Requests answered, by the loop that has the connection", loop);
}

int server_start(struct server **out, const struct server_options *options, struct error *error) {
    struct server *server = memory_new(struct server);
    server->options = *options;
    make_instruments(server);
    raise_files(options->max_connections);
    bool listens = options->listen_fd >= 0;
    struct MHD_OptionItem listening[] = {
        {listens ? MHD_OPTION_LISTEN_SOCKET : MHD_OPTION_END, options->listen_fd, NULL}, {MHD_OPTION_END, 0, NULL}};
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (listens ? 0 : MHD_USE_NO_LISTEN_SOCKET), 0,
        NULL, NULL, server_on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, server, MHD_OPTION_ARRAY,
        listening, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_URI_LOG_CALLBACK, server_on_uri,
        server, MHD_OPTION_NOTIFY_COMPLETED, server_on_completed, server, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,
        server, MHD_OPTION_CONNECTION_LIMIT, options->max_connections, MHD_OPTION_CONNECTION_TIMEOUT, 75u,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!server->daemon) {
        if (listens) close(options->listen_fd);
        free(server);
        return error_set(error, ERR_INTERNAL, "libmicrohttpd did not start");
    }
    int epoll_fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    uv_poll_init(options->loop, &server->poll, epoll_fd);
    uv_timer_init(options->loop, &server->timer);
    uv_prepare_init(options->loop, &server->prepare);
    server->poll.data = server->timer.data = server->prepare.data = server;
    uv_poll_start(&server->poll, UV_READABLE, on_readable);
    uv_prepare_start(&server->prepare, on_prepare);
    drive(server);
    *out = server;
    return 0;
}

int server_active(const struct server *server) {
    return server->active;
}

void server_drain(struct server *server, void (*drained)(void *user), void *user) {
    MHD_socket fd = MHD_quiesce_daemon(server->daemon);
    if (fd != MHD_INVALID_SOCKET) close(fd);
    server->draining = true;
    server->drained = drained;
    server->drained_user = user;
    uv_timer_start(&server->timer, server_on_timer, 0, 0);
}

static void on_closed(uv_handle_t *handle) {
    struct server *server = handle->data;
    if (--server->handles) return;
    server_free_pool(server);
    free(server);
}

void server_mute(struct server *server) {
    uv_poll_stop(&server->poll);
    uv_timer_stop(&server->timer);
    uv_prepare_stop(&server->prepare);
}

void server_stop(struct server *server) {
    server->draining = false;
    server_mute(server);
    MHD_stop_daemon(server->daemon);
    server->handles = 3;
    uv_close((uv_handle_t *)&server->poll, on_closed);
    uv_close((uv_handle_t *)&server->timer, on_closed);
    uv_close((uv_handle_t *)&server->prepare, on_closed);
}
