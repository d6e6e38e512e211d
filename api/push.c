#include "api/push.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/link.h"
#include "api/stream.h"
#include "core/base/json_write.h"
#include "core/base/memory.h"
#include "core/base/unit.h"

#define REFETCH "{\"type\":\"refetchEvaluation\"}"
enum {
    PERIOD_MS = 3600 * 1000,         /* a stream's token lives to the end of the next period: one to two hours */
    LONGEST_WAIT = 24 * 3600 * 1000, /* a scheduled change is looked for again at least so often */
    INACTIVE_SECONDS = 120,          /* hidden pages let go of their stream after this */
    TOLD_ONE_BY_ONE = 256,           /* changes at once; more are told as one reset */
    SHOPPERS_MOST = 4096,            /* streams of shoppers; who comes then asks every now and then instead */
};

struct push {
    struct app *app;
    struct stream *changes, *refetch, *notes, *logs;
    uv_timer_t beat, scheduled;
    int64_t due; /* when the scheduled change is, ms; 0: there is none */
    int handles;
};

/* ---- telling ---- */

/* A kill or a step changes what Parley keeps beside a definition, in the audit log as "feature-state" or
 * "experiment-state": for a listener it is the definition that changed. */
static struct text changed_kind(const struct audit_entry *e) {
    struct text suffix = TEXT("-state");
    return text_ends(e->kind, suffix) ? text_n(e->kind.at, e->kind.n - suffix.n) : e->kind;
}

/* Whether entry `i` only goes along with a change of the definition itself. */
static bool told_by_another(const struct audit_page *changes, size_t i) {
    const struct audit_entry *e = &changes->items[i];
    struct text kind = changed_kind(e);
    for (size_t k = 0; kind.n < e->kind.n && k < changes->n; k++)
        if (text_eq(changes->items[k].kind, kind) && text_eq(changes->items[k].key, e->key)) return true;
    return false;
}

void push_changes(struct push *push, const struct audit_page *changes) {
    if (changes->n > TOLD_ONE_BY_ONE) {
        stream_publish(push->changes, "reset", TEXT("{}"));
        return;
    }
    for (size_t i = changes->n; i-- > 0;) {
        const struct audit_entry *e = &changes->items[i];
        struct text kind = changed_kind(e);
        struct buffer out = {0};
        struct json_writer w;
        if (told_by_another(changes, i) || text_is(e->kind, "token")) continue; /* tokens are nobody else's business */
        json_writer_init(&w, &out);
        json_open_object(&w);
        json_put_text(&w, "kind", kind);
        json_put_text(&w, "key", e->key);
        if (e->version && kind.n == e->kind.n) json_put_int(&w, "version", e->version);
        json_put_text(&w, "action", e->action);
        json_put_int(&w, "revision", push->app->snapshot->revision);
        json_close_object(&w);
        stream_publish(push->changes, "change", buffer_view(&out));
        buffer_free(&out);
    }
}

void push_plugin(struct push *push, const struct plugin_event *event) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_text(&w, "plugin", event->plugin);
    json_put_text(&w, "release", event->version);
    json_put_text(&w, "state", text_of(plugin_event_name(event->kind)));
    if (event->before.n) json_put_text(&w, "before", event->before);
    if (event->detail.n) json_put_text(&w, "detail", event->detail);
    json_close_object(&w);
    stream_publish(push->changes, "plugin", buffer_view(&out));
    buffer_free(&out);
}

/* An address is for hints alone: that two customers share one has a chance of 1 in 2^64. Never 0. */
static uint64_t address_of(struct text who) {
    return unit_of(who).lo | 1;
}
static uint64_t staff_address(void) {
    return address_of(TEXT("staff"));
}
/* A customer hears under every id that she signs in with; what is said to her is not for a visitor's cookie that was joined to her. */
static uint64_t shopper_address(const struct app *app, struct text customer, bool known) {
    return address_of(known ? app_unit(app, customer) : customer);
}

void push_plugin_line(struct push *push, struct text plugin, size_t seq) {
    struct buffer out = {0};
    struct json_writer w;
    if (!stream_listeners(push->logs)) return;
    json_writer_init(&w, &out);
    if (plugins_logs_json(push->app->plugins, plugin, seq - 1, &w) && out.n > 2) /* an array of it alone */
        stream_publish_to(push->logs, address_of(plugin), "line", text_n(out.at + 1, out.n - 2));
    buffer_free(&out);
}

