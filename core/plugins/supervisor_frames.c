/* What a worker sends, frame by frame: judged, taken in or passed on to the owner. A worker is not trusted: whatever it may not send ends
 * it. */
#include <stdio.h>
#include <stdlib.h>

#include "core/plugins/supervisor_internal.h"

static void misbehaves(struct supervisor *w, const char *what, unsigned long long number) {
    w->misbehaved = true;
    supervisor_fail(w, what, number);
}

static void on_log(struct supervisor *w, struct text payload) {
    if (!payload.n || (unsigned char)payload.at[0] > LOG_ERROR)
        misbehaves(w, "sent a log line of level %llu", payload.n ? (unsigned char)payload.at[0] : 0);
    else
        supervisor_line(w, (enum log_level)payload.at[0], text_n(payload.at + 1, payload.n - 1));
}

/* ---- starting, and being alive ---- */

static void on_ready(struct supervisor *w, struct text payload) {
    struct error error = {0};
    if (w->phase != PHASE_LOADING) {
        misbehaves(w, "said READY when nobody had asked (phase %llu)", w->phase);
        return;
    }
    int code = note_ready(payload, &w->launch, &w->ready, &error);
    if (code) {
        w->misbehaved = code == ERR_INVALID;
        supervisor_fail(w, "%s", error.detail);
        return;
    }
    supervisor_enter(w, PHASE_PROVING);
    supervisor_ping(w);
}

/* Said once, before the limit ends it. */
static void watch_memory(struct supervisor *w) {
    int64_t most = sandbox_policy_whole(w->launch.sandbox).memory;
    if (w->memory_told || w->memory < most / 5 * 4) return;
    char text[80];
    int n = snprintf(text, sizeof text, "it uses %lld of its %lld MiB of memory", (long long)w->memory >> 20,
                     (long long)most >> 20);
    w->memory_told = true;
    w->owner->line(w->user, LOG_WARN, text_n(text, (size_t)n));
}

static void on_pong(struct supervisor *w, struct text payload) {
    if (!w->pings) {
        misbehaves(w, "sent a PONG that nobody asked for (phase %llu)", w->phase);
        return;
    }
    w->pings--; /* a late worker answers one after the other */
    free(w->waits);
    note_pong(payload, &w->memory, &w->waits);
    watch_memory(w);
    if (w->phase != PHASE_PROVING) return;
    uv_timer_stop(&w->deadline);
    spawner_serves(&w->spawn);
    supervisor_enter(w, PHASE_SERVING);
    w->owner->serving(w->user, w);
}

/* A worker that is there and listens. */
static struct supervisor *of_ticket(const struct plugin_env *env, uint64_t ticket) {
    struct supervisor *w = env->workers;
    while (w && w->serial != ticket >> 32) w = w->next;
    return w && w->phase < PHASE_LEAVING ? w : NULL;
}

/* ---- effects ---- */

static void on_effect(struct supervisor *w, const struct frame *frame) {
    uint32_t sequence = effects_hold(&w->effects, frame->id);
    w->owner->effect(w->user, w, frame, (uint64_t)w->serial << 32 | sequence);
    if (effects_full(&w->effects)) channel_pause(&w->channel);
}

/* Several in one turn of the loop become one frame: the last one put is still there, so it is replaced. */
static void say_kept(struct supervisor *w, uint64_t outbox) {
    struct buffer *out = channel_out(&w->channel);
    if (w->kept_end == channel_position(&w->channel) && channel_queued(&w->channel) >= FRAME_HEADER)
        out->n -= FRAME_HEADER;
    supervisor_say(w, FRAME_KEPT, outbox, TEXT_NONE);
    w->kept_end = channel_position(&w->channel);
}

void supervisor_kept(struct plugin_env *env, uint64_t ticket) {
    struct supervisor *w = of_ticket(env, ticket);
    if (!w) return;
    uint64_t outbox = effects_keep(&w->effects, (uint32_t)ticket);
    if (!outbox) return;
    say_kept(w, outbox);
    channel_resume(&w->channel);
}

/* ---- asks ---- */

void supervisor_answer(struct plugin_env *env, uint64_t ticket, const struct frame_reply *answer) {
    struct supervisor *w = of_ticket(env, ticket);
    if (!w) return;
    struct buffer *out = channel_out(&w->channel);
    size_t start = frame_open(out, FRAME_ANSWER, (uint32_t)ticket);
    frame_reply_encode(out, answer);
    if (frame_close(out, start) != 0) {
        start = frame_open(out, FRAME_ANSWER, (uint32_t)ticket);
        frame_reply_encode(
            out, &(struct frame_reply){.status = 413, .body = TEXT("{\"detail\":\"the answer is over 1 MiB\"}")});
        frame_close(out, start);
    }
    w->asks--;
    channel_touch(&w->channel);
}

static void on_ask(struct supervisor *w, const struct frame *frame) {
    if (w->asks >= SUPERVISOR_ASKS || frame->id > UINT32_MAX || !frame->id) {
        misbehaves(w, "asked %llu things at once", (unsigned long long)w->asks);
        return;
    }
    w->asks++;
    w->owner->ask(w->user, frame->payload, (uint64_t)w->serial << 32 | frame->id);
}

/* ---- any of them ---- */

static void on_failed(struct supervisor *w, const struct frame *frame) {
    supervisor_blame(w, "%.*s", TEXT_ARGS(frame->payload));
    w->needs_alone = frame->type == FRAME_ALONE;
    w->failed_code = frame->id <= ERROR_ORDINAL_COUNT ? -(int)frame->id : 0;
    supervisor_leaves(w);
}

void supervisor_frame(void *user, const struct frame *frame) {
    struct supervisor *w = user;
    if (w->phase >= PHASE_KILLED) return;
    bool note = frame->type == FRAME_READY || frame->type == FRAME_PONG || frame->type == FRAME_FAILED ||
                frame->type == FRAME_ALONE || frame->type == FRAME_ASK || frame->type == FRAME_METRICS ||
                frame->type == FRAME_HELD;
    if (note && frame->payload.n > SUPERVISOR_NOTE) {
        misbehaves(w, "sent a note of %llu bytes", frame->payload.n);
        return;
    }
    switch (frame->type) {
    case FRAME_REPLY: w->owner->reply(w->user, w, frame); break;
    case FRAME_EFFECT: on_effect(w, frame); break;
    case FRAME_ASK: on_ask(w, frame); break;
    case FRAME_HELD: w->owner->held(w->user, w, frame); break;
    case FRAME_METRICS: w->owner->metrics(w->user, w, frame->payload); break;
    case FRAME_PONG: on_pong(w, frame->payload); break;
    case FRAME_LOG: on_log(w, frame->payload); break;
    case FRAME_READY: on_ready(w, frame->payload); break;
    case FRAME_FAILED:
    case FRAME_ALONE: on_failed(w, frame); break;
    default: misbehaves(w, "sent a frame of type %llu, which workers do not send", frame->type);
    }
}
