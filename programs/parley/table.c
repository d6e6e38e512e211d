#include "programs/parley/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/number.h"

enum { WIDEST = 60 }; /* of a cell, where there are others behind it */

void table_init(struct table *table, const char *const *headers, size_t columns) {
    assert(columns >= 1 && columns <= TABLE_COLUMNS);
    *table = (struct table){.columns = columns};
    arena_init(&table->arena, 16 * 1024);
    for (size_t i = 0; i < columns; i++) table->headers[i] = arena_text(&table->arena, text_of(headers[i]));
}

void table_free(struct table *table) {
    arena_free(&table->arena);
    free(table->cells);
}

/* Line ends and other control characters would break the columns, and could steer the terminal. */
static struct text printable(struct arena *arena, struct text text) {
    char *copy = arena_cstr(arena, text);
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)copy[i] < ' ' || copy[i] == 0x7f) copy[i] = ' ';
    return text_n(copy, text.n);
}

static void add(struct table *table, struct text text, bool number) {
    if (table->cells_n == table->cells_room) {
        table->cells_room = table->cells_room ? 2 * table->cells_room : 64;
        table->cells = memory_grow(table->cells, table->cells_room * sizeof *table->cells);
    }
    table->cells[table->cells_n++] = (struct table_cell){printable(&table->arena, text), number};
}

void table_cell(struct table *table, struct text text) {
    add(table, text, false);
}
void table_number(struct table *table, struct text text) {
    add(table, text, true);
}

static void addf(struct table *table, bool number, const char *format, va_list args) {
    char text[256];
    vsnprintf(text, sizeof text, format, args);
    add(table, text_of(text), number);
}

void table_cellf(struct table *table, const char *format, ...) {
    va_list args;
    va_start(args, format);
    addf(table, false, format, args);
    va_end(args);
}

void table_numberf(struct table *table, const char *format, ...) {
    va_list args;
    va_start(args, format);
    addf(table, true, format, args);
    va_end(args);
}

/* Columns that the text takes on a terminal: one for each character. */
static size_t width(struct text text) {
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) n += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    return n;
}

static struct text shortened(struct text text, size_t most) {
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        n += ((unsigned char)text.at[i] & 0xc0) != 0x80;
        if (n > most) return text_n(text.at, i);
    }
    return text;
}

enum side { LEFT, RIGHT };

static void put_blanks(struct buffer *line, size_t n) {
    while (n--) buffer_byte(line, ' ');
}

static void put_cell(struct buffer *line, struct text text, size_t room, enum side side) {
    size_t blanks = width(text) < room ? room - width(text) : 0;
    if (line->n) put_blanks(line, 2);
    if (side == RIGHT) put_blanks(line, blanks);
    buffer_text(line, text);
    if (side == LEFT) put_blanks(line, blanks);
}

static void end_line(struct buffer *line, FILE *out) {
    while (line->n && line->at[line->n - 1] == ' ') line->n--;
    buffer_byte(line, '\n');
    fwrite(line->at, 1, line->n, out);
    buffer_clear(line);
}

/* The widest cell of each column, but no more than WIDEST for all but the last. */
static void measure(const struct table *table, size_t rooms[TABLE_COLUMNS]) {
    for (size_t c = 0; c < table->columns; c++) {
        rooms[c] = width(table->headers[c]);
        for (size_t i = c; i < table->cells_n; i += table->columns) {
            size_t w = width(table->cells[i].text);
            if (w > WIDEST && c + 1 < table->columns) w = WIDEST;
            if (w > rooms[c]) rooms[c] = w;
        }
    }
}

void table_print(const struct table *table, FILE *out) {
    size_t rooms[TABLE_COLUMNS], columns = table->columns;
    struct buffer line = {0};
    assert(table->cells_n % columns == 0);
    measure(table, rooms);
    for (size_t c = 0; c < columns; c++) {
        bool numbers = table->cells_n && table->cells[c].number;
        put_cell(&line, table->headers[c], rooms[c], numbers ? RIGHT : LEFT);
    }
    end_line(&line, out);
    for (size_t i = 0; i < table->cells_n; i++) {
        size_t c = i % columns;
        const struct table_cell *cell = &table->cells[i];
        put_cell(&line, shortened(cell->text, rooms[c]), rooms[c], cell->number ? RIGHT : LEFT);
        if (c + 1 == columns) end_line(&line, out);
    }
    buffer_free(&line);
}

/* ---- JSON as tables ---- */

static json_at follow(const struct json *json, json_at object, struct text path) {
    struct text member;
    while (path.n && object != JSON_NONE) {
        text_cut(path, '.', &member, &path);
        object = json_kind(json, object) == JSON_KIND_OBJECT ? json_get(json, object, member) : JSON_NONE;
    }
    return object;
}

/* What a person wants to see of a value: texts bare, yes and no, lists of texts with commas, anything deeper as
 * JSON. */
