/* What the journal must know after a start: the last row, each unit's last row, and the messages of the last days. It reads
 * them from the files; DIR/heads and DIR/seen, written at a clean end and whenever a file is full, spare it the old ones. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "core/base/memory.h"
#include "core/base/secret.h"
#include "core/journal/journal_internal.h"
#include "core/journal/pack.h"

/* --- DIR/heads --- */

struct heads_head {
    char magic[8];
    int64_t seq, received; /* of the last row it includes */
    uint64_t n, checksum;  /* of the entries that follow */
};
static const char magic[8] = "heads-1";

static void heads_path(char out[static PARTITION_PATH_ROOM], const char *folder, const char *suffix) {
    snprintf(out, PARTITION_PATH_ROOM, "%s/heads%s", folder, suffix);
}

static bool write_heads(FILE *file, const struct journal *j) {
    struct unit_map_entry *entries = memory_alloc(j->heads.n * sizeof *entries);
    size_t n = 0;
    for (size_t i = 0; i < j->heads.room; i++)
        if (j->heads.entries[i].value) entries[n++] = j->heads.entries[i];
    struct heads_head head = {.seq = j->last_seq, .received = j->last_received, .n = n};
    memcpy(head.magic, magic, sizeof magic);
    head.checksum = XXH3_64bits(entries, n * sizeof *entries);
    bool done = fwrite(&head, sizeof head, 1, file) == 1 && fwrite(entries, sizeof *entries, n, file) == n &&
                fflush(file) == 0 && fsync(fileno(file)) == 0;
    free(entries);
    return done;
}

void journal_save_heads(struct journal *j) {
    char temporary[PARTITION_PATH_ROOM], path[PARTITION_PATH_ROOM];
    heads_path(temporary, j->folder, ".new");
    heads_path(path, j->folder, "");
    FILE *file = fopen(temporary, "we");
    if (!file) return;
    bool done = write_heads(file, j);
    done = fclose(file) == 0 && done;
    if (!done || rename(temporary, path) != 0) unlink(temporary);
}

/* Into `heads`, or only whether the file is whole where that is NULL. */
static bool read_heads(FILE *file, struct unit_map *heads, struct heads_head *head) {
    if (fread(head, sizeof *head, 1, file) != 1 || memcmp(head->magic, magic, sizeof magic) != 0) return false;
    struct stat stat;
    if (fstat(fileno(file), &stat) != 0 ||
        (uint64_t)stat.st_size != sizeof *head + head->n * sizeof(struct unit_map_entry))
        return false;
    struct unit_map_entry *entries = memory_alloc(head->n * sizeof *entries);
    bool whole = fread(entries, sizeof *entries, head->n, file) == head->n &&
                 XXH3_64bits(entries, head->n * sizeof *entries) == head->checksum;
    if (whole && heads) unit_map_reserve(heads, head->n);
    for (size_t i = 0; whole && heads && i < head->n; i++) unit_map_put(heads, entries[i].unit, entries[i].value);
    free(entries);
    return whole;
}

/* The seq that DIR/heads includes; 0 where it is missing, damaged, or of another journal than the files are. */
static int64_t load_heads(struct journal *j) {
    char path[PARTITION_PATH_ROOM];
    heads_path(path, j->folder, "");
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    struct heads_head head = {0};
    bool good = read_heads(file, &j->heads, &head);
    fclose(file);
    if (good) {
        j->last_received = head.received;
        return head.seq;
    }
    unit_map_free(&j->heads);
    return 0;
}

int64_t journal_heads_seq(const char *folder) {
    char path[PARTITION_PATH_ROOM];
    heads_path(path, folder, "");
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    struct heads_head head = {0};
    bool good = read_heads(file, NULL, &head);
    fclose(file);
    return good ? head.seq : 0;
}

/* --- the files --- */

struct span {
    int64_t last, received; /* seq and time of the last row; 0 without rows */
    int64_t first_received;
};

