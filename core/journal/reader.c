#include "core/journal/reader.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/journal/pack.h"
#include "core/journal/partition.h"

enum { OPEN_FILES = 8, PAGE_ROWS = 4096, EXPOSURE_BYTES = 16 * 1024 };

struct journal_reader {
    char *folder;
    struct partition_list list;
    struct open_file {
        int number; /* 0: free */
        struct sql *sql;
        uint64_t used;
        int readers; /* queries under way, whose visitors may read other files meanwhile: it stays open */
    } open[OPEN_FILES];
    uint64_t uses;
};

int journal_reader_open(struct journal_reader **out, const char *folder, struct error *error) {
    struct journal_reader *reader = memory_new(struct journal_reader);
    reader->folder = memory_copy(folder);
    int rc = partition_list(&reader->list, folder, error);
    if (rc < 0) {
        journal_reader_close(reader);
        reader = NULL;
    }
    *out = reader;
    return rc;
}

void journal_reader_close(struct journal_reader *reader) {
    if (!reader) return;
    for (int i = 0; i < OPEN_FILES; i++) sql_close(reader->open[i].sql);
    partition_list_free(&reader->list);
    free(reader->folder);
    free(reader);
}

/* The connection to a file; of those that nothing is read from, the one that was used longest ago gives way. */
static int file(struct journal_reader *reader, int number, struct open_file **out, struct error *error) {
    struct open_file *oldest = NULL;
    for (struct open_file *o = reader->open; o < reader->open + OPEN_FILES; o++) {
        if (o->number == number) {
            o->used = ++reader->uses;
            *out = o;
            return 0;
        }
        if (!o->readers && (!oldest || o->used < oldest->used)) oldest = o;
    }
    assert(oldest && "visitors do not read within one another as deep as that");
    sql_close(oldest->sql);
    *oldest = (struct open_file){0};
    struct sql *sql;
    int rc = partition_read(&sql, reader->folder, number, error); /* it may have been dropped since the list was made */
    if (rc == 0) *oldest = (struct open_file){number, sql, ++reader->uses, 0};
    *out = oldest;
    return rc;
}

/* The index of the last file that starts at or before `seq`; -1 where there is none. */
static ptrdiff_t find(const struct journal_reader *reader, int64_t seq) {
    size_t low = 0, high = reader->list.n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (reader->list.items[middle].first <= seq)
            low = middle + 1;
        else
            high = middle;
    }
    return (ptrdiff_t)low - 1;
}

/* Since the list was made the writer may have begun a file (the next number tells) or dropped the oldest. */
static int refresh(struct journal_reader *reader, struct error *error) {
    if (reader->list.n) {
        char next[PARTITION_PATH_ROOM], first[PARTITION_PATH_ROOM];
        partition_path(next, reader->folder, reader->list.items[reader->list.n - 1].number + 1);
        partition_path(first, reader->folder, reader->list.items[0].number);
        if (access(next, F_OK) != 0 && access(first, F_OK) == 0) return 0;
    }
    struct partition_list list;
    int rc = partition_list(&list, reader->folder, error);
    if (rc < 0) return rc;
    partition_list_free(&reader->list);
    reader->list = list;
    return 0;
}

struct reading {
    int64_t from, to, most;
    unsigned kinds;
    journal_visit visit;
    void *visitor;
    struct journal_place *place;
};

static bool is_wanted(const struct reading *reading, int64_t kind) {
    return reading->kinds >> (kind == JOURNAL_PACK ? JOURNAL_EXPOSURE : kind & 31) & 1;
}

/* Visits what the row holds and is wanted. *next becomes the seq of the row after it. The arena takes one row's exposures. */
static int read_row(const struct reading *reading, const struct sql_rows *rows, int64_t *next, struct arena *arena) {
    struct journal_record row;
    *reading->place = (struct journal_place){sql_int(rows, 0), sql_int(rows, 2), sql_int(rows, 3)};
    *next = reading->place->seq + 1;
    if (!is_wanted(reading, sql_int(rows, 4))) return 0;
    partition_row(&row, rows);
    arena_reset(arena);
    int rc = pack_visit(&row, reading->from, reading->to, arena, reading->visit, reading->visitor);
    *next = row.seq + pack_seqs(&row, arena);
    return rc;
}

