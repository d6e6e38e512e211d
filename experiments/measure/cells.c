#include "experiments/measure/cells.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "experiments/measure/weeks.h"
#include "experiments/stats/quantile.h"

enum { CAP_AGE = CLOCK_MINUTE };

static int64_t funnel_steps(const struct plan_metric *pm, const int64_t *totals) {
    uint32_t reached = 0;
    while (reached < pm->columns && totals[pm->column + reached]) reached++;
    return reached;
}

static int64_t millionths(int64_t count) {
    int64_t out;
    return __builtin_mul_overflow(count, (int64_t)CELL_SCALE, &out) ? INT64_MAX : out;
}

bool cells_value(const struct plan_metric *pm, const struct unit_row *row, const int64_t *totals, int64_t as_of,
                 int64_t *x, int64_t *y) {
    const struct metric *metric = pm->metric;
    const int64_t *column = totals + pm->column;
    *y = 0;
    switch (metric->kind) {
    case METRIC_CONVERSION: *x = column[0] >= (int64_t)metric->at_least ? CELL_SCALE : 0; return true;
    case METRIC_COUNT: *x = millionths(column[0]); return true;
    case METRIC_MEAN: *x = column[0]; return true;
    case METRIC_RATIO: *x = column[0], *y = column[1]; return true;
    case METRIC_RETENTION: *x = column[0] ? CELL_SCALE : 0; return row->t0 + metric->to <= as_of;
    case METRIC_FUNNEL: *x = funnel_steps(pm, totals) == pm->columns ? CELL_SCALE : 0; return true;
    case METRIC_QUANTILE: *x = 0; return true; /* its values are events, not units: see read_quantiles */
    }
    return false;
}

/* --- caps: type-7 percentile of all units' totals, zeros included (Hyndman & Fan 1996) --- */

static void swap(int64_t *a, int64_t *b) {
    int64_t c = *a;
    *a = *b;
    *b = c;
}

/* Puts the k-th smallest at its place, nothing greater before it (Hoare's quickselect). */
static int64_t select_kth(int64_t *v, size_t n, size_t k) {
    size_t low = 0, high = n - 1;
    while (low < high) {
        int64_t pivot = v[low + (high - low) / 2];
        size_t i = low, j = high;
        for (;;) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i >= j) break;
            swap(&v[i++], &v[j--]);
        }
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
    return v[k];
}

static int64_t percentile(int64_t *v, size_t n, double p) {
    double h = (double)(n - 1) * p, whole = floor(h);
    size_t k = (size_t)whole;
    int64_t low = select_kth(v, n, k);
    if (k + 1 >= n || h == whole) return low;
    int64_t high = INT64_MAX;
    for (size_t i = k + 1; i < n; i++)
        if (v[i] < high) high = v[i];
    return low + llround((h - whole) * (double)(high - low));
}

bool cells_capped(const struct metric *metric) {
    return metric->cap > 0 && (metric->kind == METRIC_MEAN || metric->kind == METRIC_COUNT);
}

static bool stays(struct measured *m, uint32_t metric, const struct measure_frozen_caps *frozen) {
    const struct metric *of = m->plan->metrics[metric].metric;
    for (size_t i = 0; frozen && frozen->shape == m->plan->shape && i < frozen->n; i++) {
        const struct measure_frozen *cap = &frozen->items[i];
        if (!text_eq(cap->metric, of->key) || cap->p != of->cap) continue;
        m->caps[metric] = (struct fold_cap){llround(cap->value * CELL_SCALE), cap->as_of};
        return true;
    }
    return false;
}

/* What was in force before the trial was concluded is not what it is judged by in the end. */
static bool in_force(const struct measured *m, const struct fold_cap *cap, int64_t as_of) {
    return cap->as_of && cap->as_of > m->plan->source->state.concluded_at && as_of >= cap->as_of &&
           as_of - cap->as_of < CAP_AGE;
}

static void renew_cap(struct measured *m, uint32_t metric, int64_t as_of) {
    const struct plan_metric *pm = &m->plan->metrics[metric];
    struct fold_cap *cap = &m->caps[metric];
    if (!cells_capped(pm->metric) || in_force(m, cap, as_of)) return;
    int64_t *values = memory_alloc(m->units.n * sizeof *values), y;
    size_t n = 0;
    for (uint32_t i = 0; i < m->units.n; i++) {
        const struct unit_row *row = &m->units.rows[i];
        if (row->flags & UNIT_MULTIPLE) continue;
        cells_value(pm, row, unit_totals(&m->units, row), as_of, &values[n++], &y);
    }
    *cap = (struct fold_cap){n ? percentile(values, n, pm->metric->cap) : 0, as_of};
    free(values);
}

