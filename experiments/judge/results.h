/* The results of an experiment as the JSON of contract.md, from what measuring answers. Pure. Figures that do not exist are
 * null. */
#ifndef PARLEY_EXPERIMENTS_JUDGE_RESULTS_H
#define PARLEY_EXPERIMENTS_JUDGE_RESULTS_H

#include "core/base/json_write.h"
#include "experiments/judge/looks.h"

/* Writes one object; `before` is the latest look, or NULL. Results with several groups (a break-down by `by`) get "groups" in place
 * of "variants" and "metrics", each with its own "srm"; those by day get "series" (and are added up in place): on each day the units
 * that had entered by its end, with what is known of them now; those by week "series" too: what units did in each week since
 * their own entry. Any thread; some microseconds a metric and arm. */
void results_write(struct measure_results *results, struct text by, const struct look *before, struct json_writer *out);

#endif
