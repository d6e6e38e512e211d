/* One worker process from its start to its end: spawned, loaded, proven by a first PONG, serving, drained, stopped, reaped. It
 * watches deadlines and heartbeats, and kills what overruns, floods or sends what it may not. Every state it can be in is a
 * phase with a name and a thing it waits for. Knows nothing of releases, restarts or routes: its owner is told. */
#ifndef PARLEY_CORE_PLUGINS_SUPERVISOR_H
#define PARLEY_CORE_PLUGINS_SUPERVISOR_H

#include "core/plugins/effects.h"
#include "core/plugins/env.h"
#include "core/plugins/notes.h"
#include "core/plugins/spawner.h"

enum supervisor_phase {
    PHASE_SPAWNING,
    PHASE_LOADING, /* HELLO sent */
    PHASE_PROVING, /* READY came, PING sent */
    PHASE_SERVING,
    PHASE_DRAINING, /* gets nothing new; holds calls */
    PHASE_STOPPING, /* STOP sent */
    PHASE_LEAVING,  /* said FAILED or closed its channel: is about to exit */
    PHASE_KILLED,   /* SIGKILL sent */
    PHASE_GONE,     /* reaped */
};

enum {
    SUPERVISOR_IN_FLIGHT = 256,
    SUPERVISOR_ASKS = 64,       /* unanswered ones: a worker puts one and waits half a second for it */
    SUPERVISOR_LINES = 200,     /* log lines a heartbeat; more are dropped and counted */
    SUPERVISOR_NOTE = 64 << 10, /* most bytes of READY, PONG, FAILED */
};

struct supervisor_owner {
    void (*serving)(void *user, struct supervisor *worker);
    void (*reply)(void *user, struct supervisor *worker, const struct frame *frame);
    void (*effect)(void *user, struct supervisor *worker, const struct frame *frame, uint64_t ticket);
    void (*ask)(void *user, struct text question, uint64_t ticket);
    void (*metrics)(void *user, struct supervisor *worker, struct text json);
    void (*held)(void *user, struct supervisor *worker, const struct frame *frame);
    void (*line)(void *user, enum log_level level, struct text line);
    void (*dropped)(void *user);
    /* It is reaped and holds nothing any more but the calls that name it; `why` is empty when it did what it was told. The
     * worker frees itself afterwards. */
    void (*gone)(void *user, struct supervisor *worker);
};

struct supervisor {
    struct plugin_env *env;
    struct supervisor *next; /* of env->workers */
    const struct supervisor_owner *owner;
    void *user;
    struct supervisor_launch launch;
    enum supervisor_phase phase;
    bool told_to_stop;  /* its end is no fault */
    bool misbehaved;    /* sent what no worker may send */
    bool needs_alone;   /* could start if no other release worked on the database */
    int failed_code;    /* with FAILED: the error's code; 0 where unsaid */
    uint64_t since;     /* when the phase began, ms of the loop */
    int64_t started_at; /* wall clock */
    char why[400];      /* what went wrong; empty: nothing */
    uint32_t serial;
    struct spawn spawn;
    int pid;
    struct channel channel;
    uv_poll_t exited, output;
    uv_timer_t deadline, heart;
    int handles; /* open ones */
    int in_flight, pings, lines;
    int64_t memory; /* bytes, as it says */
    bool memory_told;
    struct ready ready; /* what it said when it had started */
    char *waits;        /* JSON array, as it says */
    int asks;           /* not answered yet */
    struct effects effects;
    size_t kept_end; /* where the last KEPT ends among what waits to be written */
};

/* Never fails at once: `gone` says so later. */
struct supervisor *supervisor_start(struct plugin_env *env, const struct supervisor_launch *launch,
                                    const struct supervisor_owner *owner, void *user);
/* Lets it finish what it holds, then stops it. Before it serves: ends it. */
void supervisor_drain(struct supervisor *worker);
/* Takes the above back; false when it is too late. */
bool supervisor_resume(struct supervisor *worker);
/* Ends it now, as faulty. */
void supervisor_fail(struct supervisor *worker, const char *why, ...) __attribute__((format(printf, 2, 3)));
/* One call less is held. */
void supervisor_let_go(struct supervisor *worker);
/* True when it takes a call now. */
static inline bool supervisor_takes(const struct supervisor *worker) {
    return worker && worker->phase == PHASE_SERVING && worker->in_flight < SUPERVISOR_IN_FLIGHT &&
           channel_queued(&worker->channel) < CHANNEL_QUEUE;
}
/* Passes the answer on to the worker that asked, where it still runs. */
void supervisor_answer(struct plugin_env *env, uint64_t ticket, const struct frame_reply *answer);
/* The effect behind that ticket is durable. */
void supervisor_kept(struct plugin_env *env, uint64_t ticket);
/* "starting", "running", "draining", "stopped", "failed" */
const char *supervisor_state(const struct supervisor *worker);
/* What its phase waits for: "exit after STOP"; NULL: nothing. */
const char *supervisor_waits_for(const struct supervisor *worker);
/* Adds a string for every thing it waits for, the calls it holds among them: "request 812 GET /polls (3.1 s)". */
void supervisor_waits_json(const struct supervisor *worker, struct json_writer *out);

#endif
