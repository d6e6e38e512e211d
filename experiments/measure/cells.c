#include "experiments/measure/cells.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "experiments/measure/quantiles.h"
#include "experiments/measure/weeks.h"

enum { CAP_AGE = CLOCK_MINUTE };

uint32_t cells_steps(const struct plan_metric *pm, const int64_t *totals) {
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
    case METRIC_FUNNEL: *x = cells_steps(pm, totals) == pm->columns ? CELL_SCALE : 0; return true;
    case METRIC_QUANTILE: *x = 0; return true; /* its values are events, not units: see quantiles.h */
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

void cells_find_caps(struct measured *m, int64_t as_of) {
    for (uint32_t i = 0; i < m->plan->n_metrics; i++)
        if (!m->caps[i].as_of) renew_cap(m, i, as_of);
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
            metric->missing = arena_array(&r->arena, struct cell, cells);
            if (r->metrics[i]->kind == METRIC_RATIO)
                metric->joint = arena_array(&r->arena, struct cell_joint, cells);
            else
                metric->known = arena_array(&r->arena, struct cell, cells);
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

struct cells_at cells_at(const struct measure_cells *metric, size_t at) {
    return (struct cells_at){metric->cells + at, metric->known ? metric->known + at : NULL,
                             metric->missing ? metric->missing + at : NULL, metric->joint ? metric->joint + at : NULL};
}

static void add_history(struct cells_at to, const struct plan_metric *pm, const struct unit_row *row,
                        const int64_t *totals, int64_t cap, int64_t x, int64_t y) {
    struct plan_metric earlier = *pm;
    int64_t before_x, before_y;
    if (!(row->flags & UNIT_HISTORY)) {
        cell_add(to.missing, x, y);
        return;
    }
    earlier.column = pm->before;
    cells_value(&earlier, row, totals, 0, &before_x, &before_y);
    if (to.joint)
        cell_joint_add(to.joint, (const int64_t[]){before_x, before_y, x, y});
    else
        cell_add(to.known, before_x < cap ? before_x : cap, x);
}

bool cells_add(struct cells_at to, const struct plan_metric *pm, const struct unit_row *row, const int64_t *totals,
               int64_t cap, int64_t as_of) {
    int64_t x, y;
    if (!cells_value(pm, row, totals, as_of, &x, &y)) return false;
    if (x > cap) x = cap;
    cell_add(to.cells, x, y);
    if (to.missing) add_history(to, pm, row, totals, cap, x, y);
    return true;
}

void cells_merge(struct cells_at to, struct cells_at from) {
    cell_merge(to.cells, from.cells);
    if (to.missing) cell_merge(to.missing, from.missing);
    if (to.known) cell_merge(to.known, from.known);
    if (to.joint) cell_joint_merge(to.joint, from.joint);
}

int64_t cells_cap(const struct measured *m, uint32_t metric) {
    return cells_capped(m->plan->metrics[metric].metric) && m->caps[metric].value > 0 ? m->caps[metric].value
                                                                                      : INT64_MAX;
}

static void add_unit(struct measure_results *r, const struct measured *m, struct measure_group *group,
                     const struct unit_row *row) {
    size_t at = (size_t)row->epoch * r->n_arms + row->arm;
    const int64_t *totals = unit_totals(&m->units, row);
    int64_t end = r->experiment->state.end_at;
    group->units[at]++;
    for (uint32_t i = 0; i < r->n_metrics; i++) {
        const struct plan_metric *pm = &m->plan->metrics[i];
        struct measure_cells *metric = &group->metrics[i];
        int64_t cap = cells_cap(m, i);
        if (!cells_add(cells_at(metric, at), pm, row, totals, cap, r->as_of)) continue;
        if (metric->fading) weeks_add_fading(r, metric, at, pm, row, totals, cap);
        metric->matured[at] += window_end(pm->metric, row, end) <= r->as_of;
        if (metric->steps)
            for (uint32_t s = cells_steps(pm, totals); s-- > 0;) metric->steps[row->arm * pm->columns + s]++;
    }
}

static void pass(struct measure_results *r, const struct measured *m, const struct grouping *g) {
    for (uint32_t i = 0; i < r->n_metrics; i++)
        if (r->metrics[i]->kind == METRIC_QUANTILE) quantiles_read(r, m, g, i);
    for (uint32_t i = 0; i < m->units.n; i++) {
        const struct unit_row *row = &m->units.rows[i];
        uint32_t at = group_of(g, r, m, row);
        r->excluded.too_late += row->late;
        r->rule_override += (row->flags & UNIT_OVERRIDDEN) != 0;
        if (row->flags & UNIT_MULTIPLE) {
            r->groups[at].multiple[(size_t)row->epoch * r->n_arms + row->arm]++;
            r->multiple++;
        } else
            add_unit(r, m, &r->groups[at], row);
    }
}

static double progress(const struct fold *fold, const struct measured *m) {
    int64_t way = fold->position - m->from;
    if (m->live) return 1;
    return m->position < 0 || way <= 0 ? 0 : (double)(m->position - m->from) / (double)way;
}

struct measure_results *cells_read_frozen(struct fold *fold, struct measured *m, int by, int64_t as_of,
                                          const struct measure_frozen_caps *frozen) {
    struct measure_results *r = memory_new(struct measure_results);
    struct grouping g;
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
    groups_of(r, m, by, &g);
    for (uint32_t i = 0; i < r->n_groups; i++) make_group(r, m->plan, &r->groups[i]);
    if (r->by_week)
        weeks_read(r, m);
    else
        pass(r, m, &g);
    if (by == MEASURE_ALL) residual_read(&m->residual, m->plan, r);
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
