#include "core/plugins/worker.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/memory.h"
#include "core/plugins/worker_ask.h"
#include "core/plugins/worker_work.h"
#include "core/plugins/worker_library.h"
#include "core/plugins/worker_notes.h"
#include "core/plugins/worker_runtime.h"

enum {
    TIMER_LOOK = CLOCK_SECOND,
    WATCH_MS = 100,    /* between two looks at who has the turn to write, while this one waits for it */
    SWEEP_AFTER = 200, /* ms without a write, after which acknowledged effects are deleted in a commit of their own */
    PATIENCE = 500,    /* ms; when it is to stop, with effects that parleyd has not acknowledged */
};

struct worker {
    struct runtime runtime;
    struct sandbox sandbox;
    struct wire wire;
    struct group group;
    struct helper helper;
    struct metrics metrics;
    uint64_t asks;      /* put to parleyd so far */
    struct arena hello; /* what the hello said lives here */
    uv_loop_t loop;
    uv_timer_t timer, sweep, watch;
    struct parley_call *spare;
    int statm;                  /* /proc/self/statm, opened before anything is given up */
    bool stopping, gone, ended; /* asked to stop; parleyd is not there; the loop has been let go */
    uint64_t until; /* the loop's time; asked to stop, it waits so long for what parleyd has yet to acknowledge */
};

/* ---- calls: a small stock of them, so that a request costs no allocation ---- */

static parley_call *take_call(struct worker *worker) {
    parley_call *call = worker->spare;
    if (call)
        worker->spare = call->next;
    else {
        call = memory_new(parley_call);
        call->runtime = &worker->runtime;
        arena_init(&call->arena, RUNTIME_ARENA);
    }
    call->next = NULL;
    return call;
}

static void give_call(struct worker *worker, parley_call *call) {
    call_reset(call);
    call->next = worker->spare;
    worker->spare = call;
}

/* ---- before the loop: hello, load, start ---- */

static int start_plugin(struct worker *worker, const struct hello *hello, struct error *error) {
    struct runtime *runtime = &worker->runtime;
    int rc = library_check(hello->library, hello->libraries, error);
    if (rc == 0) rc = library_load(&runtime->plugin, hello->library, hello->name, hello->version, error);
    if (rc < 0) return rc;
    close(hello->library);
    rc = sandbox_seal(&worker->sandbox, error);
    if (rc < 0) return rc;
    runtime->secret = hello->secret;
    return runtime_start(runtime, arena_cstr(&worker->hello, hello->data), hello->settings, error);
}

/* ---- asking parleyd ---- */

static int ask(struct runtime *runtime, struct text question, struct arena *arena, struct frame_reply *reply,
               struct error *error) {
    struct worker *worker = (struct worker *)runtime;
    struct frame frame;
    uint64_t id = ++worker->asks;
    if (worker->gone) return error_set(error, ERR_IO, "parleyd is gone");
    if (question.n > FRAME_MAX_PAYLOAD) return error_set(error, ERR_TOO_LARGE, "the question is too long");
    frame_put(&worker->wire.out, FRAME_ASK, id, question);
    int rc = wire_await(&worker->wire, FRAME_ANSWER, id, ASK_MS, &frame, error);
    return rc < 0 ? rc : frame_reply_decode(arena_text(arena, frame.payload), reply, error);
}

static void serve_read(struct worker *worker, parley_call *call) {
    struct error error = {0};
    if (call->status == 0) {
        if (database_read_begin(&worker->runtime.database, &error) < 0)
            call_problem(call, 503, NULL, text_of(error.detail));
        else {
            struct runtime_mark mark = runtime_mark(&worker->runtime);
            if (call_run(call) < 0) runtime_undo(&worker->runtime, mark);
            helper_launch(&worker->helper, &worker->runtime);
        }
    }
    call_answer(call, &worker->wire.out);
    give_call(worker, call);
}

static int on_call(struct worker *worker, const struct frame *frame, struct error *error) {
    parley_call *call = take_call(worker);
    int rc = call_decode(call, frame, error);
    if (rc < 0)
        give_call(worker, call);
    else if (call->status == 0 && call_writes(call))
        group_add(&worker->group, call);
    else
        serve_read(worker, call);
    return rc;
}

static void on_sweep(uv_timer_t *sweep) {
    struct worker *worker = sweep->data;
    group_sweep(&worker->group);
}

static void on_kept(struct worker *worker, uint64_t number) {
    struct outbox *outbox = &worker->runtime.outbox;
    if (number > outbox->kept) outbox->kept = number;
    if (outbox_needs_sweep(outbox) && !worker->until) uv_timer_start(&worker->sweep, on_sweep, SWEEP_AFTER, 0);
}