static void write_note(struct buffer *out, const struct push_note *note, bool customer) {
    struct json_writer w;
    buffer_clear(out);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_put_text(&w, "plugin", note->plugin);
    json_put_text(&w, "topic", note->topic);
    if (customer) json_put_text(&w, "customer", note->customer);
    json_close_object(&w);
}

void push_note(struct push *push, const struct push_note *note) {
    struct buffer out = {0};
    write_note(&out, note, true);
    stream_publish_to(push->changes, staff_address(), "plugin-note", buffer_view(&out));
    write_note(&out, note, false);
    stream_publish_to(push->notes, shopper_address(push->app, note->customer, note->known), "note", buffer_view(&out));
    buffer_free(&out);
}

static void schedule(struct push *push);

static void on_scheduled(uv_timer_t *timer) {
    struct push *push = timer->data;
    if (clock_now(push->app->clock) >= push->due) stream_publish(push->refetch, NULL, TEXT(REFETCH));
    schedule(push);
}

static void schedule(struct push *push) {
    int64_t now = clock_now(push->app->clock);
    push->due = snapshot_next_change(push->app->snapshot, now);
    if (!push->due) {
        uv_timer_stop(&push->scheduled);
        return;
    }
    int64_t wait = push->due - now < LONGEST_WAIT ? push->due - now : LONGEST_WAIT;
    uv_update_time(push->app->loop);
    uv_timer_start(&push->scheduled, on_scheduled, (uint64_t)wait, 0);
}

void push_snapshot(struct push *push) {
    stream_publish(push->refetch, NULL, TEXT(REFETCH));
    schedule(push);
}

/* ---- listening ---- */

struct listening {
    struct listener listener;
    struct request *request;
};

static void on_wake(struct listener *listener) {
    reply_wake(((struct listening *)listener)->request);
}
/* A token that was revoked, or has expired, hears nothing more. */
static ssize_t on_read(void *user, char *out, size_t room) {
    return app_still_admits(((struct listening *)user)->request) ? stream_read(user, out, room) : STREAM_ENDED;
}
static void on_closed(void *user) {
    stream_leave(user);
}

static void listen_to(struct request *request, struct stream *stream, uint64_t whom, bool missed) {
    struct listening *listening = arena_new(&request->arena, struct listening);
    *listening = (struct listening){.listener = {.wake = on_wake, .whom = whom}, .request = request};
    stream_join(stream, &listening->listener, request->headers.last_event_id, missed);
    reply_header(request, "Cache-Control", "no-store");
    reply_header(request, "X-Accel-Buffering", "no"); /* nginx would hold events back */
    reply_stream(request, 200, "text/event-stream", (struct reply_source){on_read, on_closed, listening});
}

static void handle_changes(struct request *request) {
    bool customers = request->caller.role & (ROLE_ADMIN | ROLE_MANAGER | ROLE_AGENT);
    listen_to(request, request->app->push->changes, customers ? staff_address() : 0, false);
}

static void handle_log(struct request *request) {
    struct app *app = request->app;
    struct text name = request_param(request, "name");
    struct plugin_standing standing;
    if (plugins_standing(app->plugins, name, &standing))
        listen_to(request, app->push->logs, address_of(name), false);
    else
        reply_problem(request, ERR_NOT_FOUND, PLUGINS_NONE, TEXT_ARGS(name));
}

static void handle_notes(struct request *request) {
    struct app *app = request->app;
    const struct caller *caller = &request->caller;
    reply_header(request, "Vary", "Authorization, Cookie, Parley-Customer, Parley-Act-As");
    if (!caller->customer.n)
        reply_problem(
            request, ERR_UNAUTHENTICATED,
            "nobody is known: send Parley-Customer, or Parley-Act-As with a server's token, or the cookie that"
            " GET /v1/me sets");
    else if (stream_listeners(app->push->notes) >= SHOPPERS_MOST) {
        reply_header(request, "Retry-After", "30");
        reply_problem(request, ERR_UNAVAILABLE, "%d pages are listening, and there is room for no more", SHOPPERS_MOST);
    } else
        listen_to(request, app->push->notes, shopper_address(app, caller->customer, caller->known), false);
}

/* A browser's EventSource sends no headers, so the URL carries what allows it: to be told when, and nothing else. The token
 * names the revision that was evaluated; whoever comes after a newer one is told at once. */
