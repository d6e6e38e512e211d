#include "core/store/audit.h"

#include <assert.h>

int audit_write(struct sql *sql, const struct audit_entry *e, struct error *error) {
    int rc = sql_run(sql, error,
                     "INSERT INTO audit (id, at, actor, action, kind, key, version, before, after, note)"
                     " SELECT coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9 FROM audit",
                     SQL_I(e->at), SQL_T(e->actor), SQL_T(e->action), SQL_T(e->kind), SQL_T(e->key), SQL_I(e->version),
                     SQL_T_OR_NULL(e->before), SQL_T_OR_NULL(e->after), SQL_T_OR_NULL(e->note));
    return rc < 0 ? rc : 0;
}

#define SELECT "SELECT id, at, actor, action, kind, key, version, before, after, note FROM audit WHERE id < $1"
#define NEWEST " ORDER BY id DESC LIMIT $2"

/* Three statements, so that each goes by its index. */
static int query(struct sql *sql, struct sql_rows *rows, struct text kind, struct text key, int64_t before,
                 size_t limit, struct error *error) {
    assert(key.n == 0 || kind.n > 0);
    if (key.n)
        return sql_query(sql, rows, error, SELECT " AND kind = $3 AND key = $4" NEWEST, SQL_I(before), SQL_I(limit),
                         SQL_T(kind), SQL_T(key));
    if (kind.n)
        return sql_query(sql, rows, error, SELECT " AND kind = $3" NEWEST, SQL_I(before), SQL_I(limit), SQL_T(kind));
    return sql_query(sql, rows, error, SELECT NEWEST, SQL_I(before), SQL_I(limit));
}

static struct audit_entry read_entry(const struct sql_rows *rows, struct arena *arena) {
    return (struct audit_entry){
        .id = sql_int(rows, 0),
        .at = sql_int(rows, 1),
        .actor = sql_copy(rows, 2, arena),
        .action = sql_copy(rows, 3, arena),
        .kind = sql_copy(rows, 4, arena),
        .key = sql_copy(rows, 5, arena),
        .version = sql_int(rows, 6),
        .before = sql_copy(rows, 7, arena),
        .after = sql_copy(rows, 8, arena),
        .note = sql_copy(rows, 9, arena),
    };
}

int audit_list(struct sql *sql, struct arena *arena, struct text kind, struct text key, int64_t before, size_t limit,
               struct audit_page *page, struct error *error) {
    *page = (struct audit_page){.items = arena_array(arena, struct audit_entry, limit)};
    struct sql_rows rows;
    /* One more than asked for tells whether there is a next page. */
    int rc = query(sql, &rows, kind, key, before ? before : INT64_MAX, limit + 1, error);
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) {
        if (page->n == limit) {
            page->next = page->items[limit - 1].id;
            break;
        }
        page->items[page->n++] = read_entry(&rows, arena);
    }
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

int audit_after(struct sql *sql, struct arena *arena, int64_t after, size_t limit, struct audit_page *page,
                struct error *error) {
    *page = (struct audit_page){.items = arena_array(arena, struct audit_entry, limit)};
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error,
                       "SELECT id, at, actor, action, kind, key, version, before, after, note FROM audit WHERE id > $1"
                       " ORDER BY id LIMIT $2",
                       SQL_I(after), SQL_I((int64_t)limit));
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) page->items[page->n++] = read_entry(&rows, arena);
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

int audit_newest(struct sql *sql, int64_t *id, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT coalesce(max(id), 0) FROM audit");
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) *id = sql_int(&rows, 0);
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

int audit_since(struct sql *sql, struct arena *arena, int64_t after, struct audit_page *page, struct error *error) {
    int64_t newest = after;
    *page = (struct audit_page){0};
    int rc = audit_newest(sql, &newest, error);
    if (rc < 0 || newest <= after) return rc;
    return audit_list(sql, arena, TEXT_NONE, TEXT_NONE, 0, (size_t)(newest - after), page, error);
}
