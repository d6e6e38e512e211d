#include "core/plugins/traffic.h"

#include <stdio.h>

enum { FAR = 3600 * 1000 /* ms: a call whose worker is being ended */ };

static struct release *target(const struct call *call) {
    return call->release ? call->release : call->plugin->active;
}

static void describe(struct call *call, struct text method, struct text path) {
    size_t n = method.n < 8 ? method.n : 8, room = sizeof call->what - 2 - n, m = path.n < room ? path.n : room;
    memcpy(call->what, method.at, n);
    call->what[n] = ' ';
    if (m) memcpy(call->what + n + 1, path.at, m);
    call->what[n + 1 + m] = 0;
}

/* ---- sending ---- */

static void held_by(struct call *call, struct release *r) {
    call->state = CALL_SENT;
    call->worker = r->worker;
    r->worker->in_flight++;
    call->probe = !call->errand && release_sends(r);
    count(r->in_flight, 1);
    channel_touch(&r->worker->channel);
}

/* One that the release's worker held has come to its end, well or not. */
static void saw(struct call *call, struct release *r, bool failed) {
    release_saw(r, call->probe, failed, (double)(clock_ticks() - call->started) / 1e6);
    call->probe = false;
}

/* What is kept of the call goes to the release's worker, which takes it. */
static void send_kept(struct call *call, struct release *r) {
    call->tries--;
    if (call->held) call->plugin->held--;
    call->held = false;
    frame_put(channel_out(&r->worker->channel), call->type, call->id, buffer_view(&call->request));
    held_by(call, r);
}

static int is_read(const struct frame_request *request) {
    return text_is(request->method, "GET") || text_is(request->method, "HEAD");
}

static void fill_in(struct call *call, struct plugin *plugin, struct release *release,
                    const struct plugin_call *wanted) {
    call->errand = call->held = false;
    call->type = FRAME_REQUEST;
    call->worker = NULL;
    call->plugin = plugin;
    call->release = release;
    call->answered = wanted->answered;
    call->user = wanted->user;
    describe(call, wanted->request->method, wanted->request->path);
}

/* While a release has the database for itself, calls wait for it or for the one before, but not for long. */
static int hold(struct plugin *plugin, struct release *release, const struct plugin_call *wanted, int deadline) {
    const struct frame_request *request = wanted->request;
    int most = plugin->env->timing.hold;
    struct call *call = plugin->held < SUPERVISOR_IN_FLIGHT
                            ? calls_take(&plugin->env->calls, (uint64_t)(deadline < most ? deadline : most))
                            : NULL;
    if (!call) return ERR_UNAVAILABLE;
    frame_request_encode(&call->request, request);
    call->state = CALL_WAITING;
    fill_in(call, plugin, release, wanted);
    if (call->request.n > FRAME_MAX_PAYLOAD) {
        calls_give(&plugin->env->calls, call);
        return ERR_TOO_LARGE;
    }
    call->tries = 1 + is_read(request);
    call->held = true;
    plugin->held++;
    return 0;
}

int traffic_request(struct plugin *plugin, struct release *release, const struct plugin_call *wanted,
                    int *retry_after) {
    struct release *r = release ? release : plugin->active;
    int deadline = wanted->deadline ? wanted->deadline : plugin->env->timing.call;
    if (plugin->alone) return hold(plugin, release, wanted, deadline);
    struct call *call = release_takes(r) ? calls_take(&plugin->env->calls, (uint64_t)deadline) : NULL;
    if (!call) {
        count(r->refused, 1);
        if (retry_after) *retry_after = release_retry_after(r);
        return ERR_UNAVAILABLE;
    }
    const struct frame_request *request = wanted->request;
    struct buffer *out = channel_out(&r->worker->channel);
    size_t start = frame_open(out, FRAME_REQUEST, call->id);
    frame_request_encode(out, request);
    if (frame_close(out, start) != 0) {
        calls_give(&plugin->env->calls, call);
        return ERR_TOO_LARGE;
    }
    call->tries = is_read(request);
    if (call->tries) buffer_put(&call->request, out->at + start + FRAME_HEADER, out->n - start - FRAME_HEADER);
    fill_in(call, plugin, release, wanted);
    held_by(call, r);
    return 0;
}

int traffic_errand(struct plugin *plugin, enum frame_type type, struct text customer,
                   void (*answered)(void *user, const struct plugin_answer *answer), void *user) {
    struct plugin_env *env = plugin->env;
    struct release *r = plugin->active;
    struct call *call = r->damaged ? NULL : calls_take(&env->calls, (uint64_t)(env->timing.start + env->timing.call));
    if (!call) return ERR_UNAVAILABLE;
    call->state = CALL_WAITING;
    call->worker = NULL;
    call->tries = type == FRAME_EXPORT ? 2 : 1;
    call->errand = true;
    call->held = false;
    call->type = type;
    call->plugin = plugin;
    call->release = r;
    call->answered = answered;
    call->user = user;
    describe(call, type == FRAME_EXPORT ? TEXT("export") : TEXT("forget"), customer);
    buffer_text(&call->request, customer);
    r->errands++;
    release_want(r, WANT_ERRAND);
    if (call->state == CALL_WAITING && release_runs(r)) send_kept(call, r);
    return 0;
}

