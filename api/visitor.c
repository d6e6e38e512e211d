#include "api/visitor.h"

#include "api/link.h"

enum { PREVIEWS_MOST = 8, CONTEXT_BYTES = 4096 };

/* Links that are wrong or have expired show nothing, as if they were not sent. */
static void read_previews(struct request *request, struct context *context) {
    struct app *app = request->app;
    struct text rest = request->headers.preview, link, payload;
    struct preview *previews = arena_array(&request->arena, struct preview, PREVIEWS_MOST);
    while (rest.n && context->n_previews < PREVIEWS_MOST) {
        text_cut(rest, ',', &link, &rest);
        if (!link_check(&app->identity, "preview", text_trim(link), context->now, &payload)) continue;
        struct preview *preview = &previews[context->n_previews++];
        text_cut(payload, '~', &preview->feature, &preview->variant);
    }
    context->previews = previews;
}

struct context visitor_context(struct request *request) {
    struct app *app = request->app;
    struct context context = {
        .root = JSON_NONE,
        .now = clock_now(app->clock),
        .crawler = crawlers_match(&app->crawlers, request->headers.user_agent),
        .arena = &request->arena,
    };
    if (request->headers.preview.n) read_previews(request, &context);
    return context;
}

bool visitor_attributes(struct request *request, struct context *context) {
    struct text header = request->headers.context;
    struct json *json = arena_new(&request->arena, struct json);
    struct error error = {0};
    if (header.n > CONTEXT_BYTES)
        error_set(&error, ERR_TOO_LARGE, "the header Parley-Context has %zu bytes; at most %d", header.n,
                  CONTEXT_BYTES);
    else if (json_scan(json, header.n ? header : TEXT("{}"), &request->arena, NULL) != 0 ||
             json_kind(json, 0) != JSON_KIND_OBJECT)
        error_set(
            &error, ERR_INVALID,
            "the header Parley-Context is no JSON object, such as {\"country\":\"DE\"}; what is not ASCII is escaped");
    context->json = json;
    context->root = 0;
    if (error.code) reply_problem(request, error.code, "%s", error.detail);
    return !error.code;
}

bool visitor_previews(struct request *request) {
    return request->headers.preview.n && visitor_context(request).n_previews > 0;
}

struct text visitor_preview(struct request *request, struct text feature, struct text variant, int64_t expires) {
    struct text payload = arena_printf(&request->arena, "%.*s~%.*s", TEXT_ARGS(feature), TEXT_ARGS(variant));
    return link_sign(&request->app->identity, "preview", payload, expires, &request->arena);
}
