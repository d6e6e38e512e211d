#include "experiments/measure/residual.h"

#include <stdlib.h>

#include "core/base/memory.h"
#include "experiments/measure/cells.h"

static struct residual_part *part_of(struct residual *r, const struct unit_row *row) {
    for (uint32_t i = 0; i < r->n; i++)
        if (r->parts[i].of.epoch == row->epoch && r->parts[i].of.arm == row->arm) return &r->parts[i];
    r->parts = memory_grow(r->parts, (r->n + 1) * sizeof *r->parts);
    r->parts[r->n] = (struct residual_part){.of = {.epoch = row->epoch, .arm = row->arm}};
    return &r->parts[r->n++];
}

struct residual_metric *residual_metric(const struct residual_part *part, const struct plan_metric *metric) {
    for (uint32_t i = 0; i < part->n; i++)
        if (part->metrics[i].shape == metric->shape) return &part->metrics[i];
    return NULL;
}

static struct residual_metric *metric_of(struct residual_part *part, const struct plan_metric *pm) {
    struct residual_metric *there = residual_metric(part, pm);
    if (there) return there;
    part->metrics = memory_grow(part->metrics, (part->n + 1) * sizeof *part->metrics);
    memset(&part->metrics[part->n], 0, sizeof *part->metrics);
    part->metrics[part->n].shape = pm->shape;
    return &part->metrics[part->n++];
}

static struct cells_at cells_of(struct residual_metric *metric, const struct plan_metric *pm) {
    bool history = pm->before != PLAN_NO_COLUMN, ratio = pm->metric->kind == METRIC_RATIO;
    return (struct cells_at){&metric->cells, history && !ratio ? &metric->known : NULL,
                             history ? &metric->missing : NULL, history && ratio ? &metric->joint : NULL};
}

static void add_metric(struct measured *m, struct residual_part *part, uint32_t metric, const struct unit_row *row,
                       int64_t as_of) {
    const struct plan_metric *pm = &m->plan->metrics[metric];
    const int64_t *totals = unit_totals(&m->units, row);
    struct residual_metric *to = metric_of(part, pm);
    if (!cells_add(cells_of(to, pm), pm, row, totals, cells_cap(m, metric), as_of)) return;
    if (pm->metric->kind == METRIC_FUNNEL)
        for (uint32_t s = cells_steps(pm, totals); s-- > 0;) to->steps[s]++;
    if (pm->metric->kind == METRIC_QUANTILE)
        samples_add_all(&m->residual.samples, &to->samples[row->unit.hi % SAMPLE_GROUPS], &m->samples,
                        totals[pm->column]);
}

void residual_add(struct measured *m, const struct unit_row *row, int64_t as_of) {
    struct residual_part *part = part_of(&m->residual, row);
    part->of.late += row->late;
    part->of.overridden += (row->flags & UNIT_OVERRIDDEN) != 0;
    if (row->flags & UNIT_MULTIPLE) {
        part->of.multiple++;
        return;
    }
    part->of.in++;
    cells_find_caps(m, as_of);
    for (uint32_t i = 0; i < m->plan->n_metrics; i++) add_metric(m, part, i, row, as_of);
}

static void read_metric(struct residual_metric *from, const struct plan_metric *pm, uint32_t arm, size_t at,
                        struct measure_cells *to) {
    cells_merge(cells_at(to, at), cells_of(from, pm));
    to->matured[at] += (int64_t)from->cells.n;
    for (uint32_t s = 0; to->steps && s < pm->columns; s++) to->steps[arm * pm->columns + s] += from->steps[s];
}

void residual_read(const struct residual *residual, const struct plan_experiment *plan, struct measure_results *r) {
    struct measure_group *all = &r->groups[0];
    for (uint32_t i = 0; i < residual->n; i++) {
        const struct residual_part *part = &residual->parts[i];
        size_t at = (size_t)part->of.epoch * r->n_arms + part->of.arm;
        r->residual += part->of.in;
        r->multiple += part->of.multiple;
        r->rule_override += part->of.overridden;
        r->excluded.too_late += part->of.late;
        all->units[at] += part->of.in;
        all->multiple[at] += part->of.multiple;
        for (uint32_t k = 0; k < plan->n_metrics; k++) {
            struct residual_metric *metric = residual_metric(part, &plan->metrics[k]);
            if (metric) read_metric(metric, &plan->metrics[k], part->of.arm, at, &all->metrics[k]);
        }
    }
}

int64_t residual_units(const struct residual *residual) {
    int64_t units = 0;
    for (uint32_t i = 0; i < residual->n; i++) units += residual->parts[i].of.in;
    return units;
}

void residual_free(struct residual *residual) {
    for (uint32_t i = 0; i < residual->n; i++) free(residual->parts[i].metrics);
    free(residual->parts);
    samples_free(&residual->samples);
    *residual = (struct residual){0};
}
