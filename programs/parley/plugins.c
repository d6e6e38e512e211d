/* Plugins on a server: bundles made and sent, releases switched, and calls to a plugin's staff API. */
#include <stdio.h>
#include <sys/stat.h>

#include "core/base/json.h"
#include "core/base/json_write.h"
#include "core/plugins/bundle.h"
#include "core/plugins/bundle_envelope.h"
#include "programs/parley/actions.h"
#include "programs/parley/plugin_project.h"

/* ---- what came of a change, for people ---- */

static struct text member(struct call *call, const struct json *json, const char *name) {
    return json_unescaped(json, json_get(json, 0, text_of(name)), &call->arena);
}

/* "hello 1.1.0 is active, 1.0.0 was before": out of the plugin as the server answers it. */
static void tell_active(struct call *call, const struct json *json) {
    struct text active = member(call, json, "active"), previous = member(call, json, "previous");
    printf("%.*s %.*s is active", TEXT_ARGS(member(call, json, "name")), TEXT_ARGS(active));
    if (previous.n && !text_eq(previous, active)) printf("; %.*s was before", TEXT_ARGS(previous));
    putchar('\n');
}

static void tell_retired(struct call *call, const struct json *json) {
    printf("%s is retired: it answers no calls, its data is kept for exports and erasures\n",
           call_argument(call, "NAME"));
}

static void tell_removed(struct call *call, const struct json *json) {
    printf("%s %s is removed\n", call_argument(call, "NAME"), call_argument(call, "VERSION"));
}

/* Sends, waits, and says it in words or as JSON. */
static enum exit_code change(struct call *call, struct text doing, struct text body,
                             void (*tell)(struct call *call, const struct json *json)) {
    struct answer answer;
    struct json json;
    call->client.doing = doing.at;
    enum exit_code code =
        client_fetch(&call->client, call->command->method, call_path(call, CALL_WITH_QUERY), body, &answer);
    if (code != EXIT_OK) return code;
    if (call->output == OUTPUT_TABLE && json_scan(&json, buffer_view(&answer.body), &call->arena, NULL) == 0)
        tell(call, &json);
    else
        show(call, buffer_view(&answer.body));
    buffer_free(&answer.body);
    return EXIT_OK;
}

static struct text doing(struct call *call, const char *what) {
    const char *version = strstr(call->command->arguments, "VERSION") ? call_argument(call, "VERSION") : "";
    return arena_printf(&call->arena, "%s %s%s%s", what, call_argument(call, "NAME"), *version ? " " : "", version);
}

enum exit_code act_activate(struct call *call) {
    struct buffer body = {0};
    struct json_writer w;
    json_writer_init(&w, &body);
    json_open_object(&w);
    json_put_text(&w, "version", text_of(call_argument(call, "VERSION")));
    json_close_object(&w);
    enum exit_code code = change(call, doing(call, "activating"), buffer_view(&body), tell_active);
    buffer_free(&body);
    return code;
}

enum exit_code act_rollback(struct call *call) {
    return change(call, doing(call, "rolling back"), TEXT_NONE, tell_active);
}

enum exit_code act_retire(struct call *call) {
    return change(call, doing(call, "retiring"), TEXT_NONE, tell_retired);
}

enum exit_code act_remove(struct call *call) {
    return change(call, doing(call, "removing"), TEXT_NONE, tell_removed);
}

/* ---- bundles ---- */

enum exit_code bundle_of(struct call *call, const char *path, const char **out) {
    struct project project;
    struct error error = {0};
    struct stat what;
    *out = path;
    if (!strcmp(path, "-") || stat(path, &what) != 0 || !S_ISDIR(what.st_mode)) return EXIT_OK;
    if (project_open(&project, path, &call->arena, &error) != 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        return error.code == ERR_NOT_FOUND ? EXIT_NOT_FOUND : EXIT_FAILED;
    }
    const char *library = arena_printf(&call->arena, "%s/%s", path, project.manifest.library).at;
    const char *packed = project_packed(&project, &call->arena);
    project_close(&project);
    if (stat(library, &what) == 0) return EXIT_OK;
    *out = packed;
    if (stat(packed, &what) == 0) return EXIT_OK;
    fprintf(stderr, "parley: %s is not there; `parley plugin build` makes it\n", packed);
    return EXIT_NOT_FOUND;
}

