#include <parley/plugin.h>

#include "tests/core/plugins/house.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/secret.h"
#include "core/plugins/bundle.h"
#include "core/plugins/host_internal.h"

/* The test programs lie in build/tests. */
const char *house_built(const char *relative) {
    static char path[4400];
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    cr_assert(n > 0);
    self[n] = 0;
    for (int i = 0; i < 2; i++) *strrchr(self, '/') = 0;
    snprintf(path, sizeof path, "%s/%s", self, relative);
    return path;
}

const char *house_fixture(const char *name) {
    char relative[700];
    snprintf(relative, sizeof relative, "tests/fixtures/workers/%s", name);
    return house_built(relative);
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    fputs(text, file);
    fclose(file);
}

static void copy_file(const char *from, const char *to) {
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    cr_assert(in && out, "%s", from);
    char bytes[1 << 16];
    size_t n;
    while ((n = fread(bytes, 1, sizeof bytes, in))) fwrite(bytes, 1, n, out);
    fclose(in);
    fclose(out);
}

const char *house_bundle(struct house *house, const char *name, const char *version, const char *fixture) {
    static char folder[200];
    char path[300], text[600];
    snprintf(folder, sizeof folder, "%s/%s-%s", house->dir, name, version);
    mkdir(folder, 0755);
    snprintf(path, sizeof path, "%s/web", folder);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/web/widget.js", folder);
    snprintf(text, sizeof text, "export const version = '%s';\n", version);
    write_file(path, text);
    snprintf(path, sizeof path, "%s/%s.so", folder, name);
    snprintf(text, sizeof text, "%s.so", fixture);
    copy_file(house_fixture(text), path);
    snprintf(path, sizeof path, "%s/plugin.json", folder);
    snprintf(text, sizeof text,
             "{\"name\":\"%s\",\"version\":\"%s\",\"abi\":[%d,%d],\"title\":\"A plugin\",\"library\":\"%s.so\","
             "\"web\":\"web/widget.js\",\"settings\":{\"type\":\"object\"}}",
             name, version, PARLEY_ABI_MAJOR, PARLEY_ABI_MINOR, name);
    write_file(path, text);
    return folder;
}

static void on_effect(void *user, const struct plugin_effect *effect) {
    struct house *house = user;
    if (house->effects < 8) house->tickets[house->effects] = effect->ticket;
    house->effects++;
    if (house->keep_effects) plugins_kept(house->plugins, effect->ticket);
}

static void on_event(void *user, const struct plugin_event *event) {
    struct house *house = user;
    buffer_printf(&house->events, "%s %.*s %.*s", plugin_event_name(event->kind), TEXT_ARGS(event->plugin),
                  TEXT_ARGS(event->version));
    if (event->before.n) buffer_printf(&house->events, " after %.*s", TEXT_ARGS(event->before));
    buffer_printf(&house->events, ": %.*s\n", TEXT_ARGS(event->detail));
    if (event->evidence.n) snprintf(house->evidence, sizeof house->evidence, "%.*s", TEXT_ARGS(event->evidence));
}

static void make(struct house *house) {
    static const struct breaker_policy never = {.limits = {.least = INT32_MAX}};
    static const struct probation_policy none = {.time = 0};
    enum { NEVER = 100000 };
    static const struct plugin_timing patient = {.start = NEVER,
                                                 .call = NEVER,
                                                 .overrun = NEVER,
                                                 .heartbeat = NEVER,
                                                 .drain = NEVER,
                                                 .stop = NEVER,
                                                 .hold = NEVER,
                                                 .turn = NEVER,
                                                 .restart_first = 50,
                                                 .restart_most = 200,
                                                 .restart_window = NEVER};
    static const struct trust_options unsigned_too = {.unsigned_bundles = UNSIGNED_TAKEN};
    cr_assert_eq(uv_loop_init(&house->loop), 0);
    cr_assert_eq(mailbox_open(&house->mailbox, &house->loop), 0);
    house->telemetry = telemetry_new();
    struct plugins_options options = {.loop = &house->loop,
                                      .mailbox = &house->mailbox,
                                      .dir = house->plugin_dir,
                                      .worker =
                                          house->setup.worker ? house->setup.worker : house_fixture("fixture-worker"),
                                      .bundled = house->setup.bundled,
                                      .telemetry = house->telemetry,
                                      .clock = &clock_system,
                                      .timing = house->setup.timing ? *house->setup.timing : patient,
                                      .trust = house->setup.trust ? *house->setup.trust : unsigned_too,
                                      .breaker = house->setup.breaker ? *house->setup.breaker : never,
                                      .probation = house->setup.probation ? *house->setup.probation : none,
                                      .on_event = on_event,
                                      .on_effect = on_effect,
                                      .user = house};
    house->plugins = plugins_new(&options);
}