/* A page of rows from reading->from on, which moves behind them, or to -1 when the file has no more. */
static int read_page(struct open_file *from, struct reading *reading, struct error *error) {
    struct sql_rows rows;
    struct arena arena;
    arena_init(&arena, EXPOSURE_BYTES);
    int64_t most = reading->most < PAGE_ROWS ? reading->most : PAGE_ROWS;
    from->readers++;
    int rc = sql_query(from->sql, &rows, error,
                       "SELECT " PARTITION_COLUMNS " FROM event WHERE " PARTITION_FROM
                       " AND seq <= $2 ORDER BY seq LIMIT $3",
                       SQL_I(reading->from), SQL_I(reading->to), SQL_I(most));
    int n = 0, got;
    int64_t next = -1;
    for (; rc == 0 && (got = sql_next(&rows, error)) != 0; n++)
        rc = got < 0 ? got : read_row(reading, &rows, &next, &arena);
    sql_done(&rows);
    arena_free(&arena);
    from->readers--;
    reading->from = n == most ? next : -1;
    reading->most -= n;
    return rc;
}

/* Page by page, so that no read transaction keeps the writer's log from being taken over for long. */
static int read_pages(struct journal_reader *reader, struct reading *reading, struct error *error) {
    int64_t from = reading->from;
    int rc = refresh(reader, error);
    ptrdiff_t i = find(reader, from);
    for (i = i < 0 ? 0 : i; rc == 0 && i < (ptrdiff_t)reader->list.n && reader->list.items[i].first <= reading->to;
         i++) {
        struct open_file *open;
        reading->from = from;
        while (rc == 0 && reading->from >= 0 && reading->from <= reading->to) {
            if (!reading->most) return 1;
            rc = file(reader, reader->list.items[i].number, &open, error);
            if (rc == ERR_NOT_FOUND) {
                rc = 0;
                break;
            }
            if (rc == 0) rc = read_page(open, reading, error);
        }
    }
    return rc;
}

int journal_read_kinds(struct journal_reader *reader, int64_t from, int64_t most, unsigned kinds,
                       struct journal_place *place, journal_visit visit, void *visitor, struct error *error) {
    return read_pages(reader, &(struct reading){from, INT64_MAX, most, kinds, visit, visitor, place}, error);
}

int journal_read(struct journal_reader *reader, int64_t from, int64_t to, journal_visit visit, void *visitor,
                 struct error *error) {
    struct journal_place place;
    return read_pages(reader, &(struct reading){from, to, INT64_MAX, ~0u, visit, visitor, &place}, error);
}

struct chain {
    int64_t prev;
    journal_visit visit;
    void *visitor;
};

static int visit_link(void *visitor, const struct journal_record *record) {
    struct chain *chain = visitor;
    chain->prev = record->prev;
    return chain->visit(chain->visitor, record);
}

struct one {
    journal_visit visit;
    void *visitor;
    bool found;
};

static int visit_one(void *visitor, const struct journal_record *record) {
    struct one *one = visitor;
    one->found = true;
    return one->visit(one->visitor, record);
}

static int get(struct journal_reader *reader, int64_t seq, journal_visit visit, void *visitor, struct error *error) {
    ptrdiff_t i = find(reader, seq);
    if (i < 0) return ERR_NOT_FOUND;
    struct open_file *open;
    struct sql_rows rows;
    struct one one = {visit, visitor, false};
    int rc = file(reader, reader->list.items[i].number, &open, error);
    if (rc < 0) return rc;
    open->readers++;
    rc = sql_query(open->sql, &rows, error,
                   "SELECT " PARTITION_COLUMNS " FROM event WHERE seq <= $1 ORDER BY seq DESC LIMIT 1", SQL_I(seq));
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) {
        struct journal_record row;
        struct arena arena;
        partition_row(&row, &rows);
        arena_init(&arena, EXPOSURE_BYTES);
        rc = pack_visit(&row, seq, seq, &arena, visit_one, &one);
        arena_free(&arena);
    }
    sql_done(&rows);
    open->readers--;
    return rc == 0 && !one.found ? ERR_NOT_FOUND : rc;
}

