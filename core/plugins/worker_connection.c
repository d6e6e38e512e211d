#include "core/plugins/worker_connection.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "core/base/memory.h"

static bool is_hosts(const char *name) {
    return name && strncasecmp(name, "parley_", 7) == 0;
}

static int refuse(struct connection *connection, const char *what, const char *which) {
    snprintf(connection->refusal, sizeof connection->refusal, "a plugin's SQL may not %s%s%s", what, which ? " " : "",
             which ? which : "");
    return SQLITE_DENY;
}

static int authorize(void *arg, int action, const char *a, const char *b, const char *database, const char *trigger) {
    struct connection *connection = arg;
    if (connection->speaker == SPEAKER_HOST) return SQLITE_OK;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_TRANSACTION: return refuse(connection, "hold transaction words:", a);
    case SQLITE_SAVEPOINT: return refuse(connection, "hold transaction words: SAVEPOINT", NULL);
    case SQLITE_ATTACH:
    case SQLITE_DETACH: return refuse(connection, "attach databases", NULL);
    case SQLITE_PRAGMA: return refuse(connection, "hold PRAGMA", a);
    }
    if (is_hosts(a) || is_hosts(b)) return refuse(connection, "touch the host's", is_hosts(a) ? a : b);
    if (connection->speaker == SPEAKER_MIGRATION || action == SQLITE_READ) return SQLITE_OK;
    bool changes_rows = action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE;
    if (changes_rows && strncmp(a, "sqlite_", 7) != 0) return SQLITE_OK;
    return refuse(connection, "change tables outside a migration", NULL);
}

static int failed(struct connection *connection, struct error *error) {
    int rc = sqlite3_errcode(connection->handle), code = ERR_INTERNAL;
    switch (rc & 0xFF) {
    case SQLITE_CONSTRAINT: code = ERR_CONFLICT; break;
    case SQLITE_FULL: code = ERR_STORAGE_FULL; break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: code = ERR_CORRUPT; break;
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_CANTOPEN: code = ERR_IO; break;
    }
    return error_set(error, code, "%s: %s", sqlite3_errstr(rc), sqlite3_errmsg(connection->handle));
}

static int count_pages(void *arg, sqlite3 *handle, const char *database, int pages) {
    ((struct connection *)arg)->wal_pages = pages;
    return SQLITE_OK;
}

int connection_open(struct connection *connection, const char *path, enum connection_side side, struct error *error) {
    *connection = (struct connection){0};
    int flags = SQLITE_OPEN_NOMUTEX |
                (side == CONNECTION_WRITES ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
    int rc = sqlite3_open_v2(path, &connection->handle, flags, NULL);
    if (rc != SQLITE_OK) {
        error_set(error, ERR_IO, "%s: %s", path, sqlite3_errstr(rc));
        connection_close(connection);
        return ERR_IO;
    }
    sqlite3_busy_timeout(connection->handle, 1000);
    sqlite3_extended_result_codes(connection->handle, 1);
    sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_set_authorizer(connection->handle, authorize, connection);
    rc = connection_script(connection,
                           side == CONNECTION_WRITES
                               ? "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                                 "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON"
                               : "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0",
                           SPEAKER_HOST, error);
    /* Its first use declares the table, which is not for a plugin to do; from then on json_each reads like any other. */
    if (rc >= 0) rc = connection_script(connection, "SELECT 1 FROM json_each('[]')", SPEAKER_HOST, error);
    if (rc < 0)
        connection_close(connection);
    else if (side == CONNECTION_WRITES)
        sqlite3_wal_hook(connection->handle, count_pages, connection);
    return rc;
}

void connection_close(struct connection *connection) {
    for (size_t i = 0; i < connection->room; i++) sqlite3_finalize(connection->statements[i].prepared);
    free(connection->statements);
    int rc = sqlite3_close(connection->handle);
    assert(rc == SQLITE_OK); /* every statement went through the table above */
    *connection = (struct connection){0};
}

static struct connection_statement *slot(struct connection_statement *table, size_t room, const char *source) {
    size_t i = (size_t)(((uintptr_t)source * 0x9E3779B97F4A7C15u) >> 32) & (room - 1);
    while (table[i].source && table[i].source != source) i = (i + 1) & (room - 1);
    return &table[i];
}

static void grow(struct connection *connection) {
    size_t room = connection->room ? connection->room * 2 : 64;
    struct connection_statement *table = memory_zero(room, sizeof *table);
    for (size_t i = 0; i < connection->room; i++)
        if (connection->statements[i].source)
            *slot(table, room, connection->statements[i].source) = connection->statements[i];
    free(connection->statements);
    connection->statements = table;
    connection->room = room;
}

static int prepare(struct connection *connection, const char *source, enum connection_speaker speaker,
                   sqlite3_stmt **statement, const char **tail, struct error *error) {
    connection->speaker = speaker;
    connection->refusal[0] = 0;
    int rc = sqlite3_prepare_v3(connection->handle, source, -1, tail ? 0 : SQLITE_PREPARE_PERSISTENT, statement, tail);
    connection->speaker = SPEAKER_HOST;
    if (rc == SQLITE_OK) return 0;
    if (connection->refusal[0]) return error_set(error, ERR_FORBIDDEN, "%s: \"%.200s\"", connection->refusal, source);
    return error_set(error, ERR_INTERNAL, "%s in \"%.200s\"", sqlite3_errmsg(connection->handle), source);
}

sqlite3_stmt *connection_prepare(struct connection *connection, const char *source, enum connection_speaker speaker,
                                 struct error *error) {
    if (connection->statements_n * 2 >= connection->room) grow(connection);
    struct connection_statement *kept = slot(connection->statements, connection->room, source);
    if (kept->source) {
        /* The address was promised to be a constant; a plugin that breaks the promise gets what it wrote, only slower. */
        if (kept->prepared && strcmp(sqlite3_sql(kept->prepared), source) == 0) {
            sqlite3_reset(kept->prepared);
            return kept->prepared;
        }
        sqlite3_finalize(kept->prepared);
        kept->prepared = NULL;
    } else
        connection->statements_n++;
    kept->source = source;
    sqlite3_stmt *statement = NULL;
    if (prepare(connection, source, speaker, &statement, NULL, error) < 0) return NULL;
    if (!statement) {
        error_set(error, ERR_INTERNAL, "an empty statement");
        return NULL;
    }
    return kept->prepared = statement;
}

int connection_step(struct connection *connection, sqlite3_stmt *statement, struct error *error) {
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) return 1;
    int code = rc == SQLITE_DONE ? 0 : failed(connection, error);
    sqlite3_reset(statement);
    return code;
}

int connection_run(struct connection *connection, const char *source, struct error *error) {
    sqlite3_stmt *statement = connection_prepare(connection, source, SPEAKER_HOST, error);
    return statement ? connection_step(connection, statement, error) : ERR_INTERNAL;
}

int connection_script(struct connection *connection, const char *script, enum connection_speaker speaker,
                      struct error *error) {
    int rc = 0;
    while (rc >= 0 && *script) {
        sqlite3_stmt *statement = NULL;
        rc = prepare(connection, script, speaker, &statement, &script, error);
        if (rc == 0 && statement) /* NULL: blanks or a comment */
            while ((rc = connection_step(connection, statement, error)) > 0)
                ;
        sqlite3_finalize(statement);
    }
    return rc;
}

bool connection_idle(const struct connection *connection) {
    return sqlite3_get_autocommit(connection->handle);
}

bool connection_owes_keys(const struct connection *connection) {
    int open = 0, highest;
    sqlite3_db_status(connection->handle, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &highest, 0);
    return open > 0;
}