static void handle_refetch(struct request *request) {
    struct app *app = request->app;
    struct text token = request_query(request, "token"), payload;
    int64_t revision;
    if (!link_check(&app->identity, "stream", token, clock_now(app->clock), &payload) ||
        !text_to_int(payload, &revision)) {
        reply_problem(request, ERR_UNAUTHENTICATED,
                      "this stream's token is wrong or has expired: a bulk evaluation's eventStreams has a new one");
        return;
    }
    listen_to(request, app->push->refetch, 0, !request->headers.last_event_id.n && revision < app->snapshot->revision);
}

int64_t push_streams_period(int64_t now) {
    return now / PERIOD_MS;
}

void push_write_streams(struct request *request, struct json_writer *w) {
    struct app *app = request->app;
    struct arena *arena = &request->arena;
    int64_t expires = (push_streams_period(clock_now(app->clock)) + 2) * PERIOD_MS;
    struct text revision = arena_printf(arena, "%lld", (long long)app->snapshot->revision);
    struct text token = link_sign(&app->identity, "stream", revision, expires, arena);
    struct text origin = app_origin(request);
    json_key(w, TEXT("eventStreams"));
    json_open_array(w);
    json_open_object(w);
    json_put_text(w, "type", TEXT("sse"));
    json_put_text(w, "url",
                  arena_printf(arena, "%.*s/ofrep/v1/stream?token=%.*s", TEXT_ARGS(origin), TEXT_ARGS(token)));
    json_put_int(w, "inactivityDelaySec", INACTIVE_SECONDS);
    json_close_object(w);
    json_close_array(w);
}

/* ---- from start to end ---- */

void push_beat(struct push *push) {
    stream_beat(push->changes);
    stream_beat(push->refetch);
    stream_beat(push->notes);
    stream_beat(push->logs);
}

static void on_beat(uv_timer_t *timer) {
    push_beat(timer->data);
}

static struct stream *open_stream(struct app *app, const char *label, const char *missed) {
    struct stream_options options = {
        .epoch = clock_now(app->clock),
        .missed = missed,
        .dropped = telemetry_counter(app->telemetry, "parley_stream_listeners_dropped_total",
                                     "Listeners cut off because they read too slowly", label),
        .gauge = telemetry_gauge(app->telemetry, "parley_stream_listeners", "Listeners now", label),
    };
    return stream_new(&options);
}

struct push *push_open(struct app *app, int64_t heartbeat) {
    struct push *push = memory_new(struct push);
    push->app = app;
    push->changes = open_stream(app, "stream=\"changes\"", "event: reset\ndata: {}");
    push->refetch = open_stream(app, "stream=\"refetch\"", "data: " REFETCH);
    push->notes = open_stream(app, "stream=\"notes\"", "event: reset\ndata: {}");
    push->logs = open_stream(app, "stream=\"logs\"", "event: reset\ndata: {}");
    uv_timer_init(app->loop, &push->beat);
    uv_timer_init(app->loop, &push->scheduled);
    push->beat.data = push->scheduled.data = push;
    uv_timer_start(&push->beat, on_beat, (uint64_t)heartbeat, (uint64_t)heartbeat);
    return push;
}

void push_end(struct push *push) {
    stream_end(push->changes);
    stream_end(push->refetch);
    stream_end(push->notes);
    stream_end(push->logs);
}

static void on_handle_closed(uv_handle_t *handle) {
    struct push *push = handle->data;
    if (--push->handles) return;
    stream_free(push->changes);
    stream_free(push->refetch);
    stream_free(push->notes);
    stream_free(push->logs);
    free(push);
}

void push_close(struct push *push) {
    push->handles = 2;
    uv_close((uv_handle_t *)&push->beat, on_handle_closed);
    uv_close((uv_handle_t *)&push->scheduled, on_handle_closed);
}

enum { READERS = ROLE_MANAGER | ROLE_ANALYST | ROLE_AGENT };
const struct route push_routes[] = {
    {METHOD_GET, "/admin/v1/stream", READERS, 0, 0, handle_changes},
    {METHOD_GET, "/admin/v1/plugins/{name}/logs/stream", ROLE_MANAGER | ROLE_ANALYST | ROLE_PUBLISHER, 0, 0,
     handle_log},
    {METHOD_GET, "/v1/me/stream", ROLE_BROWSER | ROLE_SERVER, 0, ROUTE_SHOPPER, handle_notes},
    {METHOD_GET, "/ofrep/v1/stream", 0, 0, 0, handle_refetch},
    {0},
};
