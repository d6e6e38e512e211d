#include "core/plugins/worker_outbox.h"

#include "core/plugins/frames.h"

int outbox_prepare(struct database *database, struct error *error) {
    /* parley_next is the number of the next effect: none is given twice, so that parleyd knows one that it is sent again. It is
     * written once a transaction, where AUTOINCREMENT would write it for every row. */
    return connection_script(
        &database->writes,
        "CREATE TABLE IF NOT EXISTS parley_schema (number INTEGER PRIMARY KEY, change INTEGER NOT NULL);"
        "CREATE TABLE IF NOT EXISTS parley_outbox (number INTEGER PRIMARY KEY, worker INTEGER NOT NULL, effect TEXT "
        "NOT NULL);"
        "CREATE TABLE IF NOT EXISTS parley_next (number INTEGER NOT NULL);"
        "INSERT INTO parley_next SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM parley_next);"
        "CREATE TABLE IF NOT EXISTS parley_position (seq INTEGER NOT NULL);"
        "CREATE TABLE IF NOT EXISTS parley_timer (name TEXT PRIMARY KEY, at INTEGER NOT NULL);"
        "CREATE INDEX IF NOT EXISTS parley_timer_at ON parley_timer (at)",
        SPEAKER_HOST, error);
}

static void bind_text(sqlite3_stmt *statement, int at, struct text t) {
    sqlite3_bind_text(statement, at, t.at ? t.at : "", (int)t.n, SQLITE_STATIC);
}

static int read_next(struct outbox *outbox, struct database *database, struct error *error) {
    sqlite3_stmt *read = connection_prepare(&database->writes, "SELECT number FROM parley_next", SPEAKER_HOST, error);
    if (!read) return ERR_INTERNAL;
    int rc = connection_step(&database->writes, read, error);
    if (rc <= 0) return rc < 0 ? rc : error_set(error, ERR_CORRUPT, "parley_next has no row");
    outbox->next = sqlite3_column_int64(read, 0);
    sqlite3_reset(read);
    return 0;
}

int outbox_add(struct outbox *outbox, struct database *database, struct text effect, struct buffer *frames,
               struct error *error) {
    int rc = outbox->next ? 0 : read_next(outbox, database, error);
    if (rc == 0) frame_put(frames, FRAME_EFFECT, (uint64_t)outbox->next++, effect);
    return rc;
}

/* The group's frames as one row, under the number of the last. */
static int write_frames(struct outbox *outbox, struct database *database, struct text frames, struct error *error) {
    sqlite3_stmt *insert =
        connection_prepare(&database->writes, "INSERT INTO parley_outbox (number, worker, effect) VALUES ($1, $2, $3)",
                           SPEAKER_HOST, error);
    if (!insert) return ERR_INTERNAL;
    sqlite3_bind_int64(insert, 1, outbox->next - 1);
    sqlite3_bind_int64(insert, 2, outbox->worker);
    sqlite3_bind_blob(insert, 3, frames.at, (int)frames.n, SQLITE_STATIC);
    return connection_step(&database->writes, insert, error);
}

int outbox_settle(struct outbox *outbox, struct database *database, struct text frames, struct error *error) {
    if (!outbox->next) return 0;
    int rc = frames.n ? write_frames(outbox, database, frames, error) : 0;
    if (rc < 0) return rc;
    sqlite3_stmt *write =
        connection_prepare(&database->writes, "UPDATE parley_next SET number = $1", SPEAKER_HOST, error);
    if (!write) return ERR_INTERNAL;
    sqlite3_bind_int64(write, 1, outbox->next);
    if (frames.n) outbox->last = (uint64_t)outbox->next - 1;
    outbox->next = 0;
    return connection_step(&database->writes, write, error);
}

