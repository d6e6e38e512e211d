/* Reading definitions from files, and finding the line of what is wrong in one. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json_write.h"
#include "core/base/memory.h"
#include "programs/parley/definitions.h"

/* ---- lines ---- */

static size_t line_of(struct text whole, const char *at) {
    size_t line = 1;
    for (const char *c = whole.at; c < at; c++) line += *c == '\n';
    return line;
}

/* "~1" is '/', "~0" is '~' (RFC 6901). */
static struct text unescape(struct text step, struct arena *arena) {
    char *out = arena_cstr(arena, step), *to = out;
    for (const char *c = out; *c; c++) {
        bool escape = c[0] == '~' && (c[1] == '0' || c[1] == '1');
        *to++ = escape ? (c[1] == '1' ? '/' : '~') : *c;
        c += escape;
    }
    return text_n(out, (size_t)(to - out));
}

static json_at into(const struct json *json, json_at at, struct text step) {
    if (json_kind(json, at) == JSON_KIND_OBJECT) return json_get(json, at, step);
    int64_t index;
    if (json_kind(json, at) != JSON_KIND_ARRAY || !text_to_int(step, &index)) return JSON_NONE;
    json_at element = json_first(json, at);
    while (index-- > 0 && element != JSON_NONE) element = json_after(json, at, element);
    return element;
}

size_t definition_line(const struct definition_source *source, struct text pointer, struct arena *arena) {
    json_at at = source->at;
    struct text step;
    if (pointer.n) text_cut(pointer, '/', &step, &pointer); /* what stands before the first slash: nothing */
    while (pointer.n) {
        text_cut(pointer, '/', &step, &pointer);
        json_at next = into(&source->json, at, unescape(step, arena));
        if (next == JSON_NONE) break;
        at = next;
    }
    return line_of(source->json.text, json_source(&source->json, at).at);
}

/* ---- files ---- */

static void add(struct definition_sources *sources, struct arena *arena, struct definition_source source) {
    if (sources->n == sources->room) {
        size_t room = sources->room ? sources->room * 2 : 64;
        struct definition_source *items = arena_array(arena, struct definition_source, room);
        if (sources->n) memcpy(items, sources->items, sources->n * sizeof *items);
        sources->items = items;
        sources->room = room;
    }
    sources->items[sources->n++] = source;
}

static enum exit_code scan_file(struct call *call, const char *file, struct json *json) {
    struct buffer bytes = {0};
    struct error error = {0};
    enum exit_code code = read_input(file, &bytes);
    if (code != EXIT_OK) return code;
    struct text whole = arena_text(&call->arena, buffer_view(&bytes));
    buffer_free(&bytes);
    if (json_scan(json, whole, &call->arena, &error) != 0 || json_kind(json, 0) != JSON_KIND_OBJECT) {
        const char *line = strstr(error.detail, "line ");
        fprintf(stderr, "%s:%d: %s\n", file, line ? atoi(line + 5) : 1,
                error.code ? error.detail : "is not a JSON object");
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

static int is_json_file(const struct dirent *entry) {
    return entry->d_name[0] != '.' && text_ends(text_of(entry->d_name), TEXT(".json"));
}

static enum exit_code read_kind(struct call *call, const char *folder, int kind, struct definition_sources *sources) {
    const struct definition_names *names = &definition_names[kind];
    struct dirent **entries;
    enum exit_code code = EXIT_OK;
    int n = scandir(arena_printf(&call->arena, "%s/%s", folder, names->many).at, &entries, is_json_file, alphasort);
    for (int i = 0; i < n; i++) {
        struct definition_source source = {.kind = names->one};
        source.file = arena_printf(&call->arena, "%s/%s/%s", folder, names->many, entries[i]->d_name).at;
        if (code == EXIT_OK) code = scan_file(call, source.file, &source.json);
        if (code == EXIT_OK) add(sources, &call->arena, source);
        free(entries[i]);
    }
    if (n < 0) return code;
    sources->kinds |= 1u << kind;
    free(entries);
    return code;
}

static bool is_kind(const char *name) {
    for (int k = 0; definition_names[k].many; k++)
        if (strcmp(name, definition_names[k].many) == 0) return true;
    return false;
}

/* A folder whose name is mistyped would silently be left out. */
static enum exit_code check_folder(const char *folder) {
    DIR *dir = opendir(folder);
    if (!dir) {
        fprintf(stderr, "parley: %s cannot be read: %s\n", folder, strerror(errno));
        return errno == ENOENT ? EXIT_NOT_FOUND : EXIT_FAILED;
    }
    enum exit_code code = EXIT_OK;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.' || entry->d_type != DT_DIR || is_kind(entry->d_name)) continue;
        fprintf(stderr,
                "parley: %s/%s is no kind of definition; there are features, experiments, metrics, segments, layers, "
                "holdouts, pages and plugins\n",
                folder, entry->d_name);
        code = EXIT_FAILED;
    }
    closedir(dir);
    return code;
}

static enum exit_code read_folder(struct call *call, const char *folder, struct definition_sources *sources) {
    enum exit_code code = check_folder(folder);
    for (int k = 0; definition_names[k].many && code == EXIT_OK; k++) code = read_kind(call, folder, k, sources);
    return code;
}

static enum exit_code read_document(struct call *call, const char *file, struct definition_sources *sources) {
    struct json json;
    enum exit_code code = scan_file(call, file, &json);
    if (code != EXIT_OK) return code;
    for (int k = 0; definition_names[k].many; k++) {
        json_at list = json_get(&json, 0, text_of(definition_names[k].many));
        if (list != JSON_NONE) sources->kinds |= 1u << k;
        for (json_at d = json_first(&json, list); d != JSON_NONE; d = json_after(&json, list, d))
            add(sources, &call->arena,
                (struct definition_source){.file = file, .kind = definition_names[k].one, .json = json, .at = d});
    }
    return EXIT_OK;
}

enum exit_code definitions_read(struct call *call, struct definition_sources *sources) {
    const char *folder = call_flag(call, "--folder"), *file = call_argument(call, "FILE");
    *sources = (struct definition_sources){0};
    if (!folder == !file) {
        fputs("parley: give a FILE, or a folder with -f\n", stderr);
        return EXIT_USAGE;
    }
    enum exit_code code = folder ? read_folder(call, folder, sources) : read_document(call, file, sources);
    if (code == EXIT_OK && !sources->n) {
        fprintf(stderr, "parley: there are no definitions in %s\n", folder ? folder : file);
        code = EXIT_NOT_FOUND;
    }
    return code;
}
