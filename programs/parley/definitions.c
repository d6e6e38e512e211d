/* All definitions carried from one server to another: `parley export` here, `parley apply` there. */
#include <stdio.h>

#include "core/base/json.h"
#include "core/base/json_write.h"
#include "programs/parley/actions.h"

/* In the order in which they refer to each other. */
static const char *const kinds[] = {"metrics", "segments", "layers", "features", "holdouts", "experiments", "pages"};
enum { KINDS = sizeof kinds / sizeof *kinds };

static enum exit_code export_page(struct call *call, const char *path, struct json_writer *w, struct text *next) {
    struct answer answer;
    struct json json;
    enum exit_code code = client_fetch(&call->client, "GET", path, TEXT_NONE, &answer);
    *next = TEXT_NONE;
    if (code != EXIT_OK) return code;
    struct text page = arena_text(&call->arena, buffer_view(&answer.body));
    buffer_free(&answer.body);
    if (json_scan(&json, page, &call->arena, NULL) != 0) return EXIT_FAILED;
    json_at items = json_get(&json, 0, TEXT("items"));
    for (json_at i = json_first(&json, items); i != JSON_NONE; i = json_after(&json, items, i))
        json_raw(w, json_source(&json, i));
    *next = json_unescaped(&json, json_get(&json, 0, TEXT("next")), &call->arena);
    return EXIT_OK;
}

static enum exit_code export_kind(struct call *call, const char *kind, struct json_writer *w) {
    const char *path = arena_printf(&call->arena, "/admin/v1/%s", kind).at;
    enum exit_code code = EXIT_OK;
    json_key(w, text_of(kind));
    json_open_array(w);
    for (struct text next = TEXT_NONE; path;) {
        code = export_page(call, path, w, &next);
        const char *cursor = call_encoded(call, arena_cstr(&call->arena, next), "");
        path = next.n ? arena_printf(&call->arena, "/admin/v1/%s?cursor=%s", kind, cursor).at : NULL;
    }
    json_close_array(w);
    return code;
}

enum exit_code act_export(struct call *call) {
    struct buffer out = {0};
    struct json_writer w;
    enum exit_code code = EXIT_OK;
    json_writer_init(&w, &out);
    json_open_object(&w);
    for (int i = 0; i < KINDS && code == EXIT_OK; i++) code = export_kind(call, kinds[i], &w);
    json_close_object(&w);
    call->output = OUTPUT_JSON; /* what `apply` reads */
    if (code == EXIT_OK) show(call, buffer_view(&out));
    buffer_free(&out);
    return code;
}

static enum exit_code apply_one(struct call *call, const struct json *json, const char *kind, json_at definition) {
    struct answer answer;
    struct text key = json_unescaped(json, json_get(json, definition, TEXT("key")), &call->arena);
    const char *encoded = call_encoded(call, arena_cstr(&call->arena, key), "");
    const char *path = arena_printf(&call->arena, "/admin/v1/%s/%s", kind, encoded).at;
    enum exit_code code = client_fetch(&call->client, "PUT", path, json_source(json, definition), &answer);
    if (code != EXIT_OK) {
        fprintf(stderr, "parley: so %s %.*s is not applied, and nothing behind it\n", kind, TEXT_ARGS(key));
        return code;
    }
    fprintf(stderr, "%s %.*s: %s\n", kind, TEXT_ARGS(key), answer.status == 201 ? "created" : "replaced");
    buffer_free(&answer.body);
    return EXIT_OK;
}

static enum exit_code apply_all(struct call *call, const struct json *json) {
    enum exit_code code = EXIT_OK;
    for (int k = 0; k < KINDS; k++) {
        json_at list = json_get(json, 0, text_of(kinds[k]));
        for (json_at d = json_first(json, list); d != JSON_NONE && code == EXIT_OK; d = json_after(json, list, d))
            code = apply_one(call, json, kinds[k], d);
    }
    return code;
}

enum exit_code act_apply(struct call *call) {
    struct buffer body = {0};
    struct json json;
    struct error error = {0};
    enum exit_code code = read_input(call_argument(call, "FILE"), &body);
    if (code != EXIT_OK) return code;
    if (json_scan(&json, buffer_view(&body), &call->arena, &error) == 0 && json_kind(&json, 0) == JSON_KIND_OBJECT)
        code = apply_all(call, &json);
    else {
        fprintf(stderr, "parley: %s is not what `parley export` gives: %s\n", call_argument(call, "FILE"),
                error.detail);
        code = EXIT_FAILED;
    }
    buffer_free(&body);
    return code;
}
