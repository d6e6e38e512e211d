/* What measuring answers from the fold's state; see measure.h for the shapes. On the measure thread. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_ANSWERS_H
#define PARLEY_EXPERIMENTS_MEASURE_ANSWERS_H

#include "experiments/measure/measure.h"

void answer_question(struct fold *fold, struct measure_question *question, int64_t now);
void answer_traffic(struct fold *fold, struct measure_traffic *traffic, int64_t now);
void answer_memory(const struct fold *fold, struct measure_memory *memory);
void answer_export(struct fold *fold, struct measure_export *page, int64_t now);
void answer_forgetting(struct fold *fold, const struct measure_forgetting *forgetting, int64_t now);
/* What may be dropped; what goes with it is frozen. 0, or a negative code with e->error. */
int answer_expiry(struct fold *fold, struct measure_expiry *e, int64_t now);
/* Computing again, a slice of rows at a time: `again` follows `fold` until it has come as far; then they are compared. */
void answer_proof_begin(const struct fold *fold, struct fold *again);
int answer_proof_read(const struct fold *fold, struct fold *again, int64_t rows);
void answer_proof(const struct fold *fold, const struct fold *again, struct measure_proof *proof);

#endif
