/* The pictures of a report, as SVG with a title and a description in words. */
#ifndef PARLEY_EXPERIMENTS_JUDGE_REPORT_PICTURES_H
#define PARLEY_EXPERIMENTS_JUDGE_REPORT_PICTURES_H

#include "experiments/judge/judgement.h"

/* The relative effect on a metric with its interval, a row for each treatment, beside the band that does not matter. Empty where no
 * arm has a finite interval. */
struct text picture_intervals(const struct judgement *judgement, const struct judged_metric *metric,
                              struct arena *arena);
/* Units by the end of each day, a curve for each variant; of results by day, not added up. Empty where there are fewer than 2 days. */
struct text picture_exposure(const struct measure_results *days, struct arena *arena);

#endif