void house_open(struct house *house, const struct house_setup *setup) {
    secret_init();
    uv_loop_t first; /* opens what libuv keeps open for good */
    uv_loop_init(&first);
    uv_loop_close(&first);
    *house = (struct house){.setup = setup ? *setup : (struct house_setup){0}, .descriptors = house_descriptors()};
    snprintf(house->dir, sizeof house->dir, "/tmp/parley-host-XXXXXX");
    cr_assert_not_null(mkdtemp(house->dir));
    snprintf(house->plugin_dir, sizeof house->plugin_dir, "%s/plugins", house->dir);
    make(house);
}

static void set_true(void *user) {
    *(bool *)user = true;
}

struct plugin_timing *house_timing(struct house *house) {
    return &house->plugins->env.timing;
}

/* UV_RUN_ONCE would run timers once more, behind what came in. */
void house_step(struct house *house) {
    struct pollfd news = {.fd = uv_backend_fd(&house->loop), .events = POLLIN};
    poll(&news, 1, 1);
    uv_run(&house->loop, UV_RUN_NOWAIT);
}

void house_start(struct house *house) {
    bool done = false;
    plugins_start(house->plugins, set_true, &done);
    house_wait_until(house, done);
}

void house_stop(struct house *house) {
    bool done = false;
    plugins_stop(house->plugins, set_true, &done);
    house_wait_until(house, done);
    plugins_free(house->plugins);
    mailbox_close(&house->mailbox);
    uv_run(&house->loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&house->loop), 0, "a handle was left open");
    telemetry_free(house->telemetry);
    cr_assert_eq(house_children(), 0, "a process was left over");
    cr_assert_eq(house_descriptors(), house->descriptors, "descriptors were left open");
}

void house_close(struct house *house) {
    house_stop(house);
    buffer_free(&house->events);
    bundle_remove(house->dir);
}

void house_again(struct house *house) {
    make(house);
    house_start(house);
}

void house_reopen(struct house *house) {
    house_stop(house);
    house_again(house);
}

/* ---- operations ---- */

struct waited {
    bool done;
    struct error error;
};

static void on_done(void *user, const struct plugin_result *result) {
    struct waited *waited = user;
    waited->done = true;
    waited->error = result->error;
}

static int wait_for(struct house *house, struct waited *waited) {
    cr_assert_not(waited->done, "called back before the function returned");
    house_wait_until(house, waited->done);
    house->error = waited->error;
    return waited->error.code;
}

int house_install(struct house *house, const char *path) {
    struct waited waited = {0};
    plugins_install(house->plugins, path, on_done, &waited);
    return wait_for(house, &waited);
}

int house_activate(struct house *house, const char *name, const char *version) {
    struct waited waited = {0};
    plugins_activate(house->plugins, text_of(name), text_of(version), on_done, &waited);
    return wait_for(house, &waited);
}

int house_rollback(struct house *house, const char *name) {
    struct waited waited = {0};
    plugins_rollback(house->plugins, text_of(name), on_done, &waited);
    return wait_for(house, &waited);
}

int house_remove(struct house *house, const char *name, const char *version) {
    struct waited waited = {0};
    plugins_remove(house->plugins, text_of(name), text_of(version), on_done, &waited);
    return wait_for(house, &waited);
}

int house_retire(struct house *house, const char *name) {
    struct waited waited = {0};
    plugins_retire(house->plugins, text_of(name), on_done, &waited);
    return wait_for(house, &waited);
}

void house_run_plugin(struct house *house, const char *name, const char *version, const char *fixture) {
    int code = house_install(house, house_bundle(house, name, version, fixture));
    cr_assert_eq(code, 0, "%s", house->error.detail);
    code = house_activate(house, name, version);
    cr_assert_eq(code, 0, "%s", house->error.detail);
}

struct call_waited {
    bool done;
    struct said said;
};

static void on_answer(void *user, const struct plugin_answer *answer) {
    struct call_waited *waited = user;
    struct said *said = &waited->said;
    said->code = answer->code;
    said->retry_after = answer->retry_after;
    snprintf(said->version, sizeof said->version, "%.*s", TEXT_ARGS(answer->version));
    if (!answer->code) {
        said->status = answer->reply.status;
        snprintf(said->body, sizeof said->body, "%.*s", TEXT_ARGS(answer->reply.body));
    }
    waited->done = true;
}

