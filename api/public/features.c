/* The shopper's call to the release behind her variant, the staff's call to the same plugin, and the plugin's web files. */
#include <stdlib.h>

#include "api/app.h"
#include "api/ofrep/evaluate.h"
#include "api/public/features.h"
#include "api/public/tables.h"
#include "api/visitor.h"
#include "core/base/memory.h"

enum { PLUGIN_BODY = 1024 * 1024 };

/* ---- the call and its answer ---- */

static void unavailable(struct request *request, int code, int retry_after) {
    reply_header(request, "Retry-After", arena_printf(&request->arena, "%d", retry_after > 0 ? retry_after : 1).at);
    reply_problem(request, code,
                  code == ERR_TIMEOUT ? "the plugin did not answer in time"
                                      : "the plugin is not running right now; try again");
}

/* A personalised answer must not be kept by a cache between shopper and shop: it would mix the arms. */
void forbid_caching(struct request *request) {
    reply_header(request, "Cache-Control", "private, no-store");
    reply_header(request, "Vary", "Authorization, Cookie, Parley-Context, Parley-Customer, Parley-Act-As");
}

static void on_answer(void *user, const struct plugin_answer *answer) {
    struct request *request = user;
    forbid_caching(request);
    if (answer->code) {
        unavailable(request, answer->code, answer->retry_after);
        return;
    }
    const struct frame_reply *r = &answer->reply;
    const char *type = arena_cstr(&request->arena, r->content_type);
    if (r->status == 503)
        reply_header(request, "Retry-After", "1"); /* as where its database could not take the group */
    if (r->allow.n) reply_header(request, "Allow", arena_cstr(&request->arena, r->allow));
    reply(request, r->status, r->body.n ? type : NULL, arena_text(&request->arena, r->body));
}

void plugin_call_start(struct request *request, struct text plugin, struct text version, struct frame_request *frame) {
    struct app *app = request->app;
    struct text tail = request_tail(request, "path");
    frame->method = text_of(method_names[request->method]);
    frame->path = arena_printf(&request->arena, "/%.*s", TEXT_ARGS(tail));
    frame->query = request->query;
    frame->customer = request->caller.customer;
    frame->known = request->caller.known;
    frame->body = request->body;
    frame->now = clock_now(app->clock);
    if (!frame->settings.at) frame->settings = TEXT("{}");
    struct plugin_call call = {
        .plugin = plugin, .version = version, .request = frame, .answered = on_answer, .user = request};
    int retry_after = 0, rc = plugins_call(app->plugins, &call, &retry_after);
    if (rc == 0) return;
    if (rc == ERR_UNAVAILABLE)
        unavailable(request, rc, retry_after);
    else if (rc == ERR_TOO_LARGE)
        reply_problem(request, rc, "the call is too large for the plugin");
    else
        reply_problem(request, rc,
                      rc == ERR_GONE ? "the plugin '%.*s' is retired"
                                     : "the plugin '%.*s' is not installed in this release",
                      TEXT_ARGS(plugin));
}

/* ---- the shopper's ---- */

/* Which variant this shopper has, by the same decision as evaluation; a call is no exposure. */
static const struct variant *variant_of(struct request *request, const struct snapshot_feature *feature,
                                        struct context *context) {
    struct app *app = request->app;
    context->targeting_key = app_unit(app, request->caller.customer);
    struct decision d;
    decide(app->snapshot, feature, context, &app->remembered, &d);
    usage_mark(app->usage, app->snapshot, feature, context->now);
    d.expose = false; /* a call is no exposure, nor a fallback of one */
    ofrep_fall_back(app, feature, context, &d);
    return d.targeting_key_missing ? &feature->definition.variants[feature->definition.off] : d.variant;
}

static void handle_feature(struct request *request) {
    struct app *app = request->app;
    struct text key = request_param(request, "feature");
    if (request->caller.role == ROLE_BROWSER) identity_welcome(request, &app->identity, clock_now(app->clock));
    const struct snapshot_feature *feature = snapshot_feature(app->snapshot, key);
    if (!feature) {
        reply_problem(request, ERR_NOT_FOUND, "there is no feature '%.*s'", TEXT_ARGS(key));
        return;
    }
    if (app_suppressed(app, request->caller.customer)) {
        forbid_caching(request);
        reply_problem_named(request, 403, "erased", "this customer was erased: nothing of hers is collected again");
        return;
    }
    if (app_muted(app, request->caller.customer, key, &request->arena)) {
        forbid_caching(request);
        reply_problem_named(request, 403, "muted",
                            "the shopper muted this feature; PUT /v1/me/preferences without it brings it back");
        return;
    }
    struct context context = visitor_context(request);
    if (!visitor_attributes(request, &context)) return;
    const struct variant *variant = variant_of(request, feature, &context);
    if (!variant->plugin.n) {
        forbid_caching(request);
        reply_problem_named(request, 404, "feature-off", "the feature is off for this shopper");
        return;
    }
    struct frame_request frame = {.feature = key,
                                  .variant = variant->key,
                                  .attributes = request->headers.context,
                                  .settings = settings_of(app, variant)};
    plugin_call_start(request, variant->plugin, variant->release, &frame);
}

/* ---- its web files ---- */

static void handle_asset(struct request *request) {
    struct text bytes;
    const char *type;
    struct text name = request_param(request, "name"), version = request_param(request, "version");
    if (!plugins_asset(request->app->plugins, name, version, request_param(request, "path"), &bytes, &type)) {
        reply_problem(request, ERR_NOT_FOUND, "no such file in that release");
        return;
    }
    reply_header(request, "Cache-Control", "public, max-age=31536000, immutable");
    reply_header(request, "Cross-Origin-Resource-Policy", "cross-origin");
    reply(request, 200, type, arena_text(&request->arena, bytes)); /* the release may be removed meanwhile */
}

enum { SHOPPERS = ROLE_BROWSER | ROLE_SERVER };
#define SHOPPER_CALL(method)                                                                                           \
    { method, "/v1/features/{feature}/{path...}", SHOPPERS, PLUGIN_BODY, ROUTE_SHOPPER, handle_feature }
const struct route feature_routes[] = {
    SHOPPER_CALL(METHOD_GET),
    SHOPPER_CALL(METHOD_POST),
    SHOPPER_CALL(METHOD_PUT),
    SHOPPER_CALL(METHOD_PATCH),
    SHOPPER_CALL(METHOD_DELETE),
    {METHOD_GET, "/plugins/{name}/{version}/{path...}", 0, 0, 0, handle_asset},
    {0},
};
