#include "core/journal/verify.h"

#include <string.h>
#include <unistd.h>

#include "core/journal/pack.h"
#include "core/journal/partition.h"

enum { GROUPS = 64 /* that are read in one transaction: whoever empties the file's log waits for it */ };

struct verifying {
    struct sql *sql; /* of the file at hand */
    struct arena arena;
    int64_t rows;       /* right so far, of all files */
    int64_t group;      /* with which the last one that was looked at begins */
    int64_t first, end; /* of this file: the row that it begins with, and the one that follows on its last */
    unsigned char key[FINGERPRINT_KEY_BYTES];
    bool has_key; /* of the file before */
};

static int damaged(const struct verifying *v, const char *what, struct error *error) {
    return error_set(error, ERR_CORRUPT, "%s: %s", sql_path(v->sql), what);
}

/* ---- what must not be there ---- */

/* 0, or ERR_CORRUPT with `what` where the query (its sql_query answered rc), which is to have no row, has one: its first column says which. */
static int none(const struct verifying *v, struct sql_rows *rows, int rc, const char *what, struct error *error) {
    if (rc == 0 && (rc = sql_next(rows, error)) > 0)
        rc = error_set(error, ERR_CORRUPT, "%s: %s: %.*s", sql_path(v->sql), what, TEXT_ARGS(sql_text(rows, 0)));
    sql_done(rows);
    return rc;
}

static int check_structure(const struct verifying *v, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(v->sql, &rows, error,
                       "SELECT integrity_check FROM pragma_integrity_check(1) WHERE integrity_check <> 'ok'");
    rc = none(v, &rows, rc, "its structure is damaged", error);
    if (rc < 0) return rc;
    rc = sql_query(v->sql, &rows, error, "SELECT first FROM grp WHERE typeof(last) || typeof(crc) <> 'integerinteger'");
    return none(v, &rows, rc, "the group that begins with this row is none that was written", error);
}

static int check_types(const struct verifying *v, int64_t first, int64_t last, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(
        v->sql, &rows, error,
        "SELECT seq FROM event WHERE seq BETWEEN $1 AND $2 AND (typeof(prev) || typeof(received) || typeof(at) ||"
        " typeof(kind) || typeof(actor) || typeof(flags) || typeof(fingerprint) <>"
        " 'integerintegerintegerintegerintegerintegerinteger' OR typeof(name) || typeof(unit) || typeof(body)"
        " <> 'texttexttext' OR typeof(other) NOT IN ('text', 'null') OR typeof(message_id) NOT IN ('text',"
        " 'null') OR kind NOT BETWEEN 0 AND 255 OR actor NOT BETWEEN 0 AND 255 OR flags NOT BETWEEN 0 AND 255)",
        SQL_I(first), SQL_I(last));
    return none(v, &rows, rc, "a value of this row is none that was written", error);
}

/* Whoever reads the file with SQLite's tools reads through these. */
static int check_schema(const struct verifying *v, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(v->sql, &rows, error,
                       "SELECT sql, sql LIKE 'CREATE ' || type || ' ' || name || ' %' AND tbl_name = name"
                       " FROM sqlite_schema WHERE tbl_name <> 'schema_version'");
    while (rc == 0 && (rc = sql_next(&rows, error)) > 0)
        rc = partition_makes(sql_text(&rows, 0)) && sql_int(&rows, 1)
                 ? 0
                 : damaged(v, "a table or view is not as Parley makes it", error);
    sql_done(&rows);
    return rc;
}

/* ---- rows ---- */

static int sum_row(struct verifying *v, const struct sql_rows *rows, uint64_t *sum, struct error *error) {
    struct journal_record r;
    uint64_t fingerprint = partition_row(&r, rows), expected = 0;
    if (r.message_id.at)
        expected = fingerprint_of(v->key, r.flags & JOURNAL_BROWSER ? r.unit : TEXT_NONE, r.message_id);
    arena_reset(&v->arena);
    *sum = partition_checksum(*sum, &r, fingerprint);
    v->end = r.seq + pack_seqs(&r, &v->arena);
    if (fingerprint == expected) return 0;
    return error_set(error, ERR_CORRUPT, "%s: the fingerprint of row %lld is not its message's", sql_path(v->sql),
                     (long long)r.seq);
}

static int check_group(struct verifying *v, int64_t first, int64_t last, uint64_t checksum, struct error *error) {
    struct sql_rows rows;
    uint64_t sum = 0;
    bool follows = first == v->end;
    int rc = sql_query(v->sql, &rows, error,
                       "SELECT " PARTITION_COLUMNS " FROM event WHERE seq >= $1 AND seq <= $2 ORDER BY seq",
                       SQL_I(first), SQL_I(last));
    while (rc == 0 && (rc = sql_next(&rows, error)) > 0) rc = sum_row(v, &rows, &sum, error);
    sql_done(&rows);
    if (rc == 0 && (!follows || v->end != last + 1 || sum != checksum))
        rc = error_set(error, ERR_CORRUPT, "%s: rows %lld to %lld are not what was written", sql_path(v->sql),
                       (long long)first, (long long)last);
    v->rows += last - first + 1;
    return rc;
}

