#include "programs/parley/actions.h"

#include <errno.h>
#include <stdio.h>

#include "core/base/json.h"
#include "core/base/json_write.h"
#include "programs/parley/table.h"

enum { INPUT_MOST = 64 << 20 };

/* ---- in and out ---- */

enum exit_code read_input(const char *path, struct buffer *out) {
    bool standard = !strcmp(path, "-");
    FILE *file = standard ? stdin : fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "parley: %s cannot be read: %s\n", path, strerror(errno));
        return errno == ENOENT ? EXIT_NOT_FOUND : EXIT_FAILED;
    }
    *out = (struct buffer){0};
    for (size_t n = 1; n && out->n <= INPUT_MOST; out->n += n)
        n = fread(buffer_reserve(out, 64 * 1024), 1, 64 * 1024, file);
    bool failed = ferror(file);
    if (!standard) fclose(file);
    if (!failed && out->n <= INPUT_MOST) return EXIT_OK;
    fprintf(stderr, "parley: %s %s\n", path, failed ? "could not be read to its end" : "is larger than 64 MiB");
    buffer_free(out);
    return EXIT_FAILED;
}

static bool show_table(const struct call *call, struct text text) {
    struct arena arena;
    struct json json;
    arena_init(&arena, 64 * 1024);
    bool fine = json_scan(&json, text, &arena, NULL) == 0;
    json_at items = fine ? json_get(&json, 0, TEXT("items")) : JSON_NONE;
    if (fine && items == JSON_NONE && call->command->columns) items = json_get(&json, 0, TEXT("releases"));
    if (items != JSON_NONE && call->command->columns)
        table_items(&json, items, call->command->columns, stdout);
    else if (fine && json_kind(&json, 0) == JSON_KIND_OBJECT)
        table_members(&json, 0, stdout);
    else
        fine = false;
    arena_free(&arena);
    return fine;
}

void show(const struct call *call, struct text json) {
    struct buffer out = {0};
    if (!json.n || (call->output == OUTPUT_TABLE && show_table(call, json))) return;
    json_pretty(json, &out);
    fwrite(out.at, 1, out.n, stdout);
    buffer_free(&out);
}

static enum exit_code ask_and_show(struct call *call, const char *path, struct text body) {
    struct answer answer;
    enum exit_code code = client_fetch(&call->client, call->command->method, path, body, &answer);
    if (code != EXIT_OK) return code;
    show(call, buffer_view(&answer.body));
    buffer_free(&answer.body);
    return EXIT_OK;
}

enum exit_code act_get(struct call *call) {
    return ask_and_show(call, call_path(call, CALL_WITH_QUERY), TEXT_NONE);
}

/* ---- lists ---- */

/* Adds the page's items to the list; *next is its cursor, TEXT_NONE at the end. False where it is no page. */
static bool add_page(struct call *call, struct text page, struct json_writer *w, struct text *next) {
    struct json json;
    if (json_scan(&json, page, &call->arena, NULL) != 0) return false;
    json_at items = json_get(&json, 0, TEXT("items"));
    for (json_at i = json_first(&json, items); i != JSON_NONE; i = json_after(&json, items, i))
        json_raw(w, json_source(&json, i));
    *next = json_unescaped(&json, json_get(&json, 0, TEXT("next")), &call->arena);
    return true;
}

static enum exit_code add_pages(struct call *call, struct json_writer *w) {
    const char *first = call_path(call, CALL_WITH_QUERY), *path = first;
    bool one_page = call_flag(call, "--limit") != NULL;
    for (struct text next = TEXT_NONE;;) {
        struct answer answer;
        enum exit_code code = client_fetch(&call->client, "GET", path, TEXT_NONE, &answer);
        if (code != EXIT_OK) return code;
        struct text page = arena_text(&call->arena, buffer_view(&answer.body));
        buffer_free(&answer.body);
        if (!add_page(call, page, w, &next) || !next.n || one_page) return EXIT_OK;
        const char *cursor = call_encoded(call, arena_cstr(&call->arena, next), "");
        path = arena_printf(&call->arena, "%s%ccursor=%s", first, strchr(first, '?') ? '&' : '?', cursor).at;
    }
}

enum exit_code act_list(struct call *call) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_key(&w, TEXT("items"));
    json_open_array(&w);
    enum exit_code code = add_pages(call, &w);
    json_close_array(&w);
    json_close_object(&w);
    if (code == EXIT_OK) show(call, buffer_view(&out));
    buffer_free(&out);
    return code;
}

enum exit_code act_units(struct call *call) {
    const char *path = call_path(call, CALL_WITH_QUERY);
    while (path) {
        struct answer answer;
        enum exit_code code = client_fetch(&call->client, "GET", path, TEXT_NONE, &answer);
        if (code != EXIT_OK) return code;
        if (answer.body.n) fwrite(answer.body.at, 1, answer.body.n, stdout);
        buffer_free(&answer.body);
        path = client_next(&call->client, &call->arena);
    }
    return EXIT_OK;
}

/* ---- bodies ---- */

