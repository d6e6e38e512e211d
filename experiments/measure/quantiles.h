/* Quantiles of the values of single events: a log histogram for each of 64 groups of units by arm; what differs between groups is
 * chance. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_QUANTILES_H
#define PARLEY_EXPERIMENTS_MEASURE_QUANTILES_H

#include "experiments/measure/groups.h"

/* Fills in the quantiles of one metric in every group, by arm. */
void quantiles_read(struct measure_results *results, const struct measured *m, const struct grouping *grouping,
                    uint32_t metric);

#endif
