/* Erasing a person's rows: along each key's chain, newest first, file by file. What SQLite frees is overwritten
 * (secure_delete), and the checksums of the groups that were touched are made anew. */
#include "core/journal/journal_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/memory.h"
#include "core/journal/pack.h"

struct eraser {
    struct journal *journal;
    struct partition_list list;
    size_t at;       /* index of the file that is open */
    struct sql *sql; /* it; the journal's own connection for the newest */
    int64_t *seqs;   /* erased in it */
    size_t n, room;
    int64_t rows;
};

static bool is_newest(const struct eraser *e) {
    return e->list.items[e->at].number == e->journal->number;
}

static int open_file(struct eraser *e, size_t at, struct error *error) {
    char path[PARTITION_PATH_ROOM];
    e->at = at;
    e->n = 0;
    e->sql = e->journal->sql;
    if (!is_newest(e)) {
        partition_path(path, e->journal->folder, e->list.items[at].number);
        int rc = sql_open(&e->sql, path, SQL_WRITER, error);
        if (rc < 0) return rc;
    }
    int rc = sql_script(e->sql, "PRAGMA secure_delete = ON", error);
    return rc < 0 ? rc : sql_begin(e->sql, error);
}

static int renew_checksum(struct eraser *e, int64_t first, int64_t last, struct error *error) {
    struct sql_rows rows;
    uint64_t sum = 0;
    int rc = sql_query(e->sql, &rows, error,
                       "SELECT " PARTITION_COLUMNS " FROM event WHERE seq >= $1 AND seq <= $2 ORDER BY seq",
                       SQL_I(first), SQL_I(last));
    while (rc == 0 && (rc = sql_next(&rows, error)) > 0) {
        struct journal_record record;
        uint64_t fingerprint = partition_row(&record, &rows);
        sum = partition_checksum(sum, &record, fingerprint);
        rc = 0;
    }
    sql_done(&rows);
    if (rc < 0) return rc;
    rc = sql_run(e->sql, error, "UPDATE grp SET crc = $1 WHERE first = $2", SQL_I((int64_t)sum), SQL_I(first));
    return rc < 0 ? rc : 0;
}

/* The groups of the rows that were erased, each once: the chain went downwards, so rows of a group follow each other. */
static int renew_checksums(struct eraser *e, struct error *error) {
    int64_t done = INT64_MAX;
    int rc = 0;
    for (size_t i = 0; i < e->n && rc == 0; i++) {
        struct sql_rows rows;
        int64_t first = 0, last = 0;
        if (e->seqs[i] >= done) continue;
        rc = sql_query(e->sql, &rows, error,
                       "SELECT first, last FROM grp WHERE first <= $1 ORDER BY first DESC LIMIT 1", SQL_I(e->seqs[i]));
        if (rc == 0 && (rc = sql_next(&rows, error)) > 0) first = sql_int(&rows, 0), last = sql_int(&rows, 1);
        sql_done(&rows);
        if (rc <= 0) continue;
        rc = renew_checksum(e, done = first, last, error);
    }
    return rc < 0 ? rc : 0;
}

static int close_file(struct eraser *e, int rc, struct error *error) {
    if (!e->sql) return rc;
    if (rc == 0) rc = renew_checksums(e, error);
    if (rc == 0)
        rc = sql_commit(e->sql, error);
    else
        sql_rollback(e->sql);
    if (is_newest(e))
        sql_script(e->sql, "PRAGMA secure_delete = OFF", NULL);
    else
        sql_close(e->sql);
    e->sql = NULL;
    if (rc == 0) e->rows += (int64_t)e->n;
    return rc;
}

static int erase_alone(struct eraser *e, int64_t seq, struct error *error) {
    return sql_run(e->sql, error,
                   "UPDATE event SET unit = '', other = NULL, message_id = NULL, body = '{}', prev = 0, fingerprint = 0"
                   " WHERE seq = $1",
                   SQL_I(seq));
}

