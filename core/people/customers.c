#include "core/people/customers.h"

#include <stdlib.h>

/* --- traits --- */

static int by_name(const void *a, const void *b) {
    return text_cmp(((const struct trait *)a)->name, ((const struct trait *)b)->name);
}

/* Whether `a` is what counts where both say the same fact. */
static bool wins(const struct trait *a, const struct trait *b) {
    return a->source != b->source ? a->source == TRAIT_STAFF : a->at > b->at;
}

static void add(struct buffer *found, const struct trait *trait) {
    struct trait *all = (struct trait *)found->at;
    for (size_t i = 0; i < found->n / sizeof *all; i++)
        if (text_eq(all[i].name, trait->name)) {
            if (wins(trait, &all[i])) all[i] = *trait;
            return;
        }
    buffer_put(found, trait, sizeof *trait);
}

static int read_key(struct sql *sql, struct arena *arena, struct text key, struct buffer *found, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT name, value, at, source FROM trait WHERE customer = $1", SQL_T(key));
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) {
        struct trait trait = {sql_copy(&rows, 0, arena), sql_copy(&rows, 1, arena), sql_int(&rows, 2),
                              (enum trait_source)sql_int(&rows, 3)};
        add(found, &trait);
    }
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

int customers_traits(struct sql *sql, struct arena *arena, const struct text *keys, size_t n, struct trait **traits,
                     size_t *traits_n, struct error *error) {
    struct buffer found = {0};
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) rc = read_key(sql, arena, keys[i], &found, error);
    const struct trait *all = (const struct trait *)found.at;
    size_t all_n = found.n / sizeof *all;
    *traits = arena_array(arena, struct trait, all_n + 1);
    *traits_n = 0;
    for (size_t i = 0; i < all_n; i++)
        if (!text_is(all[i].value, "null")) (*traits)[(*traits_n)++] = all[i];
    buffer_free(&found);
    qsort(*traits, *traits_n, sizeof **traits, by_name);
    return rc;
}

/* Whether there is room for one more name; the name that is there already needs none. */
static int has_room(struct sql *sql, struct text key, struct text name, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT count(*) FROM trait WHERE customer = $1 AND name <> $2", SQL_T(key),
                       SQL_T(name));
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) rc = sql_int(&rows, 0) < TRAITS_MOST;
    sql_done(&rows);
    return rc;
}

int customers_tell(struct sql *sql, struct text key, const struct trait *trait, struct error *error) {
    int rc = has_room(sql, key, trait->name, error);
    if (rc <= 0) return rc;
    return sql_run(sql, error,
                   "INSERT INTO trait (customer, name, source, value, at) VALUES ($1, $2, $3, $4, $5)"
                   " ON CONFLICT (customer, name, source) DO UPDATE SET value = excluded.value, at = excluded.at"
                   " WHERE excluded.at >= trait.at",
                   SQL_T(key), SQL_T(trait->name), SQL_I(trait->source), SQL_T(trait->value), SQL_I(trait->at));
}

int customers_lift(struct sql *sql, const struct text *keys, size_t n, struct text name, struct error *error) {
    int rc = 0;
    for (size_t i = 0; i < n && rc >= 0; i++)
        rc = sql_run(sql, error, "DELETE FROM trait WHERE customer = $1 AND name = $2 AND source = 1", SQL_T(keys[i]),
                     SQL_T(name));
    return rc < 0 ? rc : 0;
}

/* --- unread marks --- */

int customers_seen(struct sql *sql, struct arena *arena, const struct text *keys, size_t n, struct seen_mark *mark,
                   struct error *error) {
    int rc = 0;
    *mark = (struct seen_mark){0};
    for (size_t i = 0; i < n && rc >= 0; i++) {
        struct sql_rows rows;
        rc = sql_query(sql, &rows, error, "SELECT seq, at, actor FROM seen_mark WHERE customer = $1", SQL_T(keys[i]));
        if (rc == 0) rc = sql_next(&rows, error);
        if (rc > 0 && sql_int(&rows, 0) > mark->seq)
            *mark = (struct seen_mark){sql_int(&rows, 0), sql_int(&rows, 1), sql_copy(&rows, 2, arena)};
        sql_done(&rows);
    }
    return rc < 0 ? rc : 0;
}

int customers_see(struct sql *sql, struct text key, const struct seen_mark *mark, struct error *error) {
    int rc =
        sql_run(sql, error,
                "INSERT INTO seen_mark (customer, seq, at, actor) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (customer) DO UPDATE SET seq = excluded.seq, at = excluded.at, actor = excluded.actor"
                " WHERE excluded.seq > seen_mark.seq",
                SQL_T(key), SQL_I(mark->seq), SQL_I(mark->at), SQL_T(mark->by));
    return rc < 0 ? rc : 0;
}

/* --- forgetting --- */

int customers_forget(struct sql *sql, const struct text *keys, size_t n, struct error *error) {
    static const char *const statements[] = {
        "DELETE FROM trait WHERE customer = $1",      "DELETE FROM customer_word WHERE customer = $1",
        "DELETE FROM preference WHERE customer = $1", "DELETE FROM seen_mark WHERE customer = $1",
        "DELETE FROM contact WHERE customer = $1",
    };
    int rows = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t s = 0; s < sizeof statements / sizeof *statements; s++) {
            int rc = sql_run(sql, error, statements[s], SQL_T(keys[i]));
            if (rc < 0) return rc;
            rows += rc;
        }
    return rows;
}
