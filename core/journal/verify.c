#include "core/journal/verify.h"

#include <string.h>
#include <unistd.h>

#include "core/journal/pack.h"
#include "core/journal/partition.h"

struct verifying {
    struct sql *sql; /* of the file at hand */
    struct arena arena;
    int64_t rows;       /* right so far, of all files */
    int64_t file_rows;  /* as they lie in this file: a pack is one */
    int64_t first, end; /* of this file: the row that it begins with, and the one that follows on its last */
    unsigned char key[FINGERPRINT_KEY_BYTES];
    bool has_key; /* of the file before */
};

static int damaged(const struct verifying *v, const char *what, struct error *error) {
    return error_set(error, ERR_CORRUPT, "%s: %s", sql_path(v->sql), what);
}

/* ---- what must not be there ---- */

/* 0, or ERR_CORRUPT with `what` where the query, which is to have no row, has one: its first column says which. */
static int none(const struct verifying *v, const char *query, const char *what, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(v->sql, &rows, error, query);
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0)
        rc = error_set(error, ERR_CORRUPT, "%s: %s: %.*s", sql_path(v->sql), what, TEXT_ARGS(sql_text(&rows, 0)));
    sql_done(&rows);
    return rc;
}

static int check_structure(const struct verifying *v, struct error *error) {
    int rc = none(v, "SELECT integrity_check FROM pragma_integrity_check(1) WHERE integrity_check <> 'ok'",
                  "its structure is damaged", error);
    if (rc == 0)
        rc =
            none(v,
                 "SELECT seq FROM event WHERE typeof(prev) || typeof(received) || typeof(at) || typeof(kind) ||"
                 " typeof(actor) || typeof(flags) || typeof(fingerprint) <>"
                 " 'integerintegerintegerintegerintegerintegerinteger' OR typeof(name) || typeof(unit) || typeof(body)"
                 " <> 'texttexttext' OR typeof(other) NOT IN ('text', 'null') OR typeof(message_id) NOT IN ('text',"
                 " 'null') OR kind NOT BETWEEN 0 AND 255 OR actor NOT BETWEEN 0 AND 255 OR flags NOT BETWEEN 0 AND 255",
                 "a value of this row is none that was written", error);
    if (rc == 0)
        rc = none(v, "SELECT first FROM grp WHERE typeof(last) || typeof(crc) <> 'integerinteger'",
                  "the group that begins with this row is none that was written", error);
    return rc;
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
    v->file_rows++;
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

static int check_groups(struct verifying *v, struct error *error) {
    struct sql_rows groups;
    v->file_rows = 0;
    v->end = v->first;
    int rc = sql_query(v->sql, &groups, error, "SELECT first, last, crc FROM grp ORDER BY first");
    while (rc == 0 && (rc = sql_next(&groups, error)) > 0)
        rc = check_group(v, sql_int(&groups, 0), sql_int(&groups, 1), (uint64_t)sql_int(&groups, 2), error);
    sql_done(&groups);
    if (rc < 0) return rc;
    rc = sql_query(v->sql, &groups, error, "SELECT count(*) FROM event");
    if (rc == 0) rc = sql_next(&groups, error);
    if (rc > 0) rc = sql_int(&groups, 0) == v->file_rows ? 0 : damaged(v, "it holds rows of no group", error);
    sql_done(&groups);
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

/* In one transaction: groups may be written, and rows erased, meanwhile. */
static int verify_file(struct verifying *v, struct error *error) {
    int rc = sql_script(v->sql, "BEGIN", error);
    if (rc < 0) return rc;
    rc = check_structure(v, error);
    if (rc == 0) rc = check_schema(v, error);
    if (rc == 0) rc = read_meta(v, error);
    if (rc == 0) rc = check_groups(v, error);
    sql_script(v->sql, "COMMIT", NULL);
    return rc;
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