/* Erases one row, or one exposure of a pack; *seq becomes the one before it. */
static int erase_row(struct eraser *e, int64_t *seq, struct error *error) {
    struct sql_rows rows;
    struct journal_record row = {0};
    struct arena arena;
    int64_t prev = 0;
    arena_init(&arena, 16 * 1024);
    int rc =
        sql_query(e->sql, &rows, error,
                  "SELECT " PARTITION_COLUMNS " FROM event WHERE seq <= $1 ORDER BY seq DESC LIMIT 1", SQL_I(*seq));
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0) {
        partition_row(&row, &rows);
        prev = row.seq == *seq ? row.prev : 0;
        if (row.kind == JOURNAL_PACK) rc = pack_erase(&row, *seq, &prev, &arena);
        row.body = arena_text(&arena, row.body);
    }
    sql_done(&rows);
    if (rc >= 0 && row.kind == JOURNAL_PACK)
        rc = sql_run(e->sql, error, "UPDATE event SET other = $1, body = $2 WHERE seq = $3", SQL_T(row.other),
                     SQL_T(row.body), SQL_I(row.seq));
    else if (rc > 0 && row.seq == *seq)
        rc = erase_alone(e, *seq, error);
    arena_free(&arena);
    if (rc < 0 && rc != ERR_NOT_FOUND) return rc;
    if (e->n == e->room) {
        e->room = e->room ? e->room * 2 : 256;
        e->seqs = memory_grow(e->seqs, e->room * sizeof *e->seqs);
    }
    e->seqs[e->n++] = *seq;
    *seq = prev;
    return 0;
}

static int erase_chain(struct eraser *e, int64_t seq, struct error *error) {
    int rc = 0;
    size_t at = e->list.n;
    while (rc == 0 && seq > 0) {
        while (at > 0 && e->list.items[at - 1].first > seq) at--;
        if (at == 0) break; /* its file is gone */
        rc = open_file(e, at - 1, error);
        while (rc == 0 && seq >= e->list.items[at - 1].first) rc = erase_row(e, &seq, error);
        rc = close_file(e, rc, error);
    }
    return rc;
}

enum { LOG_WAIT_MS = 100 }; /* who writes events waits too */

/* What was erased must not stay in a write-ahead log either. Who reads does so for some milliseconds; where it takes longer (`journal verify`),
 * the erasure is tried again, and has nothing to do then but this. */
static int empty_log(struct sql *sql, struct error *error) {
    struct sql_rows rows;
    sql_wait_for(sql, LOG_WAIT_MS);
    int rc = sql_query(sql, &rows, error, "PRAGMA wal_checkpoint(TRUNCATE)");
    if (rc == 0) rc = sql_next(&rows, error);
    bool busy = rc > 0 && sql_int(&rows, 0);
    sql_done(&rows);
    sql_wait_for(sql, SQL_WAIT_MS);
    if (busy)
        return error_set(error, ERR_UNAVAILABLE, "%s: somebody reads it, and its log holds what was erased",
                         sql_path(sql));
    return rc < 0 ? rc : 0;
}

/* Of every file that has a log, whoever wrote it: an erasure that a crash cut short too. */
static int empty_logs(struct eraser *e, struct error *error) {
    int rc = empty_log(e->journal->sql, error);
    for (e->at = 0; e->at < e->list.n && rc == 0; e->at++) {
        char path[PARTITION_PATH_ROOM], log[PARTITION_PATH_ROOM + 8];
        struct stat stat_;
        partition_path(path, e->journal->folder, e->list.items[e->at].number);
        snprintf(log, sizeof log, "%s-wal", path);
        if (is_newest(e) || stat(log, &stat_) != 0 || stat_.st_size == 0) continue;
        struct sql *sql;
        rc = sql_open(&sql, path, SQL_WRITER, error);
        if (rc == 0) rc = empty_log(sql, error);
        sql_close(sql);
    }
    return rc;
}

static int erase_all(struct eraser *e, struct journal_erasure *erasure) {
    struct journal *j = e->journal;
    int rc = partition_list(&e->list, j->folder, &erasure->error);
    if (rc == 0 && !j->sql) rc = error_set(&erasure->error, ERR_UNAVAILABLE, "the journal cannot be written now");
    for (size_t i = 0; i < erasure->n && rc == 0; i++) {
        struct unit_id unit = unit_of(erasure->units[i]);
        rc = erase_chain(e, (int64_t)unit_map_get(&j->heads, unit), &erasure->error);
        if (rc == 0) unit_map_remove(&j->heads, unit);
    }
    if (rc == 0) rc = empty_logs(e, &erasure->error);
    if (rc == 0) journal_save_heads(j);
    return rc;
}

void journal_erase_units(struct journal *j, struct journal_erasure *erasure) {
    struct eraser e = {.journal = j};
    erasure->code = erase_all(&e, erasure);
    erasure->rows = e.rows;
    partition_list_free(&e.list);
    free(e.seqs);
    if (erasure->reply_to)
        mailbox_post(erasure->reply_to, &erasure->mail);
    else
        erasure->mail.receive(&erasure->mail);
}
