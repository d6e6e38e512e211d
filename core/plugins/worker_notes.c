#include "core/plugins/worker_notes.h"

#include <stdio.h>
#include <unistd.h>

#include "core/plugins/worker_events.h"

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

int worker_read_hello(struct hello *hello, struct wire *wire, struct arena *arena, struct error *error) {
    struct frame frame;
    size_t used;
    int rc = wire_wait_frame(wire, &frame, &used, error);
    if (rc < 0) return rc;
    struct json json;
    if (frame.type != FRAME_HELLO) return error_set(error, ERR_INVALID, "the first frame is no hello");
    rc = json_scan(&json, arena_text(arena, frame.payload), arena, error);
    wire_consumed(wire, used);
    if (rc < 0) return rc;
    int64_t protocol = 0, library = -1;
    json_whole(&json, json_get(&json, 0, TEXT("protocol")), &protocol);
    json_whole(&json, json_get(&json, 0, TEXT("library")), &library);
    hello->name = json_unescaped(&json, json_get(&json, 0, TEXT("plugin")), arena);
    hello->version = json_unescaped(&json, json_get(&json, 0, TEXT("version")), arena);
    hello->data = json_unescaped(&json, json_get(&json, 0, TEXT("data")), arena);
    hello->libraries = json_unescaped(&json, json_get(&json, 0, TEXT("libraries")), arena);
    hello->secret = json_unescaped(&json, json_get(&json, 0, TEXT("secret")), arena);
    hello->settings = json_source(&json, json_get(&json, 0, TEXT("settings")));
    hello->library = (int)library;
    hello->sandbox = read_policy(&json, json_get(&json, 0, TEXT("sandbox")));
    if (protocol != FRAME_PROTOCOL)
        return error_set(error, ERR_INVALID, "the hello speaks protocol %d; this worker %d", (int)protocol,
                         FRAME_PROTOCOL);
    if (library < 3 || !hello->name.n || !hello->data.n)
        return error_set(error, ERR_INVALID, "the hello names no library, plugin or data folder");
    return 0;
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

int worker_put_ready(struct buffer *out, const struct hello *hello, struct runtime *runtime,
                     const struct sandbox *sandbox, struct error *error) {
    const struct parley_plugin *plugin = &runtime->plugin;
    int64_t position;
    int rc = events_position(&runtime->database.reads, &position, error);
    if (rc < 0) return rc;
    struct json_writer w;
    size_t frame = frame_open(out, FRAME_READY, 0);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_put_text(&w, "name", hello->name);
    json_put_text(&w, "version", hello->version);
    json_key(&w, TEXT("abi"));
    json_open_array(&w);
    json_int(&w, plugin->abi_major);
    json_int(&w, plugin->abi_minor);
    json_close_array(&w);
    put_routes(&w, plugin);
    json_put_int(&w, "position", position);
    json_key(&w, TEXT("sandbox"));
    sandbox_json(sandbox, &w);
    json_close_object(&w);
    if (frame_close(out, frame) == 0) return 0;
    return error_set(error, ERR_TOO_LARGE, "its routes and subscriptions need more than a frame");
}

/* Bytes of memory that this process has, by /proc/self/statm. */
static int64_t memory_used(int statm) {
    char line[128] = "";
    long size, resident = 0;
    if (pread(statm, line, sizeof line - 1, 0) <= 0 || sscanf(line, "%ld %ld", &size, &resident) != 2) return 0;
    return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

static void put_holder(struct json_writer *w, const struct writer_lock *lock) {
    char line[160];
    struct writer_holder holder = writer_lock_holder(lock);
    snprintf(line, sizeof line, "its turn to write (writer.lock): worker %d (%s) has had it for %.1f s", holder.pid,
             holder.version, (double)holder.held_ms / 1e3);
    json_text(w, holder.pid ? text_of(line) : TEXT("its turn to write (writer.lock)"));
}

void worker_put_pong(struct buffer *out, uint64_t id, const struct group *group, int statm) {
    const struct runtime *runtime = group->runtime;
    struct json_writer w;
    size_t frame = frame_open(out, FRAME_PONG, id);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_key(&w, TEXT("waiting"));
    json_open_array(&w);
    if (group->state == GROUP_COMMITS) json_text(&w, TEXT("a commit"));
    if (group->state == GROUP_WAITS_FOR_TURN) put_holder(&w, &runtime->database.lock);
    if (outbox_needs_sweep(&runtime->outbox)) json_text(&w, TEXT("the deletion of acknowledged effects"));
    json_close_array(&w);
    json_put_int(&w, "queued", (int64_t)group->waiting_n);
    json_put_int(&w, "memory", memory_used(statm));
    json_close_object(&w);
    frame_close(out, frame);
}

void worker_put_held(struct buffer *out, const struct writer_holder *holder) {
    struct json_writer w;
    size_t frame = frame_open(out, FRAME_HELD, (uint64_t)holder->pid);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_put_int(&w, "ms", holder->held_ms);
    json_close_object(&w);
    frame_close(out, frame);
}

void worker_put_metrics(struct buffer *out, struct metrics *metrics) {
    size_t frame = frame_open(out, FRAME_METRICS, 0);
    if (!metrics_write(metrics, out))
        out->n = frame;
    else
        frame_close(out, frame);
}
