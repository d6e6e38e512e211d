#include "programs/parley/interactions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/memory.h"

enum column { COLUMN_USER, COLUMN_ITEM, COLUMN_TIME, COLUMN_SESSION, COLUMNS };
static const char *const names[COLUMNS] = {"user", "item", "time", "session"};

void interactions_init(struct interactions *all) {
    *all = (struct interactions){.has_times = true};
    arena_init(&all->arena, 1 << 20);
}

void interactions_free(struct interactions *all) {
    map_free(&all->people);
    map_free(&all->items);
    map_free(&all->sessions);
    free(all->ids);
    free(all->list);
    arena_free(&all->arena);
}

/* ---- rows ---- */

static uint32_t number_of(struct interactions *all, struct map *map, struct text id) {
    const void *known = map_get(map, id);
    if (known) return (uint32_t)((uintptr_t)known - 1);
    struct text copy = arena_text(&all->arena, id);
    const size_t number = map->n;
    map_put(map, copy, (void *)(uintptr_t)(number + 1)); /* a number, never looked behind */
    if (map != &all->items) return (uint32_t)number;
    if (number == all->ids_room) {
        all->ids_room = number ? 2 * number : 1024;
        all->ids = memory_grow(all->ids, all->ids_room * sizeof *all->ids);
    }
    all->ids[number] = copy;
    return (uint32_t)number;
}

/* A number of whatever unit, an ISO 8601 time, or one without an offset, as 2010-12-01 08:26:00, which is UTC. */
static bool read_time(struct text text, double *out) {
    char copy[CLOCK_ISO_ROOM], *end;
    int64_t ms;
    if (!text.n || text.n > CLOCK_ISO_ROOM - 2) return false;
    snprintf(copy, sizeof copy, "%.*sZ", TEXT_ARGS(text));
    *out = strtod(copy, &end);
    if (end == copy + text.n) return isfinite(*out);
    bool fine = clock_parse(text, &ms) || clock_parse(text_of(copy), &ms);
    *out = fine ? (double)ms : 0;
    return fine;
}

static void add(struct interactions *all, const struct text field[COLUMNS], enum interactions_part part) {
    struct interaction one = {.part = part, .place = (uint32_t)all->n};
    if (!field[COLUMN_USER].n || !field[COLUMN_ITEM].n ||
        (field[COLUMN_TIME].at && !read_time(field[COLUMN_TIME], &one.at))) {
        all->left_out++;
        return;
    }
    one.person = number_of(all, &all->people, field[COLUMN_USER]);
    one.item = number_of(all, &all->items, field[COLUMN_ITEM]);
    if (field[COLUMN_SESSION].n) one.session = number_of(all, &all->sessions, field[COLUMN_SESSION]) + 1;
    if (all->n == all->room) {
        all->room = all->room ? 2 * all->room : 4096;
        all->list = memory_grow(all->list, all->room * sizeof *all->list);
    }
    all->list[all->n++] = one;
}

/* ---- files ---- */

static struct text called(struct text map, const char *name) {
    struct text pair, left, right;
    while (map.n) {
        text_cut(map, ',', &pair, &map);
        if (text_cut(pair, '=', &left, &right) && text_is(text_trim(left), name)) return text_trim(right);
    }
    return text_of(name);
}

static int find_columns(const struct csv_row *header, struct text map, const char *path, size_t place[COLUMNS],
                        struct error *error) {
    for (int c = 0; c < COLUMNS; c++) {
        struct text wanted = called(map, names[c]);
        place[c] = 0;
        while (place[c] < header->n && !text_eq(text_trim(header->fields[place[c]]), wanted)) place[c]++;
        bool missing = place[c] == header->n;
        if (missing && (c == COLUMN_USER || c == COLUMN_ITEM))
            return error_set(
                error, ERR_INVALID,
                "%s has no column '%.*s': name its columns with --map user=...,item=...,time=...,session=...", path,
                TEXT_ARGS(wanted));
    }
    return 0;
}

static void add_tabs(struct interactions *all, struct text line, enum interactions_part part) {
    struct text field[4] = {0}, rest = line; /* person, item, rating, time */
    for (int i = 0; i < 4; i++) text_cut(rest, '\t', &field[i], &rest);
    const struct text columns[COLUMNS] = {field[0], field[1], field[3], TEXT_NONE};
    add(all, columns, part);
}

static void add_fields(struct interactions *all, const struct csv_row *row, const size_t place[COLUMNS],
                       enum interactions_part part) {
    struct text columns[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) columns[c] = place[c] < row->n ? row->fields[place[c]] : TEXT_NONE;
    add(all, columns, part);
}

static bool has_tabs(const struct csv_row *row) {
    return row->n == 1 && memchr(row->fields[0].at, '\t', row->fields[0].n);
}

