#include "experiments/judge/looks.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/map.h"
#include "core/base/memory.h"
#include "experiments/model/lifecycle.h"

/* ---- writing ---- */

static void write_units(struct json_writer *w, const struct judgement *j) {
    const struct measure_results *r = j->results;
    json_key(w, TEXT("units"));
    json_open_object(w);
    for (uint32_t a = 0; a < r->n_arms; a++) {
        int64_t n = 0;
        for (uint32_t e = 0; e < r->n_epochs; e++) n += j->group->units[(size_t)e * r->n_arms + a];
        json_key(w, r->experiment->state.arms[a]);
        json_int(w, n);
    }
    json_close_object(w);
}

static void write_cap(struct json_writer *w, struct measure_frozen cap) {
    json_open_object(w);
    json_put_text(w, "metric", cap.metric);
    json_put_double(w, "p", cap.p);
    json_put_double(w, "value", cap.value);
    json_put_time(w, "asOf", cap.as_of);
    json_close_object(w);
}

static bool is_frozen(const struct measure_frozen_caps *caps, const struct metric *metric) {
    for (size_t i = 0; i < caps->n; i++)
        if (text_eq(caps->items[i].metric, metric->key) && caps->items[i].p == metric->cap) return true;
    return false;
}

/* Those that are frozen stay; a sequential verdict freezes the others at the first look at which they are above 0. */
static void write_caps(struct json_writer *w, const struct measure_results *r, const struct measure_frozen_caps *caps) {
    json_key(w, TEXT("caps"));
    json_open_array(w);
    for (size_t i = 0; i < caps->n; i++) write_cap(w, caps->items[i]);
    for (uint32_t i = 0; r->experiment->definition.method == METHOD_SEQUENTIAL && i < r->n_metrics; i++) {
        const struct metric *metric = r->metrics[i];
        if (r->caps[i].value > 0 && !is_frozen(caps, metric))
            write_cap(w, (struct measure_frozen){metric->key, metric->cap, r->caps[i].value, r->caps[i].as_of});
    }
    json_close_array(w);
}

static void write_figures(struct json_writer *w, const struct judgement *j, const struct judged_metric *m,
                          uint32_t arm) {
    const struct judged_arm *a = &m->arms[arm];
    json_open_object(w);
    json_put_text(w, "metric", j->results->metrics[m->metric]->key);
    json_put_text(w, "role", text_of(judgement_roles[m->role]));
    json_put_text(w, "variant", j->results->experiment->state.arms[arm]);
    json_put_int(w, "n", (int64_t)a->is.n);
    json_put_double(w, "estimate", a->is.estimate);
    json_put_double(w, "se", a->is.se);
    json_put_double(w, "low", a->is.shown.low);
    json_put_double(w, "high", a->is.shown.high);
    json_put_double(w, "p", a->p_now);
    json_put_double(w, "least", a->is.sequential.p);
    json_key(w, TEXT("relative"));
    json_open_object(w);
    json_put_double(w, "estimate", a->is.relative.estimate);
    json_put_double(w, "low", a->is.relative.low);
    json_put_double(w, "high", a->is.relative.high);
    json_close_object(w);
    json_close_object(w);
}

static void write_metrics(struct json_writer *w, const struct judgement *j) {
    json_key(w, TEXT("metrics"));
    json_open_array(w);
    for (uint32_t i = 0; i < j->n; i++)
        for (uint32_t a = 0; a < j->results->n_arms; a++)
            if (j->metrics[i].arms[a].compared) write_figures(w, j, &j->metrics[i], a);
    json_close_array(w);
}

int64_t look_changed_at(const struct judgement *j, const struct look *before, int64_t at) {
    bool same = before && before->newest == j->results->newest && before->units == judgement_units(j);
    return same ? before->changed_at : at;
}

void look_write(const struct judgement *j, const struct look *before, int64_t at, struct json_writer *w) {
    static const struct measure_frozen_caps none = {0};
    const struct measure_results *r = j->results;
    char shape[20];
    snprintf(shape, sizeof shape, "%016llx", (unsigned long long)r->shape);
    json_open_object(w);
    json_put_time(w, "at", at);
    json_put_time(w, "changedAt", look_changed_at(j, before, at));
    json_put_int(w, "newest", r->newest);
    json_put_text(w, "shape", text_of(shape));
    json_put_double(w, "alpha", judgement_alpha(j));
    write_units(w, j);
    json_key(w, TEXT("srm"));
    json_open_object(w);
    json_put_double(w, "p", j->srm.p);
    json_put_double(w, "anytimeP", j->srm_anytime.p);
    json_close_object(w);
    json_put_bool(w, "harmExcluded", judgement_harm_excluded(j, NULL, NULL));
    write_caps(w, r, look_past(before, r) ? &before->caps : &none);
    write_metrics(w, j);
    json_key(w, TEXT("verdict"));
    json_open_object(w);
    json_put_text(w, "call", text_of(judgement_calls[j->call]));
    if (j->arm >= 0) json_put_text(w, "variant", r->experiment->state.arms[j->arm]);
    json_close_object(w);
    json_close_object(w);
}

/* ---- reading ---- */

