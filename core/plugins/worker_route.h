/* Which of a plugin's routes a request means: a method and a path template whose {names} take one segment each. Knows nothing of
 * what a route does. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_ROUTE_H
#define PARLEY_CORE_PLUGINS_WORKER_ROUTE_H

#include <parley/plugin.h>

#include "core/base/arena.h"
#include "core/base/error.h"

enum { ROUTE_PARAMS = 8 };

struct route_param {
    struct text name, value; /* of the template; of the path */
};

struct route_match {
    const struct parley_route *route;
    struct route_param params[ROUTE_PARAMS];
    int params_n;
    struct text allow; /* where only the method is another: those that the path takes, "GET, PUT" */
};

/* The first of `n` routes (`stride` bytes apart) that serves this audience, method and path. ERR_NOT_FOUND, or ERR_METHOD where
 * only the method is another, with `allow` in *match. `match` borrows from `path`, from the templates and from `arena`. In a segment of `path`, %2F and %25 are
 * '/' and '%'; nothing else is escaped. */
int route_find(struct route_match *match, const struct parley_route *routes, size_t n, size_t stride, int audience,
               struct text method, struct text path, struct arena *arena, struct error *error);
/* A template that can be matched: begins with '/', no empty segment, at most ROUTE_PARAMS names. */
bool route_template_valid(const char *path);
/* The value of `name` in a query string, %XX and + decoded into `arena`; TEXT_NONE where it is absent. */
struct text route_query(struct text query, struct text name, struct arena *arena);

#endif
