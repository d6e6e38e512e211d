#include "core/plugins/notes.h"

#include <jansson.h>
#include <stdlib.h>

#include "core/base/json_write.h"
#include "core/base/memory.h"
#include "core/plugins/frames.h"

void note_hello(struct buffer *out, const struct supervisor_launch *launch, int library_fd) {
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_put_int(&w, "protocol", FRAME_PROTOCOL);
    json_put_text(&w, "plugin", text_of(launch->plugin));
    json_put_text(&w, "version", text_of(launch->version));
    json_put_int(&w, "library", library_fd);
    json_put_text(&w, "libraries", text_of(launch->libraries));
    json_put_text(&w, "data", text_of(launch->data));
    json_put_raw(&w, "settings", text_of(launch->settings));
    if (launch->secret) json_put_text(&w, "secret", text_of(launch->secret));
    json_key(&w, TEXT("sandbox"));
    json_open_object(&w);
    json_put_bool(&w, "off", launch->sandbox.off);
    json_put_int(&w, "memory", launch->sandbox.memory);
    json_put_int(&w, "files", launch->sandbox.files);
    json_put_int(&w, "cpu", launch->sandbox.cpu);
    json_close_object(&w);
    json_close_object(&w);
}

static const char *string_or(const json_t *object, const char *key, const char *other) {
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : other;
}

static int judge(const json_t *ready, const struct supervisor_launch *launch, struct error *error) {
    if (!json_is_object(ready)) return error_set(error, ERR_INVALID, "sent a READY that is no JSON object");
    const char *name = string_or(ready, "name", "nameless"), *version = string_or(ready, "version", "without version");
    if (strcmp(name, launch->plugin) != 0 || strcmp(version, launch->version) != 0)
        return error_set(error, ERR_CONFLICT, "is %.60s %.60s by its library, not %s %s as plugin.json says", name,
                         version, launch->plugin, launch->version);
    const json_t *abi = json_object_get(ready, "abi");
    json_int_t major = json_integer_value(json_array_get(abi, 0)), minor = json_integer_value(json_array_get(abi, 1));
    if (major != launch->abi_major || minor != launch->abi_minor)
        return error_set(error, ERR_CONFLICT, "has ABI %lld.%lld by its library, not %d.%d as plugin.json says",
                         (long long)major, (long long)minor, launch->abi_major, launch->abi_minor);
    return 0;
}

static json_t *parse(struct text payload) {
    return json_loadb(payload.at ? payload.at : "", payload.n, 0, NULL);
}

static void take_subscribes(const json_t *names, struct ready *ready) {
    ready->subscribes = memory_zero(json_array_size(names) + 1, sizeof *ready->subscribes);
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name) ready->subscribes[ready->subscribes_n++] = memory_copy(name);
    }
}

int note_ready(struct text payload, const struct supervisor_launch *launch, struct ready *ready, struct error *error) {
    json_t *said = parse(payload);
    int code = judge(said, launch, error);
    if (!code) {
        const json_t *position = json_object_get(said, "position");
        ready->routes = json_dumps(json_object_get(said, "routes"), JSON_COMPACT);
        ready->sandbox = json_dumps(json_object_get(said, "sandbox"), JSON_COMPACT);
        ready->position =
            json_is_integer(position) && json_integer_value(position) >= 0 ? json_integer_value(position) : -1;
        take_subscribes(json_object_get(said, "subscribes"), ready);
    }
    json_decref(said);
    return code;
}

void ready_free(struct ready *ready) {
    for (size_t i = 0; i < ready->subscribes_n; i++) free(ready->subscribes[i]);
    free(ready->subscribes);
    free(ready->routes);
    free(ready->sandbox);
}

int64_t note_held(struct text payload) {
    json_t *held = parse(payload);
    int64_t ms = json_integer_value(json_object_get(held, "ms"));
    json_decref(held);
    return ms;
}

void note_pong(struct text payload, int64_t *memory, char **waits) {
    json_t *pong = parse(payload);
    *memory = json_integer_value(json_object_get(pong, "memory"));
    *waits = json_dumps(json_object_get(pong, "waiting"), JSON_COMPACT);
    json_decref(pong);
}
