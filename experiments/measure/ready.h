/* Results that were asked for a moment ago. Reading an experiment of a million units takes a pass over them; while somebody looks
 * at it, its figures are read again behind the answers, so that an answer need not wait for that. At most a second old. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_READY_H
#define PARLEY_EXPERIMENTS_MEASURE_READY_H

#include "experiments/measure/measure.h"

enum { READY_UNITS = 50000 /* smaller ones are read at every question: that takes less than two milliseconds */ };

/* Zeroed: nothing is ready. One thread. */
struct ready {
    struct ready_results {
        struct measure_results *results; /* one reference */
        int64_t asked;                   /* ms: when somebody last did */
    } * items;
    uint32_t n;
};

/* Answers a question about all units with what is ready: true. The caps that the asker froze must be those in force in it. */
bool ready_answer(struct ready *ready, const struct fold *fold, struct measure_question *question, int64_t now);
/* Keeps what a question was answered with, where it is of all units of a large experiment. */
void ready_keep(struct ready *ready, const struct fold *fold, const struct measure_question *question, int64_t now);
/* Some times a second: reads again what was asked for in the last minutes and is not quite new; lets go of the rest. */
void ready_renew(struct ready *ready, struct fold *fold, int64_t now);
/* Nothing is ready any more: what was read may show somebody who has been erased since. Also the end. */
void ready_forget(struct ready *ready);

#endif
