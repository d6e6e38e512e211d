/* The one way to a database: portable SQL with $1 parameters, over SQLite today and PostgreSQL later, so that nothing above
 * notices which. A connection belongs to one thread (a lane); nothing here may be called on a loop.
 * Portable dialect: INTEGER (64 bit), REAL, TEXT, BLOB columns; INSERT ... ON CONFLICT; RETURNING; no rowid, no PRAGMA. */
#ifndef PARLEY_CORE_STORE_SQL_H
#define PARLEY_CORE_STORE_SQL_H

#include "core/base/arena.h"
#include "core/base/error.h"

struct sql; /* a connection */

enum sql_mode {
    SQL_WRITER, /* the one connection that writes and checkpoints this file; makes the file where there is none */
    SQL_READER, /* read-only; never checkpoints */
};

/* `path` is a file's path (later also postgresql://...). A writer sets WAL and synchronous=FULL. */
int sql_open(struct sql **sql, const char *path, enum sql_mode mode, struct error *error);
void sql_close(struct sql *sql); /* NULL is fine; an open transaction is rolled back */
/* For a lock that another process holds, a statement waits so many ms from now on. One process writes a file, so this is met only by a backup
 * or a stray sqlite3 shell; and whatever reads the file, by the checkpoint that is to empty its log. */
enum { SQL_WAIT_MS = 5000 }; /* of a connection that was just opened */
void sql_wait_for(struct sql *sql, int ms);
const char *sql_path(const struct sql *sql); /* as opened, for sentences; borrowed */

struct sql_value {
    enum { SQL_VALUE_NULL, SQL_VALUE_INT, SQL_VALUE_DOUBLE, SQL_VALUE_TEXT, SQL_VALUE_BLOB } kind;
    int64_t integer;
    double number;
    struct text text; /* borrowed until the statement has run; for a query, until sql_done */
};
#define SQL_NULL     ((struct sql_value){.kind = SQL_VALUE_NULL})
#define SQL_I(value) ((struct sql_value){.kind = SQL_VALUE_INT, .integer = (value)})
#define SQL_D(value) ((struct sql_value){.kind = SQL_VALUE_DOUBLE, .number = (value)})
/* TEXT_NONE is stored as the empty text */
#define SQL_T(value) ((struct sql_value){.kind = SQL_VALUE_TEXT, .text = (value)})
#define SQL_B(value) ((struct sql_value){.kind = SQL_VALUE_BLOB, .text = (value)})
/* NULL for TEXT_NONE */
#define SQL_T_OR_NULL(value) ((value).at ? SQL_T(value) : SQL_NULL)

enum { SQL_PARAMETERS = 32 };

/* Runs one statement to its end; rows it returns are dropped. sql_run(sql, &e, "UPDATE t SET a = $1", SQL_I(3)).
 * Statements are prepared once and cached by their text's address, so pass constants (asserted). As many values as the
 * statement has parameters, at most SQL_PARAMETERS. Returns the rows changed (>= 0) or a negative code: ERR_CONFLICT for a
 * constraint, ERR_STORAGE_FULL for a full disk, ERR_UNAVAILABLE where another process holds the lock, ERR_CORRUPT, ERR_IO. */
#define sql_run(sql, error, statement, ...)                                                                            \
    sql_run_values((sql), (error), (statement), (const struct sql_value[]){SQL_NULL, ##__VA_ARGS__},                   \
                   sizeof((const struct sql_value[]){SQL_NULL, ##__VA_ARGS__}) / sizeof(struct sql_value))
int sql_run_values(struct sql *sql, struct error *error, const char *statement, const struct sql_value *values,
                   size_t values_n); /* values[0] is ignored: values[1] is $1 */
/* Several statements without parameters, for migrations. */
int sql_script(struct sql *sql, const char *script, struct error *error);

/* A query's rows, one at a time:
 *   struct sql_rows rows;
 *   if (sql_query(sql, &rows, &e, "SELECT key FROM feature WHERE stage = $1", SQL_T(stage)) < 0) return e.code;
 *   while ((got = sql_next(&rows, &e)) > 0) ... sql_text(&rows, 0) ...
 *   sql_done(&rows);
 * Texts are borrowed until the next sql_next or sql_done. Always call sql_done. */
struct sql_rows {
    struct sql *sql;
    struct sql_statement *statement; /* NULL: nothing to fetch */
};
#define sql_query(sql, rows, error, statement, ...)                                                                    \
    sql_query_values((sql), (rows), (error), (statement), (const struct sql_value[]){SQL_NULL, ##__VA_ARGS__},         \
                     sizeof((const struct sql_value[]){SQL_NULL, ##__VA_ARGS__}) / sizeof(struct sql_value))
int sql_query_values(struct sql *sql, struct sql_rows *rows, struct error *error, const char *statement,
                     const struct sql_value *values, size_t values_n);
int sql_next(struct sql_rows *rows, struct error *error); /* 1 a row, 0 no more, negative code */
bool sql_is_null(const struct sql_rows *rows, int column);
int64_t sql_int(const struct sql_rows *rows, int column);
double sql_double(const struct sql_rows *rows, int column);
struct text sql_text(const struct sql_rows *rows, int column); /* also blobs; TEXT_NONE for NULL */
/* A NUL-terminated copy in the arena; TEXT_NONE for NULL. */
struct text sql_copy(const struct sql_rows *rows, int column, struct arena *arena);
void sql_done(struct sql_rows *rows);

/* A writer takes the write lock at once; a reader sees one state of the database until it commits or rolls back. Not nested.
 * A commit that fails has rolled back. Some failures (a full disk) end the transaction where they happen: whatever runs
 * in it afterwards fails too, so no half of a transaction is ever kept. */
int sql_begin(struct sql *sql, struct error *error);
int sql_commit(struct sql *sql, struct error *error);
void sql_rollback(struct sql *sql); /* where none is open, nothing */
/* Ends the transaction as `rc` says: commits when it is not negative, else rolls back. Returns `rc` or the commit's error:
 *   int rc = sql_begin(sql, e);
 *   if (rc < 0) return rc;
 *   rc = first(sql, e);
 *   if (rc == 0) rc = second(sql, e);
 *   return sql_end(sql, rc, e); */
int sql_end(struct sql *sql, int rc, struct error *error);

/* Where one of the words is left of a row that was deleted (gaps.h), the file is written anew, which takes as long, and as much memory,
 * as it is large. Outside a transaction, after a checkpoint. */
int sql_wipe(struct sql *sql, const struct text *words, size_t n, struct error *error);

/* Numbered migrations, each run once, in order, each in its own transaction; the number reached stands in table
 * `schema_version` under `name`. A database that is ahead of the list gives ERR_VERSION and a sentence: a newer Parley made it. */
struct sql_migration {
    int number; /* 1, 2, 3 ... */
    const char *script;
};
/* What follows on CREATE TABLE for the table that says it, as SQLite keeps it. */
#define SQL_VERSION_TABLE "schema_version (name TEXT PRIMARY KEY, number INTEGER NOT NULL)"
int sql_migrate(struct sql *sql, const char *name, const struct sql_migration *list, size_t n, struct error *error);

#endif
