#include "core/plugins/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/memory.h"

enum {
    MISSED = 3,     /* heartbeats */
    LEAVE_MS = 500, /* from FAILED or a closed channel to the exit */
    PRINTED = 4096, /* bytes of what it prints that are read at once */
};

static const struct {
    const char *state, *waits;
} phases[] = {
    [PHASE_SPAWNING] = {"starting", "start of the process"},
    [PHASE_LOADING] = {"starting", "READY from the worker"},
    [PHASE_PROVING] = {"starting", "first PONG from the worker"},
    [PHASE_SERVING] = {"running", NULL},
    [PHASE_DRAINING] = {"draining", NULL},
    [PHASE_STOPPING] = {"draining", "exit after STOP"},
    [PHASE_LEAVING] = {"draining", "exit"},
    [PHASE_KILLED] = {"draining", "exit after SIGKILL"},
    [PHASE_GONE] = {"stopped", NULL},
};

static void on_deadline(uv_timer_t *timer);

static void enter(struct supervisor *w, enum supervisor_phase phase) {
    w->phase = phase;
    w->since = env_now(w->env);
}

static void allow(struct supervisor *w, int ms) {
    uv_timer_start(&w->deadline, on_deadline, (uint64_t)ms, 0);
}

static void say(struct supervisor *w, enum frame_type type, uint64_t id, struct text payload) {
    frame_put(channel_out(&w->channel), type, id, payload);
    channel_touch(&w->channel);
}

/* ---- the end ---- */

static void kill_it(struct supervisor *w) {
    uv_timer_stop(&w->deadline);
    pidfd_send_signal(w->spawn.pid_fd, SIGKILL, NULL, 0);
    enter(w, PHASE_KILLED);
}

static void blame(struct supervisor *w, const char *why, ...) __attribute__((format(printf, 2, 3)));
static void blame(struct supervisor *w, const char *why, ...) {
    va_list args;
    va_start(args, why);
    if (!*w->why) vsnprintf(w->why, sizeof w->why, why, args);
    va_end(args);
}

void supervisor_fail(struct supervisor *w, const char *why, ...) {
    if (w->phase >= PHASE_KILLED) return;
    va_list args;
    va_start(args, why);
    if (!*w->why) vsnprintf(w->why, sizeof w->why, why, args);
    va_end(args);
    if (w->phase != PHASE_SPAWNING) kill_it(w); /* else as soon as it is there */
}

static void misbehaves(struct supervisor *w, const char *what, unsigned long long number) {
    w->misbehaved = true;
    supervisor_fail(w, what, number);
}

static void closed(struct supervisor *w) {
    if (--w->handles > 0) return;
    struct plugin_env *env = w->env;
    for (struct supervisor **p = &env->workers; *p; p = &(*p)->next)
        if (*p == w) {
            *p = w->next;
            break;
        }
    channel_free(&w->channel);
    ready_free(&w->ready);
    free(w->waits);
    free(w);
    env->changed(env);
}

static void on_handle_closed(uv_handle_t *handle) {
    closed(handle->data);
}

static void on_channel_closed(uv_handle_t *poll) {
    closed((struct supervisor *)((char *)poll - offsetof(struct supervisor, channel.poll)));
}

static void end(struct supervisor *w) {
    uv_close((uv_handle_t *)&w->deadline, on_handle_closed);
    uv_close((uv_handle_t *)&w->heart, on_handle_closed);
    if (w->pid) {
        uv_close((uv_handle_t *)&w->exited, on_handle_closed);
        close(w->spawn.pid_fd);
        uv_close((uv_handle_t *)&w->output, on_handle_closed);
        close(w->spawn.output);
        channel_close(&w->channel, on_channel_closed);
    }
    enter(w, PHASE_GONE);
    w->owner->gone(w->user, w);
}

/* ---- what it prints and logs ---- */

static void line(struct supervisor *w, enum log_level level, struct text text) {
    if (w->lines++ < SUPERVISOR_LINES)
        w->owner->line(w->user, level, text);
    else
        w->owner->dropped(w->user);
}

static bool read_printed(struct supervisor *w) {
    char bytes[PRINTED];
    ssize_t n = read(w->spawn.output, bytes, sizeof bytes);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) uv_poll_stop(&w->output);
    if (n <= 0) return false;
    struct text head, rest = text_n(bytes, (size_t)n);
    for (bool more = true; more && rest.n;) {
        more = text_cut(rest, '\n', &head, &rest);
        if (head.n) line(w, LOG_WARN, head);
    }
    return true;
}

static void on_output(uv_poll_t *poll, int status, int events) {
    read_printed(poll->data);
}

