/* The fold's state in one file, so that a start reads the journal's tail only. Written beside, synced, renamed: there is always
 * a whole one. Anything wrong with it is no harm: then everything is computed again from the journal. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_CHECKPOINT_H
#define PARLEY_EXPERIMENTS_MEASURE_CHECKPOINT_H

#include <stdio.h>

#include "experiments/measure/fold.h"

/* Writes what is live; nothing is waiting for fold_settle. ERR_IO, ERR_STORAGE_FULL: the older file stays. */
int checkpoint_write(const struct fold *fold, const char *path, struct error *error);
/* The same in two steps, so that the fold goes on while the disk does its part. `draft` is the caller's until it is settled. */
struct checkpoint_draft {
    char temporary[4096], path[4096];
    FILE *file;
};
int checkpoint_draft(struct checkpoint_draft *draft, const struct fold *fold, const char *path, struct error *error);
/* Makes it the checkpoint, durably. Any thread. */
int checkpoint_settle(const struct checkpoint_draft *draft, struct error *error);
/* Reads into a fold that is fresh from fold_init; its experiments are taken up by the fold_set_plan that follows. ERR_NOT_FOUND
 * where there is no file; ERR_CORRUPT where it is damaged or of another journal; ERR_VERSION where it is of another format.
 * Then the fold is as fresh as before. */
int checkpoint_read(struct fold *fold, const char *path, struct error *error);

#endif