/* The groups cover all rows from the file's first one on. */
static int check_groupless(const struct verifying *v, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(v->sql, &rows, error,
                       "SELECT seq FROM event WHERE seq < $1 UNION ALL SELECT seq FROM event WHERE seq >= $2",
                       SQL_I(v->first), SQL_I(v->end));
    return none(v, &rows, rc, "it holds rows of no group", error);
}

/* The next ones, and behind the last one that nothing is left. 1: there are more. */
static int check_some(struct verifying *v, struct error *error) {
    struct sql_rows groups;
    int64_t n = 0, first = 0, last = 0;
    int rc = sql_query(v->sql, &groups, error,
                       "SELECT count(*), min(first), max(last) FROM"
                       " (SELECT first, last FROM grp WHERE first > $1 ORDER BY first LIMIT $2)",
                       SQL_I(v->group), SQL_I(GROUPS));
    if (rc == 0 && (rc = sql_next(&groups, error)) > 0)
        n = sql_int(&groups, 0), first = sql_int(&groups, 1), last = sql_int(&groups, 2);
    sql_done(&groups);
    if (rc > 0) rc = check_types(v, first, last, error);
    if (rc < 0) return rc;
    rc = sql_query(v->sql, &groups, error, "SELECT first, last, crc FROM grp WHERE first > $1 ORDER BY first LIMIT $2",
                   SQL_I(v->group), SQL_I(GROUPS));
    while (rc == 0 && (rc = sql_next(&groups, error)) > 0) {
        v->group = sql_int(&groups, 0);
        rc = check_group(v, v->group, sql_int(&groups, 1), (uint64_t)sql_int(&groups, 2), error);
    }
    sql_done(&groups);
    if (rc < 0) return rc;
    return n == GROUPS ? 1 : check_groupless(v, error);
}

/* Some groups in one transaction: further ones may be written, and rows erased with the checksum of theirs, meanwhile. */
static int check_groups(struct verifying *v, struct error *error) {
    int rc;
    v->end = v->first;
    v->group = INT64_MIN;
    do {
        rc = sql_script(v->sql, "BEGIN", error);
        if (rc < 0) return rc;
        rc = check_some(v, error);
        sql_script(v->sql, "COMMIT", NULL);
    } while (rc > 0);
    return rc;
}

/* ---- files ---- */

/* Where it begins, and the key of fingerprints, which all files have. */
static int read_meta(struct verifying *v, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(v->sql, &rows, error,
                       "SELECT first, fingerprint_key, (SELECT count(*) FROM meta) = 1 AND typeof(first) = 'integer'"
                       " AND typeof(fingerprint_key) = 'blob' FROM meta");
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0) {
        struct text key = sql_text(&rows, 1);
        bool whole = key.n == sizeof v->key && sql_int(&rows, 2) && (!v->has_key || !memcmp(v->key, key.at, key.n));
        v->first = sql_int(&rows, 0);
        if (whole) memcpy(v->key, key.at, key.n);
        rc = whole ? 1 : damaged(v, "its fingerprint key is not the journal's", error);
    }
    sql_done(&rows);
    if (rc == 0) return damaged(v, "it does not say with which row it begins", error);
    v->has_key = true;
    return rc < 0 ? rc : 0;
}

/* SQLite's check of the structure is one read of the whole file; all else lets go in between. */
static int verify_file(struct verifying *v, struct error *error) {
    int rc = check_structure(v, error);
    if (rc == 0) rc = check_schema(v, error);
    if (rc == 0) rc = read_meta(v, error);
    return rc == 0 ? check_groups(v, error) : rc;
}

/* A number that is missing was moved away by somebody who knew. */
static int check_end(const struct verifying *v, const struct partition *file, const struct partition *next,
                     struct error *error) {
    if (next->number != file->number + 1 || next->first == v->end) return 0;
    return error_set(error, ERR_CORRUPT, "%s: it ends before row %lld, and the next file begins with row %lld",
                     sql_path(v->sql), (long long)v->end, (long long)next->first);
}

int journal_verify(const char *folder, int64_t *rows, struct error *error) {
    struct verifying v = {0};
    struct partition_list list;
    int rc = partition_list(&list, folder, error);
    if (rc < 0) return rc;
    arena_init(&v.arena, 64 * 1024);
    for (size_t i = 0; rc == 0 && i < list.n; i++) {
        char path[PARTITION_PATH_ROOM];
        partition_path(path, folder, list.items[i].number);
        if (access(path, F_OK) != 0) continue; /* dropped since the list was made */
        rc = sql_open(&v.sql, path, SQL_READER, error);
        if (rc == 0) rc = verify_file(&v, error);
        if (rc == 0 && i + 1 < list.n) rc = check_end(&v, &list.items[i], &list.items[i + 1], error);
        sql_close(v.sql);
        v.sql = NULL;
    }
    arena_free(&v.arena);
    partition_list_free(&list);
    *rows = v.rows;
    return rc;
}