int traffic_direct(struct release *r, enum frame_type type, struct text payload,
                   void (*answered)(void *user, const struct plugin_answer *answer), void *user) {
    struct plugin_env *env = r->env;
    if (payload.n > FRAME_MAX_PAYLOAD) return ERR_TOO_LARGE;
    struct call *call = calls_take(&env->calls, (uint64_t)env->timing.call);
    if (!call) return ERR_UNAVAILABLE;
    call->errand = call->held = false;
    call->tries = 0;
    call->type = type;
    call->plugin = r->plugin;
    call->release = r;
    call->answered = answered;
    call->user = user;
    describe(call, type == FRAME_EVENTS ? TEXT("events") : TEXT("configure"), TEXT_NONE);
    frame_put(channel_out(&r->worker->channel), type, call->id, payload);
    held_by(call, r);
    return 0;
}

/* ---- answering ---- */

/* The slot is free again, the worker holds one less, an errand's release may go. */
static void give(struct call *call) {
    struct release *errand = call->errand ? call->release : NULL;
    struct supervisor *worker = call->worker;
    if (call->held) call->plugin->held--;
    calls_give(&call->plugin->env->calls, call);
    if (worker) {
        count(((struct release *)worker->user)->in_flight, -1);
        supervisor_let_go(worker);
    }
    if (errand && --errand->errands == 0) release_unwant(errand, WANT_ERRAND);
}

static void refuse(struct call *call, struct release *r, int code) {
    struct plugin_answer answer = {.code = code, .version = text_of(r->version), .retry_after = release_retry_after(r)};
    void (*answered)(void *, const struct plugin_answer *) = call->answered;
    void *user = call->user;
    count(r->requests, 1);
    count(r->failures, 1);
    if (code == ERR_TIMEOUT) { /* the worker still holds it */
        saw(call, r, true);
        call->state = CALL_ABANDONED;
        calls_move(&call->plugin->env->calls, call, (uint64_t)call->plugin->env->timing.overrun);
    } else
        give(call);
    answered(user, &answer);
}

void traffic_reply(struct release *r, struct supervisor *worker, const struct frame *frame) {
    struct call *call = calls_find(&r->env->calls, frame->id);
    struct error error = {0};
    struct plugin_answer answer = {.version = text_of(r->version)};
    if (!call || call->worker != worker) {
        worker->misbehaved = true;
        supervisor_fail(worker, "answered request %llu, which it does not hold", (unsigned long long)frame->id >> 16);
        return;
    }
    if (frame_reply_decode(frame->payload, &answer.reply, &error) != 0) {
        worker->misbehaved = true;
        supervisor_fail(worker, "sent %s", error.detail);
        return;
    }
    if (call->state == CALL_ABANDONED) {
        double late = (double)(clock_ticks() - call->started) / 1e9;
        plugin_note(r->plugin, LOG_WARN, r->version,
                    "answered request %llu %s after %.1f s, when its caller had given up", call_number(call),
                    call->what, late);
        give(call);
        return;
    }
    saw(call, r, answer.reply.status >= 500);
    void (*answered)(void *, const struct plugin_answer *) = call->answered;
    void *user = call->user;
    if (call->type != FRAME_EVENTS) { /* which are many in one */
        count(r->requests, 1);
        histogram_observe(r->latency, clock_ticks() - call->started);
    }
    give(call);
    answered(user, &answer);
}

void traffic_due(struct call *call) {
    struct plugin_env *env = call->plugin->env;
    switch (call->state) {
    case CALL_SENT: refuse(call, call->worker->user, ERR_TIMEOUT); break;
    case CALL_WAITING: refuse(call, target(call), ERR_UNAVAILABLE); break;
    default:
        calls_move(&env->calls, call, FAR);
        supervisor_fail(call->worker, "overran: request %llu %s (%.1f s)", call_number(call), call->what,
                        (double)(clock_ticks() - call->started) / 1e9);
    }
}

/* ---- when a worker dies ---- */

static bool will_run(const struct release *r) {
    return r->state == RELEASE_STARTING || r->state == RELEASE_RUNNING;
}

static void try_again(struct call *call) {
    struct release *r = target(call);
    call->state = CALL_WAITING;
    if (call->errand ? release_runs(r) : release_takes(r))
        send_kept(call, r);
    else if (!will_run(r) && !call->plugin->alone)
        refuse(call, r, ERR_UNAVAILABLE);
}

void traffic_worker_gone(struct release *r, struct supervisor *worker) {
    struct calls *calls = &r->env->calls;
    for (struct call *call = calls->first, *after; call; call = after) {
        after = call->after;
        if (call->worker != worker) continue;
        call->worker = NULL;
        count(r->in_flight, -1);
        if (call->state == CALL_ABANDONED) {
            give(call);
            continue;
        }
        saw(call, r, true);
        if (call->tries > 0)
            try_again(call);
        else
            refuse(call, r, ERR_UNAVAILABLE);
    }
}

void traffic_running(struct release *r) {
    struct calls *calls = &r->env->calls;
    if (r->plugin->alone) return;
    for (struct call *call = calls->first, *after; call; call = after) {
        after = call->after;
        if (call->state != CALL_WAITING || target(call) != r) continue;
        if (call->errand ? release_runs(r) : release_takes(r))
            send_kept(call, r);
        else
            refuse(call, r, ERR_UNAVAILABLE);
    }
}

void traffic_down(struct release *r) {
    struct calls *calls = &r->env->calls;
    if (r->plugin->alone) return;
    for (struct call *call = calls->first, *after; call; call = after) {
        after = call->after;
        if (call->state == CALL_WAITING && target(call) == r) refuse(call, r, ERR_UNAVAILABLE);
    }
}
