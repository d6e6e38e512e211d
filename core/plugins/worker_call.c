#include "core/plugins/worker_call.h"

#include <assert.h>

#include "core/base/clock.h"
#include "core/plugins/worker_events.h"
#include "core/plugins/worker_work.h"

enum {
    ANSWER_MOST = 1 << 20, /* bytes of a body */
    DETAIL_MOST = 1000,
    POINTER_MOST = 200, /* bytes of a problem's: both may quote a request of a megabyte */
};

static struct text shortened(struct text t, size_t most) {
    return text_n(t.at, t.n < most ? t.n : most); /* half a character at the end becomes U+FFFD */
}

static const char *title_of(int status) {
    for (int code = -1; code >= -ERROR_ORDINAL_COUNT; code--)
        if (error_status(code) == status) return error_title(code);
    return "The request was refused";
}

void call_problem(parley_call *call, int status, const char *pointer, struct text detail) {
    struct json_writer w;
    struct buffer *body = &call->runtime->body;
    if (status < 400 || status > 599) status = 500;
    detail = shortened(detail, DETAIL_MOST);
    buffer_clear(body);
    json_writer_init(&w, body);
    json_open_object(&w);
    json_put_text(&w, "type", TEXT("about:blank"));
    json_put_text(&w, "title", text_of(title_of(status)));
    json_put_int(&w, "status", status);
    json_put_text(&w, "detail", detail);
    if (pointer) {
        json_key(&w, TEXT("errors"));
        json_open_array(&w);
        json_open_object(&w);
        json_put_text(&w, "pointer", shortened(text_of(pointer), POINTER_MOST));
        json_put_text(&w, "detail", detail);
        json_close_object(&w);
        json_close_array(&w);
    }
    json_close_object(&w);
    call->status = status;
    call->refusal = arena_text(&call->arena, detail);
}

static void problem_of(parley_call *call, const struct error *error) {
    call_problem(call, error_status(error->code), error->places ? error->at[0].pointer : NULL, text_of(error->detail));
}

static int audience_of(const struct frame_request *request) {
    return request->hook ? PARLEY_HOOK : request->staff ? PARLEY_STAFF : PARLEY_SHOPPER;
}

/* The route, and a body that is JSON where one was sent; a webhook's sender has to prove itself before it is told what is wrong. */
static void prepare_request(parley_call *call) {
    const struct parley_plugin *plugin = &call->runtime->plugin;
    struct error error = {0};
    int rc = route_find(&call->match, plugin->routes, plugin->routes_n, plugin->route_size, audience_of(&call->request),
                        call->request.method, call->request.path, &call->arena, &error);
    if (rc == 0 && call->request.body.n) {
        call->body = document_scan(&call->arena, call->request.body, &error);
        rc = call->request.hook ? 0 : error.code;
    }
    if (rc < 0) problem_of(call, &error);
}

int call_decode(parley_call *call, const struct frame *frame, struct error *error) {
    char *copy = arena_take(&call->arena, frame->payload.n);
    if (frame->payload.n) memcpy(copy, frame->payload.at, frame->payload.n);
    call->id = frame->id;
    call->payload = text_n(copy, frame->payload.n);
    call->request.now = clock_now(call->runtime->clock); /* a request brings its own */
    switch (frame->type) {
    case FRAME_REQUEST: {
        int rc = frame_request_decode(call->payload, &call->request, error);
        if (rc < 0) return rc;
        call->kind = CALL_REQUEST;
        prepare_request(call);
        return 0;
    }
    case FRAME_EXPORT: call->kind = CALL_EXPORT; break;
    case FRAME_FORGET: call->kind = CALL_FORGET; break;
    case FRAME_CONFIGURE:
        call->kind = CALL_CONFIGURE;
        call->request.settings = call->payload;
        return 0;
    case FRAME_EVENTS: {
        struct error why = {0};
        call->kind = CALL_EVENTS;
        if (!call->runtime->plugin.on_event)
            return error_set(error, ERR_INVALID, "events for a plugin that takes none");
        call->body = document_scan(&call->arena, call->payload, &why);
        if (why.code) problem_of(call, &why);
        return 0;
    }
    default: return error_set(error, ERR_INVALID, "a frame of type %d, which is none for a worker", (int)frame->type);
    }
    call->request.customer = call->payload;
    return 0;
}

bool call_writes(const parley_call *call) {
    switch (call->kind) {
    case CALL_REQUEST: return call->match.route->access == PARLEY_WRITE;
    case CALL_EXPORT:
    case CALL_HELPER:
    case CALL_HEALTH: return false;
    default: return true;
    }
}

