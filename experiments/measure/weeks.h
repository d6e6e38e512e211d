/* What units did by week since their own entry: a new thing draws looks that wear off. Only weeks that are over count, so that
 * no week is compared half. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_WEEKS_H
#define PARLEY_EXPERIMENTS_MEASURE_WEEKS_H

#include "experiments/measure/cells.h"

/* Adds a unit of two whole weeks or more to `metric->fading`; `cap` in millionths, INT64_MAX: none. */
void weeks_add_fading(const struct measure_results *results, struct measure_cells *metric, size_t at,
                      const struct plan_metric *pm, const struct unit_row *row, const int64_t *totals, int64_t cap);
/* Fills the groups of results by week. */
void weeks_read(struct measure_results *results, const struct measured *measured);

#endif
