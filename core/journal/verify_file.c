/* One file of the journal: its structure, its tables and views, its rows. Some groups are read in one transaction: further ones may be written,
 * and rows erased with the checksum of theirs, meanwhile. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/journal/pack.h"
#include "core/journal/verify_internal.h"

enum { GROUPS = 64 /* that are read in one transaction: whoever empties the file's log waits for it */ };

static const char restore[] =
    "restore the file from a backup, or move it out of the folder and accept that its rows are gone";

static struct journal_finding damage(const struct verifying *v, int64_t from, int64_t to) {
    return (struct journal_finding){.kind = JOURNAL_DAMAGE, .file = v->number, .from = from, .to = to, .mend = restore};
}

/* It cannot be read further. Returns the error's code. */
static int unreadable(struct verifying *v, const struct error *error) {
    size_t n = strlen(v->path);
    const char *detail = error->detail;
    if (!strncmp(detail, v->path, n) && detail[n] == ':') detail += n + 2; /* it is said in front */
    if (v->due)
        verify_found(v, v->path, damage(v, v->due, 0), "%s (it held the rows from %lld on)", detail, (long long)v->due);
    else
        verify_found(v, v->path, damage(v, 0, 0), "%s", detail);
    return error->code;
}

/* --- what must not be there --- */

/* Tells of each row that the query (its sql_query answered rc) has: it is to have none. The first column is the row's number. */
static int none(struct verifying *v, struct sql_rows *rows, int rc, const char *what, struct error *error) {
    while (rc == 0 && (rc = sql_next(rows, error)) > 0) {
        verify_found(v, v->path, damage(v, sql_int(rows, 0), sql_int(rows, 0)), "%s: %lld", what,
                     (long long)sql_int(rows, 0));
        rc = 0;
    }
    sql_done(rows);
    return rc;
}

static int check_structure(struct verifying *v, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(v->sql, &rows, error,
                       "SELECT integrity_check FROM pragma_integrity_check(1) WHERE integrity_check <> 'ok'");
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0)
        verify_found(v, v->path, damage(v, 0, 0), "its structure is damaged: %.*s", TEXT_ARGS(sql_text(&rows, 0)));
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

static int check_group_types(struct verifying *v, struct error *error) {
    struct sql_rows rows;
    int rc =
        sql_query(v->sql, &rows, error, "SELECT first FROM grp WHERE typeof(last) || typeof(crc) <> 'integerinteger'");
    return none(v, &rows, rc, "the group that begins with this row is none that was written", error);
}