static int on_frame(struct worker *worker, const struct frame *frame, struct error *error) {
    switch (frame->type) {
    case FRAME_PING:
        sandbox_beat(&worker->sandbox);
        worker_put_pong(&worker->wire.out, frame->id, &worker->group, worker->statm);
        worker_put_metrics(&worker->wire.out, &worker->metrics);
        return 0;
    case FRAME_KEPT: on_kept(worker, frame->id); return 0;
    case FRAME_STOP: worker->stopping = true; return 0;
    case FRAME_ANSWER: return 0; /* the callback that asked has it, or waits no more */
    default: return on_call(worker, frame, error);
    }
}

static int take_frames(struct worker *worker, struct error *error) {
    struct wire *wire = &worker->wire;
    struct frame frame;
    size_t used;
    int rc;
    /* A callback that asks parleyd has more read meanwhile: `in` moves. */
    while ((rc = frame_take(text_n(wire->in.at + wire->taken, wire->in.n - wire->taken), &used, &frame, error)) > 0) {
        wire->taken += used;
        rc = on_frame(worker, &frame, error);
        if (rc < 0) break;
    }
    database_read_end(&worker->runtime.database);
    wire_consumed(wire, wire->taken);
    wire->taken = 0;
    return rc;
}

static void on_patience(uv_timer_t *sweep);

/* A release that stops for good leaves no effects in its file: nobody might ever delete them, and they tell of customers. */
static bool waits_for_outbox(struct worker *worker) {
    const struct outbox *outbox = &worker->runtime.outbox;
    if (worker->gone || !outbox_holds(outbox)) return false;
    if (!worker->until) {
        worker->until = uv_now(&worker->loop) + PATIENCE;
        uv_timer_start(&worker->sweep, on_patience, PATIENCE, 0);
    }
    if (uv_now(&worker->loop) >= worker->until) return false;
    group_sweep(&worker->group); /* what is acknowledged by now */
    return true;
}

/* Everything that is held has been answered: let go of the loop. */
static void end_if_done(struct worker *worker) {
    bool answered = group_idle(&worker->group) && (worker->gone || !worker->wire.out.n);
    if (!(worker->stopping || worker->gone) || worker->ended || !answered || waits_for_outbox(worker)) return;
    if (!worker->gone) {
        worker_put_metrics(&worker->wire.out, &worker->metrics);
        if (wire_flush(&worker->wire) == 0 && worker->wire.out.n) return; /* the rest when it can be sent */
    }
    worker->ended = true;
    helper_stop(&worker->helper);
    group_close(&worker->group);
    wire_stop(&worker->wire);
    uv_close((uv_handle_t *)&worker->timer, NULL);
    uv_close((uv_handle_t *)&worker->sweep, NULL);
    uv_close((uv_handle_t *)&worker->watch, NULL);
}

/* parleyd is gone: what it had sent is still done, then this ends. */
static void lose_channel(struct worker *worker) {
    wire_watch(&worker->wire, 0);
    worker->gone = true;
}

static void on_patience(uv_timer_t *sweep) {
    end_if_done(sweep->data);
}

static void on_watch(uv_timer_t *watch);

static void settle(struct worker *worker) {
    if (worker->ended) return;
    group_kick(&worker->group);
    if (worker->group.state == GROUP_WAITS_FOR_TURN && !uv_is_active((uv_handle_t *)&worker->watch))
        uv_timer_start(&worker->watch, on_watch, WATCH_MS, WATCH_MS);
    if (!worker->gone && wire_flush(&worker->wire) < 0) lose_channel(worker);
    end_if_done(worker);
}

/* While a group waits for its turn parleyd is told who has it: one that keeps it too long hangs, and takes this one along. */
static void on_watch(uv_timer_t *watch) {
    struct worker *worker = watch->data;
    if (worker->group.state != GROUP_WAITS_FOR_TURN) {
        uv_timer_stop(watch);
        return;
    }
    struct writer_holder holder = writer_lock_holder(&worker->runtime.database.lock);
    if (!holder.pid || holder.pid == getpid() || worker->gone) return;
    worker_put_held(&worker->wire.out, &holder);
    if (wire_flush(&worker->wire) < 0) lose_channel(worker);
}

static void on_ready(struct wire *wire) {
    struct worker *worker = wire->owner;
    struct error error = {0};
    if (wire_read(wire) < 0)
        lose_channel(worker);
    else if (take_frames(worker, &error) < 0) {
        runtime_log(&worker->runtime, PARLEY_ERROR, text_of(error.detail));
        worker->stopping = true;
    }
    settle(worker);
}

static void on_timer(uv_timer_t *timer);

/* Looks again after TIMER_LOOK at the latest: another worker of this database may have set a timer, and be gone when it is due. */
static void arm_timer(struct worker *worker, int64_t wait) {
    if (!worker->runtime.plugin.on_timer) return;
    uv_timer_start(&worker->timer, on_timer, (uint64_t)(wait < 0 ? 0 : wait > TIMER_LOOK ? TIMER_LOOK : wait), 0);
}

