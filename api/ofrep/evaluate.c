/* The OpenFeature Remote Evaluation Protocol 0.3.0: one flag, which records an exposure, and all flags, which records none. */
#include "api/ofrep/evaluate.h"

#include <stdio.h>
#include <xxhash.h>

#include "api/offers.h"
#include "api/push.h"
#include "api/visitor.h"
#include "core/base/json_write.h"

enum { CONTEXT_MOST = 1024 * 1024, ANSWER_ROOM = 512 /* most answers fit without growing */ };

/* ---- the request ---- */

struct ofrep_call {
    struct request *request;
    struct json json;
    struct context context;
    struct text context_id; /* the targeting key as it was sent, quotes and all; TEXT_NONE */
};

static bool read_context(struct ofrep_call *call, struct request *request) {
    struct error error; /* 3 KB, of which only the head is cleared */
    error_clear(&error);
    call->request = request;
    if (json_scan(&call->json, request->body, &request->arena, &error) != 0) {
        reply_error(request, &error);
        return false;
    }
    json_at context = json_get(&call->json, 0, TEXT("context"));
    if (json_kind(&call->json, 0) != JSON_KIND_OBJECT || json_kind(&call->json, context) != JSON_KIND_OBJECT) {
        reply_ofrep_error(request, 400, "INVALID_CONTEXT", "send {\"context\":{\"targetingKey\":\"...\"}}");
        return false;
    }
    json_at key = json_get(&call->json, context, TEXT("targetingKey"));
    if (key != JSON_NONE && json_kind(&call->json, key) != JSON_KIND_STRING) {
        reply_ofrep_error(request, 400, "INVALID_CONTEXT", "targetingKey must be a string");
        return false;
    }
    call->context = visitor_context(request);
    call->context.json = &call->json;
    call->context.root = context;
    call->context_id = json_source(&call->json, key);
    call->context.targeting_key = json_unescaped(&call->json, key, &request->arena);
    return true;
}

/* A browser speaks for its own shopper alone. */
static bool own_key(struct ofrep_call *call) {
    struct caller *p = &call->request->caller;
    if (p->role != ROLE_BROWSER) return true;
    if (!call->context.targeting_key.n || text_eq(call->context.targeting_key, p->customer)) return true;
    reply_problem(call->request, ERR_FORBIDDEN,
                  "with a browser token, targetingKey must be the customer of Parley-Customer or of the signed cookie "
                  "(GET /v1/me tells and sets it)");
    return false;
}

/* ---- the exposure ---- */

static struct text breakdown_attributes(const struct context *context, const struct experiment *experiment) {
    if (!experiment->n_breakdowns) return TEXT_NONE;
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    for (uint32_t i = 0; i < experiment->n_breakdowns; i++) {
        json_at at = json_get(context->json, context->root, experiment->breakdowns[i]);
        if (at == JSON_NONE || json_kind(context->json, at) >= JSON_KIND_ARRAY) continue;
        json_key(&w, experiment->breakdowns[i]);
        json_raw(&w, json_source(context->json, at));
    }
    json_close_object(&w);
    struct text copy = arena_text(context->arena, buffer_view(&out));
    buffer_free(&out);
    return copy;
}

static bool record(struct app *app, const struct context *context, const struct snapshot_experiment *experiment,
                   const struct decision *d, enum journal_cause cause) {
    if (app_suppressed(app, d->unit_text)) return false;
    struct journal_exposure exposure = {
        .at = context->now,
        .experiment = experiment->definition.key,
        .salt = experiment->state.salt,
        .unit = d->unit_text,
        .variant = experiment->state.arms[d->arm],
        .attributes = breakdown_attributes(context, &experiment->definition),
        .epoch = d->epoch,
        .cause = cause,
    };
    bool pushed = journal_ring_push(app->exposures, &exposure);
    count(pushed ? app->exposures_recorded : app->exposures_refused, 1);
    return pushed;
}

/* What happens to a unit again and again (a rule catches it, its release is down) is told to the journal once. */
static void record_once(struct app *app, const struct context *context, const struct snapshot_experiment *experiment,
                        const struct decision *d, enum journal_cause cause) {
    enum remembered_set set = cause == JOURNAL_FALLBACK ? REMEMBERED_FALLEN_BACK : REMEMBERED_OVERRIDDEN;
    struct remembered *told = remembered_make(&app->remembered, experiment->state.salt) + set;
    struct remembered_unit unit = {.unit = d->unit};
    if (remembered_look(&app->remembered, told, d->unit, &unit)) return;
    if (record(app, context, experiment, d, cause)) remembered_keep(&app->remembered, told, &unit);
}