bool bundle_is_one(const char *path, struct text bytes) {
    struct text zstd = TEXT("\x28\xb5\x2f\xfd"), tar = TEXT("ustar"); /* RFC 8878; POSIX.1-1988, at byte 257 */
    if (text_starts(bytes, zstd) || (bytes.n > 512 && !memcmp(bytes.at + 257, tar.at, tar.n))) return true;
    fprintf(stderr, "parley: %s is no bundle; `parley plugin build` makes one of a plugin's folder\n", path);
    return false;
}

/* What is in the bundle, as the sender reads it; the server has the last word. */
static void tell_pushed(struct text bytes) {
    struct envelope envelope;
    struct bundle bundle;
    bool sealed = envelope_read(&envelope, bytes, NULL);
    if (bundle_read_archive(&bundle, sealed ? envelope.bundle : bytes, NULL) != 0) return;
    const char *name = bundle.manifest.name, *version = bundle.manifest.version;
    printf("%s %s is installed%s; `parley plugin activate %s %s` switches to it\n", name, version,
           sealed ? "" : ", unsigned", name, version);
    bundle_free(&bundle);
}

enum exit_code act_push(struct call *call) {
    struct buffer bundle = {0};
    struct answer answer;
    struct error error = {0};
    const char *path = call_argument(call, "FILE");
    enum exit_code code = bundle_of(call, path ? path : ".", &path);
    if (code == EXIT_OK) code = read_input(path, &bundle);
    if (code == EXIT_OK && !bundle_is_one(path, buffer_view(&bundle))) code = EXIT_FAILED;
    if (code != EXIT_OK) {
        buffer_free(&bundle);
        return code;
    }
    call->client.doing = "sending the bundle";
    int rc = client_ask(&call->client, "POST", call_path(call, CALL_WITH_QUERY), buffer_view(&bundle),
                        "application/octet-stream", &answer, &error);
    code = rc == 0 ? exit_of_status(answer.status) : EXIT_TRY_AGAIN;
    if (rc != 0)
        fprintf(stderr, "parley: %s\n", error.detail);
    else if (code != EXIT_OK)
        client_refused(&answer);
    else if (call->output == OUTPUT_TABLE)
        tell_pushed(buffer_view(&bundle));
    else
        show(call, buffer_view(&answer.body));
    if (rc == 0) buffer_free(&answer.body);
    buffer_free(&bundle);
    return code;
}

enum exit_code act_pack(struct call *call) {
    struct error error = {0};
    const char *folder = call_argument(call, "FOLDER"), *out = call_flag(call, "--out");
    if (!out) {
        fprintf(stderr, "parley: say with -o FILE where the bundle goes\n");
        return EXIT_USAGE;
    }
    int rc = bundle_write(folder, out, &error);
    if (rc == 0) {
        fprintf(stderr, "packed %s into %s\n", folder, out);
        return EXIT_OK;
    }
    fprintf(stderr, "parley: %s: %s\n", folder, error.detail);
    return rc == ERR_NOT_FOUND ? EXIT_NOT_FOUND : EXIT_FAILED;
}

/* ---- calls ---- */

enum exit_code act_plugin_call(struct call *call) {
    const char *method = call_argument(call, "METHOD"), *path = call_argument(call, "PATH");
    const char *file = call_argument(call, "FILE");
    struct buffer body = {0};
    struct answer answer;
    enum exit_code code = file ? read_input(file, &body) : EXIT_OK;
    if (code != EXIT_OK) return code;
    const char *whole = arena_printf(&call->arena, "%s%s%s", call_path(call, CALL_PLAIN), *path == '/' ? "" : "/",
                                     call_encoded(call, path, "/?&=%:,@"))
                            .at;
    code = client_fetch(&call->client, method, whole, buffer_view(&body), &answer);
    buffer_free(&body);
    if (code != EXIT_OK) return code;
    show(call, buffer_view(&answer.body));
    buffer_free(&answer.body);
    return EXIT_OK;
}
