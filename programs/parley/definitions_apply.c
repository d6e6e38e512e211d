/* `parley apply` and `parley diff`: all definitions of a folder or a document in one request, and the answer told in terms of the
 * files. */
#include <stdio.h>

#include "core/base/json_write.h"
#include "programs/parley/definitions.h"

/* ---- the request ---- */

static bool is_plugin(const struct definition_source *source) {
    return strcmp(source->kind, DEFINITION_PLUGIN) == 0;
}

/* Only kinds that stand in the folder are pruned: who keeps features in git may keep metrics elsewhere. A plugin always has a
 * configuration. */
static void write_pruned(const struct definition_sources *sources, struct json_writer *w) {
    json_key(w, TEXT("prune"));
    json_open_array(w);
    for (int k = 0; definition_names[k].one; k++)
        if (sources->kinds & 1u << k && strcmp(definition_names[k].one, DEFINITION_PLUGIN) != 0)
            json_text(w, text_of(definition_names[k].one));
    json_close_array(w);
}

static void write_definition(const struct definition_source *source, struct json_writer *w) {
    json_open_object(w);
    json_put_text(w, "kind", text_of(source->kind));
    json_key(w, TEXT("body"));
    json_raw(w, json_source(&source->json, source->at));
    json_close_object(w);
}

static void write_request(const struct definition_sources *sources, bool dry, bool prune, struct buffer *out) {
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_put_bool(&w, "dryRun", dry);
    if (prune) write_pruned(sources, &w);
    json_key(&w, TEXT("definitions"));
    json_open_array(&w);
    for (size_t i = 0; i < sources->n; i++)
        if (!is_plugin(&sources->items[i])) write_definition(&sources->items[i], &w);
    json_close_array(&w);
    json_key(&w, TEXT("plugins"));
    json_open_array(&w);
    for (size_t i = 0; i < sources->n; i++)
        if (is_plugin(&sources->items[i])) json_raw(&w, json_source(&sources->items[i].json, sources->items[i].at));
    json_close_array(&w);
    json_close_object(&w);
}

/* ---- faults: "/definitions/3/body/off" and "/plugins/0/configuration/shop" as FILE:LINE ---- */

/* The source that is the `index`th of its list in the request; NULL where there is none. */
static const struct definition_source *source_at(const struct definition_sources *sources, bool plugin, int64_t index) {
    for (size_t i = 0; i < sources->n; i++)
        if (is_plugin(&sources->items[i]) == plugin && index-- == 0) return &sources->items[i];
    return NULL;
}

/* False where the pointer does not lead into a definition. */
static bool tell_place(struct call *call, const struct definition_sources *sources, struct text pointer,
                       struct text detail) {
    struct text list, index, inner, body = TEXT("body");
    int64_t i;
    bool found = text_cut(pointer, '/', &list, &inner) && text_cut(inner, '/', &list, &inner);
    if (!found || !(text_is(list, "definitions") || text_is(list, "plugins"))) return false;
    bool plugin = text_is(list, "plugins");
    text_cut(inner, '/', &index, &inner);
    const struct definition_source *source = text_to_int(index, &i) ? source_at(sources, plugin, i) : NULL;
    if (!source) return false;
    if (plugin && inner.n)
        inner = text_n(inner.at - 1, inner.n + 1); /* with its slash: the body is the element */
    else
        inner = text_starts(inner, body) ? text_n(inner.at + body.n, inner.n - body.n) : TEXT_NONE;
    fprintf(stderr, "%s:%zu: %.*s%s%.*s\n", source->file, definition_line(source, inner, &call->arena),
            TEXT_ARGS(inner), inner.n ? " " : "", TEXT_ARGS(detail));
    return true;
}

static enum exit_code tell_refusal(struct call *call, const struct definition_sources *sources,
                                   const struct answer *answer) {
    struct json json;
    size_t told = 0;
    if (json_scan(&json, buffer_view(&answer->body), &call->arena, NULL) == 0) {
        json_at errors = json_get(&json, 0, TEXT("errors"));
        for (json_at e = json_first(&json, errors); e != JSON_NONE; e = json_after(&json, errors, e))
            told += tell_place(call, sources, json_unescaped(&json, json_get(&json, e, TEXT("pointer")), &call->arena),
                               json_unescaped(&json, json_get(&json, e, TEXT("detail")), &call->arena));
    }
    if (!told) return client_refused(answer);
    fputs("parley: nothing was applied\n", stderr);
    return exit_of_status(answer->status);
}