/* What was dropped since the last heartbeat is said, once. */
static void start_lines(struct supervisor *w) {
    if (w->lines > SUPERVISOR_LINES) {
        char text[80];
        int n = snprintf(text, sizeof text, "%d lines more than %d within a heartbeat were dropped",
                         w->lines - SUPERVISOR_LINES, SUPERVISOR_LINES);
        w->owner->line(w->user, LOG_WARN, text_n(text, (size_t)n));
    }
    w->lines = 0;
}

static void on_log(struct supervisor *w, struct text payload) {
    if (!payload.n || (unsigned char)payload.at[0] > LOG_ERROR)
        misbehaves(w, "sent a log line of level %llu", payload.n ? (unsigned char)payload.at[0] : 0);
    else
        line(w, (enum log_level)payload.at[0], text_n(payload.at + 1, payload.n - 1));
}

/* ---- starting ---- */

static void hello(struct supervisor *w) {
    struct buffer json = {0};
    note_hello(&json, &w->launch, SPAWN_LIBRARY_FD);
    say(w, FRAME_HELLO, 0, buffer_view(&json));
    buffer_free(&json);
}

static void ping(struct supervisor *w) {
    w->pings++;
    say(w, FRAME_PING, 0, TEXT_NONE);
}

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
    enter(w, PHASE_PROVING);
    ping(w);
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
    w->pings = 0;
    free(w->waits);
    note_pong(payload, &w->memory, &w->waits);
    watch_memory(w);
    if (w->phase != PHASE_PROVING) return;
    uv_timer_stop(&w->deadline);
    enter(w, PHASE_SERVING);
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
    say(w, FRAME_KEPT, outbox, TEXT_NONE);
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

/* ---- the channel ---- */

static void on_failed(struct supervisor *w, const struct frame *frame) {
    blame(w, "%.*s", TEXT_ARGS(frame->payload));
    w->needs_alone = frame->type == FRAME_ALONE;
    w->failed_code = frame->id <= ERROR_ORDINAL_COUNT ? -(int)frame->id : 0;
    enter(w, PHASE_LEAVING);
    allow(w, LEAVE_MS);
}

static void on_frame(void *user, const struct frame *frame) {
    struct supervisor *w = user;
    if (w->phase >= PHASE_KILLED) return;
    bool note = frame->type == FRAME_READY || frame->type == FRAME_PONG || frame->type == FRAME_FAILED ||
                frame->type == FRAME_ALONE || frame->type == FRAME_ASK || frame->type == FRAME_METRICS;
    if (note && frame->payload.n > SUPERVISOR_NOTE) {
        misbehaves(w, "sent a note of %llu bytes", frame->payload.n);
        return;
    }
    switch (frame->type) {
    case FRAME_REPLY: w->owner->reply(w->user, w, frame); break;
    case FRAME_EFFECT: on_effect(w, frame); break;
    case FRAME_ASK: on_ask(w, frame); break;
    case FRAME_HELD: w->owner->held(w->user, w, (int)frame->id); break;
    case FRAME_METRICS: w->owner->metrics(w->user, w, frame->payload); break;
    case FRAME_PONG: on_pong(w, frame->payload); break;
    case FRAME_LOG: on_log(w, frame->payload); break;
    case FRAME_READY: on_ready(w, frame->payload); break;
    case FRAME_FAILED:
    case FRAME_ALONE: on_failed(w, frame); break;
    default: misbehaves(w, "sent a frame of type %llu, which workers do not send", frame->type);
    }
}

/* A process that dies closes its channel first: its exit, which is about to come, says more. */
static void on_broken(void *user, const char *why) {
    struct supervisor *w = user;
    if (w->phase >= PHASE_LEAVING) return;
    if (strcmp(why, "closed its channel") == 0) {
        enter(w, PHASE_LEAVING);
        allow(w, LEAVE_MS);
        return;
    }
    w->misbehaved = true;
    supervisor_fail(w, "%s", why);
}

static const struct channel_events channel_events = {on_frame, on_broken};

/* ---- the process ---- */

static void describe_exit(struct supervisor *w, const siginfo_t *info) {
    if (info->si_code != CLD_EXITED) {
        if (w->phase != PHASE_KILLED)
            blame(w, "was ended by signal %d (%s)", info->si_status, strsignal(info->si_status));
    } else if (!w->told_to_stop || info->si_status != 0)
        blame(w, "exited with status %d", info->si_status);
}

static void on_exit_seen(uv_poll_t *poll, int status, int events) {
    struct supervisor *w = poll->data;
    siginfo_t info = {0};
    if (waitid(P_PIDFD, (id_t)w->spawn.pid_fd, &info, WEXITED | WNOHANG) != 0 || !info.si_pid) return;
    channel_finish(&w->channel); /* answers that it sent before */
    while (w->lines < SUPERVISOR_LINES && read_printed(w)) continue;
    start_lines(w);
    describe_exit(w, &info);
    end(w);
}

