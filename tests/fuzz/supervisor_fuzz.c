/* What a worker that has been taken over may send, against all that parleyd has on its side: a real supervisor, release, calls in flight,
 * effects, asks, metrics. The process alone is made up: descriptors stand for it. However its bytes are, every call is answered exactly
 * once, a worker that is ended has a reason in words, and nothing is left of it. The first byte says how the rest is cut. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/plugins/plugin.h"
#include "core/plugins/traffic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "supervisor_fuzz: %s\n", what);
    abort();
}

/* ---- a process made of descriptors: these stand in for spawner.c ---- */

enum { PID = 4711 };
static struct {
    int channel, output, exits; /* its ends; an eventfd that is readable once it has exited */
    int killed;
} process;

struct lane *spawner_start(void) {
    return NULL;
}

void spawner_do(struct lane *spawner, struct spawn *spawn) {
    int channel[2], output[2];
    process.exits = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    process.killed = 0;
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, channel) == 0 && pipe2(output, O_NONBLOCK) == 0,
            "no descriptors");
    process.channel = channel[1];
    process.output = output[1];
    spawn->pid = PID;
    spawn->pid_fd = process.exits;
    spawn->channel = channel[0];
    spawn->output = output[0];
    mailbox_post(spawn->job.reply_to, &spawn->job.mail);
}

static void exits(void) {
    uint64_t one = 1;
    require(write(process.exits, &one, sizeof one) == sizeof one, "no exit");
}

void spawner_serves(const struct spawn *spawn) {}
void spawner_kill(const struct spawn *spawn) {
    require(spawn->pid_fd == process.exits, "another process is killed");
    if (!process.killed++) exits();
}

void spawner_reap(struct lane *spawner, struct spawn *spawn) {
    spawn->how = (siginfo_t){.si_code = process.killed ? CLD_KILLED : CLD_EXITED};
    spawn->how.si_status = process.killed ? SIGKILL : 1;
    mailbox_post(spawn->job.reply_to, &spawn->job.mail);
}

/* ---- parleyd's side ---- */

enum { CALLS = 3, TICKETS = 64 };
static struct house {
    uv_loop_t loop;
    struct mailbox mailbox;
    struct plugin_env env;
    struct plugin *plugin;
    struct release *release;
    uint64_t tickets[TICKETS]; /* of effects that are not durable yet */
    size_t tickets_n;
    int called, answered;
} house;

static void on_effect(void *user, const struct plugin_effect *effect) {
    require(text_is(effect->plugin, "polls") && text_is(effect->version, "1.0.0"), "an effect of somebody else");
    if (house.tickets_n < TICKETS) house.tickets[house.tickets_n++] = effect->ticket;
}

static void on_ask(void *user, const struct plugin_ask *ask) {
    supervisor_answer(&house.env, ask->ticket, &(struct frame_reply){.status = 200, .body = TEXT("{}")});
}

static void on_changed(struct plugin_env *env) {}

static void on_answered(void *user, const struct plugin_answer *answer) {
    int *times = user;
    require(++*times == 1, "a call is answered twice");
    require(answer->code || (answer->reply.status >= 200 && answer->reply.status <= 599), "an answer that is none");
    house.answered++;
}

static struct release *make_release(void) {
    struct bundle bundle = {.n = 1, .room = 1, .files = memory_zero(1, sizeof(struct bundle_file))};
    struct error error = {0};
    static const char manifest[] = "{\"name\":\"polls\",\"version\":\"1.0.0\",\"abi\":[1,0],\"library\":\"polls.so\"}";
    require(manifest_read(&bundle.manifest, text_of(manifest), &error) == 0, "no manifest");
    bundle.files[0].name = memory_copy("polls.so");
    return release_new(&house.env, house.plugin, "1.0.0", "", 0, "/nowhere", &bundle, NULL);
}

static void open_house(void) {
    static const struct tally_limits never = {1 << 30, 100, 1 << 30};
    static const struct log quiet = {.fd = -1, .least = LOG_ERROR + 1};
    uv_loop_init(&house.loop);
    mailbox_open(&house.mailbox, &house.loop);
    house.env = (struct plugin_env){
        .loop = &house.loop,
        .mailbox = &house.mailbox,
        .log = &quiet,
        .telemetry = telemetry_new(),
        .clock = &clock_system,
        .dir = "/nowhere",
        .timing = {100000, 100000, 100000, 100000, 100000, 100000, 100000, 100000, 100000, 100000, 100000},
        .trust = {.libraries = ""},
        .breaker = {.limits = never, .window = 1000, .open = 1000},
        .on_effect = on_effect,
        .on_ask = on_ask,
        .changed = on_changed};
    channels_open(&house.env.channels, &house.loop);
    calls_open(&house.env.calls, &house.loop, traffic_due);
    house.plugin = plugin_new(&house.env, TEXT("polls"));
    house.release = make_release();
    plugin_add(house.plugin, house.release);
    house.plugin->active = house.release;
}

/* ---- one worker's life ---- */

/* Once it serves: calls that it holds, the first with number 1, which replies may name. */
static void call(int times[static CALLS]) {
    static const char *const methods[CALLS] = {"GET", "PUT", "GET"};
    if (house.called || !release_takes(house.release)) return;
    for (; house.called < CALLS; house.called++) {
        struct frame_request request = {.method = text_of(methods[house.called]), .path = TEXT("/polls")};
        struct plugin_call wanted = {.request = &request, .answered = on_answered, .user = &times[house.called]};
        require(traffic_request(house.plugin, house.release, &wanted, NULL) == 0, "a call is not taken");
    }
}

static void keep_effects(void) {
    while (house.tickets_n) supervisor_kept(&house.env, house.tickets[--house.tickets_n]);
}

/* What parleyd sends is read and thrown away: a full socket would only stop it. */
static void hear(void) {
    char bytes[4096];
    while (recv(process.channel, bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
}

static void send_all(struct text bytes, size_t piece, int times[static CALLS]) {
    while (bytes.n && house.env.workers && house.env.workers->phase < PHASE_LEAVING) {
        size_t n = bytes.n < piece ? bytes.n : piece;
        ssize_t sent = send(process.channel, bytes.at, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) bytes = text_n(bytes.at + sent, bytes.n - (size_t)sent);
        uv_run(&house.loop, UV_RUN_NOWAIT);
        call(times);
        keep_effects();
        hear();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    if (n == 0) return 0;
    if (!house.plugin) open_house();
    struct release *release = house.release;
    int times[CALLS] = {0};
    house.called = house.answered = 0;
    house.env.calls.serial = 0;
    release->why[0] = 0;
    release_want(release, WANT_TRIAL);
    while (house.env.workers->phase == PHASE_SPAWNING) uv_run(&house.loop, UV_RUN_ONCE);
    send_all(text_n((const char *)data + 1, n - 1), data[0] ? data[0] * 16u : 1 << 20, times);
    bool judged = house.env.workers->phase == PHASE_KILLED;
    require(!judged || *house.env.workers->why, "ended without a word");
    close(process.channel);
    close(process.output);
    if (!process.killed) exits();
    release->want = 0; /* it is not started again */
    while (house.env.workers) uv_run(&house.loop, UV_RUN_ONCE);
    house.tickets_n = 0;
    require(*release->why, "gone without a word");
    require(house.answered == house.called && !house.env.calls.first, "a call is left without an answer");
    require(release->in_flight->value == 0, "a call is counted as held");
    return 0;
}