/* ---- differences, member by member ---- */

static void print_value(char sign, struct text pointer, struct text value) {
    printf("    %c %.*s %.*s\n", sign, TEXT_ARGS(pointer), TEXT_ARGS(value));
}

static void print_difference(struct arena *arena, struct text pointer, const struct json *json, json_at before,
                             json_at after);

static void print_members(struct arena *arena, struct text pointer, const struct json *json, json_at of, json_at before,
                          json_at after, bool added_only) {
    for (json_at name = json_first(json, of); name != JSON_NONE; name = json_after(json, of, name)) {
        struct text key = json_unescaped(json, name, arena);
        json_at was = json_get(json, before, key), is = json_get(json, after, key);
        if (added_only && was != JSON_NONE) continue;
        print_difference(arena, arena_printf(arena, "%.*s/%.*s", TEXT_ARGS(pointer), TEXT_ARGS(key)), json, was, is);
    }
}

static void print_difference(struct arena *arena, struct text pointer, const struct json *json, json_at before,
                             json_at after) {
    bool objects = before != JSON_NONE && after != JSON_NONE && json_kind(json, before) == JSON_KIND_OBJECT &&
                   json_kind(json, after) == JSON_KIND_OBJECT;
    if (objects) {
        print_members(arena, pointer, json, before, before, after, false);
        print_members(arena, pointer, json, after, before, after, true);
        return;
    }
    struct text was = before == JSON_NONE ? TEXT_NONE : json_source(json, before);
    struct text is = after == JSON_NONE ? TEXT_NONE : json_source(json, after);
    if (text_eq(was, is)) return;
    if (was.n) print_value('-', pointer, was);
    if (is.n) print_value('+', pointer, is);
}

static bool print_differences(struct call *call, struct text answer) {
    struct json json;
    size_t same = 0;
    if (json_scan(&json, answer, &call->arena, NULL) != 0) return false;
    json_at items = json_get(&json, 0, TEXT("items"));
    for (json_at i = json_first(&json, items); i != JSON_NONE; i = json_after(&json, items, i)) {
        struct text kind = json_unescaped(&json, json_get(&json, i, TEXT("kind")), &call->arena);
        struct text key = json_unescaped(&json, json_get(&json, i, TEXT("key")), &call->arena);
        json_at before = json_get(&json, i, TEXT("before")), after = json_get(&json, i, TEXT("after"));
        if (after == JSON_NONE && before == JSON_NONE) {
            same++;
            continue;
        }
        char sign = before == JSON_NONE ? '+' : after == JSON_NONE ? '-' : '~';
        printf("%c %.*s %.*s\n", sign, TEXT_ARGS(kind), TEXT_ARGS(key));
        if (sign == '~') print_difference(&call->arena, TEXT(""), &json, before, after);
    }
    fprintf(stderr, "%zu unchanged\n", same);
    return true;
}

/* ---- the commands ---- */

static enum exit_code apply(struct call *call, bool dry) {
    struct definition_sources sources;
    struct buffer body = {0};
    struct answer answer;
    struct error error = {0};
    enum exit_code code = definitions_read(call, &sources);
    if (code != EXIT_OK) return code;
    write_request(&sources, dry, call_flag(call, "--prune") != NULL, &body);
    int rc = client_ask(&call->client, "POST", call->command->path, buffer_view(&body), NULL, &answer, &error);
    buffer_free(&body);
    if (rc != 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        return EXIT_TRY_AGAIN;
    }
    code = exit_of_status(answer.status);
    if (code != EXIT_OK)
        code = tell_refusal(call, &sources, &answer);
    else if (!dry || call->output == OUTPUT_JSON || !print_differences(call, buffer_view(&answer.body)))
        show(call, buffer_view(&answer.body));
    buffer_free(&answer.body);
    return code;
}

enum exit_code act_apply(struct call *call) {
    return apply(call, call_flag(call, "--dry-run") != NULL);
}

enum exit_code act_diff(struct call *call) {
    return apply(call, true);
}