static struct said call_and_wait(struct house *house, struct plugin_call call) {
    struct call_waited waited = {0};
    call.plugin = TEXT("polls");
    call.answered = on_answer;
    call.user = &waited;
    waited.said.code = plugins_call(house->plugins, &call, &waited.said.retry_after);
    if (waited.said.code) return waited.said;
    cr_assert_not(waited.done, "called back before the function returned");
    house_wait_until(house, waited.done);
    return waited.said;
}

struct said house_call_within(struct house *house, const struct frame_request *request, int deadline) {
    return call_and_wait(house, (struct plugin_call){.request = request, .deadline = deadline});
}

struct said house_call_release(struct house *house, const char *version, const char *method, const char *path,
                               const char *body) {
    struct frame_request request = {.method = text_of(method),
                                    .path = text_of(path),
                                    .customer = TEXT("ann"),
                                    .settings = TEXT("{}"),
                                    .body = text_of(body)};
    return call_and_wait(house, (struct plugin_call){.version = text_of(version), .request = &request});
}

struct said house_call(struct house *house, const char *method, const char *path, const char *body) {
    return house_call_release(house, NULL, method, path, body);
}

struct said house_errand(struct house *house, enum frame_type type) {
    struct call_waited waited = {0};
    waited.said.code = (type == FRAME_EXPORT ? plugins_export : plugins_forget)(house->plugins, TEXT("polls"),
                                                                                TEXT("ann"), on_answer, &waited);
    if (waited.said.code) return waited.said;
    house_wait_until(house, waited.done);
    return waited.said;
}

/* ---- looking ---- */

static void on_time(uv_timer_t *timer) {
    *(bool *)timer->data = true;
}

void house_turn(struct house *house, int ms) {
    bool done = false;
    uv_timer_t timer;
    uv_update_time(&house->loop);
    uv_timer_init(&house->loop, &timer);
    timer.data = &done;
    uv_timer_start(&timer, on_time, (uint64_t)ms, 0);
    house_wait_until(house, done);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&house->loop, UV_RUN_NOWAIT);
}

void house_wait_for(struct house *house, const char *name, const char *text) {
    uint64_t start = clock_ticks();
    for (const char *status; !strstr(status = house_status(house, name), text); house_step(house))
        cr_assert(clock_ticks() - start < HOUSE_PATIENCE_NS, "no %s in %s", text, status);
}

void house_wait_for_log(struct house *house, const char *name, const char *text) {
    uint64_t start = clock_ticks();
    for (const char *logs; !strstr(logs = house_logs(house, name), text); house_step(house))
        cr_assert(clock_ticks() - start < HOUSE_PATIENCE_NS, "no %s in %s", text, logs);
}

void house_wait_for_event(struct house *house, const char *text) {
    uint64_t start = clock_ticks();
    for (size_t n = strlen(text); !house->events.n || !memmem(house->events.at, house->events.n, text, n);
         house_step(house))
        cr_assert(clock_ticks() - start < HOUSE_PATIENCE_NS, "no %s in\n%.*s", text,
                  TEXT_ARGS(buffer_view(&house->events)));
}

static const char *kept(struct buffer *out) {
    static char text[1 << 18];
    snprintf(text, sizeof text, "%.*s", TEXT_ARGS(buffer_view(out)));
    buffer_free(out);
    return text;
}

const char *house_status(struct house *house, const char *name) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    plugins_status_json(house->plugins, text_of(name), NULL, &w);
    return kept(&out);
}

const char *house_logs(struct house *house, const char *name) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    plugins_logs_json(house->plugins, text_of(name), 0, &w);
    return kept(&out);
}

const char *house_metrics(struct house *house) {
    struct buffer out = {0};
    telemetry_write(house->telemetry, &out);
    return kept(&out);
}

int house_children(void) {
    char path[64];
    int n = 0, pid;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; (task = readdir(tasks));) {
        snprintf(path, sizeof path, "/proc/self/task/%.20s/children", task->d_name);
        FILE *file = fopen(path, "r");
        if (!file) continue;
        while (fscanf(file, "%d", &pid) == 1) n++;
        fclose(file);
    }
    closedir(tasks);
    return n;
}

int house_descriptors(void) {
    int n = 0;
    DIR *open_ones = opendir("/proc/self/fd");
    while (readdir(open_ones)) n++;
    closedir(open_ones);
    return n;
}
