#include "core/plugins/supervisor_internal.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/memory.h"

enum {
    MISSED = 3,     /* heartbeats */
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

void supervisor_enter(struct supervisor *w, enum supervisor_phase phase) {
    w->phase = phase;
    w->since = env_now(w->env);
}

static void allow(struct supervisor *w, int ms) {
    uv_timer_start(&w->deadline, on_deadline, (uint64_t)ms, 0);
}

void supervisor_leaves(struct supervisor *w) {
    supervisor_enter(w, PHASE_LEAVING);
    allow(w, w->env->timing.stop);
}

void supervisor_say(struct supervisor *w, enum frame_type type, uint64_t id, struct text payload) {
    frame_put(channel_out(&w->channel), type, id, payload);
    channel_touch(&w->channel);
}

/* ---- the end ---- */

static void kill_it(struct supervisor *w) {
    uv_timer_stop(&w->deadline);
    spawner_kill(&w->spawn);
    supervisor_enter(w, PHASE_KILLED);
}

void supervisor_blame(struct supervisor *w, const char *why, ...) {
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
    supervisor_enter(w, PHASE_GONE);
    w->owner->gone(w->user, w);
}

/* ---- what it prints and logs ---- */

void supervisor_line(struct supervisor *w, enum log_level level, struct text text) {
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
        if (head.n) supervisor_line(w, LOG_WARN, head);
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

/* ---- starting ---- */

static void hello(struct supervisor *w) {
    struct buffer json = {0};
    note_hello(&json, &w->launch, SPAWN_LIBRARY_FD);
    supervisor_say(w, FRAME_HELLO, 0, buffer_view(&json));
    buffer_free(&json);
}

void supervisor_ping(struct supervisor *w) {
    w->pings++;
    supervisor_say(w, FRAME_PING, 0, TEXT_NONE);
}

/* A process that dies closes its channel first: its exit, which is about to come, says more. */
static void on_broken(void *user, const char *why) {
    struct supervisor *w = user;
    if (w->phase >= PHASE_LEAVING) return;
    if (strcmp(why, "closed its channel") == 0) {
        supervisor_leaves(w);
        return;
    }
    w->misbehaved = true;
    supervisor_fail(w, "%s", why);
}

static const struct channel_events channel_events = {supervisor_frame, on_broken};

/* ---- the process ---- */

static void describe_exit(struct supervisor *w, const siginfo_t *info) {
    if (info->si_code != CLD_EXITED) {
        if (w->phase != PHASE_KILLED)
            supervisor_blame(w, "was ended by signal %d (%s)", info->si_status, strsignal(info->si_status));
    } else if (!w->told_to_stop || info->si_status != 0)
        supervisor_blame(w, "exited with status %d", info->si_status);
}

static void on_reaped(struct mail *mail) {
    struct supervisor *w = (struct supervisor *)((char *)mail - offsetof(struct supervisor, spawn.job.mail));
    channel_finish(&w->channel); /* answers that it sent before */
    while (w->lines < SUPERVISOR_LINES && read_printed(w)) continue;
    start_lines(w);
    describe_exit(w, &w->spawn.how);
    end(w);
}

static void on_exit_seen(uv_poll_t *poll, int status, int events) {
    struct supervisor *w = poll->data;
    uv_poll_stop(poll);
    w->spawn.job.mail.receive = on_reaped;
    spawner_reap(w->env->spawner, &w->spawn);
}

static void on_heart(uv_timer_t *timer) {
    struct supervisor *w = timer->data;
    start_lines(w);
    if (w->phase != PHASE_SERVING && w->phase != PHASE_DRAINING) return;
    if (w->channel.paused) return; /* it is we who do not listen */
    if (w->pings < MISSED)
        supervisor_ping(w);
    else
        supervisor_fail(w, "did not answer %d heartbeats in %.1f s", MISSED,
                        (double)w->pings * w->env->timing.heartbeat / 1e3);
}

static void stop_now(struct supervisor *w) {
    supervisor_say(w, FRAME_STOP, 0, TEXT_NONE);
    supervisor_enter(w, PHASE_STOPPING);
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
        supervisor_blame(w, "%s", w->spawn.error.detail);
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
    supervisor_enter(w, PHASE_LOADING);
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
    supervisor_enter(w, PHASE_SPAWNING);
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
    supervisor_enter(w, PHASE_DRAINING);
    if (w->in_flight)
        allow(w, w->env->timing.drain);
    else
        stop_now(w);
}

bool supervisor_resume(struct supervisor *w) {
    if (w->phase != PHASE_DRAINING) return false;
    w->told_to_stop = false;
    uv_timer_stop(&w->deadline);
    supervisor_enter(w, PHASE_SERVING);
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
