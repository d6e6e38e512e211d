/* A page, composed for one shopper: every section's feature is decided, the releases behind them are asked all at once, and
 * what has answered by the deadline is the page. A section that is late or whose release is down is left out and counted, and so is
 * its exposure: a fallback. Each section that is there, or would be but for its variant, is an exposure. */
#include "api/app.h"
#include "api/away.h"
#include "api/ofrep/evaluate.h"
#include "api/public/features.h"
#include "api/public/tables.h"
#include "api/visitor.h"

/* Of the deadline, for putting the page together and for timers, which come up to a millisecond late: the page is there by then. */
enum { ANSWERING_MS = 2 };

struct composition;

struct part {
    struct composition *of;
    const struct page_section *section;
    const struct snapshot_feature *feature; /* NULL: it was deleted since */
    struct decision decision;
    const char *missing; /* why it is left out: "late", "down", "error"; NULL: it is not */
    bool muted; /* the shopper does not want it, or was erased: not asked and not shown, but an exposure like any */
    struct text data; /* what its release answered; TEXT_NONE: it was not asked */
};

struct composition {
    struct request *request;
    struct snapshot *snapshot; /* kept until the page is sent */
    const struct page *page;
    struct context context;
    struct decision layout; /* variant NULL: the page has none */
    struct json laid;       /* its value; n is 0 where there is none */
    struct part *parts;
    uint32_t n, waiting;
};

/* One of the page's features, decided for its shopper. */
static void decide_one(struct composition *c, const struct snapshot_feature *feature, struct decision *decision) {
    struct app *app = c->request->app;
    const struct feature *definition = &feature->definition;
    decide(c->snapshot, feature, &c->context, &app->remembered, decision);
    usage_mark(app->usage, c->snapshot, feature, c->context.now);
    count(app->evaluations, 1);
    if (!decision->targeting_key_missing) return;
    decision->index = definition->off;
    decision->variant = &definition->variants[definition->off];
}

/* ---- the layout ---- */

static void read_layout(struct composition *c) {
    const struct snapshot_feature *feature = c->page->layout.n ? snapshot_feature(c->snapshot, c->page->layout) : NULL;
    if (!feature) return;
    decide_one(c, feature, &c->layout);
    json_scan(&c->laid, c->layout.variant->value, &c->request->arena, NULL);
}

static void add_part(struct composition *c, int at) {
    int64_t now = c->context.now;
    if (at < 0) return; /* the layout names what the page has no more */
    const struct page_section *section = &c->page->sections[at];
    if (now < section->from || (section->until && now >= section->until)) return;
    for (uint32_t i = 0; i < c->n; i++)
        if (c->parts[i].section == section) return;
    c->parts[c->n++] = (struct part){.of = c, .section = section};
}

static void order_parts(struct composition *c) {
    c->parts = arena_array(&c->request->arena, struct part, c->page->n_sections);
    json_at order = json_get(&c->laid, 0, TEXT("order"));
    if (c->laid.n && json_kind(&c->laid, order) == JSON_KIND_ARRAY)
        for (json_at i = json_first(&c->laid, order); i != JSON_NONE; i = json_after(&c->laid, order, i))
            add_part(c, page_section(c->page, json_unescaped(&c->laid, i, &c->request->arena)));
    else
        for (uint32_t i = 0; i < c->page->n_order; i++) add_part(c, (int)c->page->order[i]);
}

/* ---- settings: the variant's, over them the section's, over them the layout's ---- */

static bool said_later(const struct json *from, const struct json *end, struct text key) {
    for (; from < end; from++)
        if (json_get(from, 0, key) != JSON_NONE) return true;
    return false;
}

static struct text merge(const struct json *sources, size_t n, struct arena *arena) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    for (size_t i = 0; i < n; i++)
        for (json_at k = json_first(&sources[i], 0); k != JSON_NONE; k = json_after(&sources[i], 0, k)) {
            struct text key = json_unescaped(&sources[i], k, arena);
            if (said_later(&sources[i + 1], &sources[n], key)) continue;
            json_key(&w, key);
            json_raw(&w, json_source(&sources[i], k + 1));
        }
    json_close_object(&w);
    struct text merged = arena_text(arena, buffer_view(&out));
    buffer_free(&out);
    return merged;
}

