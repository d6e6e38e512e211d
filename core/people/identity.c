#include "core/people/identity.h"

#include "core/base/buffer.h"
#include "core/base/json_write.h"
#include "core/store/audit.h"

/* --- reading --- */

int identity_root(struct sql *sql, struct arena *arena, struct text id, struct text *root, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error,
                       "WITH RECURSIVE up (id, parent) AS (SELECT id, parent FROM identity WHERE id = $1"
                       " UNION SELECT i.id, i.parent FROM identity i JOIN up ON i.id = up.parent)"
                       " SELECT id FROM up WHERE id = parent",
                       SQL_T(id));
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc >= 0) *root = rc > 0 ? sql_copy(&rows, 0, arena) : arena_text(arena, id);
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

#define KEYS_OF                                                                                                        \
    "WITH RECURSIVE down (id) AS (SELECT CAST($1 AS TEXT)"                                                             \
    " UNION SELECT i.id FROM identity i JOIN down ON i.parent = down.id)"

/* The ids that a query about `id` gives. */
static int list(struct sql *sql, struct arena *arena, const char *query, struct text id, struct text **ids, size_t *n,
                struct error *error) {
    struct buffer found = {0};
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, query, SQL_T(id));
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) {
        struct text key = sql_copy(&rows, 0, arena);
        buffer_put(&found, &key, sizeof key);
    }
    sql_done(&rows);
    *n = found.n / sizeof **ids;
    *ids = arena_array(arena, struct text, *n);
    if (*n) memcpy(*ids, found.at, found.n);
    buffer_free(&found);
    return rc;
}

int identity_keys(struct sql *sql, struct arena *arena, struct text id, struct text **keys, size_t *n,
                  struct error *error) {
    struct text root;
    int rc = identity_root(sql, arena, id, &root, error);
    if (rc < 0) return rc;
    return list(sql, arena, KEYS_OF " SELECT id FROM down ORDER BY id <> $1, id", root, keys, n, error);
}

int identity_parts(struct sql *sql, struct arena *arena, struct text id, struct text **parts, size_t *n,
                   struct error *error) {
    return list(sql, arena, "SELECT id FROM identity WHERE parent = $1 AND id <> $1 AND known = 1 ORDER BY id", id,
                parts, n, error);
}

int identity_proposals(struct sql *sql, struct arena *arena, const struct identity_proposal *after, size_t limit,
                       struct identity_proposal **items, size_t *n, struct error *error) {
    struct sql_rows rows;
    *items = arena_array(arena, struct identity_proposal, limit);
    *n = 0;
    int rc = sql_query(sql, &rows, error,
                       "SELECT one, other, because, at FROM merge_proposal WHERE (one, other) > ($1, $2)"
                       " ORDER BY one, other LIMIT $3",
                       SQL_T(after ? after->one : TEXT("")), SQL_T(after ? after->other : TEXT("")), SQL_I(limit));
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0)
        (*items)[(*n)++] = (struct identity_proposal){.one = sql_copy(&rows, 0, arena),
                                                      .other = sql_copy(&rows, 1, arena),
                                                      .because = sql_copy(&rows, 2, arena),
                                                      .at = sql_int(&rows, 3)};
    sql_done(&rows);
    return rc;
}

/* 1 where there is a row of this key, else 0. */
static int is_there(struct sql *sql, struct text id, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT 1 FROM identity WHERE id = $1", SQL_T(id));
    if (rc == 0) rc = sql_next(&rows, error);
    sql_done(&rows);
    return rc;
}

/* --- joining --- */

static int insert(struct sql *sql, struct text id, struct text parent, struct text source, int64_t at,
                  struct error *error) {
    int rc = sql_run(sql, error,
                     "INSERT INTO identity (id, parent, known, at, source) VALUES ($1, $2, $3, $4, $5)"
                     " ON CONFLICT (id) DO NOTHING",
                     SQL_T(id), SQL_T(parent), SQL_I(text_eq(id, parent)), SQL_I(at), SQL_T(source));
    return rc < 0 ? rc : 0;
}

int identity_know(struct sql *sql, struct text id, struct text source, int64_t at, struct error *error) {
    return insert(sql, id, id, source, at, error);
}

static int propose(struct sql *sql, struct text a, struct text b, struct text because, int64_t at,
                   struct error *error) {
    bool ordered = text_cmp(a, b) < 0;
    int rc = sql_run(sql, error,
                     "INSERT INTO merge_proposal (one, other, because, at) VALUES ($1, $2, $3, $4)"
                     " ON CONFLICT (one, other) DO NOTHING",
                     SQL_T(ordered ? a : b), SQL_T(ordered ? b : a), SQL_T(because), SQL_I(at));
    return rc < 0 ? rc : IDENTITY_PROPOSED;
}

