/* Stored looks: put, listed, and picked for a report. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "experiments/judge/looks.h"

int looks_put(struct sql *sql, struct text salt, struct text experiment, int64_t at, struct text document,
              struct error *error) {
    int rc = sql_run(sql, error,
                     "INSERT INTO experiment_look (salt, at, experiment, document) VALUES ($1, $2, $3, $4)"
                     " ON CONFLICT (salt, at) DO NOTHING",
                     SQL_T(salt), SQL_I(at), SQL_T(experiment), SQL_T(document));
    return rc < 0 ? rc : 0;
}

int looks_list(struct sql *sql, struct text salt, int64_t before, size_t limit, struct json_writer *w,
               struct error *error) {
    struct sql_rows rows;
    size_t n = 0;
    int64_t last = 0;
    char cursor[24];
    json_open_object(w);
    json_key(w, TEXT("items"));
    json_open_array(w);
    int rc = sql_query(sql, &rows, error,
                       "SELECT at, document FROM experiment_look WHERE salt = $1 AND at < $2 ORDER BY at DESC LIMIT $3",
                       SQL_T(salt), SQL_I(before ? before : INT64_MAX), SQL_I((int64_t)limit + 1));
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0 && n < limit) {
        json_raw(w, sql_text(&rows, 1));
        last = sql_int(&rows, 0);
        n++;
    }
    bool more = rc > 0;
    sql_done(&rows);
    json_close_array(w);
    json_key(w, TEXT("next"));
    snprintf(cursor, sizeof cursor, "%lld", (long long)last);
    more ? json_text(w, text_of(cursor)) : json_nil(w);
    json_close_object(w);
    return rc < 0 ? rc : 0;
}

/* ---- one a day, for people ---- */

static double number_of(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static struct text copy_of(const json_t *object, const char *name, struct arena *arena) {
    const char *value = json_string_value(json_object_get(object, name));
    return value ? arena_text(arena, text_of(value)) : TEXT_NONE;
}

/* The figures of the primary metric, by treatment. */
static void read_primary(struct look_seen *seen, const json_t *metrics, struct arena *arena) {
    struct look_effect *effects = arena_array(arena, struct look_effect, json_array_size(metrics) + 1);
    const json_t *of;
    size_t i;
    json_array_foreach(metrics, i, of) {
        const json_t *relative = json_object_get(of, "relative");
        if (!text_is(copy_of(of, "role", arena), judgement_roles[ROLE_PRIMARY])) continue;
        effects[seen->n++] = (struct look_effect){.variant = copy_of(of, "variant", arena),
                                                  .estimate = number_of(relative, "estimate"),
                                                  .low = number_of(relative, "low"),
                                                  .high = number_of(relative, "high"),
                                                  .p = number_of(of, "p"),
                                                  .least = number_of(of, "least")};
    }
    seen->effects = effects;
}

static void read_seen(struct look_seen *seen, struct text document, struct arena *arena) {
    json_t *json = json_loadb(document.at, document.n, 0, NULL), *units;
    const char *variant;
    *seen = (struct look_seen){.call = copy_of(json_object_get(json, "verdict"), "call", arena)};
    clock_parse(copy_of(json, "at", arena), &seen->at);
    json_object_foreach(json_object_get(json, "units"), variant, units) {
        seen->units += json_integer_value(units);
    }
    read_primary(seen, json_object_get(json, "metrics"), arena);
    json_decref(json);
}

int looks_daily(struct sql *sql, struct text salt, size_t most, struct look_days *days, struct arena *arena,
                struct error *error) {
    struct sql_rows rows;
    struct look_seen *items = arena_array(arena, struct look_seen, most);
    *days = (struct look_days){.items = items};
    int rc = sql_query(sql, &rows, error,
                       "SELECT document FROM experiment_look WHERE salt = $1 AND at IN (SELECT max(at) FROM "
                       "experiment_look WHERE salt = $1 GROUP BY at / 86400000) ORDER BY at DESC LIMIT $2",
                       SQL_T(salt), SQL_I((int64_t)most));
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) read_seen(&items[days->n++], sql_text(&rows, 0), arena);
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}
