/* Calls through parleyd's side of the plugin host to the real worker and polls: reads and durable votes by depth, and how long
 * a swap takes under reads. One process makes the load and runs the loop, so figures include the caller. usage: bench-host BUILD */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/secret.h"
#include "core/plugins/bundle.h"
#include "core/plugins/host.h"

enum { SECONDS_EACH = 2, SWAPS = 20 };

static uv_loop_t loop;
static struct mailbox mailbox;
static struct plugins *plugins;
static bool loading, writes;
static int under_way;
static long answered, failed;

static void call_again(void *user, const struct plugin_answer *answer);

static void call_once(void) {
    static long voter;
    char customer[32];
    int n = snprintf(customer, sizeof customer, "customer-%ld", voter++ % 100000);
    struct frame_request request = {.method = writes ? TEXT("PUT") : TEXT("GET"),
                                    .path = writes ? TEXT("/polls/p/vote") : TEXT("/polls/p"),
                                    .customer = text_n(customer, (size_t)n),
                                    .feature = TEXT("product-poll"),
                                    .variant = TEXT("top"),
                                    .settings = TEXT("{}"),
                                    .body = writes ? TEXT("{\"options\":[\"a\"]}") : TEXT_NONE,
                                    .now = clock_now(&clock_system)};
    struct plugin_call call = {.plugin = TEXT("polls"), .request = &request, .answered = call_again};
    if (plugins_call(plugins, &call, NULL) == 0)
        under_way++;
    else
        failed++;
}

static void call_again(void *user, const struct plugin_answer *answer) {
    under_way--;
    if (answer->code || answer->reply.status != 200)
        failed++;
    else
        answered++;
    if (loading) call_once();
}

static void start_load(int depth, bool writing) {
    loading = true;
    writes = writing;
    answered = failed = 0;
    for (int i = 0; i < depth; i++) call_once();
}

static void stop_load(void) {
    loading = false;
    while (under_way) uv_run(&loop, UV_RUN_ONCE);
}

static void measure(const char *what, int depth, bool writing) {
    uint64_t start = clock_ticks();
    start_load(depth, writing);
    while (clock_ticks() - start < SECONDS_EACH * 1000000000ull) uv_run(&loop, UV_RUN_ONCE);
    double seconds = (double)(clock_ticks() - start) / 1e9;
    printf("%-7s depth %3d  %8.0f/s  %ld failed\n", what, depth, (double)answered / seconds, failed);
    stop_load();
}

static void set_true(void *user) {
    *(bool *)user = true;
}

static void note_done(void *user, const struct plugin_result *result) {
    if (result->error.code) fprintf(stderr, "%s\n", result->error.detail);
    *(bool *)user = true;
}

static void wait_for(const bool *done) {
    while (!*done) uv_run(&loop, UV_RUN_ONCE);
}

static void measure_swaps(void) {
    start_load(32, false);
    uint64_t start = clock_ticks();
    for (int i = 0; i < SWAPS; i++) {
        bool done = false;
        plugins_activate(plugins, TEXT("polls"), i % 2 ? TEXT("1.0.0") : TEXT("1.1.0"), note_done, &done);
        wait_for(&done);
    }
    double ms = (double)(clock_ticks() - start) / 1e6;
    stop_load();
    printf("%d swaps under reads  %.1f ms each  %ld answered, %ld failed\n", SWAPS, ms / SWAPS, answered, failed);
}

static void on_effect(void *user, const struct plugin_effect *effect) {
    plugins_kept(plugins, effect->ticket);
}

static void on_answer(void *user, const struct plugin_answer *answer) {
    *(bool *)user = true;
}

static void make_poll(void) {
    bool done = false;
    struct frame_request request = {
        .method = TEXT("POST"),
        .path = TEXT("/polls"),
        .settings = TEXT("{}"),
        .staff = true,
        .body = TEXT("{\"id\":\"p\",\"question\":\"?\",\"options\":[{\"key\":\"a\",\"label\":\"A\"},"
                     "{\"key\":\"b\",\"label\":\"B\"}]}")};
    struct plugin_call call = {.plugin = TEXT("polls"), .request = &request, .answered = on_answer, .user = &done};
    if (plugins_call(plugins, &call, NULL) == 0) wait_for(&done);
}

int main(int argc, char **argv) {
    char dir[] = "/tmp/parley-bench-XXXXXX", worker[4096], bundled[4096];
    if (argc != 2 || secret_init() < 0 || !mkdtemp(dir)) return 2;
    snprintf(worker, sizeof worker, "%s/parley-worker", argv[1]);
    snprintf(bundled, sizeof bundled, "%s/plugins", argv[1]);
    uv_loop_init(&loop);
    mailbox_open(&mailbox, &loop);
    struct telemetry *telemetry = telemetry_new();
    plugins = plugins_new(&(struct plugins_options){.loop = &loop,
                                                    .mailbox = &mailbox,
                                                    .dir = dir,
                                                    .bundled = bundled,
                                                    .worker = worker,
                                                    .telemetry = telemetry,
                                                    .clock = &clock_system,
                                                    .on_effect = on_effect});
    bool started = false, stopped = false;
    plugins_start(plugins, set_true, &started);
    wait_for(&started);
    make_poll();
    const int depths[] = {1, 64, 256};
    for (size_t i = 0; i < 3; i++) measure("reads", depths[i], false);
    for (size_t i = 0; i < 3; i++) measure("votes", depths[i], true);
    measure_swaps();
    plugins_stop(plugins, set_true, &stopped);
    wait_for(&stopped);
    plugins_free(plugins);
    telemetry_free(telemetry);
    bundle_remove(dir);
    return 0;
}
