#include "core/plugins/worker_route.h"

#include <ctype.h>

static bool next_segment(struct text *path, struct text *segment) {
    if (!path->n || path->at[0] != '/') return false;
    const char *from = path->at + 1, *end = path->at + path->n, *at = memchr(from, '/', path->n - 1);
    if (!at) at = end;
    *segment = text_n(from, (size_t)(at - from));
    *path = text_n(at, (size_t)(end - at));
    return true;
}

static bool is_name(struct text segment) {
    return segment.n > 2 && segment.at[0] == '{' && segment.at[segment.n - 1] == '}';
}

static struct text unescape(struct text segment, struct arena *arena) {
    if (!memchr(segment.at, '%', segment.n)) return segment;
    char *out = arena_alloc(arena, segment.n);
    size_t n = 0;
    while (segment.n) {
        bool slash = text_starts(segment, TEXT("%2F")), percent = text_starts(segment, TEXT("%25"));
        size_t taken = slash || percent ? 3 : 1;
        out[n++] = slash ? '/' : segment.at[0];
        segment = text_n(segment.at + taken, segment.n - taken);
    }
    return text_n(out, n);
}

static bool fits(struct route_match *match, const char *template, struct text path, struct arena *arena) {
    struct text rest = text_of(template), wanted, given;
    match->params_n = 0;
    while (next_segment(&rest, &wanted)) {
        if (!next_segment(&path, &given)) return false;
        if (is_name(wanted)) {
            if (!given.n) return false;
            match->params[match->params_n++] =
                (struct route_param){text_n(wanted.at + 1, wanted.n - 2), unescape(given, arena)};
        } else if (!text_eq(wanted, given))
            return false;
    }
    return path.n == 0;
}

int route_find(struct route_match *match, const struct parley_route *routes, size_t n, size_t stride, int audience,
               struct text method, struct text path, struct arena *arena, struct error *error) {
    match->allow = TEXT_NONE;
    for (size_t i = 0; i < n; i++) {
        const struct parley_route *route = (const void *)((const char *)routes + i * stride);
        if (!(route->audience & audience) || !fits(match, route->path, path, arena)) continue;
        if (text_is(method, route->method)) {
            match->route = route;
            return 0;
        }
        struct text other = text_of(route->method);
        if (!match->allow.n)
            match->allow = other;
        else if (!memmem(match->allow.at, match->allow.n, other.at, other.n))
            match->allow = arena_printf(arena, "%.*s, %s", TEXT_ARGS(match->allow), route->method);
    }
    if (match->allow.n)
        return error_set(error, ERR_METHOD, "%.*s takes %.*s", TEXT_ARGS(path), TEXT_ARGS(match->allow));
    return error_set(error, ERR_NOT_FOUND, "this plugin has no path %.*s", TEXT_ARGS(path));
}

bool route_template_valid(const char *path) {
    struct text rest = text_of(path), segment;
    int names = 0;
    if (!path || path[0] != '/') return false;
    if (!path[1]) return true;
    while (next_segment(&rest, &segment)) {
        if (!segment.n) return false;
        names += is_name(segment);
    }
    return names <= ROUTE_PARAMS;
}

static int hex(char c) {
    return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

/* NUL would end a C string early, so %00 stays as it is. */
static struct text decode(struct text t, struct arena *arena) {
    char *out = arena_alloc(arena, t.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < t.n; i++) {
        int high = t.at[i] == '%' && i + 2 < t.n ? hex(t.at[i + 1]) : -1, low = high >= 0 ? hex(t.at[i + 2]) : -1;
        if (low >= 0 && high * 16 + low > 0) {
            out[n++] = (char)(high * 16 + low);
            i += 2;
        } else
            out[n++] = t.at[i] == '+' ? ' ' : t.at[i];
    }
    return text_n(out, n);
}

struct text route_query(struct text query, struct text name, struct arena *arena) {
    while (query.n) {
        struct text pair, key, value;
        text_cut(query, '&', &pair, &query);
        if (!text_cut(pair, '=', &key, &value)) value = TEXT("");
        if (text_eq(decode(key, arena), name)) return decode(value, arena);
    }
    return TEXT_NONE;
}