static int check_types(struct verifying *v, int64_t first, int64_t last, struct error *error) {
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

/* --- tables and views --- */

/* Its schema_version, or the newest where it does not say. ERR_VERSION where a newer Parley made it: what that wrote is not known here. */
static int read_version(struct verifying *v, int64_t *version, struct error *error) {
    struct sql_rows rows;
    struct error own = {0};
    bool said = false;
    *version = PARTITION_VERSION;
    int rc = sql_query(v->sql, &rows, &own,
                       "SELECT number, (SELECT count(*) FROM schema_version) = 1 AND name = 'journal' AND"
                       " typeof(name) || typeof(number) = 'textinteger' AND number > 0 FROM schema_version");
    if (rc == 0 && (rc = sql_next(&rows, &own)) > 0 && (said = sql_int(&rows, 1))) *version = sql_int(&rows, 0);
    sql_done(&rows);
    if (rc < 0 && rc != ERR_INTERNAL) return error_set(error, rc, "%s", own.detail); /* else there is no such table */
    if (!said) verify_found(v, v->path, damage(v, 0, 0), "its schema_version is none that Parley writes");
    if (*version <= PARTITION_VERSION) return 0;
    struct journal_finding newer = damage(v, 0, 0);
    newer.mend = "verify it with the Parley that made it";
    verify_found(v, v->path, newer, "it has schema_version %lld, and this Parley knows up to %d", (long long)*version,
                 PARTITION_VERSION);
    return ERR_VERSION;
}

static bool is_one_of(struct text statement, const struct text *statements, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (text_eq(statement, statements[i])) return true;
    return false;
}

/* Whoever reads the file with SQLite's tools reads through these. */
static int check_schema(struct verifying *v, int64_t version, struct error *error) {
    struct text statements[PARTITION_STATEMENTS];
    struct sql_rows rows;
    size_t n = partition_statements(version, statements), there = 0;
    bool right = true;
    int rc = sql_query(v->sql, &rows, error,
                       "SELECT sql, sql LIKE 'CREATE ' || type || ' ' || name || ' %' AND tbl_name = name FROM"
                       " sqlite_schema WHERE NOT (sql IS NULL AND type = 'index' AND tbl_name = 'schema_version' AND"
                       " name = 'sqlite_autoindex_schema_version_1')");
    for (; rc == 0 && (rc = sql_next(&rows, error)) > 0; rc = 0, there++)
        right &= is_one_of(sql_text(&rows, 0), statements, n) && sql_int(&rows, 1);
    sql_done(&rows);
    if (rc == 0 && (!right || there != n))
        verify_found(v, v->path, damage(v, 0, 0), "a table or view is not as Parley makes it at schema_version %lld",
                     (long long)version);
    return rc;
}

/* Where it begins, and the key of fingerprints, which all files have. */
static int read_meta(struct verifying *v, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(v->sql, &rows, error,
                       "SELECT first, fingerprint_key, (SELECT count(*) FROM meta) = 1 AND typeof(first) = 'integer'"
                       " AND typeof(fingerprint_key) = 'blob' FROM meta");
    if (rc == 0 && (rc = sql_next(&rows, error)) == 0)
        rc = error_set(error, ERR_CORRUPT, "it does not say with which row it begins");
    if (rc > 0) {
        struct text key = sql_text(&rows, 1);
        bool whole = key.n == sizeof v->key && sql_int(&rows, 2) && (!v->has_key || !memcmp(v->key, key.at, key.n));
        v->first = sql_int(&rows, 0);
        if (whole) memcpy(v->key, key.at, key.n);
        v->has_key |= whole;
        rc = whole ? 0 : error_set(error, ERR_CORRUPT, "its fingerprint key is not the journal's");
    }
    sql_done(&rows);
    return rc;
}

/* --- rows --- */

/* Adds the row to the group's checksum; whether its message's fingerprint is right. */
static bool sum_row(struct verifying *v, const struct sql_rows *rows, uint64_t *sum, int64_t *seq) {
    struct journal_record r;
    uint64_t fingerprint = partition_row(&r, rows), expected = 0;
    if (r.message_id.at)
        expected = fingerprint_of(v->key, r.flags & JOURNAL_BROWSER ? r.unit : TEXT_NONE, r.message_id);
    arena_reset(&v->arena);
    *sum = partition_checksum(*sum, &r, fingerprint);
    *seq = r.seq;
    v->end = r.seq + pack_seqs(&r, &v->arena);
    return fingerprint == expected;
}

static int check_group(struct verifying *v, int64_t first, int64_t last, uint64_t checksum, struct error *error) {
    struct sql_rows rows;
    uint64_t sum = 0;
    int64_t seq = 0;
    bool follows = first == v->end, known = true;
    int rc = sql_query(v->sql, &rows, error,
                       "SELECT " PARTITION_COLUMNS " FROM event WHERE seq >= $1 AND seq <= $2 ORDER BY seq",
                       SQL_I(first), SQL_I(last));
    for (; known && rc == 0 && (rc = sql_next(&rows, error)) > 0; rc = 0) known = sum_row(v, &rows, &sum, &seq);
    sql_done(&rows);
    if (rc < 0) return rc;
    int64_t next = last < INT64_MAX ? last + 1 : last;
    bool right = known && follows && v->end == next && sum == checksum;
    if (!known)
        verify_found(v, v->path, damage(v, seq, seq), "the fingerprint of row %lld is not its message's",
                     (long long)seq);
    else if (!right)
        verify_found(v, v->path, damage(v, first, last), "rows %lld to %lld are not what was written", (long long)first,
                     (long long)last);
    v->end = next;
    if (right) v->rows += next - first;
    return 0;
}

/* The groups cover all rows from the file's first one on. */
static int check_groupless(struct verifying *v, struct error *error) {
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

/* SQLite's check of the structure is one read of the whole file; all else lets go in between. */
static int check_all(struct verifying *v, struct error *error) {
    int64_t version = PARTITION_VERSION;
    int rc = check_structure(v, error);
    if (rc == 0) rc = read_version(v, &version, error);
    if (rc == 0) rc = check_schema(v, version, error);
    if (rc == 0) rc = read_meta(v, error);
    if (rc == 0) rc = check_group_types(v, error);
    return rc == 0 ? check_groups(v, error) : rc;
}

/* SQLite would undo the change that it tells of, which whoever only reads may not. */
static bool was_being_changed(struct verifying *v) {
    char rollback[PARTITION_PATH_ROOM + sizeof VERIFY_ROLLBACK];
    snprintf(rollback, sizeof rollback, "%.*s" VERIFY_ROLLBACK, (int)(strlen(v->path) - strlen(".db")), v->path);
    if (access(rollback, F_OK) != 0) return false;
    struct journal_finding finding = damage(v, v->due, 0);
    finding.mend = "restore the file from a backup; or open it with sqlite3, which undoes the change, and verify again";
    verify_found(v, v->path, finding, "another program was changing it and did not end: there is a rollback journal");
    return true;
}

int verify_file(struct verifying *v) {
    struct error error = {0};
    if (was_being_changed(v)) return ERR_CORRUPT;
    int rc = partition_read(&v->sql, v->folder, v->number, &error);
    if (rc == 0) rc = check_all(v, &error);
    sql_close(v->sql);
    v->sql = NULL;
    return error.code ? unreadable(v, &error) : rc;
}
