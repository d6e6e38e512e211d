/* What a definition refers to must be there: features, variants, metrics, layers, segments. Checked against the snapshot in
 * force before a change is written. Knows nothing of the form of a definition: that is each kind's own affair. */
#ifndef PARLEY_EXPERIMENTS_MODEL_CHECK_H
#define PARLEY_EXPERIMENTS_MODEL_CHECK_H

#include "experiments/model/snapshot.h"

/* 0, or ERR_INVALID with every fault at its pointer. The snapshot is borrowed; the definition may be new or in it. */
int check_feature(const struct feature *feature, const struct snapshot *snapshot, struct error *error);
/* Settles the experiment (its control) on the way. */
int check_experiment(struct experiment *experiment, const struct snapshot *snapshot, struct error *error);
int check_metric(const struct metric *metric, const struct snapshot *snapshot, struct error *error);
int check_segment(const struct segment *segment, const struct snapshot *snapshot, struct error *error);
int check_holdout(const struct holdout *holdout, const struct snapshot *snapshot, struct error *error);
int check_page(const struct page *page, const struct snapshot *snapshot, struct error *error);
/* ERR_CONFLICT where segments name segments deeper than evaluation follows. */
int check_segment_depths(const struct snapshot *snapshot, struct error *error);
/* Whether the experiment can be started: the feature has no other that runs (ERR_CONFLICT), its metrics can be measured, and
 * it has arms with weight. */
int check_start(const struct snapshot_experiment *experiment, const struct snapshot *snapshot, struct error *error);
/* A definition can be deleted when both are 0. ERR_CONFLICT naming the first that refers to it: */
int check_unused(enum definition_kind kind, struct text key, const struct snapshot *snapshot, struct error *error);
/* ERR_CONFLICT for an experiment that has started and is not concluded. */
int check_not_live(enum definition_kind kind, struct text key, const struct snapshot *snapshot, struct error *error);

#endif
