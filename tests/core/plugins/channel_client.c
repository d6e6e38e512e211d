#include "tests/core/plugins/channel_client.h"

#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/json_write.h"

/* The programs that use this are tests and benches: either ends here, with a sentence. */
#define require(condition, ...)                                                                                        \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "channel client: " __VA_ARGS__);                                                           \
            fprintf(stderr, " (%s:%d)\n", __FILE__, __LINE__);                                                         \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

const char *client_build_path(const char *relative) {
    static char path[1024];
    char exe[512] = "";
    require(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0, "no /proc/self/exe");
    snprintf(path, sizeof path, "%s/../%s", dirname(exe), relative); /* tests and benches lie one folder down */
    return path;
}

static char folder_made[64];

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *at) {
    return remove(path);
}
static void remove_folder(void) {
    nftw(folder_made, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *client_folder(void) {
    if (!*folder_made) {
        strcpy(folder_made, "/tmp/parley-worker-XXXXXX");
        require(mkdtemp(folder_made), "no temporary folder");
        atexit(remove_folder);
    }
    return folder_made;
}

static void put_hello(struct buffer *out, const struct client_plugin *plugin, const char *folder, int library) {
    struct json_writer w;
    size_t frame = frame_open(out, FRAME_HELLO, 0);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_put_int(&w, "protocol", FRAME_PROTOCOL);
    json_put_text(&w, "plugin", text_of(plugin->name));
    json_put_text(&w, "version", text_of(plugin->version));
    json_put_int(&w, "library", library);
    json_put_text(&w, "data", text_of(folder));
    json_put_raw(&w, "settings", plugin->settings ? text_of(plugin->settings) : TEXT("{}"));
    json_close_object(&w);
    frame_close(out, frame);
}

/* As parleyd gives it: the sandbox lets a worker open no other. */
static int library_in_memory(const char *path) {
    char bytes[1 << 16];
    int file = open(path, O_RDONLY | O_CLOEXEC), copy = memfd_create("library", MFD_CLOEXEC);
    require(file >= 0 && copy >= 0, "%s is not there", path);
    for (ssize_t n; (n = read(file, bytes, sizeof bytes)) > 0;) require(write(copy, bytes, (size_t)n) == n, "no room");
    close(file);
    return copy;
}

void client_start(struct client *client, const struct client_plugin *plugin, const char *folder) {
    int pair[2], library = library_in_memory(plugin->library);
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "no socket pair");
    *client = (struct client){.fd = pair[0]};
    char worker[1024];
    snprintf(worker, sizeof worker, "%s", client_build_path("parley-worker"));
    client->pid = fork();
    require(client->pid >= 0, "no process");
    if (client->pid == 0) {
        int high = fcntl(library, F_DUPFD, 10);
        dup2(pair[1], 3);
        dup2(high, 4);
        execl(worker, "parley-worker", "--channel", "3", (char *)NULL);
        _exit(127);
    }
    close(pair[1]);
    close(library);
    struct buffer out = {0};
    put_hello(&out, plugin, folder, 4);
    client_write(client, &out);
    buffer_free(&out);
}

void client_write(struct client *client, const struct buffer *out) {
    for (size_t sent = 0; sent < out->n;) {
        ssize_t n = send(client->fd, out->at + sent, out->n - sent, MSG_NOSIGNAL);
        if (n < 0) return; /* the worker is gone; whoever waits for an answer sees it */
        sent += (size_t)n;
    }
}

static void put_aside(struct client *client, const struct frame *frame) {
    if (frame->type == FRAME_LOG) {
        buffer_text(&client->logs, text_n(frame->payload.at + 1, frame->payload.n - 1));
        buffer_byte(&client->logs, '\n');
    } else {
        buffer_printf(&client->effects, "%llu %.*s\n", (unsigned long long)frame->id, TEXT_ARGS(frame->payload));
        client->last_effect = frame->id;
    }
}

static bool next_of_any(struct client *client, struct frame *frame) {
    struct buffer *in = &client->in;
    size_t used;
    int rc;
    while ((rc = frame_take(text_n(in->at + client->used, in->n - client->used), &used, frame, NULL)) == 0) {
        in->n -= client->used;
        if (in->n) memmove(in->at, in->at + client->used, in->n);
        client->used = 0;
        ssize_t n = read(client->fd, buffer_reserve(in, 65536), 65536);
        if (n <= 0) return false;
        in->n += (size_t)n;
    }
    require(rc > 0, "the worker sent something that is no frame");
    client->used += used;
    return true;
}

bool client_has_frame(struct client *client) {
    struct frame frame;
    size_t used;
    while (frame_take(text_n(client->in.at + client->used, client->in.n - client->used), &used, &frame, NULL) > 0) {
        if (frame.type != FRAME_LOG && frame.type != FRAME_EFFECT) return true;
        client->used += used;
        put_aside(client, &frame);
    }
    return false;
}

bool client_pull(struct client *client) {
    struct buffer *in = &client->in;
    ssize_t n = recv(client->fd, buffer_reserve(in, 65536), 65536, MSG_DONTWAIT);
    if (n > 0) in->n += (size_t)n;
    return client_has_frame(client);
}

bool client_next(struct client *client, struct frame *frame) {
    while (next_of_any(client, frame)) {
        if (frame->type != FRAME_LOG && frame->type != FRAME_EFFECT) return true;
        put_aside(client, frame);
    }
    return false;
}

void client_wait_effects(struct client *client, int effects) {
    uint64_t deadline = clock_ticks() + 100000000000u;
    struct frame frame;
    for (;;) {
        int seen = 0;
        for (size_t i = 0; i < client->effects.n; i++) seen += client->effects.at[i] == '\n';
        if (seen >= effects || clock_ticks() > deadline) return;
        struct pollfd ready = {.fd = client->fd, .events = POLLIN};
        if (!client_has_frame(client) && poll(&ready, 1, 100) <= 0) continue;
        if (!next_of_any(client, &frame)) return;
        if (frame.type == FRAME_LOG || frame.type == FRAME_EFFECT) put_aside(client, &frame);
    }
}

bool client_ready(struct client *client, char *why, size_t room) {
    struct frame frame;
    if (room) *why = 0;
    if (!client_next(client, &frame)) return false;
    if (frame.type == FRAME_READY) return true;
    require(frame.type == FRAME_FAILED || frame.type == FRAME_ALONE, "frame %d where READY or FAILED is due",
            (int)frame.type);
    if (room) snprintf(why, room, "%.*s", TEXT_ARGS(frame.payload));
    return false;
}

void client_polls(struct client *client, const char *version, const char *folder) {
    char relative[64], why[512];
    snprintf(relative, sizeof relative, "plugins/polls-%s/polls.so", version);
    client_start(client,
                 &(struct client_plugin){.library = client_build_path(relative), .name = "polls", .version = version},
                 folder);
    require(client_ready(client, why, sizeof why), "polls did not start: %s", why);
}

struct frame_request client_request(const char *customer, const char *method, const char *path, const char *body) {
    struct frame_request request = {
        .method = text_of(method),
        .customer = text_of(customer),
        .feature = TEXT("product-poll"),
        .variant = TEXT("top"),
        .settings = TEXT("{}"),
        .body = body ? text_of(body) : TEXT(""),
        .now = clock_now(&clock_system),
        .known = true,
    };
    text_cut(text_of(path), '?', &request.path, &request.query);
    return request;
}

void client_put(struct client *client, struct buffer *out, const struct frame_request *request) {
    size_t frame = frame_open(out, FRAME_REQUEST, ++client->last_id);
    frame_request_encode(out, request);
    frame_close(out, frame);
}

uint64_t client_send(struct client *client, const struct frame_request *request) {
    struct buffer out = {0};
    client_put(client, &out, request);
    client_write(client, &out);
    buffer_free(&out);
    return client->last_id;
}

uint64_t client_reply(struct client *client, struct client_reply *reply) {
    struct frame frame;
    struct frame_reply decoded;
    do
        require(client_next(client, &frame), "the worker ended instead of answering; its log: %.*s",
                TEXT_ARGS(buffer_view(&client->logs)));
    while (frame.type == FRAME_HELD); /* another has the turn to write, for now */
    require(frame.type == FRAME_REPLY, "frame %d where a reply is due", (int)frame.type);
    require(frame_reply_decode(frame.payload, &decoded, NULL) == 0, "a reply that is none");
    require(decoded.body.n < sizeof reply->body, "a reply of %zu bytes", decoded.body.n);
    reply->status = decoded.status;
    if (decoded.body.n) memcpy(reply->body, decoded.body.at, decoded.body.n);
    reply->body[decoded.body.n] = 0;
    return frame.id;
}

int client_call(struct client *client, const struct frame_request *request, struct client_reply *reply) {
    uint64_t id = client_send(client, request);
    require(client_reply(client, reply) == id, "the reply to another request");
    return reply->status;
}

int client_shopper(struct client *client, const char *customer, const char *method, const char *path, const char *body,
                   struct client_reply *reply) {
    struct frame_request request = client_request(customer, method, path, body);
    return client_call(client, &request, reply);
}

int client_staff(struct client *client, const char *method, const char *path, const char *body,
                 struct client_reply *reply) {
    struct frame_request request = client_request("", method, path, body);
    request.staff = true;
    request.known = false;
    request.feature = request.variant = TEXT("");
    return client_call(client, &request, reply);
}

void client_frame(struct client *client, enum frame_type type, uint64_t id, const char *payload) {
    struct buffer out = {0};
    frame_put(&out, type, id, text_of(payload));
    client_write(client, &out);
    buffer_free(&out);
}

static const char *seen(struct buffer *buffer) {
    *buffer_reserve(buffer, 1) = 0;
    return buffer->at;
}
const char *client_effects(struct client *client) {
    return seen(&client->effects);
}
const char *client_logs(struct client *client) {
    return seen(&client->logs);
}

void client_hang_up(struct client *client) {
    if (client->fd >= 0) close(client->fd);
    client->fd = -1;
}

int client_wait(struct client *client) {
    int status = 0;
    require(waitpid(client->pid, &status, 0) == client->pid, "no such child");
    client_hang_up(client);
    buffer_free(&client->in);
    buffer_free(&client->logs);
    buffer_free(&client->effects);
    return status;
}

int client_stop(struct client *client) {
    struct frame frame;
    client_frame(client, FRAME_STOP, 0, "");
    while (client_next(client, &frame)) continue;
    int status = client_wait(client);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void client_kill(struct client *client) {
    kill(client->pid, SIGKILL);
    client_wait(client);
}
