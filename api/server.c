#include "api/server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/app.h"
#include "api/away.h"
#include "api/server_internal.h"
#include "core/base/clock.h"
#include "core/base/memory.h"

enum {
    MHD_ROUNDS = 16,                 /* MHD_run calls a wake-up before the loop gets its turn back (facts.md) */
    DISCARD_MOST = 16 * 1024 * 1024, /* a body this much too long is read to its end, so that the client sees the 413 */
    CONNECTION_MEMORY = 16 * 1024, /* request line, headers and a buffer; libmicrohttpd clears it after every request */
    KEEP_BODY = 256 * 1024,
    POOL_MOST = 4096,
};

/* ---- the pool of requests ---- */

static struct request *request_take(struct server *server) {
    struct request *request = server->pool;
    if (request) {
        server->pool = request->pool_next;
        server->pool_n--;
        struct arena arena = request->arena;
        struct buffer body = request->body_bytes;
        *request = (struct request){.arena = arena, .body_bytes = body};
    } else {
        request = memory_new(struct request);
        arena_init(&request->arena, 8192 - 64); /* an event's tokens and records too */
    }
    request->server = server;
    request->app = server->options.app;
    request->started = clock_ticks();
    return request;
}

static void request_free(struct request *request) {
    arena_free(&request->arena);
    buffer_free(&request->body_bytes);
    free(request);
}

static void request_give(struct server *server, struct request *request) {
    arena_reset(&request->arena);
    buffer_clear(&request->body_bytes);
    if (request->body_bytes.room > KEEP_BODY) buffer_free(&request->body_bytes);
    if (server->pool_n >= POOL_MOST) {
        request_free(request);
        return;
    }
    request->pool_next = server->pool;
    server->pool = request;
    server->pool_n++;
}

/* ---- from libmicrohttpd ---- */

/* Called first for every request, with the URI as it was sent. */
static void *on_uri(void *cls, const char *uri, struct MHD_Connection *connection) {
    struct server *server = cls;
    struct request *request = request_take(server);
    request->connection = connection;
    struct text raw = arena_text(&request->arena, text_of(uri));
    text_cut(raw, '?', &request->path, &request->query);
    return request;
}

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *key, const char *value) {
    struct request_headers *h = cls;
    static const struct {
        struct text name;
        size_t offset;
    } wanted[] = {
#define WANT(name, member) {TEXT(name), offsetof(struct request_headers, member)}
        WANT("authorization", authorization),
        WANT("x-api-key", api_key),
        WANT("content-type", content_type),
        WANT("content-length", content_length),
        WANT("content-encoding", content_encoding),
        WANT("transfer-encoding", transfer_encoding),
        WANT("if-match", if_match),
        WANT("if-none-match", if_none_match),
        WANT("idempotency-key", idempotency_key),
        WANT("cookie", cookie),
        WANT("parley-customer", customer),
        WANT("parley-act-as", act_as),
        WANT("origin", origin),
        WANT("accept", accept),
        WANT("user-agent", user_agent),
        WANT("host", host),
        WANT("last-event-id", last_event_id),
        WANT("parley-preview", preview),
        WANT("parley-context", context),
#undef WANT
    };
    struct text name = text_of(key);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (text_eq_nocase(wanted[i].name, name)) {
            *(struct text *)((char *)h + wanted[i].offset) = text_of(value);
            break;
        }
    return MHD_YES;
}

static bool from_loopback(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !info->client_addr) return false;
    if (info->client_addr->sa_family == AF_INET)
        return (ntohl(((struct sockaddr_in *)info->client_addr)->sin_addr.s_addr) >> 24) == 127;
    if (info->client_addr->sa_family != AF_INET6) return false;
    const struct in6_addr *a = &((struct sockaddr_in6 *)info->client_addr)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(a) || (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == 127);
}

/* Everything that can be refused before the body is read. */
static void on_head(struct request *request, const char *method) {
    struct server *server = request->server;
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, on_header, &request->headers);
    request->method = method_of(text_of(method));
    request->loopback = from_loopback(request->connection);
    struct route_match match;
    router_match(server->options.router, request->method, request->path, &match);
    if (server->options.arrive(request, &match, strcmp(method, "OPTIONS") == 0)) return;
    if (!match.route) {
        if (match.path_known) {
            reply_header(request, "Allow", arena_cstr(&request->arena, text_of(match.allow)));
            reply_problem(request, ERR_METHOD, "%.*s takes %s", TEXT_ARGS(request->path), match.allow);
        } else
            reply_problem(request, ERR_NOT_FOUND, "there is nothing at %.*s", TEXT_ARGS(request->path));
        return;
    }
    request->route = match.route;
    memcpy(request->params, match.params, sizeof request->params);
    int64_t length = 0;
    if (request->headers.content_length.n && request->headers.transfer_encoding.n) {
        reply_header(request, "Connection", "close");
        reply_problem(request, ERR_INVALID, "a request has Content-Length or Transfer-Encoding, not both");
        return;
    }
    if (request->headers.content_length.n) text_to_int(request->headers.content_length, &length);
    if ((uint64_t)length > match.route->max_body) request->too_large = true;
    if (!server->options.admit(request)) return;
    if ((uint64_t)length > match.route->max_body + DISCARD_MOST)
        reply_problem(request, ERR_TOO_LARGE, "a body of %lld bytes; at most %zu", (long long)length,
                      match.route->max_body);
}