/* --- groups --- */

struct grouping {
    int by;
    uint32_t *group_of_word; /* word -> group */
    int64_t first_day;       /* since 1970 */
};

struct frequent {
    uint32_t word;
    bool few; /* in some arm: too few for figures of their own */
    int64_t units;
    int64_t *arms;
};

static int by_units(const void *a, const void *b) {
    const struct frequent *x = a, *y = b;
    if (x->few != y->few) return x->few ? 1 : -1;
    if (x->units != y->units) return x->units < y->units ? 1 : -1;
    return (x->word > y->word) - (x->word < y->word);
}

/* Units by value and arm; those that met two variants count, as they do in the groups' `multiple`. */
static struct frequent *count_values(struct measure_results *results, const struct measured *m, int by, uint32_t n) {
    struct frequent *frequent = arena_array(&results->arena, struct frequent, n);
    const struct experiment_state *state = &results->experiment->state;
    for (uint32_t i = 0; i < n; i++)
        frequent[i] = (struct frequent){.word = i, .arms = arena_array(&results->arena, int64_t, results->n_arms)};
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
static void group(struct measure_results *results, const struct measured *m, struct grouping *g) {
    const struct fold_words *words = &m->words[g->by];
    uint32_t n = words->n + 1, own = 0;
    struct frequent *frequent = count_values(results, m, g->by, n);
    while (own < n && own < MEASURE_GROUPS_MAX && !frequent[own].few) own++;
    g->group_of_word = arena_array(&results->arena, uint32_t, n);
    results->groups = arena_array(&results->arena, struct measure_group, own + 1);
    results->n_groups = own;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t to = g->group_of_word[frequent[i].word] = i < own ? i : own;
        if (i < own && frequent[i].word)
            results->groups[i].value = arena_text(&results->arena, words->list[frequent[i].word - 1]->value);
        if (i < own || !frequent[i].units) continue;
        results->groups[to].other = true;
        results->groups[to].merged++;
        results->n_groups = own + 1;
    }
}