static struct text merged_settings(const struct part *part) {
    struct composition *c = part->of;
    struct arena *arena = &c->request->arena;
    struct json sources[3];
    json_at laid =
        c->laid.n ? json_get(&c->laid, json_get(&c->laid, 0, TEXT("settings")), part->section->id) : JSON_NONE;
    const struct text texts[] = {settings_of(c->request->app, part->decision.variant), part->section->settings,
                                 laid == JSON_NONE ? TEXT_NONE : json_source(&c->laid, laid)};
    size_t n = 0, last = 0;
    for (size_t i = 0; i < 3; i++) {
        if (!texts[i].n || json_scan(&sources[n], texts[i], arena, NULL) < 0) continue;
        if (json_kind(&sources[n], 0) != JSON_KIND_OBJECT) continue;
        last = i;
        n++;
    }
    return n == 0 ? TEXT("{}") : n == 1 ? texts[last] : merge(sources, n, arena);
}

/* ---- the answer ---- */

static bool is_shown(const struct part *part) {
    return part->feature && !part->missing && !part->muted && part->decision.index != part->feature->definition.off;
}

static void write_part(struct app *app, const struct part *part, struct json_writer *w) {
    json_open_object(w);
    json_put_text(w, "section", part->section->id);
    if (part->section->title.n) json_put_text(w, "title", part->section->title);
    if (part->section->about.n) json_put_text(w, "about", part->section->about);
    json_key(w, TEXT("flag"));
    ofrep_write_flag(app, part->section->feature, &part->decision, TEXT_NONE, w);
    json_put_raw(w, "settings", merged_settings(part));
    if (part->data.at) json_put_raw(w, "data", part->data);
    json_close_object(w);
}

static void write_page(struct composition *c, struct json_writer *w) {
    struct app *app = c->request->app;
    json_open_object(w);
    json_put_text(w, "page", c->page->key);
    if (c->layout.variant) json_put_text(w, "layout", c->layout.variant->key);
    json_put_int(w, "configRevision", c->snapshot->revision);
    json_key(w, TEXT("sections"));
    json_open_array(w);
    for (uint32_t i = 0; i < c->n; i++)
        if (is_shown(&c->parts[i])) write_part(app, &c->parts[i], w);
    json_close_array(w);
    json_key(w, TEXT("leftOut"));
    json_open_array(w);
    for (uint32_t i = 0; i < c->n; i++) {
        if (!c->parts[i].missing && !c->parts[i].muted) continue;
        json_open_object(w);
        json_put_text(w, "section", c->parts[i].section->id);
        json_put_text(w, "why", text_of(c->parts[i].muted ? "muted" : c->parts[i].missing));
        json_close_object(w);
    }
    json_close_array(w);
    json_close_object(w);
}

static void record_parts(struct composition *c) {
    struct app *app = c->request->app;
    for (uint32_t i = 0; i < c->n; i++) {
        const struct part *part = &c->parts[i];
        if (!part->feature || part->decision.targeting_key_missing) continue;
        if (part->missing) {
            ofrep_record_fallback(app, &c->context, &part->decision);
            count(app->sections_left_out, 1);
        } else
            ofrep_record(app, &c->context, &part->decision);
    }
    if (c->layout.variant && !c->layout.targeting_key_missing) ofrep_record(app, &c->context, &c->layout);
}

static void finish(struct composition *c) {
    struct buffer out = {0};
    struct json_writer w;
    record_parts(c);
    json_writer_init(&w, &out);
    write_page(c, &w);
    forbid_caching(c->request);
    snapshot_release(c->snapshot);
    reply_json(c->request, 200, &out);
}

/* ---- asking ---- */