int identity_join(struct sql *sql, struct arena *arena, struct text anonymous, struct text known, struct text source,
                  int64_t at, struct identity_link *link, struct error *error) {
    struct text root, other;
    *link = (struct identity_link){anonymous, known};
    int rc = insert(sql, known, known, source, at, error); /* an id that is there keeps its place */
    if (rc < 0) return rc;
    int there = is_there(sql, anonymous, error);
    if (there < 0) return there;
    if (!there) {
        rc = insert(sql, anonymous, known, source, at, error);
        return rc < 0 ? rc : IDENTITY_JOINED;
    }
    rc = identity_root(sql, arena, known, &root, error);
    if (rc == 0) rc = identity_root(sql, arena, anonymous, &other, error);
    if (rc < 0) return rc;
    return text_eq(root, other) ? IDENTITY_UNCHANGED : propose(sql, root, other, anonymous, at, error);
}

/* --- merging --- */

/* Lets `link.id`, a customer, point to `link.parent`, and writes it down. */
static int point(struct sql *sql, struct identity_link link, struct text before, struct text action, struct text actor,
                 int64_t at, struct error *error) {
    int rc = sql_run(sql, error, "UPDATE identity SET parent = $2 WHERE id = $1", SQL_T(link.id), SQL_T(link.parent));
    if (rc < 0) return rc;
    struct buffer was = {0}, is = {0};
    json_escape(&was, before);
    json_escape(&is, link.parent);
    struct audit_entry entry = {.at = at,
                                .actor = actor,
                                .action = action,
                                .kind = TEXT("customer"),
                                .key = link.id,
                                .before = buffer_view(&was),
                                .after = buffer_view(&is)};
    rc = audit_write(sql, &entry, error);
    buffer_free(&was);
    buffer_free(&is);
    return rc;
}

int identity_merge(struct sql *sql, struct arena *arena, struct text keep, struct text other, struct text actor,
                   int64_t at, struct identity_link *link, struct error *error) {
    /* Customers who were never identified are known by nothing but their id. */
    int rc = insert(sql, keep, keep, actor, at, error);
    if (rc == 0) rc = insert(sql, other, other, actor, at, error);
    if (rc == 0) rc = identity_root(sql, arena, keep, &link->parent, error);
    if (rc == 0) rc = identity_root(sql, arena, other, &link->id, error);
    if (rc < 0) return rc;
    if (text_eq(link->id, link->parent))
        return error_set(error, ERR_CONFLICT, "%.*s and %.*s are one customer already", TEXT_ARGS(keep),
                         TEXT_ARGS(other));
    rc = sql_run(sql, error, "DELETE FROM merge_proposal WHERE (one = $1 AND other = $2) OR (one = $2 AND other = $1)",
                 SQL_T(link->id), SQL_T(link->parent));
    return rc < 0 ? rc : point(sql, *link, link->id, TEXT("merge"), actor, at, error);
}

int identity_unmerge(struct sql *sql, struct arena *arena, struct text other, struct text actor, int64_t at,
                     struct identity_link *link, struct error *error) {
    struct sql_rows rows;
    struct text parent = TEXT_NONE;
    int rc = sql_query(sql, &rows, error, "SELECT parent FROM identity WHERE id = $1 AND known = 1 AND parent <> id",
                       SQL_T(other));
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) parent = sql_copy(&rows, 0, arena);
    sql_done(&rows);
    if (rc < 0) return rc;
    if (rc == 0) return error_set(error, ERR_CONFLICT, "customer %.*s is not merged into another", TEXT_ARGS(other));
    *link = (struct identity_link){other, other};
    return point(sql, *link, parent, TEXT("unmerge"), actor, at, error);
}

int identity_forget(struct sql *sql, struct arena *arena, struct text id, struct error *error) {
    struct text root;
    int rc = identity_root(sql, arena, id, &root, error);
    if (rc == 0)
        rc = sql_run(sql, error,
                     KEYS_OF " DELETE FROM merge_proposal WHERE one IN (SELECT id FROM down)"
                             " OR other IN (SELECT id FROM down) OR because IN (SELECT id FROM down)",
                     SQL_T(root));
    if (rc >= 0)
        rc = sql_run(sql, error, KEYS_OF " DELETE FROM identity WHERE id IN (SELECT id FROM down)", SQL_T(root));
    return rc < 0 ? rc : 0;
}