int interactions_read(struct interactions *all, const char *path, struct text map, enum interactions_part part,
                      struct error *error) {
    struct csv *csv;
    struct csv_row row;
    size_t place[COLUMNS], width = 0;
    bool tabs = false;
    int rc = csv_open(&csv, path, error);
    if (rc < 0) return rc;
    while ((rc = csv_next(csv, &row, error)) > 0) {
        if (!width) {
            width = row.n;
            tabs = has_tabs(&row);
            if (!tabs && (rc = find_columns(&row, map, path, place, error)) < 0) break;
            all->has_sessions |= !tabs && place[COLUMN_SESSION] < row.n;
            all->has_times &= tabs || place[COLUMN_TIME] < row.n;
            if (!tabs) continue;
        }
        if (tabs)
            add_tabs(all, row.fields[0], part);
        else if (row.fault || row.n != width)
            all->left_out++;
        else
            add_fields(all, &row, place, part);
    }
    csv_close(csv);
    return rc;
}

/* ---- items by id ---- */

struct ordered {
    struct text id;
    int64_t number;
    uint32_t was;
};

static int by_number(const void *left, const void *right) {
    const struct ordered *a = left, *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

static int by_bytes(const void *left, const void *right) {
    const struct ordered *a = left, *b = right;
    const size_t n = a->id.n < b->id.n ? a->id.n : b->id.n;
    const int order = memcmp(a->id.at, b->id.at, n);
    return order ? order : (a->id.n > b->id.n) - (a->id.n < b->id.n);
}

void interactions_order(struct interactions *all) {
    struct ordered *list = memory_zero(all->items.n + 1, sizeof *list);
    uint32_t *now = memory_zero(all->items.n + 1, sizeof *now);
    bool numbers = true;
    for (uint32_t i = 0; i < all->items.n; i++) {
        list[i] = (struct ordered){.id = all->ids[i], .was = i};
        numbers &= text_to_int(all->ids[i], &list[i].number);
    }
    qsort(list, all->items.n, sizeof *list, numbers ? by_number : by_bytes);
    for (uint32_t i = 0; i < all->items.n; i++) {
        all->ids[i] = list[i].id;
        now[list[i].was] = i;
    }
    for (size_t i = 0; i < all->n; i++) all->list[i].item = now[all->list[i].item];
    free(now);
    free(list);
}

/* ---- sets ---- */

static int by_time(const void *left, const void *right) {
    const struct interaction *a = left, *b = right;
    if (a->at != b->at) return a->at < b->at ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

static int by_person(const void *left, const void *right) {
    const struct interaction *a = left, *b = right;
    if (a->person != b->person) return a->person < b->person ? -1 : 1;
    return by_time(left, right);
}

void interactions_split(struct interactions *all, int percent) {
    const size_t learnt = all->n - all->n * (size_t)percent / 100;
    qsort(all->list, all->n, sizeof *all->list, by_time);
    for (size_t i = 0; i < all->n; i++) all->list[i].part = i < learnt ? PART_LEARNT : PART_TEST;
}

/* Adds the rows of one part among [from, to) to the last set; `met` says which items are in it or in the one before. */
static void add_part(const struct interactions *all, size_t from, size_t to, enum interactions_part part,
                     struct sets *into, uint32_t *met, uint32_t mark) {
    sets_begin(into);
    for (size_t i = from; i < to; i++) {
        const struct interaction *one = &all->list[i];
        if (one->part != part || met[one->item] == mark) continue;
        met[one->item] = mark;
        sets_add(into, one->item);
    }
}

void interactions_people(struct interactions *all, struct sets *before, struct sets *later) {
    uint32_t *met = memory_zero(all->items.n + 1, sizeof *met), mark = 0;
    sets_init(before, (uint32_t)all->items.n);
    sets_init(later, (uint32_t)all->items.n);
    qsort(all->list, all->n, sizeof *all->list, by_person);
    for (size_t from = 0, to; from < all->n; from = to) {
        for (to = from; to < all->n && all->list[to].person == all->list[from].person;) to++;
        mark++;
        add_part(all, from, to, PART_LEARNT, before, met, mark);
        add_part(all, from, to, PART_TEST, later, met, mark);
    }
    free(met);
}

static int by_session(const void *left, const void *right) {
    const struct interaction *a = left, *b = right;
    if (a->session != b->session) return a->session < b->session ? -1 : 1;
    return by_time(left, right);
}

struct span {
    size_t from, to;
    double at;
};

static int by_start(const void *left, const void *right) {
    const struct span *a = left, *b = right;
    if (a->at != b->at) return a->at < b->at ? -1 : 1;
    return (a->from > b->from) - (a->from < b->from);
}

void interactions_sessions(struct interactions *all, struct sets *learnt, struct sets *test) {
    uint32_t *met = memory_zero(all->items.n + 1, sizeof *met), mark = 0;
    struct span *spans = memory_zero(all->sessions.n + 1, sizeof *spans);
    size_t n = 0;
    sets_init(learnt, (uint32_t)all->items.n);
    sets_init(test, (uint32_t)all->items.n);
    qsort(all->list, all->n, sizeof *all->list, by_session);
    for (size_t from = 0, to; from < all->n; from = to) {
        for (to = from; to < all->n && all->list[to].session == all->list[from].session;) to++;
        if (all->list[from].session) spans[n++] = (struct span){from, to, all->list[from].at};
    }
    qsort(spans, n, sizeof *spans, by_start);
    for (size_t s = 0; s < n; s++) {
        const enum interactions_part part = all->list[spans[s].from].part;
        mark++;
        add_part(all, spans[s].from, spans[s].to, part, part == PART_LEARNT ? learnt : test, met, mark);
    }
    free(spans);
    free(met);
}
