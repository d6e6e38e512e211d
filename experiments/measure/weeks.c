#include "experiments/measure/weeks.h"

/* What a unit did in a week since its entry, as its metric's own value. */
static int64_t week_value(const struct plan_metric *pm, const int64_t *totals, uint32_t week) {
    struct plan_metric of_week = *pm;
    int64_t x, y;
    of_week.column = pm->weeks + week;
    cells_value(&of_week, NULL, totals, 0, &x, &y);
    return x;
}

/* Weeks of a unit that are over. */
static uint32_t whole_weeks(const struct measure_results *r, const struct plan_metric *pm, const struct unit_row *row) {
    int64_t end = r->experiment->state.end_at, until = end && end < r->as_of ? end : r->as_of;
    int64_t weeks = until > row->t0 ? (until - row->t0) / PLAN_WEEK : 0;
    return weeks < pm->n_weeks ? (uint32_t)weeks : pm->n_weeks;
}

void weeks_add_fading(const struct measure_results *r, struct measure_cells *metric, size_t at,
                      const struct plan_metric *pm, const struct unit_row *row, const int64_t *totals, int64_t cap) {
    uint32_t weeks = whole_weeks(r, pm, row);
    int64_t later = 0, value;
    if (weeks < 2) return;
    for (uint32_t w = 1; w < weeks; w++) later += (value = week_value(pm, totals, w)) < cap ? value : cap;
    value = week_value(pm, totals, 0);
    cell_add(&metric->fading[at], (value < cap ? value : cap) - later / (weeks - 1), 0);
}

/* By week since entry: a unit is in the group of each of its weeks that is over. */
static void add_weeks(struct measure_results *r, const struct measured *m, const struct unit_row *row) {
    const struct plan_metric *pm = &m->plan->metrics[0];
    size_t at = (size_t)row->epoch * r->n_arms + row->arm;
    int64_t cap = cells_capped(pm->metric) && m->caps[0].value > 0 ? m->caps[0].value : INT64_MAX;
    for (uint32_t w = 0, n = whole_weeks(r, pm, row); w < n; w++) {
        int64_t x = week_value(pm, unit_totals(&m->units, row), w);
        r->groups[w].units[at]++;
        cell_add(&r->groups[w].metrics[0].cells[at], x < cap ? x : cap, 0);
    }
}

void weeks_read(struct measure_results *r, const struct measured *m) {
    for (uint32_t i = 0; i < m->units.n; i++)
        if (!(m->units.rows[i].flags & UNIT_MULTIPLE)) add_weeks(r, m, &m->units.rows[i]);
}
