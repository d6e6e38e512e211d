/* The results of an experiment as the JSON of contract.md, from what measuring answers. Pure. Figures that do not exist are
 * null. */
#ifndef PARLEY_EXPERIMENTS_JUDGE_RESULTS_H
#define PARLEY_EXPERIMENTS_JUDGE_RESULTS_H

#include "core/base/json_write.h"
#include "experiments/judge/judgement.h"

/* Writes one object. Results with several groups (a break-down by `by`) get "groups" in place of "variants" and "metrics"; those
 * by day get "series" (and are added up in place): on each day the units that had entered by its end, with what is known of them now. Any
 * thread; some microseconds a metric and arm. */
void results_write(struct measure_results *results, struct text by, struct json_writer *out);

#endif
