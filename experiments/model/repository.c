#include "experiments/model/repository.h"

#include "core/store/audit.h"

/* --- reading --- */

#define COLUMNS "SELECT d.kind, d.key, d.version, d.body, d.revision, d.at, d.actor, d.note FROM document d"
#define NEWEST  " JOIN document_current c ON c.kind = d.kind AND c.key = d.key AND c.version = d.version"
#define CURRENT COLUMNS NEWEST " WHERE c.deleted = 0"

static struct document read_document(const struct sql_rows *rows, struct arena *arena) {
    return (struct document){
        .kind = sql_copy(rows, 0, arena),
        .key = sql_copy(rows, 1, arena),
        .version = sql_int(rows, 2),
        .body = sql_copy(rows, 3, arena),
        .revision = sql_int(rows, 4),
        .at = sql_int(rows, 5),
        .actor = sql_copy(rows, 6, arena),
        .note = sql_copy(rows, 7, arena),
    };
}

int repository_get(struct sql *sql, struct arena *arena, struct text kind, struct text key, int64_t version,
                   struct document *document, struct error *error) {
    struct sql_rows rows;
    int rc = version ? sql_query(sql, &rows, error, COLUMNS " WHERE d.kind = $1 AND d.key = $2 AND d.version = $3",
                                 SQL_T(kind), SQL_T(key), SQL_I(version))
                     : sql_query(sql, &rows, error, CURRENT " AND c.kind = $1 AND c.key = $2", SQL_T(kind), SQL_T(key));
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) *document = read_document(&rows, arena);
    sql_done(&rows);
    if (rc < 0) return rc;
    if (rc == 0 && version)
        return error_set(error, ERR_NOT_FOUND, "%.*s `%.*s` has no version %lld", TEXT_ARGS(kind), TEXT_ARGS(key),
                         (long long)version);
    if (rc == 0) return error_set(error, ERR_NOT_FOUND, "there is no %.*s `%.*s`", TEXT_ARGS(kind), TEXT_ARGS(key));
    if (!document->body.at)
        return error_set(error, ERR_GONE, "version %lld of %.*s `%.*s` is its deletion", (long long)version,
                         TEXT_ARGS(kind), TEXT_ARGS(key));
    return 0;
}

/* Takes up to `limit` rows of a query that asked for one more, which tells whether there is more. */
static int read_page(struct sql_rows *rows, int rc, struct arena *arena, size_t limit, struct document_page *page,
                     struct error *error) {
    *page = (struct document_page){.items = arena_array(arena, struct document, limit)};
    while (rc >= 0 && (rc = sql_next(rows, error)) > 0) {
        if (page->n == limit) {
            page->more = true;
            break;
        }
        page->items[page->n++] = read_document(rows, arena);
    }
    sql_done(rows);
    return rc < 0 ? rc : 0;
}

int repository_list(struct sql *sql, struct arena *arena, struct text kind, struct text after, size_t limit,
                    struct document_page *page, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, CURRENT " AND c.kind = $1 AND c.key > $2 ORDER BY c.key LIMIT $3",
                       SQL_T(kind), SQL_T(after), SQL_I(limit + 1));
    return read_page(&rows, rc, arena, limit, page, error);
}

int repository_versions(struct sql *sql, struct arena *arena, struct text kind, struct text key, int64_t before,
                        size_t limit, struct document_page *page, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error,
                       COLUMNS " WHERE d.kind = $1 AND d.key = $2 AND d.version < $3 ORDER BY d.version DESC LIMIT $4",
                       SQL_T(kind), SQL_T(key), SQL_I(before ? before : INT64_MAX), SQL_I(limit + 1));
    rc = read_page(&rows, rc, arena, limit, page, error);
    if (rc == 0 && page->n == 0 && before == 0)
        rc = error_set(error, ERR_NOT_FOUND, "there is no %.*s `%.*s`", TEXT_ARGS(kind), TEXT_ARGS(key));
    return rc;
}

static int one_number(struct sql *sql, const char *query, int64_t *number, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, query);
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) *number = sql_int(&rows, 0);
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

int repository_all(struct sql *sql, struct arena *arena, struct document_page *page, int64_t *revision,
                   struct error *error) {
    int64_t n = 0;
    int rc = one_number(sql, "SELECT count(*) FROM document_current WHERE deleted = 0", &n, error);
    if (rc == 0) rc = repository_revision(sql, revision, error);
    if (rc < 0) return rc;
    struct sql_rows rows;
    rc = sql_query(sql, &rows, error, CURRENT " ORDER BY c.kind, c.key");
    return read_page(&rows, rc, arena, n, page, error);
}

int repository_revision(struct sql *sql, int64_t *revision, struct error *error) {
    return one_number(sql, "SELECT number FROM revision WHERE name = 'config'", revision, error);
}

/* --- changing --- */

/* What a change meets. */
struct present {
    int64_t version;  /* the newest, deletions included; 0: there never was one */
    struct text body; /* TEXT_NONE: nothing is there */
};

