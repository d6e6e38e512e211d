/* sql.h over SQLite. Per file one connection writes and checkpoints (WAL, synchronous=FULL), the others only read: with two
 * checkpointers SQLite before 3.51.3 can corrupt a file. Statements are prepared once and found by their text's address. */
#include "core/store/sql.h"

#include <assert.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "core/base/memory.h"
#include "core/store/gaps.h"

struct sql_statement {
    sqlite3_stmt *prepared;
    bool busy;                            /* a query reads from it */
    bool extra;                           /* prepared beside a busy one: not in the cache, ends with its query */
    unsigned char parameters;             /* how many */
    unsigned char at[SQL_PARAMETERS + 1]; /* where SQLite has $k: it numbers them as it meets them */
};

struct sql {
    sqlite3 *db;
    char *path; /* owned */
    enum sql_mode mode;
    bool in_transaction;
    struct cached {
        const char *text;                /* borrowed constant; NULL: free */
        struct sql_statement *statement; /* owned */
    } * cache;
    size_t cached_n, cache_room; /* room is a power of two */
};

static int code_of(int result, int system) {
    switch (result & 0xff) {
    case SQLITE_FULL: return ERR_STORAGE_FULL;
    case SQLITE_CONSTRAINT: return ERR_CONFLICT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ERR_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ERR_UNAVAILABLE;
    case SQLITE_NOMEM: return ERR_NO_MEMORY;
    case SQLITE_TOOBIG: return ERR_TOO_LARGE;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return system == ENOSPC || system == EDQUOT ? ERR_STORAGE_FULL : ERR_IO;
    case SQLITE_READONLY:
    case SQLITE_PERM: return ERR_IO;
    default: return ERR_INTERNAL;
    }
}

/* The code and the sentence of what SQLite last said. */
static int failed(struct sql *sql, struct error *error) {
    int result = sqlite3_extended_errcode(sql->db), system = sqlite3_system_errno(sql->db);
    int code = code_of(result, system);
    bool os = (result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_CANTOPEN;
    return error_set(error, code, "%s: %s%s%s", sql->path, sqlite3_errmsg(sql->db), os && system ? ": " : "",
                     os && system ? strerror(system) : "");
}

/* --- opening --- */

void sql_wait_for(struct sql *sql, int ms) {
    sqlite3_busy_timeout(sql->db, ms);
}

static int set_journal(struct sql *sql, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "PRAGMA journal_mode = WAL");
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0)
        rc = text_is(sql_text(&rows, 0), "wal")
                 ? 0
                 : error_set(error, ERR_IO, "%s: this file system does not take SQLite's write-ahead log", sql->path);
    sql_done(&rows);
    return rc;
}

