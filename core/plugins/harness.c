/* <parley/test.h>: the runtime of a worker without its loop. Each function runs one call from beginning to end on the caller's thread, in
 * the very code that a worker runs it in, and puts aside what it caused. */
#include "core/plugins/harness.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/plugins/worker_events.h"
#include "core/plugins/worker_group.h"
#include "core/plugins/worker_library.h"
#include "core/plugins/worker_work.h"

void harness_misuse(const char *function, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", function);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

const char *parley_test_why(parley_test *t) {
    return t->running ? NULL : t->why.detail;
}

static void do_work(struct parley_test *t);

/* ---- from start to stop ---- */

static int load(struct parley_test *t) {
    const struct parley_test_options *options = &t->options;
    if (options->plugin) return library_take(&t->runtime.plugin, options->plugin, TEXT_NONE, TEXT_NONE, &t->why);
    /* Left open: an object is never unloaded, and its path names the descriptor. */
    int fd = open(options->library, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return error_set(&t->why, ERR_NOT_FOUND, "%s: %m", options->library);
    return library_load(&t->runtime.plugin, fd, TEXT_NONE, TEXT_NONE, &t->why);
}

static void start(struct parley_test *t) {
    error_clear(&t->why);
    runtime_init(&t->runtime, &t->clock, &t->log_frames);
    t->runtime.metrics = &t->metrics;
    t->runtime.secret = text_of(t->options.secret);
    int rc = load(t);
    if (rc == 0) rc = runtime_start(&t->runtime, t->folder, text_of(t->options.settings), &t->why);
    t->running = rc == 0;
    t->runtime.ask = harness_ask;
    if (rc < 0)
        runtime_free(&t->runtime);
    else
        do_work(t);
}

static const char *keep(struct parley_test *t, const char *text, const char *otherwise) {
    return arena_cstr(&t->kept, text_of(text ? text : otherwise));
}

static void take_options(struct parley_test *t, const struct parley_test_options *options) {
    harness_require(!options->library != !options->plugin, "either a library or a descriptor says what is tested");
    t->options.library = options->library ? keep(t, options->library, "") : NULL;
    t->options.plugin = options->plugin;
    t->options.settings = keep(t, options->settings, "{}");
    t->options.secret = options->secret ? keep(t, options->secret, "") : NULL;
    harness_require(harness_find(text_of(t->options.settings), "").n, "the settings are no JSON: %s",
                    options->settings);
}

static void make_folder(struct parley_test *t, const char *folder) {
    t->temporary = !folder;
    if (folder)
        snprintf(t->folder, sizeof t->folder, "%s", folder);
    else {
        const char *below = getenv("TMPDIR");
        snprintf(t->folder, sizeof t->folder, "%s/parley-test-XXXXXX", below && *below ? below : "/tmp");
        harness_require(mkdtemp(t->folder), "%s cannot be made", t->folder);
    }
}

static int64_t parse_time(const char *time) {
    int64_t ms;
    harness_require(clock_parse(text_of(time), &ms), "%s is no time of ISO 8601", time);
    return ms;
}

parley_test *parley_test_start(const struct parley_test_options *options) {
    struct parley_test *t = memory_new(struct parley_test);
    arena_init(&t->kept, 4096);
    t->effects_end = &t->effects;
    take_options(t, options);
    make_folder(t, options->folder);
    clock_fix(&t->clock, parse_time(options->time ? options->time : "2026-01-01T12:00:00Z"));
    t->request.settings = TEXT("{}");
    parley_test_as(t, "customer");
    start(t);
    return t;
}

static void end(struct parley_test *t) {
    if (!t->running) return;
    runtime_stop(&t->runtime);
    runtime_free(&t->runtime);
    t->running = false;
}

void parley_test_restart(parley_test *t, const struct parley_test_options *options) {
    end(t);
    if (options) take_options(t, options);
    start(t);
}

static void remove_folder(const char *folder) {
    static const char *const files[] = {"data.db",   "data.db-wal", "data.db-shm",
                                        "gate.lock", "writer.lock", "users.lock"};
    char path[300];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
}

void parley_test_stop(parley_test *t) {
    end(t);
    if (t->temporary) remove_folder(t->folder);
    buffer_free(&t->frames);
    buffer_free(&t->log_frames);
    buffer_free(&t->logs);
    buffer_free(&t->body);
    arena_free(&t->kept);
    free(t);
}

/* ---- who calls ---- */

static void as(struct parley_test *t, const char *customer, bool known, bool staff) {
    t->request.customer = arena_text(&t->kept, text_of(customer));
    t->request.known = known;
    t->request.staff = staff;
    t->request.agent = staff ? TEXT("staff") : TEXT("");
}

void parley_test_as(parley_test *t, const char *customer) {
    as(t, customer, true, false);
}

void parley_test_as_anonymous(parley_test *t, const char *visitor) {
    as(t, visitor, false, false);
}

void parley_test_as_staff(parley_test *t) {
    as(t, "", false, true);
}

void parley_test_as_agent(parley_test *t, const char *name) {
    parley_test_as_staff(t);
    t->request.agent = text_of(keep(t, name, ""));
}

void parley_test_context(parley_test *t, const char *context) {
    t->request.attributes = text_of(keep(t, context, "{}"));
    harness_require(harness_find(t->request.attributes, "").n, "the context is no JSON: %s", context);
}

void parley_test_variant(parley_test *t, const char *feature, const char *variant, const char *settings) {
    t->request.feature = text_of(keep(t, feature, ""));
    t->request.variant = text_of(keep(t, variant, ""));
    t->request.settings = text_of(keep(t, settings, "{}"));
    harness_require(harness_find(t->request.settings, "").n, "the settings are no JSON: %s", settings);
}

/* ---- one call, and what it caused ---- */

static void see_effect(struct parley_test *t, const struct frame *frame) {
    struct effect_seen *seen = arena_new(&t->kept, struct effect_seen);
    seen->json = arena_text(&t->kept, frame->payload);
    *t->effects_end = seen;
    t->effects_end = &seen->next;
    t->runtime.outbox.kept = frame->id; /* as parleyd says when it is on its disk */
}

static void see_reply(struct parley_test *t, const struct frame *frame) {
    struct frame_reply reply;
    int rc = frame_reply_decode(frame->payload, &reply, NULL);
    harness_require(rc == 0, "the runtime's reply is none");
    t->status = reply.status;
    buffer_text(&t->body, reply.body);
}

static void see(struct parley_test *t, struct buffer *frames) {
    struct frame frame;
    size_t used;
    for (struct text in = buffer_view(frames); frame_take(in, &used, &frame, NULL) > 0;) {
        if (frame.type == FRAME_REPLY) see_reply(t, &frame);
        if (frame.type == FRAME_EFFECT) see_effect(t, &frame);
        if (frame.type == FRAME_LOG) {
            buffer_put(&t->logs, frame.payload.at + 1, frame.payload.n - 1);
            buffer_byte(&t->logs, '\n');
        }
        in = text_n(in.at + used, in.n - used);
    }
    buffer_clear(frames);
}

static void serve(struct parley_test *t, parley_call *call) {
    struct error error = {0};
    bool writes = call->status == 0 && call_writes(call);
    int rc = 0;
    if (writes)
        rc = group_alone(&t->runtime, call, &t->frames, &error);
    else if (call->status == 0 && (rc = database_read_begin(&t->runtime.database, &error)) == 0 && call_run(call) < 0)
        works_drop(&t->runtime, 0);
    database_read_end(&t->runtime.database);
    if (rc < 0) call_problem(call, call->ended_all ? 500 : 503, NULL, text_of(error.detail));
    if (call_is_answered(call) && (!writes || rc < 0)) call_answer(call, &t->frames);
}

static void begin(struct parley_test *t, parley_call *call) {
    harness_require(t->running, "the plugin did not start: %s", t->why.detail);
    *call = (parley_call){.runtime = &t->runtime};
    arena_init(&call->arena, RUNTIME_ARENA);
    buffer_clear(&t->logs);
    buffer_clear(&t->body);
    t->status = 0;
}

static void finish(struct parley_test *t, parley_call *call) {
    serve(t, call);
    arena_free(&call->arena);
    see(t, &t->frames);
    see(t, &t->log_frames);
    do_work(t);
}

static void work_done(struct parley_test *t, const struct work *work) {
    parley_call call = {.runtime = &t->runtime, .kind = CALL_WORK_DONE, .done = work->done};
    arena_init(&call.arena, RUNTIME_ARENA);
    call.request.now = clock_now(&t->clock);
    if (work->good) call.body = document_scan(&call.arena, buffer_view(&work->result), NULL);
    serve(t, &call);
    arena_free(&call.arena);
    see(t, &t->frames);
    see(t, &t->log_frames);
}

/* Background work that was asked for, and what its results ask for, until there is none. */
static void do_work(struct parley_test *t) {
    struct work *work;
    while ((work = works_take(&t->runtime))) {
        struct helper helper = {0};
        struct error error = {0};
        int rc = helper_open(&helper, &t->runtime, &error);
        harness_require(rc == 0, "%s", error.detail);
        helper_run(&helper, work);
        helper_close(&helper);
        see(t, &work->logs);
        t->runtime.working--;
        work_done(t, work);
        work_free(work);
    }
}

/* Returns the status of the answer. */
static int call(struct parley_test *t, enum frame_type type, struct text payload) {
    parley_call made;
    struct error error = {0};
    begin(t, &made);
    int rc = call_decode(&made, &(struct frame){type, 1, payload}, &error);
    harness_require(rc == 0, "%s", error.detail);
    finish(t, &made);
    return t->status;
}

static int request(struct parley_test *t, struct frame_request request, const char *method, const char *path,
                   const char *body) {
    struct buffer frame = {0};
    request.method = text_of(method);
    request.body = body ? text_of(body) : TEXT("");
    request.now = clock_now(&t->clock);
    text_cut(text_of(path), '?', &request.path, &request.query);
    frame_request_encode(&frame, &request);
    int status = call(t, FRAME_REQUEST, buffer_view(&frame));
    buffer_free(&frame);
    return status;
}

int parley_test_call(parley_test *t, const char *method, const char *path, const char *body) {
    return request(t, t->request, method, path, body);
}

int parley_test_hook(parley_test *t, const char *path, const char *headers, const char *body) {
    struct frame_request hook = {.hook = true, .settings = TEXT("{}"), .headers = text_of(headers)};
    harness_require(harness_find(hook.headers, "").n, "the headers are no JSON: %s", headers);
    return request(t, hook, "POST", path, body);
}

int parley_test_configure(parley_test *t, const char *settings) {
    harness_require(harness_find(text_of(settings), "").n, "the settings are no JSON: %s", settings);
    int status = call(t, FRAME_CONFIGURE, text_of(settings));
    if (status < 400) t->options.settings = keep(t, settings, "{}");
    return status;
}

const char *parley_test_export(parley_test *t, const char *customer) {
    call(t, FRAME_EXPORT, text_of(customer));
    return parley_test_body(t);
}

int parley_test_forget(parley_test *t, const char *customer) {
    return call(t, FRAME_FORGET, text_of(customer)) < 400 ? 0 : PARLEY_FAILED;
}

/* ---- time ---- */

int64_t parley_test_now(parley_test *t) {
    return clock_now(&t->clock);
}

static bool fire_first(struct parley_test *t, int64_t until) {
    struct buffer name = {0};
    int64_t at = 0;
    bool due = timer_first(&t->runtime.database, &name, &at, NULL) > 0 && at <= until;
    if (due) {
        parley_call made;
        if (at > clock_now(&t->clock)) clock_fix(&t->clock, at);
        begin(t, &made);
        made.kind = CALL_TIMER;
        made.payload = arena_text(&made.arena, buffer_view(&name));
        made.request.now = clock_now(&t->clock);
        finish(t, &made);
    }
    buffer_free(&name);
    return due;
}

void parley_test_wait(parley_test *t, int64_t ms) {
    int64_t until = clock_now(&t->clock) + ms;
    harness_require(ms >= 0, "time does not go back");
    while (t->runtime.plugin.on_timer && fire_first(t, until)) continue;
    clock_fix(&t->clock, until);
}

void parley_test_wait_until(parley_test *t, const char *time) {
    parley_test_wait(t, parse_time(time) - clock_now(&t->clock));
}

/* ---- events ---- */

static bool subscribes(const struct parley_plugin *plugin, const char *event) {
    for (size_t i = 0; i < plugin->subscribes_n; i++)
        if (strcmp(plugin->subscribes[i], event) == 0 || strcmp(plugin->subscribes[i], "*") == 0) return true;
    return false;
}

/* Whose word an event is: of the shop's server, or of a browser with the public token. */
enum told_by { BY_SERVER, BY_BROWSER };

static void put_event(struct parley_test *t, struct buffer *out, enum told_by by, const char *event,
                      const char *customer, const char *properties) {
    char id[32];
    struct json_writer w;
    snprintf(id, sizeof id, "test-%lld", (long long)t->seq);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_put_int(&w, "seq", t->seq);
    json_put_text(&w, "type", TEXT("track"));
    json_put_text(&w, "event", text_of(event));
    json_put_text(&w, "customer", text_of(customer));
    json_put_bool(&w, "known", true);
    json_put_text(&w, "actor", TEXT("customer"));
    json_put_bool(&w, "browser", by == BY_BROWSER);
    json_put_int(&w, "at", clock_now(&t->clock));
    json_put_text(&w, "messageId", text_of(id));
    json_put_raw(&w, "properties", properties ? text_of(properties) : TEXT("{}"));
    json_close_object(&w);
}

static bool tell_event(parley_test *t, enum told_by by, const char *event, const char *customer,
                       const char *properties) {
    int64_t position;
    struct buffer batch = {0};
    harness_require(t->running, "the plugin did not start: %s", t->why.detail);
    harness_require(!properties || harness_find(text_of(properties), "").n, "the properties are no JSON: %s",
                    properties);
    if (!subscribes(&t->runtime.plugin, event)) return false;
    int rc = events_position(&t->runtime.database.reads, &position, NULL);
    harness_require(rc == 0, "the database cannot be read");
    t->seq = (position > t->seq ? position : t->seq) + 1;
    buffer_printf(&batch, "{\"after\":%lld,\"upto\":%lld,\"events\":[", (long long)position, (long long)t->seq);
    put_event(t, &batch, by, event, customer, properties);
    buffer_cstr(&batch, "]}");
    int status = call(t, FRAME_EVENTS, buffer_view(&batch));
    buffer_free(&batch);
    return status == 200 && text_eq(harness_find(buffer_view(&t->body), "/failed"), TEXT("0"));
}

bool parley_test_event(parley_test *t, const char *event, const char *customer, const char *properties) {
    return tell_event(t, BY_SERVER, event, customer, properties);
}

bool parley_test_browser_event(parley_test *t, const char *event, const char *customer, const char *properties) {
    return tell_event(t, BY_BROWSER, event, customer, properties);
}
