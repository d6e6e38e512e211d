/* What building a snapshot is made of. */
#ifndef PARLEY_EXPERIMENTS_MODEL_SNAPSHOT_INTERNAL_H
#define PARLEY_EXPERIMENTS_MODEL_SNAPSHOT_INTERNAL_H

#include "experiments/model/snapshot.h"

/* Every definition is parsed and can be found by its key; now they find each other. */
void snapshot_connect(struct snapshot *snapshot);

#endif