void ofrep_record_fallback(struct app *app, const struct context *context, const struct decision *d) {
    if (d->expose && d->experiment) record_once(app, context, d->experiment, d, JOURNAL_FALLBACK);
}

bool ofrep_fall_back(struct app *app, const struct snapshot_feature *feature, const struct context *context,
                     struct decision *d) {
    if (d->targeting_key_missing || !d->variant->plugin.n || offers_serve(app, d->variant)) return false;
    ofrep_record_fallback(app, context, d);
    d->expose = false;
    if (feature->definition.when_down != WHEN_DOWN_OFF) return false; /* its calls say 503 */
    d->index = feature->definition.off;
    d->variant = &feature->definition.variants[d->index];
    d->reason = REASON_DEFAULT;
    d->experiment = NULL;
    d->rule = NULL;
    return true;
}

/* Whoever a holdout covers is in its figures, held out or not. */
static void record_holdouts(struct app *app, const struct snapshot_feature *feature, const struct context *context) {
    int part = HOLDOUT_OPEN;
    for (uint32_t i = 0; i < feature->n_holdouts && part != HOLDOUT_HELD; i++) {
        const struct snapshot_experiment *readout = feature->holdouts[i]->readout;
        struct decision met = {0};
        part = decide_holdout(feature->holdouts[i], feature, context, &met.unit_text);
        if (part < 0) continue;
        struct remembered *known = remembered_make(&app->remembered, readout->state.salt);
        struct remembered_unit unit = {unit_of(met.unit_text), context->now, (uint16_t)part, 0};
        met.arm = unit.arm;
        if (!remembered_look(&app->remembered, known, unit.unit, &unit) &&
            record(app, context, readout, &met, JOURNAL_MET))
            remembered_keep(&app->remembered, known, &unit);
    }
}

void ofrep_record(struct app *app, const struct context *context, const struct decision *d) {
    if (d->holdout) record_holdouts(app, d->feature, context);
    if (d->overridden) record_once(app, context, d->overridden, d, JOURNAL_RULE_OVERRIDE);
    if (!d->expose || !d->experiment || d->enrolled) return;
    if (!record(app, context, d->experiment, d, JOURNAL_MET)) return; /* not marked as seen: the next one tries again */
    struct remembered_unit unit = {d->unit, context->now, d->arm, d->epoch};
    remembered_keep(&app->remembered, remembered_make(&app->remembered, d->experiment->state.salt), &unit);
}

/* ---- the answer ---- */

/* Which release serves the variant, and what a page loads to show it. */
static void write_plugin(struct app *app, const struct variant *variant, struct json_writer *w) {
    struct plugin_web web;
    json_put_text(w, "plugin", variant->plugin);
    if (!offers_web(app, variant, &web)) return;
    json_put_text(w, "release", web.version);
    if (!web.module.n) return;
    char url[256] = "/plugins/";
    size_t n = sizeof "/plugins/" - 1;
    const struct text parts[] = {variant->plugin, TEXT("/"), web.version, TEXT("/"), web.module};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (n + parts[i].n > sizeof url) return;
        memcpy(url + n, parts[i].at, parts[i].n);
        n += parts[i].n;
    }
    json_put_text(w, "component", text_n(url, n));
    json_put_text(w, "integrity", web.integrity);
    if (web.element.n) json_put_text(w, "element", web.element);
}

/* What decided; and by OpenFeature's names, for telemetry, whom it was decided for, of which flags, and in which state of them. */
static void write_metadata(struct app *app, const struct decision *d, struct text context_id, struct json_writer *w) {
    json_key(w, TEXT("metadata"));
    json_open_object(w);
    json_put_int(w, "configRevision", app->snapshot->revision);
    json_put_raw(w, "version", app->snapshot->version);
    json_put_text(w, "flagSetId", TEXT("parley"));
    if (context_id.n) json_put_raw(w, "contextId", context_id);
    if (d->experiment) json_put_text(w, "experiment", d->experiment->definition.key);
    if (d->rule) json_put_text(w, "rule", d->rule->id);
    if (d->experiment || (d->rule && d->rule->serve < 0)) json_put_int(w, "bucket", d->bucket);
    if (d->variant->plugin.n) write_plugin(app, d->variant, w);
    json_close_object(w);
}

void ofrep_write_flag(struct app *app, struct text key, const struct decision *d, struct text context_id,
                      struct json_writer *w) {
    json_open_object(w);
    json_put_text(w, "key", key);
    if (d->targeting_key_missing) {
        json_put_text(w, "errorCode", TEXT("TARGETING_KEY_MISSING"));
        json_put_text(w, "errorDetails", TEXT("this flag is split by unit: send a targetingKey"));
    } else {
        json_put_raw(w, "value", d->variant->value);
        json_put_text(w, "variant", d->variant->key);
        json_put_text(w, "reason", text_of(decision_reason(d->reason)));
        write_metadata(app, d, context_id, w);
    }
    json_close_object(w);
}

