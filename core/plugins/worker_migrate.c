#include "core/plugins/worker_migrate.h"

#include "core/plugins/worker_events.h"

static const struct parley_migration *migration(const struct parley_plugin *plugin, size_t i) {
    return (const void *)((const char *)plugin->migrations + i * plugin->migration_size);
}

/* The highest number that has run, and the highest of those that were breaking; 0 where there is none. */
static int reached(struct connection *sql, int *number, int *breaking, struct error *error) {
    sqlite3_stmt *query = connection_prepare(
        sql,
        "SELECT coalesce(max(number), 0), coalesce(max(CASE WHEN change = 1 THEN number END), 0) FROM parley_schema",
        SPEAKER_HOST, error);
    if (!query) return ERR_INTERNAL;
    int rc = connection_step(sql, query, error);
    if (rc < 0) return rc;
    *number = sqlite3_column_int(query, 0);
    *breaking = sqlite3_column_int(query, 1);
    sqlite3_reset(query);
    return 0;
}

#define COLUMNS                                                                                                        \
    "SELECT t.name AS in_table, c.name AS name FROM sqlite_schema t, pragma_table_info(t.name) c"                      \
    " WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'parley!_%' ESCAPE '!'"

/* What the release before reads and writes is still there: an additive migration keeps its word. */
static int check_additive(struct connection *sql, const struct parley_migration *migration, struct error *error) {
    sqlite3_stmt *lost = connection_prepare(
        sql, "SELECT in_table, name FROM temp.parley_before EXCEPT " COLUMNS " LIMIT 1", SPEAKER_HOST, error);
    int rc = lost ? connection_step(sql, lost, error) : ERR_INTERNAL;
    if (rc > 0) {
        rc = error_set(
            error, ERR_CONFLICT,
            "it says that it is additive, but takes away or renames %s.%s, which the release before uses: it is "
            "PARLEY_BREAKING, or must leave that alone (migration %d)",
            sqlite3_column_text(lost, 0), sqlite3_column_text(lost, 1), migration->number);
        sqlite3_reset(lost);
    }
    return rc;
}

static int run_script(struct connection *sql, const struct parley_migration *migration, struct error *error) {
    if (migration->change != PARLEY_ADDITIVE)
        return connection_script(sql, migration->script, SPEAKER_MIGRATION, error);
    int rc = connection_script(sql, "CREATE TEMP TABLE parley_before AS " COLUMNS, SPEAKER_HOST, error);
    if (rc == 0) rc = connection_script(sql, migration->script, SPEAKER_MIGRATION, error);
    if (rc == 0) rc = check_additive(sql, migration, error);
    if (rc == 0) rc = connection_script(sql, "DROP TABLE temp.parley_before", SPEAKER_HOST, error);
    return rc;
}

static int run_one(struct connection *sql, const struct parley_migration *migration, struct error *error) {
    int rc = run_script(sql, migration, error);
    if (rc < 0) return rc;
    sqlite3_stmt *note =
        connection_prepare(sql, "INSERT INTO parley_schema (number, change) VALUES ($1, $2)", SPEAKER_HOST, error);
    if (!note) return ERR_INTERNAL;
    sqlite3_bind_int(note, 1, migration->number);
    sqlite3_bind_int(note, 2, migration->change);
    return connection_step(sql, note, error);
}

static int run_missing(struct runtime *runtime, int from, int *to, struct error *error) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < runtime->plugin.migrations_n; i++) {
        const struct parley_migration *next = migration(&runtime->plugin, i);
        if (next->number <= from) continue;
        runtime->needs_alone = next->change == PARLEY_BREAKING && from > 0 && !database_take_alone(&runtime->database);
        if (runtime->needs_alone)
            return error_set(
                error, ERR_CONFLICT,
                "migration %d is breaking, and another release still works on this database: stop it first",
                next->number);
        rc = run_one(&runtime->database.writes, next, error);
        *to = next->number;
    }
    if (rc < 0 && error) {
        struct error why = *error;
        error_clear(error);
        error_set(error, why.code, "migration %d failed, nothing was changed: %.300s", *to, why.detail);
    }
    return rc;
}

/* One that was numbered after the fact would never run, and the release would miss what it makes. */
static int check_passed(struct runtime *runtime, int from, struct error *error) {
    int rc = 1;
    for (size_t i = 0; rc > 0 && i < runtime->plugin.migrations_n; i++) {
        int number = migration(&runtime->plugin, i)->number;
        if (number > from) return 0;
        sqlite3_stmt *query = connection_prepare(&runtime->database.writes,
                                                 "SELECT 1 FROM parley_schema WHERE number = $1", SPEAKER_HOST, error);
        if (!query) return ERR_INTERNAL;
        sqlite3_bind_int(query, 1, number);
        rc = connection_step(&runtime->database.writes, query, error);
        sqlite3_reset(query);
        if (rc == 0)
            return error_set(
                error, ERR_CONFLICT,
                "migration %d has never run on this plugin's data, but %d has, of another release: give it "
                "a number above that",
                number, from);
    }
    return rc < 0 ? rc : 0;
}

static int migrate_in_transaction(struct runtime *runtime, parley_call *call, struct error *error) {
    struct connection *sql = &runtime->database.writes;
    size_t n = runtime->plugin.migrations_n;
    int newest = n ? migration(&runtime->plugin, n - 1)->number : 0, from = 0, to, breaking = 0;
    int rc = outbox_prepare(&runtime->database, error);
    if (rc == 0) rc = events_prepare(runtime, error);
    if (rc == 0) rc = reached(sql, &from, &breaking, error);
    if (rc < 0) return rc;
    if (breaking > newest)
        return error_set(
            error, ERR_VERSION,
            "this plugin's data was changed by breaking migration %d of a later release; this one knows up to %d",
            breaking, newest);
    to = from;
    rc = check_passed(runtime, from, error);
    if (rc < 0) return rc;
    rc = run_missing(runtime, from, &to, error);
    if (rc < 0 || to == from || !runtime->plugin.migrate) return rc;
    call->sql = sql;
    if (runtime->plugin.migrate(call, from, to) < 0)
        return error_set(error, ERR_INVALID, "migrate() from %d to %d failed%s%.*s", from, to,
                         call->refusal.n ? ": " : "", TEXT_ARGS(call->refusal));
    return connection_idle(sql) ? error_set(error, ERR_INTERNAL, "migrate() ended the transaction") : 0;
}

int migrate(struct runtime *runtime, parley_call *call, struct error *error) {
    int rc = database_wait_begin(&runtime->database, error);
    if (rc < 0) return rc;
    rc = migrate_in_transaction(runtime, call, error);
    if (rc == 0)
        rc = database_commit(&runtime->database, error);
    else
        database_rollback(&runtime->database);
    database_share(&runtime->database);
    return rc;
}
