#include "experiments/model/id_upload.h"

#include <stdlib.h>

#include "core/base/buffer.h"
#include "core/base/json.h"
#include "core/base/memory.h"

struct upload {
    struct text rest;
    size_t line; /* of the record that is read: 1, 2 ... */
    struct arena arena;
    uint64_t *fingerprints;
    size_t n, room;
    struct error *error;
};

static int fault(struct upload *u, const char *what) {
    return error_set(u->error, ERR_INVALID, "line %zu: %s", u->line, what);
}

static int take(struct upload *u, struct text id) {
    id = text_trim(id);
    if (!id.n) return 0;
    if (id.n > ID_LONGEST) return fault(u, "an id of more than 1024 bytes; is this the right format?");
    if (!text_utf8_valid(id) || memchr(id.at, 0, id.n)) return fault(u, "is not UTF-8 text without NUL");
    if (u->n == u->room) {
        u->room = u->room ? u->room * 2 : 1024;
        u->fingerprints = memory_grow(u->fingerprints, u->room * sizeof *u->fingerprints);
    }
    u->fingerprints[u->n++] = id_fingerprint(id);
    return 0;
}

static struct text next_line(struct upload *u) {
    struct text line;
    text_cut(u->rest, '\n', &line, &u->rest);
    return line;
}

static int read_line(struct upload *u) {
    return take(u, next_line(u));
}

static int read_json(struct upload *u) {
    struct text line = text_trim(next_line(u));
    struct json json;
    if (!line.n) return 0;
    if (json_scan(&json, line, &u->arena, NULL) != 0) return fault(u, "is not JSON");
    json_at at = json_kind(&json, 0) == JSON_KIND_OBJECT ? json_get(&json, 0, TEXT("id")) : 0;
    enum json_kind kind = json_kind(&json, at);
    if (at == JSON_NONE || (kind != JSON_KIND_STRING && kind != JSON_KIND_NUMBER))
        return fault(u, "write a string, or an object like {\"id\":\"customer-7\"}");
    int rc = take(u, kind == JSON_KIND_STRING ? json_unescaped(&json, at, &u->arena) : json_source(&json, at));
    arena_reset(&u->arena);
    return rc;
}

/* A cell in quotes, with doubled quotes in it; the opening one is passed already. False where it does not end. */
static bool quoted(struct upload *u, struct buffer *cell, size_t *lines) {
    while (u->rest.n) {
        char c = *u->rest.at;
        bool quote = c == '"', doubled = quote && u->rest.n > 1 && u->rest.at[1] == '"';
        u->rest = text_n(u->rest.at + 1 + doubled, u->rest.n - 1 - doubled);
        if (quote && !doubled) return true;
        *lines += c == '\n';
        if (cell) buffer_byte(cell, c);
    }
    return false;
}

/* One record: its first cell is taken, the others are passed over. Cells in quotes may hold commas, quotes and line ends. */
static int read_record(struct upload *u, bool wanted) {
    struct buffer id = {0};
    size_t lines = 0;
    bool first = true, ended = false, whole = true;
    while (u->rest.n && !ended && whole) {
        char c = *u->rest.at;
        u->rest = text_n(u->rest.at + 1, u->rest.n - 1);
        if (c == '"')
            whole = quoted(u, first ? &id : NULL, &lines);
        else if (c == '\n')
            ended = true;
        else if (c == ',')
            first = false;
        else if (first)
            buffer_byte(&id, c);
    }
    int rc = !whole ? fault(u, "a quote that is opened here is not closed") : wanted ? take(u, buffer_view(&id)) : 0;
    u->line += lines;
    buffer_free(&id);
    return rc;
}

int id_upload_read(struct text body, enum id_format format, struct id_list **list, struct error *error) {
    struct upload u = {.rest = body, .error = error};
    int rc = 0;
    if (text_starts(body, TEXT("\xEF\xBB\xBF"))) u.rest = text_n(body.at + 3, body.n - 3); /* a byte order mark */
    arena_init(&u.arena, 4096);
    for (u.line = 1; rc == 0 && u.rest.n; u.line++) switch (format) {
        case ID_LINES: rc = read_line(&u); break;
        case ID_NDJSON: rc = read_json(&u); break;
        case ID_CSV:
        case ID_CSV_HEADER: rc = read_record(&u, format == ID_CSV || u.line > 1); break;
        }
    arena_free(&u.arena);
    if (rc < 0)
        free(u.fingerprints);
    else
        *list = id_list_new(u.fingerprints, u.n);
    return rc;
}
