/* Results by day, or by week since entry, judged one after the other. */
#ifndef PARLEY_EXPERIMENTS_JUDGE_SERIES_H
#define PARLEY_EXPERIMENTS_JUDGE_SERIES_H

#include "experiments/judge/judgement.h"

/* As many as the results have groups; in `arena`. On each day the units that had entered by its end, with what is known of them now:
 * the days are added up in place, so that this is done once. A quantile cannot be added up: it is of those who entered on that day. */
struct judgement **series_of_days(struct measure_results *days, struct arena *arena);
/* Each week stands for itself: a unit's week 2 is compared with others' week 2, whenever those were. */
struct judgement **series_of_weeks(const struct measure_results *weeks, struct arena *arena);

#endif