static void evaluate_one(struct request *request) {
    struct app *app = request->app;
    struct ofrep_call call;
    if (!read_context(&call, request) || !own_key(&call)) return;
    call.context.targeting_key = app_unit(app, call.context.targeting_key);
    struct text key = request_param(request, "key");
    const struct snapshot_feature *feature = snapshot_feature(app->snapshot, key);
    if (!feature) {
        reply_ofrep_error(request, 404, "FLAG_NOT_FOUND", "there is no feature of that key");
        return;
    }
    struct decision d;
    decide(app->snapshot, feature, &call.context, &app->remembered, &d);
    usage_mark(app->usage, app->snapshot, feature, call.context.now);
    count(app->evaluations, 1);
    ofrep_fall_back(app, feature, &call.context, &d);
    ofrep_record(app, &call.context, &d);
    struct buffer out = {0};
    struct json_writer w;
    buffer_reserve(&out, ANSWER_ROOM);
    json_writer_init(&w, &out);
    ofrep_write_flag(app, key, &d, call.context_id, &w);
    reply_json(request, d.targeting_key_missing ? 400 : 200, &out);
}

/* Over the answer (so configuration and what is remembered), the context, and the period in which the streams' token is
 * good; not over the token, which differs from call to call. */
static const char *bulk_etag(struct ofrep_call *call, struct text answer) {
    struct text context = json_source(&call->json, call->context.root);
    XXH64_hash_t seed = XXH3_64bits_withSeed(context.at, context.n, (uint64_t)push_streams_period(call->context.now));
    XXH128_hash_t hash = XXH3_128bits_withSeed(answer.at, answer.n, seed);
    return arena_printf(&call->request->arena, "\"%016llx%016llx\"", (unsigned long long)hash.high64,
                        (unsigned long long)hash.low64)
        .at;
}

/* Whether If-None-Match has the tag; a proxy that compresses makes it a weak one. */
static bool has_tag(struct text rest, const char *etag) {
    struct text tag;
    while (rest.n) {
        text_cut(rest, ',', &tag, &rest);
        tag = text_trim(tag);
        if (text_starts(tag, TEXT("W/"))) tag = text_n(tag.at + 2, tag.n - 2);
        if (text_is(tag, etag)) return true;
    }
    return false;
}

static void write_flags(struct app *app, const struct ofrep_call *call, struct json_writer *w) {
    const struct context *context = &call->context;
    json_key(w, TEXT("flags"));
    json_open_array(w);
    for (uint32_t i = 0; i < app->snapshot->n_features; i++) {
        struct decision d;
        decide(app->snapshot, &app->snapshot->features[i], context, &app->remembered, &d);
        usage_mark(app->usage, app->snapshot, &app->snapshot->features[i], context->now);
        count(app->evaluations, 1);
        d.expose = false; /* the bulk call is no exposure, nor a fallback of one */
        ofrep_fall_back(app, &app->snapshot->features[i], context, &d);
        ofrep_write_flag(app, app->snapshot->features[i].definition.key, &d, call->context_id, w);
    }
    json_close_array(w);
}

static void evaluate_all(struct request *request) {
    struct app *app = request->app;
    struct ofrep_call call;
    if (!read_context(&call, request) || !own_key(&call)) return;
    struct variants_known known = {0}; /* prerequisites that many features share are decided once */
    call.context.targeting_key = app_unit(app, call.context.targeting_key);
    call.context.known = &known;
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    write_flags(app, &call, &w);
    const char *etag = bulk_etag(&call, buffer_view(&out));
    reply_header(request, "ETag", etag);
    if (has_tag(request->headers.if_none_match, etag)) {
        buffer_free(&out);
        reply_empty(request, 304);
        return;
    }
    push_write_streams(request, &w);
    json_close_object(&w);
    reply_json(request, 200, &out);
}

enum { EVALUATORS = ROLE_SERVER | ROLE_BROWSER, EVALUATED = ROUTE_OFREP | ROUTE_SHOPPER | ROUTE_ANY_LOOP };
const struct route ofrep_routes[] = {
    {METHOD_POST, "/ofrep/v1/evaluate/flags/{key}", EVALUATORS, CONTEXT_MOST, EVALUATED, evaluate_one},
    {METHOD_POST, "/ofrep/v1/evaluate/flags", EVALUATORS, CONTEXT_MOST, EVALUATED, evaluate_all},
    {0},
};