static struct text member_text(const json_t *object, const char *name, struct arena *arena) {
    const char *value = json_string_value(json_object_get(object, name));
    return value ? arena_text(arena, text_of(value)) : TEXT_NONE;
}

/* What does not exist was written as null. */
static double member_number(const json_t *object, const char *name, double otherwise) {
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

static void read_figures(struct look *look, const json_t *metrics, struct arena *arena) {
    struct judged_before *items = arena_array(arena, struct judged_before, json_array_size(metrics) + 1);
    const json_t *figures;
    size_t i;
    json_array_foreach(metrics, i, figures) {
        struct text role = member_text(figures, "role", arena);
        struct judged_before *item = &items[look->past.n++];
        while (!text_is(role, judgement_roles[item->role]) && item->role < ROLE_GUARDRAIL) item->role++;
        item->metric = member_text(figures, "metric", arena);
        item->variant = member_text(figures, "variant", arena);
        item->p = member_number(figures, "least", 1);
    }
    look->past.items = items;
}

static void read_caps(struct look *look, const json_t *caps, struct arena *arena) {
    struct measure_frozen *items = arena_array(arena, struct measure_frozen, json_array_size(caps) + 1);
    const json_t *cap;
    size_t i;
    json_array_foreach(caps, i, cap) {
        struct measure_frozen *item = &items[look->caps.n++];
        *item = (struct measure_frozen){member_text(cap, "metric", arena), member_number(cap, "p", 0),
                                        member_number(cap, "value", 0), 0};
        clock_parse(member_text(cap, "asOf", arena), &item->as_of);
    }
    look->caps.items = items;
}

int look_parse(struct look *look, struct text document, struct arena *arena, struct error *error) {
    json_t *json = json_loadb(document.at, document.n, 0, NULL);
    *look = (struct look){0};
    if (!json_is_object(json) || !clock_parse(member_text(json, "at", arena), &look->at)) {
        json_decref(json);
        return error_set(error, ERR_CORRUPT, "a stored look is no look: %.*s", (int)(document.n < 80 ? document.n : 80),
                         document.at);
    }
    look->changed_at = look->at;
    clock_parse(member_text(json, "changedAt", arena), &look->changed_at);
    look->newest = json_integer_value(json_object_get(json, "newest"));
    const char *variant;
    json_t *units;
    json_object_foreach(json_object_get(json, "units"), variant, units) {
        look->units += json_integer_value(units);
    }
    look->harm_excluded = json_is_true(json_object_get(json, "harmExcluded"));
    look->call = member_text(json_object_get(json, "verdict"), "call", arena);
    look->alpha = member_number(json, "alpha", 0);
    look->past.srm_p = member_number(json_object_get(json, "srm"), "anytimeP", 1);
    const char *shape = json_string_value(json_object_get(json, "shape"));
    look->caps.shape = shape ? strtoull(shape, NULL, 16) : 0;
    read_figures(look, json_object_get(json, "metrics"), arena);
    read_caps(look, json_object_get(json, "caps"), arena);
    json_decref(json);
    return 0;
}

const struct judged_past *look_past(const struct look *look, const struct measure_results *r) {
    double alpha = r->experiment->definition.alpha > 0 ? r->experiment->definition.alpha : 0.05;
    return look && look->caps.shape == r->shape && look->alpha == alpha ? &look->past : NULL;
}

/* ---- the latest of each ---- */

struct looks {
    struct map by_salt; /* -> struct kept */
};

struct kept {
    struct look look;
    struct arena arena; /* of everything in the look */
    char salt[];
};

struct looks *looks_new(void) {
    return memory_new(struct looks);
}

void looks_free(struct looks *looks) {
    if (!looks) return;
    for (struct map_entry *e = map_next(&looks->by_salt, NULL); e; e = map_next(&looks->by_salt, e)) {
        struct kept *kept = e->value;
        arena_free(&kept->arena);
        free(kept);
    }
    map_free(&looks->by_salt);
    free(looks);
}

int looks_set(struct looks *looks, struct text salt, struct text document, struct error *error) {
    struct look look;
    struct arena arena;
    arena_init(&arena, 2048);
    int rc = look_parse(&look, document, &arena, error);
    if (rc < 0) {
        arena_free(&arena);
        return rc;
    }
    struct kept *kept = map_get(&looks->by_salt, salt);
    if (kept)
        arena_free(&kept->arena);
    else {
        kept = memory_alloc(sizeof *kept + salt.n);
        memcpy(kept->salt, salt.at, salt.n);
        map_put(&looks->by_salt, text_n(kept->salt, salt.n), kept);
    }
    kept->look = look;
    kept->arena = arena;
    return 0;
}

const struct look *looks_latest(const struct looks *looks, struct text salt) {
    const struct kept *kept = map_get(&looks->by_salt, salt);
    return kept ? &kept->look : NULL;
}

int looks_load(struct looks *looks, struct sql *sql, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error,
                       "SELECT salt, document FROM experiment_look AS l"
                       " WHERE at = (SELECT max(at) FROM experiment_look WHERE salt = l.salt)");
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) {
        rc = looks_set(looks, sql_text(&rows, 0), sql_text(&rows, 1), error);
        if (rc < 0) break;
    }
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}
