#include "core/people/merge.h"

#include "core/base/buffer.h"

static int put(struct sql *sql, enum journal_kind kind, struct text unit, struct text other, int64_t at,
               struct error *error) {
    int rc = sql_run(sql, error, "INSERT INTO merge_outbox (kind, unit, other, at) VALUES ($1, $2, $3, $4)",
                     SQL_I(kind), SQL_T(unit), SQL_T(other), SQL_I(at));
    return rc < 0 ? rc : 0;
}

int merge_customers(struct sql *sql, struct arena *arena, struct text keep, struct text other, struct text actor,
                    int64_t at, struct identity_link *link, struct error *error) {
    int rc = identity_merge(sql, arena, keep, other, actor, at, link, error);
    return rc < 0 ? rc : put(sql, JOURNAL_ALIAS, link->parent, link->id, at, error);
}

/* The measures keep one flat list of a person's keys: each key that came with `id` leaves too, and joins it again. */
static int tell_parting(struct sql *sql, struct arena *arena, struct text from, struct text id, int64_t at,
                        struct error *error) {
    struct text *keys;
    size_t n;
    int rc = identity_keys(sql, arena, id, &keys, &n, error);
    if (rc == 0) rc = put(sql, JOURNAL_PART, from, id, at, error);
    for (size_t i = 0; i < n && rc == 0; i++) {
        if (text_eq(keys[i], id)) continue;
        rc = put(sql, JOURNAL_PART, from, keys[i], at, error);
        if (rc == 0) rc = put(sql, JOURNAL_ALIAS, id, keys[i], at, error);
    }
    return rc;
}

int merge_undo(struct sql *sql, struct arena *arena, struct text other, struct text actor, int64_t at,
               struct identity_link *link, struct error *error) {
    struct text root, *parts;
    size_t n;
    int rc = identity_root(sql, arena, other, &root, error);
    if (rc == 0) rc = identity_parts(sql, arena, other, &parts, &n, error);
    if (rc < 0) return rc;
    bool whole = text_eq(root, other);
    if (whole && n > 1)
        return error_set(error, ERR_CONFLICT, "%zu customers are merged into %.*s: un-merge one of them by its own id",
                         n, TEXT_ARGS(other));
    rc = identity_unmerge(sql, arena, whole && n == 1 ? parts[0] : other, actor, at, link, error);
    return rc < 0 ? rc : tell_parting(sql, arena, root, link->id, at, error);
}

int merge_untold(struct sql *sql, struct arena *arena, struct journal_record **records, size_t *n, int64_t *last,
                 struct error *error) {
    struct buffer found = {0};
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT id, kind, unit, other, at FROM merge_outbox ORDER BY id");
    *last = 0;
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) {
        *last = sql_int(&rows, 0);
        struct journal_record record = {
            .received = sql_int(&rows, 4),
            .at = sql_int(&rows, 4),
            .kind = (uint8_t)sql_int(&rows, 1),
            .actor = JOURNAL_STAFF,
            .flags = JOURNAL_KNOWN,
            .unit = sql_copy(&rows, 2, arena),
            .other = sql_copy(&rows, 3, arena),
            .message_id = arena_printf(arena, "merge:%lld:%lld", (long long)*last, (long long)sql_int(&rows, 4)),
            .body = TEXT("{}"),
        };
        buffer_put(&found, &record, sizeof record);
    }
    sql_done(&rows);
    *n = found.n / sizeof **records;
    *records = arena_array(arena, struct journal_record, *n + 1);
    if (*n) memcpy(*records, found.at, found.n);
    buffer_free(&found);
    return rc;
}

int merge_told(struct sql *sql, int64_t last, struct error *error) {
    int rc = sql_run(sql, error, "DELETE FROM merge_outbox WHERE id <= $1", SQL_I(last));
    return rc < 0 ? rc : 0;
}
