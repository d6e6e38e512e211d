/* `parley export`: every definition of a server, as one document or as a folder of files. */
#include "programs/parley/definitions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/json_write.h"
#include "experiments/model/reader.h"
#include "programs/parley/table.h"

const struct definition_names definition_names[] = {
    {"metric", "metrics"},   {"segment", "segments"},        {"layer", "layers"},
    {"feature", "features"}, {"holdout", "holdouts"},        {"experiment", "experiments"},
    {"page", "pages"},       {DEFINITION_PLUGIN, "plugins"}, {NULL, NULL}};

/* The ids of a list stay where they are: its count and digest name what another server does not have. */
static void write_list(const struct json *json, json_at list, struct json_writer *out) {
    json_open_object(out);
    json_key(out, TEXT("unit"));
    json_raw(out, json_source(json, json_get(json, list, TEXT("unit"))));
    json_close_object(out);
}

/* As somebody would write it: without what the server adds. */
static void definition_write(const struct json *json, json_at definition, struct json_writer *out,
                             struct arena *arena) {
    json_open_object(out);
    for (json_at name = json_first(json, definition); name != JSON_NONE; name = json_after(json, definition, name)) {
        struct text key = json_unescaped(json, name, arena);
        if (reader_adds(arena_cstr(arena, key))) continue;
        json_key(out, key);
        if (text_is(key, "list"))
            write_list(json, name + 1, out);
        else
            json_raw(out, json_source(json, name + 1));
    }
    json_close_object(out);
}

/* ---- pages of the server ---- */

static enum exit_code take_page(struct call *call, const char *kind, const char *path, take_definition *take,
                                void *user, struct text *next) {
    struct answer answer;
    struct json json;
    enum exit_code code = client_fetch(&call->client, "GET", path, TEXT_NONE, &answer);
    *next = TEXT_NONE;
    if (code != EXIT_OK) return code;
    struct text page = arena_text(&call->arena, buffer_view(&answer.body));
    buffer_free(&answer.body);
    if (json_scan(&json, page, &call->arena, NULL) != 0) return EXIT_FAILED;
    json_at items = json_get(&json, 0, TEXT("items"));
    for (json_at i = json_first(&json, items); i != JSON_NONE && code == EXIT_OK; i = json_after(&json, items, i))
        code = strcmp(kind, "plugins") == 0 ? definition_of_plugin(call, &json, i, take, user)
                                            : take(call, kind, &json, i, user);
    *next = json_unescaped(&json, json_get(&json, 0, TEXT("next")), &call->arena);
    return code;
}

static enum exit_code take_kind(struct call *call, const char *kind, take_definition *take, void *user) {
    enum exit_code code = EXIT_OK;
    struct text next = TEXT_NONE;
    do {
        const char *path = arena_printf(&call->arena, "/admin/v1/%s%s%s", kind, next.n ? "?cursor=" : "",
                                        call_encoded(call, arena_cstr(&call->arena, next), ""))
                               .at;
        code = take_page(call, kind, path, take, user, &next);
    } while (code == EXIT_OK && next.n);
    return code;
}

/* ---- one document ---- */

static enum exit_code add_to_document(struct call *call, const char *kind, const struct json *json, json_at at,
                                      void *user) {
    definition_write(json, at, user, &call->arena);
    return EXIT_OK;
}

static enum exit_code export_document(struct call *call) {
    struct buffer out = {0};
    struct json_writer w;
    enum exit_code code = EXIT_OK;
    json_writer_init(&w, &out);
    json_open_object(&w);
    for (int i = 0; definition_names[i].many && code == EXIT_OK; i++) {
        json_key(&w, text_of(definition_names[i].many));
        json_open_array(&w);
        code = take_kind(call, definition_names[i].many, add_to_document, &w);
        json_close_array(&w);
    }
    json_close_object(&w);
    call->output = OUTPUT_JSON; /* what `apply` reads */
    if (code == EXIT_OK) show(call, buffer_view(&out));
    buffer_free(&out);
    return code;
}

/* ---- a folder ---- */

static bool make_folder(const char *path) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return true;
    fprintf(stderr, "parley: %s cannot be made: %s\n", path, strerror(errno));
    return false;
}

static enum exit_code write_file(struct call *call, const char *kind, const struct json *json, json_at at, void *user) {
    struct buffer bytes = {0}, laid_out = {0};
    struct json_writer w;
    struct text key = json_unescaped(json, json_get(json, at, TEXT("key")), &call->arena);
    const char *path = arena_printf(&call->arena, "%s/%s/%.*s.json", (const char *)user, kind, TEXT_ARGS(key)).at;
    json_writer_init(&w, &bytes);
    definition_write(json, at, &w, &call->arena);
    json_pretty(buffer_view(&bytes), &laid_out);
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(laid_out.at, 1, laid_out.n, file) == laid_out.n;
    if (file && fclose(file) != 0) written = false;
    if (!written) fprintf(stderr, "parley: %s cannot be written: %s\n", path, strerror(errno));
    buffer_free(&bytes);
    buffer_free(&laid_out);
    return written ? EXIT_OK : EXIT_FAILED;
}

static enum exit_code export_folder(struct call *call, const char *folder) {
    if (!make_folder(folder)) return EXIT_FAILED;
    enum exit_code code = EXIT_OK;
    for (int i = 0; definition_names[i].many && code == EXIT_OK; i++) {
        const char *many = definition_names[i].many;
        if (!make_folder(arena_printf(&call->arena, "%s/%s", folder, many).at)) return EXIT_FAILED;
        code = take_kind(call, many, write_file, (void *)(uintptr_t)folder);
    }
    return code;
}

enum exit_code act_export(struct call *call) {
    const char *folder = call_flag(call, "--out");
    return folder ? export_folder(call, folder) : export_document(call);
}