static void on_timer(uv_timer_t *timer) {
    struct worker *worker = timer->data;
    struct buffer name = {0};
    int64_t at = INT64_MAX, now = clock_now(worker->runtime.clock);
    bool due = timer_first(&worker->runtime.database, &name, &at, NULL) > 0 && at <= now;
    worker->runtime.timers_changed = due; /* then the next one is looked for when a group is done */
    if (!due)
        arm_timer(worker, at - now);
    else if (group_idle(&worker->group)) {
        parley_call *call = take_call(worker);
        call->kind = CALL_TIMER;
        call->payload = arena_text(&call->arena, buffer_view(&name));
        call->request.now = now;
        group_add(&worker->group, call);
        settle(worker);
    }
    buffer_free(&name);
}

static void on_group_done(struct group *group, parley_call *calls) {
    struct worker *worker = group->owner;
    while (calls) {
        parley_call *next = calls->next;
        give_call(worker, calls);
        calls = next;
    }
    helper_launch(&worker->helper, &worker->runtime);
    if (worker->runtime.timers_changed && !worker->ended) arm_timer(worker, 0);
}

/* What the helper found is a call of its own; the log lines come with it. */
static void on_work_done(struct helper *helper, struct work *work) {
    struct worker *worker = helper->owner;
    worker->runtime.working--;
    if (!worker->ended) {
        buffer_text(&worker->wire.out, buffer_view(&work->logs));
        parley_call *call = take_call(worker);
        call->kind = CALL_WORK_DONE;
        call->done = work->done;
        call->request.now = clock_now(worker->runtime.clock);
        if (work->good)
            call->body = document_scan(&call->arena, arena_text(&call->arena, buffer_view(&work->result)), NULL);
        group_add(&worker->group, call);
    }
    work_free(work);
    settle(worker);
}

static void on_group_rest(struct group *group) {
    settle(group->owner);
}

static void serve(struct worker *worker) {
    uv_loop_init(&worker->loop);
    worker->timer.data = worker->sweep.data = worker->watch.data = worker;
    uv_timer_init(&worker->loop, &worker->timer);
    uv_timer_init(&worker->loop, &worker->sweep);
    uv_timer_init(&worker->loop, &worker->watch);
    group_open(&worker->group, &worker->runtime, &worker->wire.out, &worker->loop);
    worker->group.owner = worker;
    worker->group.on_done = on_group_done;
    worker->group.on_rest = on_group_rest;
    worker->helper.owner = worker;
    worker->helper.on_done = on_work_done;
    helper_start(&worker->helper, &worker->loop);
    wire_start(&worker->wire, &worker->loop, on_ready, worker);
    worker->runtime.ask = ask;
    helper_launch(&worker->helper, &worker->runtime); /* what start() asked for */
    arm_timer(worker, 0);
    on_ready(&worker->wire); /* what came in behind the hello */
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    int rc = uv_loop_close(&worker->loop);
    assert(rc == 0); /* nothing was left behind on the loop */
    helper_close(&worker->helper);
}

static void free_worker(struct worker *worker) {
    while (worker->spare) {
        parley_call *call = worker->spare;
        worker->spare = call->next;
        arena_free(&call->arena);
        free(call);
    }
    if (worker->statm >= 0) close(worker->statm);
    runtime_free(&worker->runtime);
    arena_free(&worker->hello);
    wire_free(&worker->wire);
}

int worker_run(int fd) {
    struct worker worker = {0};
    struct hello hello = {0};
    struct error error = {0};
    runtime_init(&worker.runtime, &clock_system, &worker.wire.out);
    worker.runtime.metrics = &worker.metrics;
    wire_init(&worker.wire, fd);
    arena_init(&worker.hello, RUNTIME_ARENA);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* its counters cost a lock an allocation */
    int rc = worker_read_hello(&hello, &worker.wire, &worker.hello, &error);
    if (rc == 0) rc = sandbox_close_others(fd, hello.library, &error);
    if (rc == 0) rc = library_seal(hello.library, &error);
    worker.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (rc == 0) rc = sandbox_enter(&worker.sandbox, &hello.sandbox, arena_cstr(&worker.hello, hello.data), &error);
    if (getrandom(&worker.runtime.outbox.worker, sizeof worker.runtime.outbox.worker, 0) < 0) rc = ERR_IO;
    if (rc == 0) rc = start_plugin(&worker, &hello, &error);
    if (rc == 0) rc = worker_put_ready(&worker.wire.out, &hello, &worker.runtime, &worker.sandbox, &error);
    if (rc == 0) rc = outbox_resend(&worker.runtime.outbox, &worker.runtime.database, &worker.wire.out, &error);
    if (rc < 0)
        frame_put(&worker.wire.out, worker.runtime.needs_alone ? FRAME_ALONE : FRAME_FAILED, (uint64_t)-rc,
                  text_of(error.detail));
    if (wire_wait_sent(&worker.wire, &error) == 0 && rc == 0) {
        serve(&worker);
        runtime_stop(&worker.runtime);
    }
    free_worker(&worker);
    return rc == 0 ? 0 : 1;
}
