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

/* The rows in the figures, by group: those of group g are order[first[g]] to order[first[g + 1] - 1]. */
struct sorted {
    uint32_t *order, *first;
};

static struct sorted sort_rows(const struct measure_results *r, const struct measured *m, const struct grouping *g) {
    struct sorted s = {memory_alloc(m->units.n * sizeof *s.order), memory_zero(r->n_groups + 2, sizeof *s.first)};
    uint32_t *next = s.first + 1; /* of group g: first its size one place further, then where its next row goes */
    for (uint32_t i = 0; i < m->units.n; i++)
        if (!(m->units.rows[i].flags & UNIT_MULTIPLE)) next[group_of(g, r, m, &m->units.rows[i]) + 1]++;
    for (uint32_t k = 1; k <= r->n_groups; k++) next[k] += next[k - 1];
    for (uint32_t i = 0; i < m->units.n; i++)
        if (!(m->units.rows[i].flags & UNIT_MULTIPLE)) s.order[next[group_of(g, r, m, &m->units.rows[i])]++] = i;
    return s;
}

static void add_rows(struct histogram_of_values *arms, const struct measured *m, uint32_t column,
                     const struct sorted *sorted, uint32_t group) {
    for (uint32_t i = sorted->first[group]; i < sorted->first[group + 1]; i++) {
        const struct unit_row *row = &m->units.rows[sorted->order[i]];
        add_list(arms[row->arm].counts[row->unit.hi % SAMPLE_GROUPS], &m->samples, unit_totals(&m->units, row)[column]);
    }
}

static void add_residual(struct histogram_of_values *arms, const struct residual *residual,
                         const struct plan_metric *pm) {
    for (uint32_t i = 0; i < residual->n; i++) {
        const struct residual_part *part = &residual->parts[i];
        const struct residual_metric *of = residual_metric(part, pm);
        for (int c = 0; of && c < SAMPLE_GROUPS; c++)
            add_list(arms[part->of.arm].counts[c], &residual->samples, of->samples[c]);
    }
}

void quantiles_read(struct measure_results *r, const struct measured *m, const struct grouping *g, uint32_t metric) {
    const struct plan_metric *pm = &m->plan->metrics[metric];
    struct histogram_of_values *arms = memory_zero(r->n_arms, sizeof *arms);
    struct sorted sorted = sort_rows(r, m, g);
    if (g->by == MEASURE_ALL) add_residual(arms, &m->residual, pm);
    for (uint32_t k = 0; k < r->n_groups; k++) {
        /* The days of a series are added up as their cells will be. */
        if (k && g->by != MEASURE_BY_DAY) memset(arms, 0, r->n_arms * sizeof *arms);
        add_rows(arms, m, pm->column, &sorted, k);
        for (uint32_t a = 0; a < r->n_arms; a++)
            r->groups[k].metrics[metric].quantiles[a] = quantile_of(&arms[a], r->metrics[metric]->quantile);
    }
    free(sorted.order);
    free(sorted.first);
    free(arms);
}
