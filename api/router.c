#include "api/router.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"

const char *const method_names[METHOD_COUNT] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

/* One path segment: literal children are tried first, then {param}, then {rest...}. */
struct node {
    struct text literal;
    struct node *first, *next; /* literal children; sibling */
    struct node *param, *rest;
    const struct route *routes[METHOD_COUNT];
};

struct router {
    struct node root;
};

enum method method_of(struct text name) {
    for (int i = 0; i < METHOD_COUNT; i++)
        if (text_is(name, method_names[i])) return (enum method)i;
    return text_is(name, "HEAD") ? METHOD_GET : METHOD_UNKNOWN;
}

static struct node *child(struct node *node, struct text segment) {
    if (segment.n && segment.at[0] == '{') {
        struct node **slot = text_ends(segment, TEXT("...}")) ? &node->rest : &node->param;
        if (!*slot) *slot = memory_new(struct node);
        return *slot;
    }
    for (struct node *c = node->first; c; c = c->next)
        if (text_eq(c->literal, segment)) return c;
    struct node *c = memory_new(struct node);
    c->literal = segment;
    c->next = node->first;
    node->first = c;
    return c;
}

static void add(struct router *router, const struct route *route) {
    struct node *node = &router->root;
    struct text rest = text_of(route->template + 1), segment;
    bool more;
    do {
        more = text_cut(rest, '/', &segment, &rest);
        node = child(node, segment);
    } while (more);
    assert(!node->routes[route->method]);
    node->routes[route->method] = route;
}

struct router *router_new(const struct route *const *tables, size_t n) {
    struct router *router = memory_new(struct router);
    for (size_t i = 0; i < n; i++)
        for (const struct route *route = tables[i]; route->handle; route++) add(router, route);
    return router;
}

static void node_free(struct node *node) {
    if (!node) return;
    for (struct node *c = node->first, *next; c; c = next) {
        next = c->next;
        node_free(c);
    }
    node_free(node->param);
    node_free(node->rest);
    free(node);
}

void router_free(struct router *router) {
    if (!router) return;
    for (struct node *c = router->root.first, *next; c; c = next) {
        next = c->next;
        node_free(c);
    }
    node_free(router->root.param);
    node_free(router->root.rest);
    free(router);
}

static bool has_routes(const struct node *node) {
    for (int i = 0; i < METHOD_COUNT; i++)
        if (node->routes[i]) return true;
    return false;
}

/* Depth-first with the most literal first; params fills up on the way down. */
static const struct node *descend(const struct node *node, struct text rest, bool more, struct text *params,
                                  int depth) {
    if (!more) return has_routes(node) ? node : NULL;
    struct text segment, after;
    more = text_cut(rest, '/', &segment, &after);
    for (const struct node *c = node->first; c; c = c->next)
        if (text_eq(c->literal, segment)) {
            const struct node *found = descend(c, after, more, params, depth);
            if (found) return found;
        }
    if (node->param && segment.n && depth < ROUTE_PARAMS) {
        params[depth] = segment;
        const struct node *found = descend(node->param, after, more, params, depth + 1);
        if (found) return found;
    }
    if (node->rest && depth < ROUTE_PARAMS) {
        params[depth] = rest;
        return node->rest;
    }
    return NULL;
}

void router_match(const struct router *router, enum method method, struct text path, struct route_match *match) {
    match->route = NULL;
    match->path_known = false;
    if (!path.n || path.at[0] != '/') return;
    const struct node *node = descend(&router->root, text_n(path.at + 1, path.n - 1), true, match->params, 0);
    if (!node) return;
    match->path_known = true;
    match->route = method < METHOD_COUNT ? node->routes[method] : NULL;
    if (match->route) return;
    size_t n = 0;
    for (int i = 0; i < METHOD_COUNT; i++)
        if (node->routes[i])
            n += (size_t)snprintf(match->allow + n, sizeof match->allow - n, "%s%s", n ? ", " : "", method_names[i]);
}
