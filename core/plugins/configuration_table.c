#include "core/plugins/configuration_table.h"

int configuration_table_each(struct sql *sql,
                             void (*each)(void *user, struct text plugin, struct text json, int64_t version),
                             void *user, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT plugin, value, version FROM plugin_configuration");
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0)
        each(user, sql_text(&rows, 0), sql_text(&rows, 1), sql_int(&rows, 2));
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

static int version_of(struct sql *sql, struct text plugin, int64_t *version, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT version FROM plugin_configuration WHERE plugin = $1", SQL_T(plugin));
    if (rc >= 0) rc = sql_next(&rows, error);
    *version = rc > 0 ? sql_int(&rows, 0) : 0;
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

int configuration_table_put(struct sql *sql, struct text plugin, struct text json, int64_t now, int64_t expected,
                            int64_t *version, struct error *error) {
    int64_t there;
    int rc = version_of(sql, plugin, &there, error);
    if (rc < 0) return rc;
    if (expected >= 0 && expected != there)
        return error_set(error, ERR_PRECONDITION, "the configuration of %.*s is at version %lld now, not %lld",
                         TEXT_ARGS(plugin), (long long)there, (long long)expected);
    *version = there + 1;
    rc = sql_run(sql, error,
                 "INSERT INTO plugin_configuration (plugin, value, version, changed) VALUES ($1, $2, $3, $4) "
                 "ON CONFLICT (plugin) DO UPDATE SET value = excluded.value, version = excluded.version, "
                 "changed = excluded.changed",
                 SQL_T(plugin), SQL_T(json), SQL_I(*version), SQL_I(now));
    return rc < 0 ? rc : 0;
}
