#include "core/plugins/worker.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/memory.h"
#include "core/plugins/worker_ask.h"
#include "core/plugins/worker_wire.h"
#include "core/plugins/worker_work.h"
#include "core/plugins/worker_events.h"
#include "core/plugins/worker_group.h"
#include "core/plugins/worker_library.h"
#include "core/plugins/worker_runtime.h"
#include "core/plugins/worker_sandbox.h"

enum {
    TIMER_LOOK = CLOCK_SECOND,
    WATCH_MS = 100,    /* between two looks at who has the turn to write, while this one waits for it */
    HELD_MOST = 1000,  /* ms: then it is said to parleyd, which ends the holder */
    SWEEP_AFTER = 200, /* ms without a write, after which acknowledged effects are deleted in a commit of their own */
};

struct worker {
    struct runtime runtime;
    struct sandbox sandbox;
    struct wire wire;
    struct group group;
    struct helper helper;
    struct metrics metrics;
    uint64_t asks;             /* put to parleyd so far */
    struct text name, version; /* of the hello; they live in `hello` */
    struct arena hello;
    uv_loop_t loop;
    uv_timer_t timer, sweep, watch;
    struct parley_call *spare;
    int statm;                  /* /proc/self/statm, opened before anything is given up */
    bool stopping, gone, ended; /* asked to stop; parleyd is not there; the loop has been let go */
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

struct hello {
    struct text data, settings, libraries, secret;
    int library;
    struct sandbox_policy sandbox;
};

/* "sandbox": {"off", "memory", "files", "cpu"}, each where it is not the default. */
static struct sandbox_policy read_policy(const struct json *json, json_at at) {
    struct sandbox_policy policy = {.off = json_kind(json, json_get(json, at, TEXT("off"))) == JSON_KIND_TRUE};
    int64_t files = 0, cpu = 0;
    json_whole(json, json_get(json, at, TEXT("memory")), &policy.memory);
    json_whole(json, json_get(json, at, TEXT("files")), &files);
    json_whole(json, json_get(json, at, TEXT("cpu")), &cpu);
    policy.files = (int)files;
    policy.cpu = (int)cpu;
    return policy;
}

static int read_hello(struct worker *worker, struct hello *hello, struct error *error) {
    struct frame frame;
    size_t used;
    int rc = wire_wait_frame(&worker->wire, &frame, &used, error);
    if (rc < 0) return rc;
    struct arena *arena = &worker->hello;
    struct json json;
    if (frame.type != FRAME_HELLO) return error_set(error, ERR_INVALID, "the first frame is no hello");
    rc = json_scan(&json, arena_text(arena, frame.payload), arena, error);
    wire_consumed(&worker->wire, used);
    if (rc < 0) return rc;
    int64_t protocol = 0, library = -1;
    json_whole(&json, json_get(&json, 0, TEXT("protocol")), &protocol);
    json_whole(&json, json_get(&json, 0, TEXT("library")), &library);
    worker->name = json_unescaped(&json, json_get(&json, 0, TEXT("plugin")), arena);
    worker->version = json_unescaped(&json, json_get(&json, 0, TEXT("version")), arena);
    hello->data = json_unescaped(&json, json_get(&json, 0, TEXT("data")), arena);
    hello->libraries = json_unescaped(&json, json_get(&json, 0, TEXT("libraries")), arena);
    hello->secret = json_unescaped(&json, json_get(&json, 0, TEXT("secret")), arena);
    hello->settings = json_source(&json, json_get(&json, 0, TEXT("settings")));
    hello->library = (int)library;
    hello->sandbox = read_policy(&json, json_get(&json, 0, TEXT("sandbox")));
    if (protocol != FRAME_PROTOCOL)
        return error_set(error, ERR_INVALID, "the hello speaks protocol %d; this worker %d", (int)protocol,
                         FRAME_PROTOCOL);
    if (library < 3 || !worker->name.n || !hello->data.n)
        return error_set(error, ERR_INVALID, "the hello names no library, plugin or data folder");
    return 0;
}

static int start_plugin(struct worker *worker, const struct hello *hello, struct error *error) {
    struct runtime *runtime = &worker->runtime;
    int rc = library_check(hello->library, hello->libraries, error);
    if (rc == 0) rc = library_load(&runtime->plugin, hello->library, worker->name, worker->version, error);
    if (rc < 0) return rc;
    close(hello->library);
    rc = sandbox_seal(&worker->sandbox, error);
    if (rc < 0) return rc;
    runtime->secret = hello->secret;
    return runtime_start(runtime, arena_cstr(&worker->hello, hello->data), hello->settings, error);
}

static void put_routes(struct json_writer *w, const struct parley_plugin *plugin) {
    json_key(w, TEXT("routes"));
    json_open_array(w);
    for (size_t i = 0; i < plugin->routes_n; i++) {
        const struct parley_route *route = (const void *)((const char *)plugin->routes + i * plugin->route_size);
        json_open_object(w);
        json_put_text(w, "method", text_of(route->method));
        json_put_text(w, "path", text_of(route->path));
        json_put_bool(w, "writes", route->access == PARLEY_WRITE);
        json_put_bool(w, "shopper", route->audience & PARLEY_SHOPPER);
        json_put_bool(w, "staff", route->audience & PARLEY_STAFF);
        json_put_bool(w, "hook", route->audience & PARLEY_HOOK);
        json_close_object(w);
    }
    json_close_array(w);
    json_key(w, TEXT("subscribes"));
    json_open_array(w);
    for (size_t i = 0; i < plugin->subscribes_n; i++) json_text(w, text_of(plugin->subscribes[i]));
    json_close_array(w);
}

static int put_ready(struct worker *worker, struct error *error) {
    const struct parley_plugin *plugin = &worker->runtime.plugin;
    int64_t position;
    int rc = events_position(&worker->runtime.database.reads, &position, error);
    if (rc < 0) return rc;
    struct buffer *out = &worker->wire.out;
    struct json_writer w;
    size_t frame = frame_open(out, FRAME_READY, 0);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_put_text(&w, "name", worker->name);
    json_put_text(&w, "version", worker->version);
    json_key(&w, TEXT("abi"));
    json_open_array(&w);
    json_int(&w, plugin->abi_major);
    json_int(&w, plugin->abi_minor);
    json_close_array(&w);
    put_routes(&w, plugin);
    json_put_int(&w, "position", position);
    json_key(&w, TEXT("sandbox"));
    sandbox_json(&worker->sandbox, &w);
    json_close_object(&w);
    if (frame_close(out, frame) == 0) return 0;
    return error_set(error, ERR_TOO_LARGE, "its routes and subscriptions need more than a frame");
}

/* ---- on the loop ---- */

static int64_t memory_used(const struct worker *worker) {
    char line[128] = "";
    long size, resident = 0;
    if (pread(worker->statm, line, sizeof line - 1, 0) <= 0 || sscanf(line, "%ld %ld", &size, &resident) != 2) return 0;
    return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

static void put_holder(const struct worker *worker, struct json_writer *w) {
    char line[160];
    struct writer_holder holder = writer_lock_holder(&worker->runtime.database.lock);
    snprintf(line, sizeof line, "its turn to write (writer.lock): worker %d (%s) has had it for %.1f s", holder.pid,
             holder.version, (double)holder.held_ms / 1e3);
    json_text(w, holder.pid ? text_of(line) : TEXT("its turn to write (writer.lock)"));
}

static void put_pong(struct worker *worker, uint64_t id) {
    struct group *group = &worker->group;
    struct buffer *out = &worker->wire.out;
    struct json_writer w;
    sandbox_beat(&worker->sandbox);
    size_t frame = frame_open(out, FRAME_PONG, id);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_key(&w, TEXT("waiting"));
    json_open_array(&w);
    if (group->state == GROUP_COMMITS) json_text(&w, TEXT("a commit"));
    if (group->state == GROUP_WAITS_FOR_TURN) put_holder(worker, &w);
    if (outbox_needs_sweep(&worker->runtime.outbox)) json_text(&w, TEXT("the deletion of acknowledged effects"));
    json_close_array(&w);
    json_put_int(&w, "queued", (int64_t)group->waiting_n);
    json_put_int(&w, "memory", memory_used(worker));
    json_close_object(&w);
    frame_close(out, frame);
}

static void put_metrics(struct worker *worker) {
    struct buffer *out = &worker->wire.out;
    size_t frame = frame_open(out, FRAME_METRICS, 0);
    if (!metrics_write(&worker->metrics, out))
        out->n = frame;
    else
        frame_close(out, frame);
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
    if (outbox_needs_sweep(outbox)) uv_timer_start(&worker->sweep, on_sweep, SWEEP_AFTER, 0);
}

static int on_frame(struct worker *worker, const struct frame *frame, struct error *error) {
    switch (frame->type) {
    case FRAME_PING:
        put_pong(worker, frame->id);
        put_metrics(worker);
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

/* Everything that is held has been answered: let go of the loop. */
static void end_if_done(struct worker *worker) {
    bool answered = group_idle(&worker->group) && (worker->gone || !worker->wire.out.n);
    if (!(worker->stopping || worker->gone) || worker->ended || !answered) return;
    if (!worker->gone) {
        put_metrics(worker);
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

static void on_watch(uv_timer_t *watch);

static void settle(struct worker *worker) {
    if (worker->ended) return;
    group_kick(&worker->group);
    if (worker->group.state == GROUP_WAITS_FOR_TURN && !uv_is_active((uv_handle_t *)&worker->watch))
        uv_timer_start(&worker->watch, on_watch, WATCH_MS, WATCH_MS);
    if (!worker->gone && wire_flush(&worker->wire) < 0) lose_channel(worker);
    end_if_done(worker);
}

/* While a group waits for its turn: one that keeps it too long hangs, and takes this one along. */
static void on_watch(uv_timer_t *watch) {
    struct worker *worker = watch->data;
    if (worker->group.state != GROUP_WAITS_FOR_TURN) {
        uv_timer_stop(watch);
        return;
    }
    struct writer_holder holder = writer_lock_holder(&worker->runtime.database.lock);
    if (!holder.pid || holder.pid == getpid() || holder.held_ms < HELD_MOST || worker->gone) return;
    frame_put(&worker->wire.out, FRAME_HELD, (uint64_t)holder.pid, TEXT_NONE);
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
    int rc = read_hello(&worker, &hello, &error);
    if (rc == 0) rc = sandbox_close_others(fd, hello.library, &error);
    if (rc == 0) rc = library_seal(hello.library, &error);
    worker.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (rc == 0) rc = sandbox_enter(&worker.sandbox, &hello.sandbox, arena_cstr(&worker.hello, hello.data), &error);
    if (getrandom(&worker.runtime.outbox.worker, sizeof worker.runtime.outbox.worker, 0) < 0) rc = ERR_IO;
    if (rc == 0) rc = start_plugin(&worker, &hello, &error);
    if (rc == 0) rc = put_ready(&worker, &error);
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
