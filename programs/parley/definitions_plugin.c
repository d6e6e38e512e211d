/* A plugin's configuration as a definition: what the server shows of it. */
#include <stdio.h>

#include "core/base/json_write.h"
#include "programs/parley/definitions.h"

/* The server's answer, in the call's arena. */
static enum exit_code fetch(struct call *call, const char *path, struct json *json) {
    struct answer answer;
    enum exit_code code = client_fetch(&call->client, "GET", path, TEXT_NONE, &answer);
    if (code != EXIT_OK) return code;
    struct text body = arena_text(&call->arena, buffer_view(&answer.body));
    buffer_free(&answer.body);
    return json_scan(json, body, &call->arena, NULL) == 0 ? EXIT_OK : EXIT_FAILED;
}

/* Each member that the schema calls writeOnly and that is there: the server shows a mask in its place. */
static void tell_secrets(struct call *call, const char *name, const struct json *status, json_at schema,
                         const struct json *json, json_at value, struct text path) {
    json_at properties = json_get(status, schema, TEXT("properties"));
    for (json_at p = json_first(status, properties); p != JSON_NONE; p = json_after(status, properties, p)) {
        struct text key = json_unescaped(status, p, &call->arena);
        json_at member = json_get(json, value, key);
        if (member == JSON_NONE) continue;
        struct text at = arena_printf(&call->arena, "%.*s/%.*s", TEXT_ARGS(path), TEXT_ARGS(key));
        if (json_kind(status, json_get(status, p + 1, TEXT("writeOnly"))) == JSON_KIND_TRUE)
            fprintf(stderr,
                    "parley: %.*s of plugin %s is a secret and not exported; where it is missing, set it with parley "
                    "plugin config %s\n",
                    TEXT_ARGS(at), name, name);
        else
            tell_secrets(call, name, status, p + 1, json, member, at);
    }
}

static struct text definition(struct call *call, struct text name, const struct json *configuration) {
    struct buffer bytes = {0};
    struct json_writer w;
    json_writer_init(&w, &bytes);
    json_open_object(&w);
    json_put_text(&w, "key", name);
    json_key(&w, TEXT("configuration"));
    json_raw(&w, json_source(configuration, 0));
    json_close_object(&w);
    struct text text = arena_text(&call->arena, buffer_view(&bytes));
    buffer_free(&bytes);
    return text;
}

enum exit_code definition_of_plugin(struct call *call, const struct json *json, json_at at, take_definition *take,
                                    void *user) {
    struct json status, configuration, written;
    struct text name = json_unescaped(json, json_get(json, at, TEXT("name")), &call->arena);
    const char *path =
        arena_printf(&call->arena, "/admin/v1/plugins/%s", call_encoded(call, arena_cstr(&call->arena, name), "")).at;
    if (json_kind(json, json_get(json, at, TEXT("retired"))) == JSON_KIND_TRUE) return EXIT_OK;
    enum exit_code code = fetch(call, path, &status);
    if (code != EXIT_OK) return code;
    json_at schema = json_get(&status, 0, TEXT("configuration"));
    if (schema == JSON_NONE) return EXIT_OK;
    code = fetch(call, arena_printf(&call->arena, "%s/config", path).at, &configuration);
    if (code != EXIT_OK) return code;
    tell_secrets(call, arena_cstr(&call->arena, name), &status, schema, &configuration, 0, TEXT(""));
    json_scan(&written, definition(call, name, &configuration), &call->arena, NULL);
    return take(call, "plugins", &written, 0, user);
}
