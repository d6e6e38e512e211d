/* The uploaded ids of segments: kept in rows of their own, named by digest in the segment's body. */
#include "experiments/model/catalogue_internal.h"

/* ---- rows ---- */

static int read_row(struct sql *sql, struct text segment, struct text digest, struct id_list **list,
                    struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT ids FROM segment_list WHERE segment = $1 AND digest = $2",
                       SQL_T(segment), SQL_T(digest));
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0 && !(*list = id_list_read(sql_text(&rows, 0))))
        rc = error_set(error, ERR_CORRUPT, "the ids of segment '%.*s' are damaged", TEXT_ARGS(segment));
    sql_done(&rows);
    return rc;
}

int catalogue_load_list(struct sql *sql, struct text segment, const json_t *body, struct id_list **list,
                        struct error *error) {
    const json_t *digest = json_object_get(json_object_get(body, "list"), "digest");
    *list = NULL;
    if (!digest) return 0;
    struct text name = text_n(json_string_value(digest), json_string_length(digest));
    int rc = read_row(sql, segment, name, list, error);
    if (rc != 0) return rc < 0 ? rc : 0;
    return error_set(
        error, ERR_GONE,
        "/list/digest: the ids of list %.*s are not kept here; leave digest and count out and upload the ids",
        TEXT_ARGS(name));
}

/* The newest KEPT_LISTS stay. */
static int write_row(struct sql *sql, struct text segment, struct text digest, const struct id_list *list,
                     int64_t revision, struct error *error) {
    int rc = sql_run(sql, error,
                     "INSERT INTO segment_list (segment, digest, n, used, ids) VALUES ($1, $2, $3, $4, $5)"
                     " ON CONFLICT (segment, digest) DO UPDATE SET used = excluded.used",
                     SQL_T(segment), SQL_T(digest), SQL_I((int64_t)id_list_count(list)), SQL_I(revision),
                     SQL_B(id_list_stored(list)));
    if (rc < 0) return rc;
    rc = sql_run(sql, error,
                 "DELETE FROM segment_list WHERE segment = $1 AND digest NOT IN"
                 " (SELECT digest FROM segment_list WHERE segment = $1 ORDER BY used DESC LIMIT $2)",
                 SQL_T(segment), SQL_I(KEPT_LISTS));
    return rc < 0 ? rc : 0;
}

/* ---- changes ---- */

void catalogue_settle_list(const struct catalogue *c, struct segment *segment) {
    const struct entry *entry = catalogue_find(c, DEFINITION_SEGMENT, segment->key);
    const json_t *list = entry ? json_object_get(entry->body, "list") : NULL;
    if (segment->condition || segment->digest.n) return;
    const json_t *digest = json_object_get(list, "digest");
    segment->digest = text_n(json_string_value(digest), json_string_length(digest));
    segment->count = json_integer_value(json_object_get(list, "count"));
}

static struct id_list *changed(const struct id_list *was, enum list_change how, const struct id_list *ids) {
    switch (how) {
    case LIST_ADD: return id_list_union(was, ids);
    case LIST_REMOVE: return id_list_difference(was, ids);
    case LIST_REPLACE: break;
    }
    return id_list_union(ids, NULL);
}

int catalogue_list_change(struct catalogue *c, const struct change *change, enum list_change how,
                          const struct id_list *ids, struct error *error) {
    static const char *const actions[] = {"replace ids", "add ids", "remove ids"};
    const struct entry *entry = catalogue_find(c, DEFINITION_SEGMENT, change->key);
    if (!entry) return catalogue_missing(DEFINITION_SEGMENT, change->key, error);
    if (!json_object_get(entry->body, "list"))
        return error_set(error, ERR_CONFLICT,
                         "segment '%.*s' is a condition, not a list: write \"list\":{} in place of \"if\"",
                         TEXT_ARGS(change->key));
    struct id_list *list = changed(entry->list, how, ids);
    char digest[ID_LIST_DIGEST];
    id_list_digest(list, digest);
    if (id_list_count(list) > IDS_MOST) {
        int rc =
            error_set(error, ERR_TOO_LARGE, "the list would have %zu ids; at most %d", id_list_count(list), IDS_MOST);
        id_list_release(list);
        return rc;
    }
    struct draft draft;
    draft_begin(&draft, c, change, actions[how]);
    draft.note = arena_printf(&draft.arena, "%zu ids sent; %zu before, %zu now", id_list_count(ids),
                              id_list_count(entry->list), id_list_count(list));
    json_t *body = json_deep_copy(entry->body), *named = json_object_get(body, "list");
    json_object_set_new(named, "count", json_integer((json_int_t)id_list_count(list)));
    json_object_set_new(named, "digest", json_string(digest));
    draft_body(&draft, DEFINITION_SEGMENT, change->key, body, change->if_match);
    draft_list(&draft, change->key, list);
    int rc = write_row(c->sql, change->key, text_of(digest), list, c->snapshot->revision + 1, error);
    if (rc == 0) return draft_commit(&draft, error);
    draft_end(&draft);
    return rc;
}
