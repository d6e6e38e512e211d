#include "experiments/judge/series.h"

/* Adds the earlier days to a day. */
static void cumulate(const struct measure_results *r, struct measure_group *day, const struct measure_group *before) {
    size_t cells = (size_t)r->n_epochs * r->n_arms;
    for (size_t c = 0; c < cells; c++) {
        day->units[c] += before->units[c];
        day->multiple[c] += before->multiple[c];
        for (uint32_t i = 0; i < r->n_metrics; i++) {
            struct measure_cells *to = &day->metrics[i];
            const struct measure_cells *from = &before->metrics[i];
            cells_merge(cells_at(to, c), cells_at(from, c));
            to->matured[c] += from->matured[c];
        }
    }
    for (uint32_t i = 0; i < r->n_metrics; i++)
        for (size_t s = 0; day->metrics[i].steps && s < (size_t)r->n_arms * r->metrics[i]->n_steps; s++)
            day->metrics[i].steps[s] += before->metrics[i].steps[s];
}

struct judgement **series_of_days(struct measure_results *r, struct arena *arena) {
    for (uint32_t g = 1; g < r->n_groups; g++) cumulate(r, &r->groups[g], &r->groups[g - 1]);
    return series_of_weeks(r, arena);
}

struct judgement **series_of_weeks(const struct measure_results *r, struct arena *arena) {
    struct judgement **judged = arena_array(arena, struct judgement *, r->n_groups + 1);
    for (uint32_t g = 0; g < r->n_groups; g++) judged[g] = judge(r, &r->groups[g], NULL, arena);
    return judged;
}
