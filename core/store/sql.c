/* What is the same over every database. Knows only sql.h. */
#include "core/store/sql.h"

#include <assert.h>

int sql_end(struct sql *sql, int rc, struct error *error) {
    if (rc < 0) {
        sql_rollback(sql);
        return rc;
    }
    int committed = sql_commit(sql, error);
    return committed < 0 ? committed : rc;
}

struct text sql_copy(const struct sql_rows *rows, int column, struct arena *arena) {
    struct text t = sql_text(rows, column);
    return t.at ? arena_text(arena, t) : TEXT_NONE;
}

/* Where `name` stands; 0 when nothing was run yet. */
static int reached(struct sql *sql, const char *name, int *number, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT number FROM schema_version WHERE name = $1", SQL_T(text_of(name)));
    if (rc == 0) rc = sql_next(&rows, error);
    *number = rc > 0 ? (int)sql_int(&rows, 0) : 0;
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

static int run(struct sql *sql, const char *name, const struct sql_migration *migration, struct error *error) {
    int rc = sql_begin(sql, error);
    if (rc < 0) return rc;
    rc = sql_script(sql, migration->script, error);
    if (rc == 0)
        rc = sql_run(sql, error,
                     "INSERT INTO schema_version (name, number) VALUES ($1, $2)"
                     " ON CONFLICT (name) DO UPDATE SET number = excluded.number",
                     SQL_T(text_of(name)), SQL_I(migration->number));
    rc = sql_end(sql, rc, error);
    return rc < 0 ? rc : 0;
}

int sql_migrate(struct sql *sql, const char *name, const struct sql_migration *list, size_t n, struct error *error) {
    for (size_t i = 1; i < n; i++) assert(list[i - 1].number < list[i].number);
    int number, rc = sql_script(sql, "CREATE TABLE IF NOT EXISTS " SQL_VERSION_TABLE, error);
    if (rc == 0) rc = reached(sql, name, &number, error);
    if (rc < 0) return rc;
    int newest = n ? list[n - 1].number : 0;
    if (number > newest)
        return error_set(error, ERR_VERSION,
                         "%s was made by a newer Parley: its `%s` tables are at version %d, this one knows up to %d; "
                         "start the newer one, or restore a backup made before it",
                         sql_path(sql), name, number, newest);
    for (size_t i = 0; i < n && rc == 0; i++)
        if (list[i].number > number) rc = run(sql, name, &list[i], error);
    return rc;
}
