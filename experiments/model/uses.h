/* Which definition uses which, and as what. Pure. Knows nothing of what follows from it. */
#ifndef PARLEY_EXPERIMENTS_MODEL_USES_H
#define PARLEY_EXPERIMENTS_MODEL_USES_H

#include "experiments/model/snapshot.h"

/* As what the definition uses the one of that kind and key ("prerequisite", "rule", "audience", "metric" ...); NULL where it does
 * not. */
const char *feature_uses(const struct feature *feature, enum definition_kind kind, struct text key);
const char *experiment_uses(const struct experiment *experiment, enum definition_kind kind, struct text key);
const char *metric_uses(const struct metric *metric, enum definition_kind kind, struct text key);
const char *segment_uses(const struct segment *segment, enum definition_kind kind, struct text key);
/* A holdout without a list is of every feature, and uses none. */
const char *holdout_uses(const struct holdout *holdout, enum definition_kind kind, struct text key);

const char *page_uses(const struct page *page, enum definition_kind kind, struct text key);

/* One use in a snapshot: `by` says who, by its kind and key. */
struct use {
    enum definition_kind kind;
    struct text key; /* borrowed from the snapshot */
    const char *as;
};
/* Calls `visit` for every use of a definition, until it returns false. */
void uses_of(const struct snapshot *snapshot, enum definition_kind kind, struct text key,
             bool (*visit)(void *ctx, const struct use *use), void *ctx);

#endif