static void on_heart(uv_timer_t *timer) {
    struct supervisor *w = timer->data;
    start_lines(w);
    if (w->phase != PHASE_SERVING && w->phase != PHASE_DRAINING) return;
    if (w->channel.paused) return; /* it is we who do not listen */
    if (w->pings < MISSED)
        ping(w);
    else
        supervisor_fail(w, "did not answer %d heartbeats in %.1f s", MISSED,
                        (double)w->pings * w->env->timing.heartbeat / 1e3);
}

static void stop_now(struct supervisor *w) {
    say(w, FRAME_STOP, 0, TEXT_NONE);
    enter(w, PHASE_STOPPING);
    allow(w, w->env->timing.stop);
}

static void on_deadline(uv_timer_t *timer) {
    struct supervisor *w = timer->data;
    double seconds = (double)(env_now(w->env) - w->since) / 1e3;
    if (w->phase == PHASE_DRAINING)
        supervisor_fail(w, "still held %d requests after draining for %.1f s", w->in_flight, seconds);
    else
        supervisor_fail(w, "was given up after %.1f s; waiting for: %s", seconds, phases[w->phase].waits);
}

static void poll_fd(struct supervisor *w, uv_poll_t *poll, int fd, uv_poll_cb ready) {
    uv_poll_init(w->env->loop, poll, fd);
    poll->data = w;
    uv_poll_start(poll, UV_READABLE, ready);
    w->handles++;
}

static void on_spawned(struct mail *mail) {
    struct supervisor *w = (struct supervisor *)((char *)mail - offsetof(struct supervisor, spawn.job.mail));
    *w->launch.library_fd = w->spawn.library_fd;
    if (w->spawn.error.code) {
        blame(w, "%s", w->spawn.error.detail);
        end(w);
        return;
    }
    w->pid = w->spawn.pid;
    poll_fd(w, &w->exited, w->spawn.pid_fd, on_exit_seen);
    poll_fd(w, &w->output, w->spawn.output, on_output);
    channel_open(&w->channel, &w->env->channels, w->spawn.channel, &channel_events, w);
    w->handles++;
    if (w->told_to_stop || *w->why) {
        kill_it(w);
        return;
    }
    hello(w);
    enter(w, PHASE_LOADING);
    allow(w, w->env->timing.start);
}

struct supervisor *supervisor_start(struct plugin_env *env, const struct supervisor_launch *launch,
                                    const struct supervisor_owner *owner, void *user) {
    struct supervisor *w = memory_new(struct supervisor);
    w->env = env;
    w->next = env->workers;
    env->workers = w;
    w->owner = owner;
    w->user = user;
    w->launch = *launch;
    w->serial = ++env->worker_serial;
    w->started_at = clock_now(env->clock);
    uv_timer_init(env->loop, &w->deadline);
    uv_timer_init(env->loop, &w->heart);
    w->deadline.data = w->heart.data = w;
    w->handles = 2;
    uv_timer_start(&w->heart, on_heart, (uint64_t)env->timing.heartbeat, (uint64_t)env->timing.heartbeat);
    enter(w, PHASE_SPAWNING);
    w->spawn = (struct spawn){.job = {.mail = {.receive = on_spawned}, .reply_to = env->mailbox},
                              .worker = env->worker,
                              .data = launch->data,
                              .library = launch->library,
                              .sha256 = launch->sha256,
                              .library_fd = *launch->library_fd};
    spawner_do(env->spawner, &w->spawn);
    return w;
}

void supervisor_drain(struct supervisor *w) {
    w->told_to_stop = true;
    if (w->phase == PHASE_LOADING || w->phase == PHASE_PROVING) kill_it(w); /* it holds nothing */
    if (w->phase != PHASE_SERVING) return;
    enter(w, PHASE_DRAINING);
    if (w->in_flight)
        allow(w, w->env->timing.drain);
    else
        stop_now(w);
}

bool supervisor_resume(struct supervisor *w) {
    if (w->phase != PHASE_DRAINING) return false;
    w->told_to_stop = false;
    uv_timer_stop(&w->deadline);
    enter(w, PHASE_SERVING);
    return true;
}

void supervisor_let_go(struct supervisor *w) {
    w->in_flight--;
    if (!w->in_flight && w->phase == PHASE_DRAINING) stop_now(w);
}

/* ---- looking ---- */

const char *supervisor_state(const struct supervisor *w) {
    return phases[w->phase].state;
}

const char *supervisor_waits_for(const struct supervisor *w) {
    return phases[w->phase].waits;
}