enum exit_code act_send(struct call *call) {
    struct buffer body = {0};
    bool with_file = strstr(call->command->arguments, "FILE") != NULL;
    enum exit_code code = with_file ? read_input(call_argument(call, "FILE"), &body) : EXIT_OK;
    if (code == EXIT_OK) code = ask_and_show(call, call_path(call, CALL_PLAIN), buffer_view(&body));
    buffer_free(&body);
    return code;
}

/* The "key" of the definition in the file, or NULL, said on stderr. */
static const char *key_of(struct call *call, struct text body) {
    struct json json;
    struct error error = {0};
    if (json_scan(&json, body, &call->arena, &error) != 0) {
        fprintf(stderr, "parley: %s: %s\n", call_argument(call, "FILE"), error.detail);
        return NULL;
    }
    struct text key = json_unescaped(&json, json_get(&json, 0, TEXT("key")), &call->arena);
    if (key.n) return arena_cstr(&call->arena, key);
    fprintf(stderr, "parley: %s has no \"key\"\n", call_argument(call, "FILE"));
    return NULL;
}

enum exit_code act_put(struct call *call) {
    struct buffer body = {0};
    enum exit_code code = read_input(call_argument(call, "FILE"), &body);
    const char *key = code == EXIT_OK ? key_of(call, buffer_view(&body)) : NULL;
    if (code == EXIT_OK && !key) code = EXIT_FAILED;
    if (code == EXIT_OK) {
        const char *path =
            arena_printf(&call->arena, "%s/%s", call_path(call, CALL_PLAIN), call_encoded(call, key, "")).at;
        code = ask_and_show(call, path, buffer_view(&body));
    }
    buffer_free(&body);
    return code;
}

static void put_flags(const struct call *call, struct json_writer *w) {
    for (size_t i = 0; i < call->flags_n; i++) {
        struct text name = call->flags[i].name;
        json_key(w, text_n(name.at + 2, name.n - 2));
        json_text(w, text_of(call->flags[i].value));
    }
}

enum exit_code act_flags(struct call *call) {
    struct buffer body = {0};
    struct json_writer w;
    json_writer_init(&w, &body);
    json_open_object(&w);
    put_flags(call, &w);
    json_close_object(&w);
    enum exit_code code = ask_and_show(call, call_path(call, CALL_PLAIN), buffer_view(&body));
    buffer_free(&body);
    return code;
}

enum exit_code act_prove(struct call *call) {
    struct answer answer;
    struct json json;
    enum exit_code code =
        client_fetch(&call->client, call->command->method, call_path(call, CALL_PLAIN), TEXT_NONE, &answer);
    if (code != EXIT_OK) return code;
    struct text text = buffer_view(&answer.body);
    show(call, text);
    bool same = json_scan(&json, text, &call->arena, NULL) == 0 &&
                json_kind(&json, json_get(&json, 0, TEXT("same"))) == JSON_KIND_TRUE;
    buffer_free(&answer.body);
    return same ? EXIT_OK : EXIT_FAILED;
}

enum exit_code act_delete(struct call *call) {
    enum exit_code code = ask_and_show(call, call_path(call, CALL_PLAIN), TEXT_NONE);
    if (code == EXIT_OK) fprintf(stderr, "%sd %s\n", call->command->verb, call->arguments[0]);
    return code;
}

static enum exit_code send_text(struct call *call, struct text body) {
    return ask_and_show(call, call_path(call, CALL_PLAIN), body);
}

enum exit_code act_restore(struct call *call) {
    int64_t version;
    const char *given = call_argument(call, "VERSION");
    if (!text_to_int(text_of(given), &version)) {
        fprintf(stderr, "parley: VERSION is a whole number, not '%s'\n", given);
        return EXIT_USAGE;
    }
    return send_text(call, arena_printf(&call->arena, "{\"version\":%lld}", (long long)version));
}

static struct text object_of(struct call *call, const char *const *names, const char *const *values, size_t n) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    for (size_t i = 0; i < n; i++) {
        if (!values[i]) continue;
        json_key(&w, text_of(names[i]));
        json_text(&w, text_of(values[i]));
    }
    json_close_object(&w);
    struct text copy = arena_text(&call->arena, buffer_view(&out));
    buffer_free(&out);
    return copy;
}

enum exit_code act_token(struct call *call) {
    static const char *const names[] = {"name", "role", "expiresAt"};
    const char *const values[] = {call_argument(call, "NAME"), call_argument(call, "ROLE"),
                                  call_flag(call, "--expires")};
    enum exit_code code = send_text(call, object_of(call, names, values, 3));
    if (code == EXIT_OK) fprintf(stderr, "Keep the token now: it is not shown again.\n");
    return code;
}

enum exit_code act_preview(struct call *call) {
    static const char *const names[] = {"feature", "variant", "expiresIn"};
    const char *const values[] = {call_argument(call, "KEY"), call_argument(call, "VARIANT"),
                                  call_flag(call, "--expires")};
    return send_text(call, object_of(call, names, values, 3));
}

enum exit_code act_enable(struct call *call) {
    return send_text(call, TEXT("{\"enabled\":true}"));
}
enum exit_code act_disable(struct call *call) {
    return send_text(call, TEXT("{\"enabled\":false}"));
}
