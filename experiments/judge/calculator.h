/* The calculator: statistical questions as JSON, answered as JSON (`parley stats`, POST /admin/v1/stats). It reads, checks and
 * prints; the mathematics is experiments/stats. Knows nothing of experiments, stores or HTTP. */
#ifndef PARLEY_EXPERIMENTS_JUDGE_CALCULATOR_H
#define PARLEY_EXPERIMENTS_JUDGE_CALCULATOR_H

#include <stdbool.h>

#include "core/base/buffer.h"

/* Appends the answer to `request` (one object, or an array of at most 10,000) to `out`, as compact JSON: an object for an object, an
 * array for an array. What is wrong is said in its place as {"error":"…"}, also for text that is not JSON at all. Numbers read
 * back to the same double; a figure that does not exist is null. Returns false where the whole answer is an error: the text is
 * not JSON, or its only request is wrong. An array has been answered whatever stands in it.
 * Any thread; a request takes under a millisecond, more with many arms, looks or values: long ones belong off the loop. */
bool calculator_answer(struct text request, struct buffer *out);

#endif
