#include "experiments/measure/quantiles.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "experiments/stats/quantile.h"

struct histogram_of_values {
    uint32_t counts[SAMPLE_GROUPS][SAMPLE_BUCKETS];
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
    for (int c = 0; c < SAMPLE_GROUPS; c++)
        for (uint32_t b = 0; b < SAMPLE_BUCKETS; b++) counts[b] += h->counts[c][b], n += h->counts[c][b];
    if (!n) return (struct measure_quantile){NAN, NAN, 0};
    double estimate = value_at(counts, n, q);
    for (int c = 0; c < SAMPLE_GROUPS; c++) {
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

static void add_list(uint32_t *counts, const struct samples *samples, int64_t head) {
    for (uint32_t at = (uint32_t)head; at; at = samples->nodes[at - 1].next)
        counts[samples->nodes[at - 1].bucket] += samples->nodes[at - 1].count;
}

/* The days of a series are added up as their cells will be. */
static bool is_in(const struct measure_results *r, const struct measured *m, const struct grouping *g,
                  const struct unit_row *row, uint32_t group) {
    uint32_t of = group_of(g, r, m, row);
    return !(row->flags & UNIT_MULTIPLE) && (r->by_day ? of <= group : of == group);
}

void quantiles_read(struct measure_results *r, const struct measured *m, const struct grouping *g, uint32_t metric,
                    uint32_t group) {
    const struct plan_metric *pm = &m->plan->metrics[metric];
    struct histogram_of_values *arms = memory_zero(r->n_arms, sizeof *arms);
    for (uint32_t i = 0; i < m->units.n; i++) {
        const struct unit_row *row = &m->units.rows[i];
        if (is_in(r, m, g, row, group))
            add_list(arms[row->arm].counts[row->unit.hi % SAMPLE_GROUPS], &m->samples,
                     unit_totals(&m->units, row)[pm->column]);
    }
    for (uint32_t i = 0; g->by == MEASURE_ALL && i < m->residual.n; i++) {
        const struct residual_part *part = &m->residual.parts[i];
        const struct residual_metric *of = residual_metric(part, pm);
        for (int c = 0; of && c < SAMPLE_GROUPS; c++)
            add_list(arms[part->of.arm].counts[c], &m->residual.samples, of->samples[c]);
    }
    for (uint32_t a = 0; a < r->n_arms; a++)
        r->groups[group].metrics[metric].quantiles[a] = quantile_of(&arms[a], r->metrics[metric]->quantile);
    free(arms);
}