static void on_answer(void *user, const struct plugin_answer *answer) {
    struct part *part = user;
    struct composition *c = part->of;
    const struct frame_reply *r = &answer->reply;
    if (answer->code)
        part->missing = answer->code == ERR_TIMEOUT ? "late" : "down";
    else if (r->status != 200 || !text_starts(r->content_type, TEXT("application/json")) || !r->body.n)
        part->missing = "error";
    else
        part->data = arena_text(&c->request->arena, r->body);
    if (--c->waiting == 0) finish(c);
}

static void ask(struct part *part) {
    struct composition *c = part->of;
    const struct request *request = c->request;
    const struct variant *variant = part->decision.variant;
    struct frame_request frame = {
        .method = TEXT("GET"),
        .customer = request->caller.customer,
        .known = request->caller.known,
        .now = c->context.now,
        .feature = part->section->feature,
        .variant = variant->key,
        .attributes = request->headers.context,
        .settings = merged_settings(part),
    };
    text_cut(part->section->path, '?', &frame.path, &frame.query);
    struct plugin_call call = {.plugin = variant->plugin,
                               .version = variant->release,
                               .request = &frame,
                               .deadline = c->page->deadline - ANSWERING_MS,
                               .answered = on_answer,
                               .user = part};
    if (plugins_call(request->app->plugins, &call, NULL) == 0)
        c->waiting++;
    else
        part->missing = "down";
}

static void decide_part(struct part *part) {
    struct composition *c = part->of;
    struct app *app = c->request->app;
    part->feature = snapshot_feature(c->snapshot, part->section->feature);
    if (!part->feature) return;
    decide_one(c, part->feature, &part->decision);
    ofrep_fall_back(app, part->feature, &c->context, &part->decision);
    struct text customer = c->request->caller.customer;
    part->muted = app_suppressed(app, customer) || app_muted(app, customer, part->section->feature, &c->request->arena);
    if (part->muted) return;
    if (part->decision.variant->plugin.n && part->section->path.n &&
        part->decision.index != part->feature->definition.off)
        ask(part);
}

static void compose(struct request *request, const struct page *page, const struct context *context) {
    struct app *app = request->app;
    struct composition *c = arena_new(&request->arena, struct composition);
    c->request = request;
    c->page = page;
    c->snapshot = snapshot_keep(app->snapshot);
    c->context = *context;
    c->context.targeting_key = app_unit(app, request->caller.customer);
    read_layout(c);
    order_parts(c);
    c->waiting = 1; /* this function: answers may not finish the page before all were asked */
    for (uint32_t i = 0; i < c->n; i++) decide_part(&c->parts[i]);
    if (--c->waiting == 0) finish(c);
}

/* Whether releases may have to be asked, or what their settings look like. */
static bool asks_plugins(const struct snapshot *snapshot, const struct page *page) {
    for (uint32_t i = 0; i < page->n_sections; i++) {
        const struct snapshot_feature *feature = snapshot_feature(snapshot, page->sections[i].feature);
        for (uint32_t v = 0; feature && v < feature->definition.n_variants; v++)
            if (feature->definition.variants[v].plugin.n) return true;
    }
    return false;
}

static void compose_for(struct request *request) {
    struct app *app = request->app;
    struct text key = request_param(request, "name");
    if (request->caller.role == ROLE_BROWSER) identity_welcome(request, &app->identity, clock_now(app->clock));
    struct context context = visitor_context(request);
    const struct page *page = snapshot_page(app->snapshot, key);
    if (!page)
        reply_problem(request, ERR_NOT_FOUND, "there is no page '%.*s'", TEXT_ARGS(key));
    else if (visitor_attributes(request, &context))
        compose(request, page, &context);
}

static void handle_page(struct request *request) {
    const struct app *app = request->app;
    const struct page *page = app->offers ? snapshot_page(app->snapshot, request_param(request, "name")) : NULL;
    if (page && asks_plugins(app->snapshot, page)) /* on a further loop */
        away_send(request, compose_for);
    else
        compose_for(request);
}

const struct route page_routes[] = {
    {METHOD_GET, "/v1/pages/{name}", ROLE_BROWSER | ROLE_SERVER, 0, ROUTE_SHOPPER | ROUTE_ANY_LOOP, handle_page},
    {0},
};
