/* What measuring answers from the fold's state; see measure.h for the shapes. On the measure thread. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_ANSWERS_H
#define PARLEY_EXPERIMENTS_MEASURE_ANSWERS_H

#include "experiments/measure/measure.h"

void answer_question(struct fold *fold, struct measure_question *question, int64_t now);
void answer_traffic(struct fold *fold, struct measure_traffic *traffic, int64_t now);
void answer_memory(const struct fold *fold, struct measure_memory *memory);
void answer_export(struct fold *fold, struct measure_export *page, int64_t now);
void answer_forgetting(struct fold *fold, const struct measure_forgetting *forgetting);
void answer_proof(const struct fold *fold, struct measure_proof *proof);

#endif
