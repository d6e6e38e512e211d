/* One HTTP request as a handler sees it, and the ways to answer it. A handler answers before it returns, or keeps the
 * request and answers later on the thread of the loop that runs the handler, exactly once. Everything in it lives until the answer is sent. */
#ifndef PARLEY_API_REQUEST_H
#define PARLEY_API_REQUEST_H

#include <sys/types.h>

#include "api/router.h"
#include "core/base/arena.h"
#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/people/tokens.h"

struct app;
struct away;
struct MHD_Connection;
struct MHD_Response;

/* Who calls: the token's role, and the shopper it speaks for. */
struct caller {
    enum role role;        /* 0 without a token */
    struct text id, name;  /* of the token; the name goes into the audit log */
    struct text customer;  /* unit: customer id, else the anonymous id; empty where nobody is known */
    struct text anonymous; /* of the signed cookie; empty where there is none */
    bool known;            /* customer came by JWT or Act-As, not by the anonymous cookie */
};

/* The request headers that any handler looks at; empty where not sent. */
struct request_headers {
    struct text authorization, api_key, content_type, if_match, if_none_match, idempotency_key, cookie, customer,
        act_as, origin, accept, user_agent, content_length, content_encoding, transfer_encoding, host, last_event_id,
        preview, context;
};

/* An answer whose bytes come bit by bit. */
struct reply_source {
    /* Up to `room` bytes into `out`; 0: none now, the connection sleeps until reply_wake; negative: that was all. */
    ssize_t (*read)(void *user, char *out, size_t room);
    void (*closed)(void *user); /* once: it was all sent, or the client went away */
    void *user;
};

struct request {
    struct app *app;
    struct server *server;
    struct request *pool_next;
    struct away *away; /* while the first loop has it; away.h */
    struct MHD_Connection *connection;
    struct arena arena;
    const struct route *route;
    enum method method;
    bool loopback;
    struct text path, query; /* raw */
    struct text params[ROUTE_PARAMS];
    struct request_headers headers;
    struct buffer body_bytes;
    struct text body;
    size_t received; /* bytes of body so far, kept or thrown away */
    struct caller caller;
    uint64_t started; /* clock_ticks */
    void *user;       /* the handler's own, while it keeps the request */
    /* the answer */
    struct MHD_Response *response;
    struct reply_header {
        const char *name;
        const char *value;
        struct reply_header *next;
    } * reply_headers;
    struct reply_source source; /* of an answer by reply_stream */
    int status;
    enum { REQUEST_READING, REQUEST_HANDLING, REQUEST_SUSPENDED, REQUEST_ANSWERED } state;
    bool headed, too_large;
};

/* The value of {name} in the route's template, percent-decoded; asserts that the template has it. */
struct text request_param(struct request *request, const char *name);
/* The value of {name...}, the rest of a path, with each segment decoded but for '/' and '%' in it, which stay %2F and %25: so a slash
 * in an id is no end of a segment. Empty where it is no UTF-8. */
struct text request_tail(struct request *request, const char *name);
/* Around what a callback of a suspended request reads of its app, as a handler may; see server_options.gate. */
void request_enter(struct request *request);
void request_leave(struct request *request);
/* A query parameter, percent-decoded, '+' as blank; TEXT_NONE where it is not there. */
struct text request_query(struct request *request, const char *name);
/* A whole number from the query within [least, most]; `otherwise` where it is not there. False (answered with 400) where wrong. */
bool request_query_int(struct request *request, const char *name, int64_t least, int64_t most, int64_t otherwise,
                       int64_t *out);
/* Every request header whose name begins with `prefix`, whatever its case; values are borrowed until the answer. Loop. */
void request_headers_of(struct request *request, struct text prefix,
                        void (*visit)(void *visitor, struct text name, struct text value), void *visitor);
/* Any request header by its name, whatever its case; TEXT_NONE where it was not sent. Borrowed until the answer. Loop. */
struct text request_header(struct request *request, const char *name);
/* A cookie's value; TEXT_NONE where there is none. */
struct text request_cookie(struct request *request, const char *name);
/* "%2F" and the like resolved; false where an escape is broken or the result is not UTF-8 or has a NUL. */
bool percent_decode(struct text raw, bool plus_is_blank, struct arena *arena, struct text *out);

/* Adds a response header; name and value are borrowed until sent (constants or the request's arena). Before the answer. */
void reply_header(struct request *request, const char *name, const char *value);
/* Answers. `body` is borrowed until sent: the request's arena, or a constant. */
void reply(struct request *request, int status, const char *content_type, struct text body);
/* Answers with what the buffer holds; the buffer is emptied and its memory freed after sending. */
void reply_buffer(struct request *request, int status, const char *content_type, struct buffer *body);
static inline void reply_json(struct request *request, int status, struct buffer *body) {
    reply_buffer(request, status, "application/json", body);
}
/* Answers with what `source` gives, for as long as it gives. The request lives until source.closed. */
void reply_stream(struct request *request, int status, const char *content_type, struct reply_source source);
/* After source.read gave 0: it is to be read again. */
void reply_wake(struct request *request);
void reply_empty(struct request *request, int status);
/* Answers with application/problem+json made from the error. A 503 gets Retry-After: 1 unless one was set. */
void reply_error(struct request *request, const struct error *error);
/* The same with a status and a type of its own, as "feature-off". */
void reply_problem_named(struct request *request, int status, const char *type, const char *detail);
/* An error in the shape of the OpenFeature Remote Evaluation Protocol: key (where the route has one), errorCode, errorDetails. */
void reply_ofrep_error(struct request *request, int status, const char *code, const char *detail);
void reply_problem(struct request *request, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