static int read_span(struct sql *sql, struct span *span, struct error *error) {
    struct sql_rows rows;
    struct journal_record row;
    struct arena arena;
    *span = (struct span){0};
    arena_init(&arena, 64 * 1024);
    int rc = sql_query(sql, &rows, error, "SELECT " PARTITION_COLUMNS " FROM event ORDER BY seq DESC LIMIT 1");
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0) {
        partition_row(&row, &rows);
        span->last = row.seq + pack_seqs(&row, &arena) - 1;
        span->received = row.received;
    }
    sql_done(&rows);
    arena_free(&arena);
    if (rc <= 0) return rc;
    rc = sql_query(sql, &rows, error, "SELECT received FROM event ORDER BY seq LIMIT 1");
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0) span->first_received = sql_int(&rows, 0);
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

static int received_of(struct sql *sql, int64_t seq, int64_t *received, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT received FROM event WHERE seq <= $1 ORDER BY seq DESC LIMIT 1",
                       SQL_I(seq));
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0) *received = sql_int(&rows, 0);
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

struct learning {
    struct journal *journal;
    int64_t heads, seen, since; /* seqs, a time */
};

static int learn_record(void *visitor, const struct journal_record *r) {
    const struct learning *l = visitor;
    if (r->seq > l->heads && r->unit.n) unit_map_put(&l->journal->heads, unit_of(r->unit), (uint64_t)r->seq);
    return 0;
}

/* Rows behind `from`: heads of those behind `heads`, fingerprints of those behind `seen` that were received since `since`. */
static int scan(struct learning *l, struct sql *sql, int64_t from, struct error *error) {
    struct fingerprint_set *seen = &l->journal->seen;
    struct sql_rows rows;
    struct arena arena;
    arena_init(&arena, 64 * 1024);
    int got, rc = sql_query(sql, &rows, error,
                            "SELECT " PARTITION_COLUMNS " FROM event WHERE " PARTITION_FROM " ORDER BY seq",
                            SQL_I(from + 1));
    while (rc == 0 && (got = sql_next(&rows, error)) != 0) {
        struct journal_record row;
        if (got < 0) {
            rc = got;
            break;
        }
        uint64_t fingerprint = partition_row(&row, &rows);
        arena_reset(&arena);
        rc = pack_visit(&row, from + 1, INT64_MAX, &arena, learn_record, l);
        if (fingerprint && row.seq > l->seen && row.received >= l->since) {
            fingerprint_prepare(seen, row.received, 1);
            fingerprint_add(seen, fingerprint);
        }
    }
    sql_done(&rows);
    arena_free(&arena);
    return rc;
}

struct start {
    struct partition_list list;
    struct span *spans;
};

static int read_spans(struct journal *j, struct start *start, struct error *error) {
    int rc = partition_list(&start->list, j->folder, error);
    if (rc < 0) return rc;
    start->spans = memory_zero(start->list.n, sizeof *start->spans);
    for (size_t i = 0; i < start->list.n && rc == 0; i++) {
        const struct partition *p = &start->list.items[i];
        char path[PARTITION_PATH_ROOM];
        struct sql *sql;
        struct stat stat_;
        partition_path(path, j->folder, p->number);
        if ((rc = sql_open(&sql, path, SQL_READER, error)) < 0) break;
        rc = read_span(sql, &start->spans[i], error);
        sql_close(sql);
        const struct span *span = &start->spans[i];
        if (i > 0 && p->first > j->last_seq + 1)
            log_warn(j->options.log, "rows are missing from the journal: a file is gone",
                     LOG_I("from", j->last_seq + 1), LOG_I("to", p->first - 1));
        if (p->first > j->last_seq) j->last_seq = p->first - 1;
        if (span->last) {
            j->last_seq = span->last;
            j->last_received = span->received;
            j->stats.events += span->last - p->first + 1;
            if (!j->stats.oldest) j->stats.oldest = span->first_received;
        }
        if (stat(path, &stat_) == 0) j->stats.bytes += stat_.st_size;
    }
    return rc;
}