int outbox_resend(struct outbox *outbox, struct database *database, struct buffer *frames, struct error *error) {
    sqlite3_stmt *all = connection_prepare(&database->reads, "SELECT number, effect FROM parley_outbox ORDER BY number",
                                           SPEAKER_HOST, error);
    int rc = all ? 0 : ERR_INTERNAL;
    while (all && (rc = connection_step(&database->reads, all, error)) > 0) {
        outbox->resent = (uint64_t)sqlite3_column_int64(all, 0);
        struct text effect = text_n(sqlite3_column_blob(all, 1), (size_t)sqlite3_column_bytes(all, 1));
        if (sqlite3_column_type(all, 1) == SQLITE_TEXT) /* by a worker of Parley 0.1.0: one effect, as JSON */
            frame_put(frames, FRAME_EFFECT, outbox->resent, effect);
        else
            buffer_text(frames, effect);
    }
    return rc;
}

/* 1 where no row is left, 0 where there are some, or negative. */
static int is_empty(struct database *database, struct error *error) {
    sqlite3_stmt *first =
        connection_prepare(&database->writes, "SELECT 1 FROM parley_outbox LIMIT 1", SPEAKER_HOST, error);
    if (!first) return ERR_INTERNAL;
    int rc = connection_step(&database->writes, first, error);
    sqlite3_reset(first);
    return rc < 0 ? rc : rc == 0;
}

int outbox_sweep(struct outbox *outbox, struct database *database, struct error *error) {
    sqlite3_stmt *sweep = connection_prepare(
        &database->writes, "DELETE FROM parley_outbox WHERE number <= $1 AND (worker = $2 OR number <= $3)",
        SPEAKER_HOST, error);
    if (!sweep) return ERR_INTERNAL;
    uint64_t upto = outbox->kept;
    sqlite3_bind_int64(sweep, 1, (int64_t)upto);
    sqlite3_bind_int64(sweep, 2, outbox->worker);
    sqlite3_bind_int64(sweep, 3, (int64_t)outbox->resent);
    int rc = connection_step(&database->writes, sweep, error);
    if (rc < 0) return rc;
    outbox->swept = upto;
    if (!outbox->forgot) return 0;
    database->forgot = true;
    rc = is_empty(database, error);
    outbox->forgot = rc == 0;
    return rc < 0 ? rc : 0;
}

int timer_set(struct database *database, struct text name, int64_t at, struct error *error) {
    sqlite3_stmt *set = connection_prepare(&database->writes,
                                           "INSERT INTO parley_timer (name, at) VALUES ($1, $2)"
                                           " ON CONFLICT (name) DO UPDATE SET at = excluded.at",
                                           SPEAKER_HOST, error);
    if (!set) return ERR_INTERNAL;
    bind_text(set, 1, name);
    sqlite3_bind_int64(set, 2, at);
    return connection_step(&database->writes, set, error);
}

int timer_take(struct database *database, struct text name, int64_t now, struct error *error) {
    sqlite3_stmt *take = connection_prepare(&database->writes, "DELETE FROM parley_timer WHERE name = $1 AND at <= $2",
                                            SPEAKER_HOST, error);
    if (!take) return ERR_INTERNAL;
    bind_text(take, 1, name);
    sqlite3_bind_int64(take, 2, now);
    int rc = connection_step(&database->writes, take, error);
    return rc < 0 ? rc : sqlite3_changes(database->writes.handle) > 0;
}

int timer_first(struct database *database, struct buffer *name, int64_t *at, struct error *error) {
    sqlite3_stmt *first = connection_prepare(&database->reads, "SELECT name, at FROM parley_timer ORDER BY at LIMIT 1",
                                             SPEAKER_HOST, error);
    if (!first) return ERR_INTERNAL;
    int rc = connection_step(&database->reads, first, error);
    if (rc > 0) {
        buffer_clear(name);
        buffer_put(name, sqlite3_column_text(first, 0), (size_t)sqlite3_column_bytes(first, 0));
        *at = sqlite3_column_int64(first, 1);
        sqlite3_reset(first);
    }
    return rc;
}