/* MHD_NO ends the connection: a body that will not end is not read to its end. */
static enum MHD_Result on_body(struct request *request, const char *bytes, size_t n) {
    request->received += n;
    if (request->received > request->route->max_body) request->too_large = true;
    if (!request->too_large) buffer_put(&request->body_bytes, bytes, n);
    return request->received > request->route->max_body + DISCARD_MOST ? MHD_NO : MHD_YES;
}

static void on_whole(struct request *request) {
    if (request->too_large) {
        reply_problem(request, ERR_TOO_LARGE, "the body is over %zu bytes", request->route->max_body);
        return;
    }
    request->body = buffer_view(&request->body_bytes);
    if (request->route->flags & ROUTE_ANY_LOOP || !request->server->options.home)
        request->route->handle(request);
    else
        away_send(request, request->route->handle);
}

static enum MHD_Result send_answer(struct request *request) {
    struct server *server = request->server;
    for (struct reply_header *h = request->reply_headers; h; h = h->next)
        MHD_add_response_header(request->response, h->name, h->value);
    if (server->draining) MHD_add_response_header(request->response, "Connection", "close");
    enum MHD_Result result = MHD_queue_response(request->connection, (unsigned)request->status, request->response);
    MHD_destroy_response(request->response);
    request->response = NULL;
    return result;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_n, void **con_cls) {
    struct server *server = cls;
    struct request *request = *con_cls;
    if (request->state == REQUEST_ANSWERED && request->response) {
        /* Answered while the body still comes: read it to its end first, so that the client reads the answer. */
        if (*upload_n) {
            *upload_n = 0;
            return MHD_YES;
        }
        return send_answer(request);
    }
    if (!request->headed) {
        request->headed = true;
        server->active++;
        server_enter(server);
        on_head(request, method);
        server_leave(server);
        bool huge = request->state == REQUEST_ANSWERED && request->too_large;
        return huge ? send_answer(request) : MHD_YES; /* too long even to be thrown away: answer and close */
    }
    if (*upload_n) {
        enum MHD_Result result = on_body(request, upload, *upload_n);
        *upload_n = 0;
        return result;
    }
    request->state = REQUEST_HANDLING;
    server_enter(server);
    on_whole(request);
    server_leave(server);
    if (request->state == REQUEST_ANSWERED) return send_answer(request);
    request->state = REQUEST_SUSPENDED;
    MHD_suspend_connection(connection);
    return MHD_YES;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode why) {
    struct server *server = cls;
    struct request *request = *con_cls;
    if (!request) return;
    if (request->headed) {
        count(server->responses[request->status / 100 % 6], 1);
        server->answers++;
        if (!request->source.read) histogram_observe(server->latency, clock_ticks() - request->started);
    }
    if (request->source.closed) request->source.closed(request->source.user);
    if (request->response) MHD_destroy_response(request->response);
    *con_cls = NULL;
    if (!away_closes(request)) server_released(request);
}

void server_released(struct request *request) {
    struct server *server = request->server;
    if (request->headed) server->active--;
    request_give(server, request);
    if (server->draining && server->active == 0) uv_timer_start(&server->timer, server_on_timer, 0, 0);
}

void server_answered(struct request *request) {
    if (request->away)
        away_answered(request);
    else
        server_resume(request);
}

void server_resume(struct request *request) {
    bool suspended = request->state == REQUEST_SUSPENDED;
    assert(request->state != REQUEST_ANSWERED);
    request->state = REQUEST_ANSWERED;
    if (suspended) server_wake(request);
}

void server_wake(struct request *request) {
    MHD_resume_connection(request->connection);
    request->server->resumed = true;
}

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
        NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, server, MHD_OPTION_ARRAY, listening,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_URI_LOG_CALLBACK, on_uri, server,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, server,
        MHD_OPTION_CONNECTION_LIMIT, options->max_connections, MHD_OPTION_CONNECTION_TIMEOUT, 75u,
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
    while (server->pool) {
        struct request *next = server->pool->pool_next;
        request_free(server->pool);
        server->pool = next;
    }
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