/* What was kept aside is believed when the row it ends with is still the same one. */
static bool is_row(const struct journal *j, const struct start *start, int64_t seq, int64_t expected) {
    int64_t received = -1;
    if (seq <= 0 || seq > j->last_seq) return false;
    for (size_t i = start->list.n; i-- > 0;) {
        if (start->list.items[i].first > seq) continue;
        char path[PARTITION_PATH_ROOM];
        struct sql *sql;
        partition_path(path, j->folder, start->list.items[i].number);
        if (sql_open(&sql, path, SQL_READER, NULL) < 0) break;
        received_of(sql, seq, &received, NULL);
        sql_close(sql);
        break;
    }
    return received == expected;
}

static int64_t believed_heads(struct journal *j, const struct start *start) {
    int64_t last_received = j->last_received, seq = load_heads(j), expected = j->last_received;
    j->last_received = last_received;
    if (is_row(j, start, seq, expected)) return seq;
    unit_map_free(&j->heads);
    return 0;
}

static int64_t believed_seen(struct journal *j, const struct start *start) {
    int64_t received, seq = journal_load_seen(j, &received);
    if (seq && is_row(j, start, seq, received)) return seq;
    fingerprint_free(&j->seen);
    return 0;
}

static int learn(struct journal *j, const struct start *start, struct error *error) {
    int64_t heads = believed_heads(j, start), since = clock_now(j->options.clock) - j->options.recognise_ms;
    int64_t seen = believed_seen(j, start), behind = j->last_seq - 2 * (int64_t)j->options.recognise_n;
    if (behind > seen) seen = behind; /* older ones are not recognised anyway */
    struct learning learning = {j, heads, seen, since};
    int rc = 0;
    for (size_t i = 0; i < start->list.n && rc == 0; i++) {
        const struct span *span = &start->spans[i];
        bool messages = span->last > seen && span->received >= since;
        if (!span->last || (span->last <= heads && !messages)) continue;
        char path[PARTITION_PATH_ROOM];
        struct sql *sql;
        partition_path(path, j->folder, start->list.items[i].number);
        if ((rc = sql_open(&sql, path, SQL_READER, error)) < 0) break;
        rc = scan(&learning, sql, messages && seen < heads ? seen : heads, error);
        sql_close(sql);
    }
    return rc;
}

static int open_newest(struct journal *j, const struct start *start, struct error *error) {
    size_t n = start->list.n;
    int64_t first = n ? start->list.items[n - 1].first : 1;
    j->number = n ? start->list.items[n - 1].number : 1;
    if (!n) secret_bytes(j->key, sizeof j->key);
    int rc = partition_open(&j->sql, j->folder, j->number, &first, j->key, error);
    if (rc < 0) return rc;
    const struct span *span = n ? &start->spans[n - 1] : NULL;
    char path[PARTITION_PATH_ROOM];
    struct stat stat_;
    partition_path(path, j->folder, j->number);
    if (span && span->last) {
        j->file_bytes = stat(path, &stat_) == 0 ? stat_.st_size : 1;
        j->month = journal_month(span->first_received);
    }
    return 0;
}

int journal_recover(struct journal *j, struct error *error) {
    struct start start = {0};
    int rc = read_spans(j, &start, error);
    if (rc == 0) rc = learn(j, &start, error);
    if (rc == 0) rc = open_newest(j, &start, error);
    j->stats.last = j->last_seq;
    j->stats.units = (int64_t)j->heads.n;
    j->stats.covered_ms = fingerprint_span(&j->seen, clock_now(j->options.clock));
    free(start.spans);
    partition_list_free(&start.list);
    if (rc != ERR_CORRUPT) return rc;
    struct error cause = *error;
    error_clear(error);
    return error_set(error, rc,
                     "the journal does not start on a damaged file: restore it from a backup, or move it out of"
                     " the folder and accept the gap (%.200s)",
                     cause.detail);
}