int journal_get(struct journal_reader *reader, int64_t seq, journal_visit visit, void *visitor, struct error *error) {
    int rc = get(reader, seq, visit, visitor, error);
    if (rc == ERR_NOT_FOUND && refresh(reader, error) == 0) rc = get(reader, seq, visit, visitor, error);
    if (rc == ERR_NOT_FOUND) error_set(error, rc, "the journal has no row %lld", (long long)seq);
    return rc;
}

int journal_chain(struct journal_reader *reader, int64_t last, journal_visit visit, void *visitor,
                  struct error *error) {
    struct chain chain = {last, visit, visitor};
    while (chain.prev > 0) {
        int64_t seq = chain.prev;
        int rc = journal_get(reader, seq, visit_link, &chain, NULL);
        if (rc == ERR_NOT_FOUND) return 0;
        if (rc > 0) return rc;
        if (rc < 0) return error_set(error, rc, "row %lld of the journal cannot be read", (long long)seq);
    }
    return 0;
}

/* --- seek --- */

struct bounds {
    int64_t first, last; /* seqs */
};

static int read_bounds(struct sql *sql, struct bounds *bounds, struct error *error) {
    struct sql_rows rows;
    *bounds = (struct bounds){0};
    int rc = sql_query(sql, &rows, error, "SELECT (SELECT min(seq) FROM event), (SELECT max(seq) FROM event)");
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0) *bounds = (struct bounds){sql_int(&rows, 0), sql_int(&rows, 1)};
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

static int note_received(void *visitor, const struct journal_record *record) {
    *(int64_t *)visitor = record->received;
    return 0;
}

int journal_seek(struct journal_reader *reader, int64_t received, int64_t *seq, struct error *error) {
    int rc = refresh(reader, error);
    *seq = 1;
    for (size_t i = 0; i < reader->list.n && rc == 0; i++) {
        struct open_file *open;
        struct bounds b = {0};
        int64_t at = 0;
        rc = file(reader, reader->list.items[i].number, &open, error);
        if (rc == ERR_NOT_FOUND) {
            rc = 0;
            continue;
        }
        if (rc == 0) rc = read_bounds(open->sql, &b, error);
        if (rc < 0 || !b.last) continue;
        rc = journal_get(reader, b.last, note_received, &at, error);
        *seq = b.last + 1;
        if (rc < 0 || at < received) continue;
        while (b.first < b.last && rc == 0) {
            int64_t middle = b.first + (b.last - b.first) / 2;
            rc = journal_get(reader, middle, note_received, &at, error);
            if (at < received)
                b.first = middle + 1;
            else
                b.last = middle;
        }
        *seq = b.first;
        return rc;
    }
    return rc;
}

/* --- what is old --- */

int journal_expired(struct journal_reader *reader, int64_t before, int64_t *last, struct error *error) {
    int rc = refresh(reader, error);
    *last = 0;
    for (size_t i = 0; rc == 0 && i + 1 < reader->list.n; i++) {
        struct open_file *open;
        struct bounds b = {0};
        int64_t received = INT64_MIN;
        rc = file(reader, reader->list.items[i].number, &open, error);
        if (rc == ERR_NOT_FOUND) {
            rc = 0;
            continue;
        }
        if (rc == 0) rc = read_bounds(open->sql, &b, error);
        if (rc == 0 && b.last) rc = journal_get(reader, b.last, note_received, &received, error);
        if (rc < 0 || received >= before) break;
        *last = reader->list.items[i + 1].first - 1;
    }
    return rc;
}

int64_t journal_first(struct journal_reader *reader) {
    return refresh(reader, NULL) == 0 && reader->list.n ? reader->list.items[0].first : 1;
}
