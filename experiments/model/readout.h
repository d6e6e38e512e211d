/* A holdout as the experiment that it is: held out against not, over every unit that it covers. So measuring and judging know
 * nothing of holdouts. */
#ifndef PARLEY_EXPERIMENTS_MODEL_READOUT_H
#define PARLEY_EXPERIMENTS_MODEL_READOUT_H

#include "experiments/model/snapshot.h"

/* Fills definition and state of `holdout:KEY`: two arms, of which the held out is control; it runs from the holdout's start to its
 * end. In `arena`, borrowing from the holdout. */
void readout_make(struct snapshot_experiment *readout, const struct holdout *holdout, struct arena *arena);

#endif
