#include "api/cors.h"

#define ASKED_HEADERS                                                                                                  \
    "Authorization, X-API-Key, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, "                \
    "Parley-Context, Parley-Customer, Parley-Preview"

/* One origin of the list after the other; false at its end. */
static bool next_origin(struct text *rest, struct text *origin) {
    while (rest->n) {
        text_cut(*rest, ',', origin, rest);
        *origin = text_trim(*origin);
        if (origin->n) return true;
    }
    return false;
}

static bool is_origin(struct text t) {
    if (text_is(t, "*")) return true;
    struct text https = TEXT("https://"), http = TEXT("http://");
    size_t scheme = text_starts(t, https) ? https.n : text_starts(t, http) ? http.n : 0;
    if (!scheme || t.n == scheme) return false;
    for (size_t i = scheme; i < t.n; i++)
        if (t.at[i] <= ' ' || strchr("/?#@*", t.at[i])) return false;
    return true;
}

int cors_check(struct text origins, struct error *error) {
    struct text origin;
    while (next_origin(&origins, &origin))
        if (!is_origin(origin))
            return error_set(error, ERR_INVALID, "cors.origins: '%.*s' is no origin; write https://shop.example or *",
                             TEXT_ARGS(origin));
    return 0;
}

static bool concerns(struct text path) {
    return text_starts(path, TEXT("/v1/")) || text_starts(path, TEXT("/ofrep/")) ||
           text_starts(path, TEXT("/plugins/")) || text_is(path, "/parley.js");
}

bool cors_answer(struct text origins, struct request *request, bool preflight, const char *allow) {
    if (!origins.n || !concerns(request->path)) return false;
    reply_header(request, "Vary", "Origin"); /* without an Origin too, or a cache would give that answer to everybody */
    struct text asking = request->headers.origin, origin;
    bool listed = false, any = false;
    while (asking.n && next_origin(&origins, &origin)) {
        listed |= text_eq_nocase(origin, asking);
        any |= text_is(origin, "*");
    }
    if (!listed && !any) return false;
    reply_header(request, "Access-Control-Allow-Origin", listed ? arena_cstr(&request->arena, asking) : "*");
    if (listed) reply_header(request, "Access-Control-Allow-Credentials", "true");
    reply_header(request, "Access-Control-Expose-Headers", "ETag, Retry-After");
    if (!preflight) return false;
    reply_header(request, "Access-Control-Allow-Methods", arena_cstr(&request->arena, text_of(allow)));
    reply_header(request, "Access-Control-Allow-Headers", ASKED_HEADERS);
    reply_header(request, "Access-Control-Max-Age", "600");
    reply_empty(request, 204);
    return true;
}
