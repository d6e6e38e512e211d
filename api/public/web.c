/* Serves the files that come with Parley: /console/, the demo shop at /, /parley.js, and the API's description. */
#include "api/public/web.h"

#include <xxhash.h>

#include "api/app.h"
#include "api/public/tables.h"

static const struct web_file *file_named(struct text name) {
    for (const struct web_file *f = web_files; f->name; f++)
        if (text_is(name, f->name)) return f;
    return NULL;
}

static const char *type_of(struct text name) {
    static const struct {
        const char *ending, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".json", "application/json"},
        {".yaml", "application/json"}, /* api/openapi.yaml keeps to the part of YAML that is JSON */
        {".woff2", "font/woff2"},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (text_ends(name, text_of(types[i].ending))) return types[i].type;
    return "application/octet-stream";
}

/* Everything from here, nothing inline, no frames: a text that slipped through an escaper would still not run. */
static void protect(struct request *request) {
    reply_header(request, "Content-Security-Policy",
                 "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
                 "frame-ancestors 'none'");
    reply_header(request, "Referrer-Policy", "same-origin");
}

/* The demo shop's pages carry its public key. */
static struct text with_key(struct request *request, struct text page) {
    struct text mark = TEXT("{{PARLEY_KEY}}"), key = request->app->demo_key;
    struct buffer out = {0};
    while (page.n) {
        const char *found = memmem(page.at, page.n, mark.at, mark.n);
        size_t before = found ? (size_t)(found - page.at) : page.n;
        buffer_put(&out, page.at, before);
        if (found) buffer_text(&out, key);
        size_t used = before + (found ? mark.n : 0);
        page = text_n(page.at + used, page.n - used);
    }
    struct text copy = arena_text(&request->arena, buffer_view(&out));
    buffer_free(&out);
    return copy;
}

/* Whether the client takes gzip (RFC 9110, 12.5.3). */
static bool takes_packed(struct request *request) {
    struct text accepted = request_header(request, "Accept-Encoding"), one, weight;
    while (accepted.n) {
        text_cut(accepted, ',', &one, &accepted);
        bool weighs = text_cut(one, ';', &one, &weight);
        if (!text_eq_nocase(text_trim(one), TEXT("gzip"))) continue;
        weight = text_trim(weight);
        return !weighs || !text_starts(weight, TEXT("q=0")) ||
               strpbrk(arena_cstr(&request->arena, weight) + 3, "123456789");
    }
    return false;
}

static void serve(struct request *request, struct text name) {
    const struct web_file *file = file_named(name);
    if (!file) {
        reply_problem(request, ERR_NOT_FOUND, "there is no page at %.*s", TEXT_ARGS(request->path));
        return;
    }
    struct text bytes = text_n(file->bytes, (size_t)(file->packed - file->bytes));
    bool page = text_ends(name, TEXT(".html")), packed = !page && takes_packed(request);
    if (page && text_starts(name, TEXT("storefront/"))) bytes = with_key(request, bytes);
    if (packed) {
        bytes = text_n(file->packed, (size_t)(file->end - file->packed));
        reply_header(request, "Content-Encoding", "gzip");
    }
    if (!page) reply_header(request, "Vary", "Accept-Encoding");
    const char *etag =
        arena_printf(&request->arena, "\"%016llx\"", (unsigned long long)XXH3_64bits(bytes.at, bytes.n)).at;
    reply_header(request, "ETag", etag);
    reply_header(request, "Cache-Control", "no-cache");
    if (page) protect(request);
    if (text_is(request->headers.if_none_match, etag))
        reply_empty(request, 304);
    else
        reply(request, 200, type_of(name), bytes);
}

static void handle_shop(struct request *request) {
    serve(request, TEXT("storefront/index.html"));
}
static void handle_embed(struct request *request) {
    serve(request, TEXT("storefront/parley.js"));
}

static void handle_file(struct request *request) {
    struct text path = request_param(request, "path"), head, tail;
    bool console = text_starts(request->path, TEXT("/console"));
    text_cut(path, '?', &head, &tail);
    serve(request, arena_printf(&request->arena, "%s/%.*s", console ? "console" : "storefront",
                                TEXT_ARGS(head.n ? head : TEXT("index.html"))));
}

static void handle_description(struct request *request) {
    serve(request, TEXT("api/openapi.yaml"));
}

static void handle_console(struct request *request) {
    reply_header(request, "Location", "/console/");
    reply_empty(request, 301);
}

enum { OPERATORS = ROLE_MANAGER | ROLE_ANALYST | ROLE_SERVER };
const struct route web_routes[] = {
    {METHOD_GET, "/openapi.json", OPERATORS, 0, ROUTE_LOOPBACK_FREE | ROUTE_ANY_LOOP, handle_description},
    {METHOD_GET, "/", 0, 0, ROUTE_ANY_LOOP, handle_shop},
    {METHOD_GET, "/parley.js", 0, 0, ROUTE_ANY_LOOP, handle_embed},
    {METHOD_GET, "/shop/{path...}", 0, 0, ROUTE_ANY_LOOP, handle_file},
    {METHOD_GET, "/console", 0, 0, ROUTE_ANY_LOOP, handle_console},
    {METHOD_GET, "/console/{path...}", 0, 0, ROUTE_ANY_LOOP, handle_file},
    {0},
};
