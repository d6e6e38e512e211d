#include "experiments/measure/groups.h"

#include <stdlib.h>

static int64_t day_of(int64_t ms) {
    return ms >= 0 ? ms / CLOCK_DAY : -((-ms + CLOCK_DAY - 1) / CLOCK_DAY);
}

struct frequent {
    uint32_t word;
    struct text value; /* borrowed */
    bool few;          /* in some arm: too few for figures of their own */
    int64_t units;
    int64_t *arms;
};

static int by_units(const void *a, const void *b) {
    const struct frequent *x = a, *y = b;
    if (x->few != y->few) return x->few ? 1 : -1;
    if (x->units != y->units) return x->units < y->units ? 1 : -1;
    return text_cmp(x->value, y->value);
}

/* Units by value and arm; those that met two variants count, as they do in the groups' `multiple`. */
static struct frequent *count_values(struct measure_results *results, const struct measured *m, int by, uint32_t n) {
    struct frequent *frequent = arena_array(&results->arena, struct frequent, n);
    const struct experiment_state *state = &results->experiment->state;
    for (uint32_t i = 0; i < n; i++)
        frequent[i] = (struct frequent){.word = i,
                                        .value = i ? m->words[by].list[i - 1]->value : TEXT_NONE,
                                        .arms = arena_array(&results->arena, int64_t, results->n_arms)};
    for (uint32_t i = 0; i < m->units.n; i++) {
        struct frequent *value = &frequent[unit_attributes(&m->units, &m->units.rows[i])[by]];
        value->units++;
        value->arms[m->units.rows[i].arm]++;
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t a = 0; a < results->n_arms; a++)
            frequent[i].few |= !state->removed[a] && frequent[i].arms[a] < MEASURE_UNITS_LEAST;
    qsort(frequent, n, sizeof *frequent, by_units);
    return frequent;
}

/* The 50 most frequent values with enough units get a group each, the others share one. */
static void group_values(struct measure_results *results, const struct measured *m, struct grouping *g) {
    const struct fold_words *words = &m->words[g->by];
    uint32_t n = words->n + 1, own = 0;
    struct frequent *frequent = count_values(results, m, g->by, n);
    while (own < n && own < MEASURE_GROUPS_MAX && !frequent[own].few) own++;
    g->group_of_word = arena_array(&results->arena, uint32_t, n);
    results->groups = arena_array(&results->arena, struct measure_group, own + 1);
    results->n_groups = own;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t to = g->group_of_word[frequent[i].word] = i < own ? i : own;
        if (i < own && frequent[i].word) results->groups[i].value = arena_text(&results->arena, frequent[i].value);
        if (i < own || !frequent[i].units) continue;
        results->groups[to].other = true;
        results->groups[to].merged++;
        results->n_groups = own + 1;
    }
}

/* A group for each day from the start to the last on which a unit entered. */
static void group_days(struct measure_results *r, const struct measured *m, struct grouping *g) {
    int64_t last = g->first_day = day_of(r->experiment->state.start_at);
    for (uint32_t i = 0; i < m->units.n; i++)
        if (day_of(m->units.rows[i].t0) > last) last = day_of(m->units.rows[i].t0);
    int64_t days = last - g->first_day + 1;
    r->n_groups = (uint32_t)(days < MEASURE_DAYS_MAX ? days : MEASURE_DAYS_MAX);
    r->groups = arena_array(&r->arena, struct measure_group, r->n_groups);
    for (uint32_t i = 0; i < r->n_groups; i++) {
        char iso[CLOCK_ISO_ROOM];
        clock_iso(iso, (g->first_day + i) * CLOCK_DAY);
        r->groups[i].value = arena_text(&r->arena, text_n(iso, strlen("2026-12-01")));
    }
}

void groups_of(struct measure_results *r, const struct measured *m, int by, struct grouping *g) {
    *g = (struct grouping){.by = by};
    if (by >= 0) {
        group_values(r, m, g);
        return;
    }
    if (by == MEASURE_BY_DAY) {
        group_days(r, m, g);
        return;
    }
    r->n_groups = by == MEASURE_BY_WEEK ? m->plan->metrics[0].n_weeks : 1;
    r->groups = arena_array(&r->arena, struct measure_group, r->n_groups + 1);
}

uint32_t group_of(const struct grouping *g, const struct measure_results *r, const struct measured *m,
                  const struct unit_row *row) {
    if (g->by >= 0) return g->group_of_word[unit_attributes(&m->units, row)[g->by]];
    if (g->by != MEASURE_BY_DAY) return 0;
    int64_t day = day_of(row->t0) - g->first_day;
    return day < (int64_t)r->n_groups ? (uint32_t)day : r->n_groups - 1;
}