static struct text shown(const struct json *json, json_at at, struct arena *arena) {
    if (at == JSON_NONE) return TEXT("");
    switch (json_kind(json, at)) {
    case JSON_KIND_NULL: return TEXT("");
    case JSON_KIND_FALSE: return TEXT("no");
    case JSON_KIND_TRUE: return TEXT("yes");
    case JSON_KIND_STRING: return json_unescaped(json, at, arena);
    case JSON_KIND_ARRAY: {
        struct text list = TEXT("");
        for (json_at e = json_first(json, at); e != JSON_NONE; e = json_after(json, at, e))
            list = arena_printf(arena, "%.*s%s%.*s", TEXT_ARGS(list), list.n ? ", " : "",
                                TEXT_ARGS(shown(json, e, arena)));
        return list;
    }
    default: return json_source(json, at);
    }
}

static double divisor(struct text unit) {
    return text_is(unit, "MiB") ? 1024.0 * 1024 : text_is(unit, "kB") ? 1000.0 : 0;
}

static void value_cell(struct table *table, const struct json *json, json_at at, struct text unit) {
    double number;
    if (json_kind(json, at) != JSON_KIND_NUMBER)
        table_cell(table, shown(json, at, &table->arena));
    else if (divisor(unit) > 0 && json_number(json, at, &number))
        table_numberf(table, "%.1f", number / divisor(unit));
    else
        table_number(table, json_source(json, at));
}

static bool any_value(const struct json *json, json_at items, struct text path) {
    for (json_at i = json_first(json, items); i != JSON_NONE; i = json_after(json, items, i)) {
        json_at at = follow(json, i, path);
        if (at != JSON_NONE && json_kind(json, at) != JSON_KIND_NULL) return true;
    }
    return false;
}

void table_items(const struct json *json, json_at items, const char *columns, FILE *out) {
    struct text words = text_of(columns), word, paths[TABLE_COLUMNS], units[TABLE_COLUMNS];
    const char *headers[TABLE_COLUMNS];
    struct arena arena;
    struct table table;
    bool empty = json_first(json, items) == JSON_NONE;
    size_t n = 0;
    arena_init(&arena, 4096);
    while (words.n) {
        text_cut(words, ' ', &word, &words);
        text_cut(word, ':', &paths[n], &units[n]);
        if (n > 0 && !empty && !any_value(json, items, paths[n])) continue;
        headers[n] = units[n].n ? arena_printf(&arena, "%.*s [%.*s]", TEXT_ARGS(paths[n]), TEXT_ARGS(units[n])).at
                                : arena_cstr(&arena, paths[n]);
        n++;
    }
    table_init(&table, headers, n);
    for (json_at i = json_first(json, items); i != JSON_NONE; i = json_after(json, items, i))
        for (size_t c = 0; c < n; c++) value_cell(&table, json, follow(json, i, paths[c]), units[c]);
    table_print(&table, out);
    table_free(&table);
    arena_free(&arena);
}

void table_members(const struct json *json, json_at object, FILE *out) {
    static const char *const headers[] = {"member", "value"};
    struct table table;
    table_init(&table, headers, 2);
    for (json_at k = json_first(json, object); k != JSON_NONE; k = json_after(json, object, k)) {
        table_cell(&table, json_unescaped(json, k, &table.arena));
        table_cell(&table, shown(json, k + 1, &table.arena));
    }
    table_print(&table, out);
    table_free(&table);
}

/* ---- layout of JSON ---- */

static void line(struct buffer *out, int depth) {
    buffer_byte(out, '\n');
    for (int i = 0; i < depth; i++) buffer_cstr(out, "  ");
}

static const char *skip_blanks(const char *at, const char *end) {
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
    return at;
}

/* Behind the string that begins at `at`. */
static const char *put_string(const char *at, const char *end, struct buffer *out) {
    const char *from = at++;
    while (at < end && *at != '"') at += *at == '\\' ? 2 : 1;
    buffer_put(out, from, (size_t)(at + 1 - from));
    return at + 1;
}

void json_pretty(struct text text, struct buffer *out) {
    const char *at = text.at, *end = text.at + text.n;
    int depth = 0;
    while ((at = skip_blanks(at, end)) < end) {
        char c = *at;
        if (c == '"') {
            at = put_string(at, end, out);
            continue;
        }
        at++;
        if (c == '{' || c == '[') {
            const char *next = skip_blanks(at, end);
            buffer_byte(out, c);
            if (next < end && (*next == '}' || *next == ']')) {
                buffer_byte(out, *next);
                at = next + 1;
            } else
                line(out, ++depth);
        } else if (c == '}' || c == ']') {
            line(out, --depth);
            buffer_byte(out, c);
        } else if (c == ',') {
            buffer_byte(out, c);
            line(out, depth);
        } else if (c == ':')
            buffer_cstr(out, ": ");
        else
            buffer_byte(out, c);
    }
    buffer_byte(out, '\n');
}