static int find_present(struct sql *sql, struct arena *arena, const struct document_change *change,
                        struct present *present, struct error *error) {
    struct sql_rows rows;
    *present = (struct present){0};
    int rc = sql_query(sql, &rows, error,
                       "SELECT d.version, d.body FROM document d" NEWEST " WHERE c.kind = $1 AND c.key = $2",
                       SQL_T(change->kind), SQL_T(change->key));
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) *present = (struct present){sql_int(&rows, 0), sql_copy(&rows, 1, arena)};
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

static int check(const struct document_change *change, const struct present *present, struct error *error) {
    struct text kind = change->kind, key = change->key;
    if (change->if_match == DOCUMENT_NEW && present->body.at)
        return error_set(error, ERR_CONFLICT, "there is a %.*s `%.*s` already", TEXT_ARGS(kind), TEXT_ARGS(key));
    if (change->if_match > 0 && !present->body.at)
        return error_set(error, ERR_PRECONDITION, "%.*s `%.*s` is no longer there", TEXT_ARGS(kind), TEXT_ARGS(key));
    if (change->if_match > 0 && change->if_match != present->version)
        return error_set(error, ERR_PRECONDITION, "%.*s `%.*s` is at version %lld now, not %lld", TEXT_ARGS(kind),
                         TEXT_ARGS(key), (long long)present->version, (long long)change->if_match);
    if (!change->body.at && !present->body.at)
        return error_set(error, ERR_NOT_FOUND, "there is no %.*s `%.*s`", TEXT_ARGS(kind), TEXT_ARGS(key));
    return 0;
}

static int audit(struct sql *sql, const struct change_set *set, const struct document_change *change,
                 const struct present *present, struct error *error) {
    struct text action = change->action;
    if (!action.n) action = !change->body.at ? TEXT("delete") : present->body.at ? TEXT("update") : TEXT("create");
    struct audit_entry entry = {.at = set->at,
                                .actor = set->actor,
                                .action = action,
                                .kind = change->kind,
                                .key = change->key,
                                .version = change->version,
                                .before = present->body,
                                .after = change->body,
                                .note = set->note};
    return audit_write(sql, &entry, error);
}

/* The new version and the pointer to it; the old one goes where only the newest is kept. */
static int store(struct sql *sql, const struct change_set *set, const struct document_change *change,
                 struct error *error) {
    int rc = 0;
    if (change->care != DOCUMENT_VERSIONS)
        rc = sql_run(sql, error, "DELETE FROM document WHERE kind = $1 AND key = $2", SQL_T(change->kind),
                     SQL_T(change->key));
    if (rc >= 0)
        rc = sql_run(sql, error,
                     "INSERT INTO document (kind, key, version, body, revision, at, actor, note)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                     SQL_T(change->kind), SQL_T(change->key), SQL_I(change->version), SQL_T_OR_NULL(change->body),
                     SQL_I(set->revision), SQL_I(set->at), SQL_T(set->actor), SQL_T_OR_NULL(set->note));
    if (rc >= 0)
        rc = sql_run(sql, error,
                     "INSERT INTO document_current (kind, key, version, deleted) VALUES ($1, $2, $3, $4)"
                     " ON CONFLICT (kind, key) DO UPDATE SET version = excluded.version, deleted = excluded.deleted",
                     SQL_T(change->kind), SQL_T(change->key), SQL_I(change->version), SQL_I(!change->body.at));
    return rc < 0 ? rc : 0;
}

/* One change. `*counted` once the set has its revision: the first change that counts takes it. */
static int apply(struct sql *sql, struct arena *arena, struct change_set *set, struct document_change *change,
                 bool *counted, struct error *error) {
    struct present present;
    int rc = find_present(sql, arena, change, &present, error);
    if (rc == 0) rc = check(change, &present, error);
    if (rc < 0) return rc;
    change->version = present.version;
    if (change->body.at && present.body.at && text_eq(change->body, present.body)) return 0;
    change->version++;
    if (change->care != DOCUMENT_RECORD && !*counted) {
        rc = sql_run(sql, error, "UPDATE revision SET number = number + 1 WHERE name = 'config'");
        if (rc < 0) return rc;
        set->revision++;
        *counted = true;
    }
    rc = store(sql, set, change, error);
    if (rc == 0 && change->care != DOCUMENT_RECORD) rc = audit(sql, set, change, &present, error);
    return rc;
}

int repository_write(struct sql *sql, struct change_set *set, struct error *error) {
    struct arena arena;
    arena_init(&arena, 1 << 14);
    bool counted = set->joins;
    int rc = repository_revision(sql, &set->revision, error);
    for (size_t i = 0; rc == 0 && i < set->n; i++) rc = apply(sql, &arena, set, &set->changes[i], &counted, error);
    arena_free(&arena);
    return rc;
}

int repository_change(struct sql *sql, struct change_set *set, struct error *error) {
    int rc = sql_begin(sql, error);
    if (rc < 0) return rc;
    return sql_end(sql, repository_write(sql, set, error), error);
}