static int configure(parley_call *call) {
    int (*configured)(parley_call * c, parley_json settings) = call->runtime->plugin.configure;
    return configured ? configured(call, call_host.settings(call)) : 0;
}

static int start(parley_call *call) {
    struct runtime *runtime = call->runtime;
    int rc = runtime->plugin.start ? runtime->plugin.start(call, &runtime->state) : 0;
    if (rc >= 0) rc = configure(call);
    runtime->started = rc >= 0;
    return rc;
}

/* The row goes in the same savepoint; another worker of this plugin may have been first. */
static int timer(parley_call *call) {
    struct runtime *runtime = call->runtime;
    int due = timer_take(&runtime->database, call->payload, call->request.now, NULL);
    if (due <= 0) return due;
    runtime->timers_changed = true;
    return runtime->plugin.on_timer(call, parley_of(call->payload));
}

static int forget(parley_call *call) {
    call->runtime->outbox.forgot = true;
    database_forget(&call->runtime->database, call->request.customer);
    return call->runtime->plugin.forget_customer(call, parley_of(call->request.customer));
}

static int callback(parley_call *call) {
    const struct parley_plugin *plugin = &call->runtime->plugin;
    switch (call->kind) {
    case CALL_REQUEST: return call->match.route->handle(call);
    case CALL_EXPORT: return plugin->export_customer(call, parley_of(call->request.customer));
    case CALL_FORGET: return forget(call);
    case CALL_CONFIGURE: return configure(call);
    case CALL_EVENTS: return events_run(call);
    case CALL_TIMER: return timer(call);
    case CALL_START: return start(call);
    case CALL_HEALTH: return plugin->health ? plugin->health(call) : 0;
    case CALL_WORK_DONE: return call->done(call, call->body);
    case CALL_HELPER: break; /* runs by itself: worker_work.c */
    }
    return 0;
}

void call_end_rows(parley_call *call) {
    if (call->rows) sqlite3_reset(call->rows);
    call->rows = NULL;
}

int call_run(parley_call *call) {
    call->sql = call_writes(call) ? &call->runtime->database.writes : &call->runtime->database.reads;
    call->status = 0;
    int rc = callback(call);
    call_end_rows(call);
    if (rc >= 0 && call->status && call->runtime->body.n > ANSWER_MOST) {
        call_problem(call, 500, NULL, TEXT("the plugin's answer is over 1 MiB"));
        return ERR_TOO_LARGE;
    }
    if (rc >= 0 && call->status < 400) return 0;
    if (call->status >= 400) return ERR_INVALID; /* it refused, in its own words */
    switch (call->trouble) {
    case PARLEY_CONFLICT: call_problem(call, 409, NULL, TEXT("this conflicts with what the plugin holds")); break;
    case PARLEY_FULL: call_problem(call, 507, NULL, TEXT("there is no room left to store this")); break;
    default: call_problem(call, 500, NULL, TEXT("the plugin failed; its log says why"));
    }
    return ERR_INTERNAL;
}

void call_answer(parley_call *call, struct buffer *out) {
    struct frame_reply reply = {.status = call->status ? call->status : 204, .allow = call->match.allow};
    if (call->status) {
        reply.body = buffer_view(&call->runtime->body);
        reply.content_type = call->status >= 400 ? TEXT("application/problem+json") : TEXT("application/json");
    }
    size_t frame = frame_open(out, FRAME_REPLY, call->id);
    frame_reply_encode(out, &reply);
    int rc = frame_close(out, frame);
    assert(rc == 0); /* call_run keeps to ANSWER_MOST */
}

void call_reset(parley_call *call) {
    struct arena arena = call->arena;
    struct runtime *runtime = call->runtime;
    arena_reset(&arena);
    *call = (parley_call){.runtime = runtime, .arena = arena};
}

struct runtime_mark runtime_mark(const struct runtime *runtime) {
    return (struct runtime_mark){runtime->effects ? runtime->effects->n : 0, runtime->works_n};
}

void runtime_undo(struct runtime *runtime, struct runtime_mark mark) {
    if (runtime->effects) runtime->effects->n = mark.effects;
    works_drop(runtime, mark.works);
}

void runtime_rolled_back(struct runtime *runtime) {
    if (runtime->started && runtime->plugin.rolled_back) runtime->plugin.rolled_back(runtime->state);
}

void runtime_log(struct runtime *runtime, enum parley_level level, struct text line) {
    enum { LONGEST = 4000 };
    struct buffer *out = runtime->logs;
    if (line.n > LONGEST) line.n = LONGEST;
    size_t frame = frame_open(out, FRAME_LOG, 0);
    buffer_byte(out, (char)level);
    buffer_text(out, line);
    frame_close(out, frame);
}