static int set_up(struct sql *sql, struct error *error) {
    sql_wait_for(sql, SQL_WAIT_MS);
    /* "x" is a column, never a text: PostgreSQL reads it so too. */
    sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    int rc = sql_script(sql,
                        "PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON;"
                        "PRAGMA trusted_schema = OFF",
                        error);
    if (rc < 0) return rc;
    if (sql->mode == SQL_READER) {
        sqlite3_db_config(sql->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        /* Reading the schema version is the first look into the file: it tells whether it is a database. */
        return sql_script(sql, "PRAGMA wal_autocheckpoint = 0; PRAGMA schema_version", error);
    }
    rc = set_journal(sql, error);
    if (rc == 0) rc = sql_script(sql, "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864", error);
    return rc;
}

/* SQLite makes two files beside one with a write-ahead log even to read it. Where it may not, as on a medium for reading only, and there is
 * no log to be read, the file is all there is. */
static bool stands_still(const char *path) {
    char beside[PATH_MAX];
    struct stat log;
    int n = snprintf(beside, sizeof beside, "%s-wal", path);
    if (n >= PATH_MAX || (stat(beside, &log) == 0 && log.st_size > 0)) return false;
    snprintf(beside, sizeof beside, "%s", path);
    return access(dirname(beside), W_OK) != 0;
}

/* As it lies there, for ever: a URI, in which some characters mean something. */
static int open_still(struct sql *sql, int flags) {
    struct buffer uri = {0};
    buffer_cstr(&uri, "file:");
    for (const char *c = sql->path; *c; c++)
        strchr("%?#", *c) ? buffer_printf(&uri, "%%%02x", *c) : buffer_byte(&uri, *c);
    buffer_cstr(&uri, "?immutable=1");
    buffer_byte(&uri, '\0');
    sqlite3_close(sql->db);
    int result = sqlite3_open_v2(uri.at, &sql->db, flags | SQLITE_OPEN_URI, NULL);
    buffer_free(&uri);
    return result;
}

int sql_open(struct sql **out, const char *path, enum sql_mode mode, struct error *error) {
    struct sql *sql = memory_new(struct sql);
    sql->path = memory_copy(path);
    sql->mode = mode;
    sql->cache_room = 64;
    sql->cache = memory_zero(sql->cache_room, sizeof *sql->cache);
    *out = NULL;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (mode == SQL_WRITER ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
    struct error own = {0};
    int rc = sqlite3_open_v2(path, &sql->db, flags, NULL) == SQLITE_OK ? set_up(sql, &own) : failed(sql, &own);
    if (rc < 0 && mode == SQL_READER && (sqlite3_errcode(sql->db) & 0xff) == SQLITE_CANTOPEN && stands_still(path)) {
        error_clear(&own);
        rc = open_still(sql, flags) == SQLITE_OK ? set_up(sql, &own) : failed(sql, &own);
    }
    if (rc < 0) error_set(error, rc, "%s", own.detail);
    if (rc < 0)
        sql_close(sql);
    else
        *out = sql;
    return rc;
}

static void statement_free(struct sql_statement *statement) {
    sqlite3_finalize(statement->prepared);
    free(statement);
}

void sql_close(struct sql *sql) {
    if (!sql) return;
    for (size_t i = 0; i < sql->cache_room; i++)
        if (sql->cache[i].text) statement_free(sql->cache[i].statement);
    free(sql->cache);
    int rc = sqlite3_close(sql->db);
    assert(rc == SQLITE_OK && "every query is done before its connection closes");
    free(sql->path);
    free(sql);
}

const char *sql_path(const struct sql *sql) {
    return sql->path;
}

/* --- statements --- */

static struct cached *slot(struct cached *cache, size_t room, const char *text) {
    size_t i = ((uintptr_t)text * 0x9e3779b97f4a7c15u >> 32) & (room - 1);
    while (cache[i].text && cache[i].text != text) i = (i + 1) & (room - 1);
    return &cache[i];
}

static void cache_put(struct sql *sql, const char *text, struct sql_statement *statement) {
    if (++sql->cached_n * 2 > sql->cache_room) {
        size_t room = sql->cache_room * 2;
        struct cached *cache = memory_zero(room, sizeof *cache);
        for (size_t i = 0; i < sql->cache_room; i++)
            if (sql->cache[i].text) *slot(cache, room, sql->cache[i].text) = sql->cache[i];
        free(sql->cache);
        sql->cache = cache;
        sql->cache_room = room;
    }
    *slot(sql->cache, sql->cache_room, text) = (struct cached){text, statement};
}

static int prepare(struct sql *sql, struct sql_statement **out, const char *text, struct error *error) {
    sqlite3_stmt *prepared;
    if (sqlite3_prepare_v3(sql->db, text, -1, SQLITE_PREPARE_PERSISTENT, &prepared, NULL) != SQLITE_OK)
        return failed(sql, error);
    struct sql_statement *statement = *out = memory_new(struct sql_statement);
    int n = sqlite3_bind_parameter_count(prepared);
    assert(n <= SQL_PARAMETERS);
    statement->prepared = prepared;
    statement->parameters = n;
    for (int i = 1; i <= n; i++) {
        const char *name = sqlite3_bind_parameter_name(prepared, i);
        int k = name && name[0] == '$' ? atoi(name + 1) : 0;
        assert(k >= 1 && k <= n && "parameters are $1 to $n without a gap");
        statement->at[k] = i;
    }
    return 0;
}

static int find(struct sql *sql, struct sql_statement **out, const char *text, struct error *error) {
    struct cached *entry = slot(sql->cache, sql->cache_room, text);
    if (entry->text) {
        assert(strcmp(sqlite3_sql(entry->statement->prepared), text) == 0 && "statements are constants");
        *out = entry->statement;
        if (!entry->statement->busy) return 0;
    }
    int rc = prepare(sql, out, text, error);
    if (rc < 0) return rc;
    if (entry->text)
        (*out)->extra = true;
    else
        cache_put(sql, text, *out);
    return 0;
}

static void release(struct sql_statement *statement) {
    sqlite3_reset(statement->prepared);
    statement->busy = false;
    if (statement->extra) statement_free(statement);
}

static int bind(sqlite3_stmt *prepared, int at, const struct sql_value *value) {
    switch (value->kind) {
    case SQL_VALUE_INT: return sqlite3_bind_int64(prepared, at, value->integer);
    case SQL_VALUE_DOUBLE: return sqlite3_bind_double(prepared, at, value->number);
    case SQL_VALUE_TEXT: /* a NULL pointer would be NULL, not '' */
        return sqlite3_bind_text64(prepared, at, value->text.at ? value->text.at : "", value->text.n, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case SQL_VALUE_BLOB:
        return sqlite3_bind_blob64(prepared, at, value->text.at ? value->text.at : "", value->text.n, SQLITE_STATIC);
    case SQL_VALUE_NULL: break;
    }
    return sqlite3_bind_null(prepared, at);
}

static int check_transaction(struct sql *sql, struct error *error) {
    if (!sql->in_transaction || !sqlite3_get_autocommit(sql->db)) return 0;
    return error_set(error, ERR_INTERNAL, "%s: an earlier failure has ended this transaction", sql->path);
}

/* Finds or prepares the statement and binds the values. */
static int ready(struct sql *sql, struct sql_statement **out, const char *text, const struct sql_value *values,
                 size_t values_n, struct error *error) {
    int rc = check_transaction(sql, error);
    if (rc == 0) rc = find(sql, out, text, error);
    if (rc < 0) return rc;
    struct sql_statement *statement = *out;
    assert(values_n == statement->parameters + 1u && "as many values as parameters");
    for (size_t k = 1; k < values_n; k++)
        if (bind(statement->prepared, statement->at[k], &values[k]) != SQLITE_OK) {
            rc = failed(sql, error);
            release(statement);
            return rc;
        }
    return 0;
}

int sql_run_values(struct sql *sql, struct error *error, const char *text, const struct sql_value *values,
                   size_t values_n) {
    struct sql_statement *statement;
    int rc = ready(sql, &statement, text, values, values_n, error);
    if (rc < 0) return rc;
    sqlite3_int64 before = sqlite3_total_changes64(sql->db);
    int result;
    do result = sqlite3_step(statement->prepared);
    while (result == SQLITE_ROW);
    if (result != SQLITE_DONE)
        rc = failed(sql, error);
    else if (sqlite3_total_changes64(sql->db) != before) /* else the last change was another statement's */
        rc = sqlite3_changes(sql->db);
    release(statement);
    return rc;
}

int sql_script(struct sql *sql, const char *script, struct error *error) {
    int rc = check_transaction(sql, error);
    if (rc == 0 && sqlite3_exec(sql->db, script, NULL, NULL, NULL) != SQLITE_OK) rc = failed(sql, error);
    return rc;
}

/* --- rows --- */

int sql_query_values(struct sql *sql, struct sql_rows *rows, struct error *error, const char *text,
                     const struct sql_value *values, size_t values_n) {
    struct sql_statement *statement;
    int rc = ready(sql, &statement, text, values, values_n, error);
    *rows = (struct sql_rows){sql, rc < 0 ? NULL : statement};
    if (rc == 0) statement->busy = true;
    return rc;
}

int sql_next(struct sql_rows *rows, struct error *error) {
    if (!rows->statement) return 0;
    int result = sqlite3_step(rows->statement->prepared);
    if (result == SQLITE_ROW) return 1;
    int rc = result == SQLITE_DONE ? 0 : failed(rows->sql, error);
    sql_done(rows);
    return rc;
}

void sql_done(struct sql_rows *rows) {
    if (rows->statement) release(rows->statement);
    rows->statement = NULL;
}

bool sql_is_null(const struct sql_rows *rows, int column) {
    return sqlite3_column_type(rows->statement->prepared, column) == SQLITE_NULL;
}
int64_t sql_int(const struct sql_rows *rows, int column) {
    return sqlite3_column_int64(rows->statement->prepared, column);
}
double sql_double(const struct sql_rows *rows, int column) {
    return sqlite3_column_double(rows->statement->prepared, column);
}

struct text sql_text(const struct sql_rows *rows, int column) {
    sqlite3_stmt *prepared = rows->statement->prepared;
    int type = sqlite3_column_type(prepared, column);
    if (type == SQLITE_NULL) return TEXT_NONE;
    const void *at = type == SQLITE_BLOB ? sqlite3_column_blob(prepared, column)
                                         : (const void *)sqlite3_column_text(prepared, column);
    return text_n(at ? at : "", at ? (size_t)sqlite3_column_bytes(prepared, column) : 0);
}

/* --- transactions --- */

int sql_begin(struct sql *sql, struct error *error) {
    assert(!sql->in_transaction);
    int rc = sql_run(sql, error, sql->mode == SQL_WRITER ? "BEGIN IMMEDIATE" : "BEGIN");
    sql->in_transaction = rc == 0;
    return rc;
}

int sql_commit(struct sql *sql, struct error *error) {
    assert(sql->in_transaction);
    int rc = sql_run(sql, error, "COMMIT");
    if (rc < 0)
        sql_rollback(sql);
    else
        sql->in_transaction = false;
    return rc;
}

void sql_rollback(struct sql *sql) {
    sql->in_transaction = false;
    if (!sqlite3_get_autocommit(sql->db)) sql_run(sql, NULL, "ROLLBACK");
}

/* --- what is left of what was deleted --- */

int sql_wipe(struct sql *sql, const struct text *words, size_t n, struct error *error) {
    int found = gaps_have(sql->db, words, n);
    if (found < 0) return error_set(error, ERR_IO, "%s cannot be looked through", sql->path);
    return found ? sql_script(sql, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)", error) : 0;
}