static int64_t day_of(int64_t ms) {
    return ms >= 0 ? ms / CLOCK_DAY : -((-ms + CLOCK_DAY - 1) / CLOCK_DAY);
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

static uint32_t group_of(const struct measure_results *r, const struct measured *m, const struct grouping *g,
                         const struct unit_row *row) {
    if (g->by >= 0) return g->group_of_word[unit_attributes(&m->units, row)[g->by]];
    if (g->by == MEASURE_ALL) return 0;
    int64_t day = day_of(row->t0) - g->first_day;
    return day < (int64_t)r->n_groups ? (uint32_t)day : r->n_groups - 1;
}

static void make_group(struct measure_results *r, const struct plan_experiment *plan, struct measure_group *group) {
    size_t cells = (size_t)r->n_epochs * r->n_arms;
    group->units = arena_array(&r->arena, int64_t, cells);
    group->multiple = arena_array(&r->arena, int64_t, cells);
    group->metrics = arena_array(&r->arena, struct measure_cells, r->n_metrics ? r->n_metrics : 1);
    for (uint32_t i = 0; i < r->n_metrics; i++) {
        struct measure_cells *metric = &group->metrics[i];
        metric->cells = arena_array(&r->arena, struct cell, cells);
        metric->matured = arena_array(&r->arena, int64_t, cells);
        if (plan->metrics[i].before != PLAN_NO_COLUMN && !r->by_week) {
            metric->known = arena_array(&r->arena, struct cell, cells);
            metric->missing = arena_array(&r->arena, struct cell, cells);
        }
        if (plan->metrics[i].n_weeks > 1) metric->fading = arena_array(&r->arena, struct cell, cells);
        if (r->metrics[i]->kind == METRIC_QUANTILE)
            metric->quantiles = arena_array(&r->arena, struct measure_quantile, r->n_arms);
        if (r->metrics[i]->kind == METRIC_FUNNEL)
            metric->steps = arena_array(&r->arena, int64_t, (size_t)r->n_arms * r->metrics[i]->n_steps);
    }
}

/* --- the pass --- */

static int64_t window_end(const struct metric *metric, const struct unit_row *row, int64_t end) {
    if (metric->kind == METRIC_RETENTION) return row->t0 + metric->to;
    if (metric->window != METRIC_NO_WINDOW) return row->t0 + metric->window;
    return end ? end : INT64_MAX;
}

/* The same metric before the unit entered, under the same cap. */
static void add_history(struct measure_cells *metric, size_t at, const struct plan_metric *pm,
                        const struct unit_row *row, const int64_t *totals, int64_t cap, int64_t since) {
    struct plan_metric earlier = *pm;
    int64_t x, y;
    earlier.column = pm->before;
    cells_value(&earlier, row, totals, 0, &x, &y);
    if (row->flags & UNIT_HISTORY)
        cell_add(&metric->known[at], x < cap ? x : cap, since);
    else
        cell_add(&metric->missing[at], 0, since);
}

static void add_unit(struct measure_results *r, const struct measured *m, struct measure_group *group,
                     const struct unit_row *row) {
    size_t at = (size_t)row->epoch * r->n_arms + row->arm;
    const int64_t *totals = unit_totals(&m->units, row);
    int64_t end = r->experiment->state.end_at, x, y;
    group->units[at]++;
    for (uint32_t i = 0; i < r->n_metrics; i++) {
        const struct plan_metric *pm = &m->plan->metrics[i];
        struct measure_cells *metric = &group->metrics[i];
        if (!cells_value(pm, row, totals, r->as_of, &x, &y)) continue;
        bool cap = cells_capped(pm->metric) && m->caps[i].value > 0;
        if (cap && x > m->caps[i].value) x = m->caps[i].value;
        cell_add(&metric->cells[at], x, y);
        if (metric->known) add_history(metric, at, pm, row, totals, cap ? m->caps[i].value : INT64_MAX, x);
        if (metric->fading) weeks_add_fading(r, metric, at, pm, row, totals, cap ? m->caps[i].value : INT64_MAX);
        metric->matured[at] += window_end(pm->metric, row, end) <= r->as_of;
        if (metric->steps)
            for (int64_t s = funnel_steps(pm, totals); s-- > 0;)
                metric->steps[(size_t)row->arm * pm->columns + (size_t)s]++;
    }
}

/* --- quantiles: a log histogram for each of 64 groups of units by arm; what differs between groups is chance --- */

enum { CLUSTERS = 64 };

struct histogram_of_values {
    uint32_t counts[CLUSTERS][SAMPLE_BUCKETS];
};

static double value_at(const int64_t *counts, int64_t n, double level) {
    int64_t rank = (int64_t)ceil(level * (double)n), sum = 0;
    for (uint32_t b = 0; b < SAMPLE_BUCKETS; b++)
        if ((sum += counts[b]) >= (rank > 1 ? rank : 1)) return sample_value(b);
    return NAN;
}

static struct measure_quantile quantile_of(const struct histogram_of_values *h, double q) {
    int64_t counts[SAMPLE_BUCKETS] = {0}, n = 0;
    struct cross_moments moments = {0};
    for (int c = 0; c < CLUSTERS; c++)
        for (uint32_t b = 0; b < SAMPLE_BUCKETS; b++) counts[b] += h->counts[c][b], n += h->counts[c][b];
    if (!n) return (struct measure_quantile){NAN, NAN, 0};
    double estimate = value_at(counts, n, q);
    for (int c = 0; c < CLUSTERS; c++) {
        int64_t below = 0, all = 0;
        for (uint32_t b = 0; b < SAMPLE_BUCKETS; b++) {
            all += h->counts[c][b];
            if (sample_value(b) <= estimate) below += h->counts[c][b];
        }
        cross_moments_add(&moments, (double)below, (double)all);
    }
    const double z = 1.959963984540054;
    double level = quantile_cluster_se(moments);
    double low = value_at(counts, n, fmax(q - z * level, 0)), high = value_at(counts, n, fmin(q + z * level, 1));
    return (struct measure_quantile){estimate, (high - low) / (2 * z), n};
}

/* The days of a series are added up as their cells will be. */
static void read_quantiles(struct measure_results *r, const struct measured *m, const struct grouping *g,
                           uint32_t metric, uint32_t group) {
    uint32_t column = m->plan->metrics[metric].column;
    struct histogram_of_values *arms = memory_zero(r->n_arms, sizeof *arms);
    for (uint32_t i = 0; i < m->units.n; i++) {
        const struct unit_row *row = &m->units.rows[i];
        uint32_t of = group_of(r, m, g, row);
        if (row->flags & UNIT_MULTIPLE || (r->by_day ? of > group : of != group)) continue;
        uint32_t *counts = arms[row->arm].counts[row->unit.hi % CLUSTERS];
        for (uint32_t at = (uint32_t)unit_totals(&m->units, row)[column]; at; at = m->samples.nodes[at - 1].next)
            counts[m->samples.nodes[at - 1].bucket] += m->samples.nodes[at - 1].count;
    }
    for (uint32_t a = 0; a < r->n_arms; a++)
        r->groups[group].metrics[metric].quantiles[a] = quantile_of(&arms[a], r->metrics[metric]->quantile);
    free(arms);
}

static void pass(struct measure_results *r, const struct measured *m, const struct grouping *g) {
    for (uint32_t i = 0; i < r->n_metrics; i++)
        if (r->metrics[i]->kind == METRIC_QUANTILE)
            for (uint32_t k = 0; k < r->n_groups; k++) read_quantiles(r, m, g, i, k);
    for (uint32_t i = 0; i < m->units.n; i++) {
        const struct unit_row *row = &m->units.rows[i];
        uint32_t at = group_of(r, m, g, row);
        r->excluded.too_late += row->late;
        r->rule_override += (row->flags & UNIT_OVERRIDDEN) != 0;
        if (row->flags & UNIT_MULTIPLE) {
            r->groups[at].multiple[(size_t)row->epoch * r->n_arms + row->arm]++;
            r->multiple++;
        } else
            add_unit(r, m, &r->groups[at], row);
    }
}

/* Erased units are in the figures of all, by the sums that were kept of them. */
static void add_residual(struct measure_results *r, const struct measured *m) {
    for (uint32_t i = 0; i < m->residual_n; i++) {
        const struct fold_residual *residual = &m->residual[i];
        size_t at = (size_t)residual->epoch * r->n_arms + residual->arm;
        r->residual += residual->units;
        r->groups[0].units[at] += residual->units;
        for (uint32_t k = 0; k < r->n_metrics; k++) {
            cell_merge(&r->groups[0].metrics[k].cells[at], &residual->cells[k]);
            r->groups[0].metrics[k].matured[at] += residual->units;
        }
    }
}

static void make_groups(struct measure_results *r, const struct measured *m, struct grouping *g) {
    if (g->by >= 0)
        group(r, m, g);
    else if (r->by_day)
        group_days(r, m, g);
    else {
        r->n_groups = r->by_week ? m->plan->metrics[0].n_weeks : 1;
        r->groups = arena_array(&r->arena, struct measure_group, r->n_groups + 1);
    }
    for (uint32_t i = 0; i < r->n_groups; i++) make_group(r, m->plan, &r->groups[i]);
}

static double progress(const struct fold *fold, const struct measured *m) {
    int64_t way = fold->position - m->from;
    if (m->live) return 1;
    return m->position < 0 || way <= 0 ? 0 : (double)(m->position - m->from) / (double)way;
}

struct measure_results *cells_read_frozen(struct fold *fold, struct measured *m, int by, int64_t as_of,
                                          const struct measure_frozen_caps *frozen) {
    struct measure_results *r = memory_new(struct measure_results);
    struct grouping g = {.by = by};
    arena_init(&r->arena, 64 * 1024);
    r->owners = 1;
    r->units = m->units.n;
    r->snapshot = snapshot_keep(fold->plan->snapshot);
    r->experiment = m->plan->source;
    r->n_metrics = by == MEASURE_BY_WEEK ? m->plan->n_metrics > 0 : m->plan->n_metrics;
    r->n_arms = m->plan->source->state.n_arms;
    r->n_epochs = m->plan->source->state.n_epochs;
    r->metrics = arena_array(&r->arena, const struct metric *, r->n_metrics ? r->n_metrics : 1);
    r->caps = arena_array(&r->arena, struct measure_cap, r->n_metrics ? r->n_metrics : 1);
    r->excluded = m->excluded;
    r->position = m->live ? fold->position : m->position;
    r->as_of = as_of;
    r->newest = m->newest;
    r->shape = m->plan->shape;
    r->complete = m->live;
    r->progress = progress(fold, m);
    for (uint32_t i = 0; i < r->n_metrics; i++) {
        r->metrics[i] = m->plan->metrics[i].metric;
        bool kept = !m->frozen && stays(m, i, frozen);
        if (!m->frozen && !kept) renew_cap(m, i, as_of);
        r->caps[i] = (struct measure_cap){(double)m->caps[i].value / CELL_SCALE, m->caps[i].as_of, kept};
    }
    r->by_day = by == MEASURE_BY_DAY;
    r->by_week = by == MEASURE_BY_WEEK;
    make_groups(r, m, &g);
    if (r->by_week)
        weeks_read(r, m);
    else
        pass(r, m, &g);
    if (by == MEASURE_ALL) add_residual(r, m);
    return r;
}

struct measure_results *cells_read(struct fold *fold, struct measured *m, int by, int64_t as_of) {
    return cells_read_frozen(fold, m, by, as_of, NULL);
}

struct measure_results *measure_results_keep(struct measure_results *results) {
    atomic_fetch_add_explicit(&results->owners, 1, memory_order_relaxed);
    return results;
}

void measure_results_free(struct measure_results *results) {
    if (!results || atomic_fetch_sub_explicit(&results->owners, 1, memory_order_acq_rel) > 1) return;
    snapshot_release(results->snapshot);
    arena_free(&results->arena);
    free(results);
}
