/* The course of a request: libmicrohttpd's calls from its first line to the answer's end. Requests are kept for the next ones, so
 * that a busy server does not allocate. */
#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>

#include "api/app.h"
#include "api/away.h"
#include "api/server_internal.h"
#include "core/base/clock.h"
#include "core/base/memory.h"

enum {
    DISCARD_MOST = 16 * 1024 * 1024, /* a body this much too long is read to its end, so that the client sees the 413 */
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

void server_free_pool(struct server *server) {
    while (server->pool) {
        struct request *next = server->pool->pool_next;
        request_free(server->pool);
        server->pool = next;
    }
}

/* ---- from libmicrohttpd ---- */

void *server_on_uri(void *cls, const char *uri, struct MHD_Connection *connection) {
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

enum MHD_Result server_on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
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

void server_on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
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
