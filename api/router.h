/* Which function answers a request: a table of (method, template, roles, limits, function), compiled into a tree over path
 * segments. Reading the table is reading the API. Knows nothing of HTTP libraries. */
#ifndef PARLEY_API_ROUTER_H
#define PARLEY_API_ROUTER_H

#include "core/base/text.h"

struct request;

enum method {
    METHOD_GET,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_COUNT,
    METHOD_UNKNOWN = METHOD_COUNT
};
extern const char *const method_names[METHOD_COUNT];
enum method method_of(struct text name); /* HEAD is GET: the server drops the body */

enum { ROUTE_PARAMS = 4 };

/* Behaviour of a route beyond its function. */
enum route_flag {
    ROUTE_LOOPBACK_FREE = 1, /* no token needed from loopback */
    ROUTE_RAW_BODY = 2,      /* not JSON: no Content-Type check, no UTF-8 check */
    ROUTE_BASIC = 8,         /* the token may also come by Basic authentication */
    ROUTE_OFREP = 16,        /* errors take the shape of the OpenFeature Remote Evaluation Protocol */
    ROUTE_SHOPPER = 4,       /* the caller's customer or anonymous id is established before the handler runs */
    ROUTE_ANY_LOOP = 32, /* every loop answers it, by what the first one shares (app.h); others the first one alone */
};

struct route {
    enum method method;
    const char *template; /* "/admin/v1/features/{key}"; a last "{path...}" takes the rest of the path */
    unsigned roles;       /* bits of enum role that may call; 0: anybody, no token looked at */
    size_t max_body;      /* bytes; over it: 413 */
    unsigned flags;       /* enum route_flag */
    void (*handle)(struct request *request);
};

struct router;

/* Compiles tables (borrowed for life; a NULL handle ends each). Two routes of one method and path abort: a programming error. */
struct router *router_new(const struct route *const *tables, size_t n);
void router_free(struct router *router);

struct route_match {
    const struct route *route;        /* NULL: no such path, or not with this method */
    bool path_known;                  /* the path exists: 405 rather than 404 */
    char allow[48];                   /* "GET, PUT": for 405 */
    struct text params[ROUTE_PARAMS]; /* raw (still percent-encoded) segments in the template's order */
};
/* `path` begins with '/', without query. Any thread. */
void router_match(const struct router *router, enum method method, struct text path, struct route_match *match);

#endif
