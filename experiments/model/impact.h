/* What a change of one definition touches, followed from use to use: trials, other features, segments, pages. Knows nothing of units
 * and of how it is shown. */
#ifndef PARLEY_EXPERIMENTS_MODEL_IMPACT_H
#define PARLEY_EXPERIMENTS_MODEL_IMPACT_H

#include "experiments/model/uses.h"

struct impact_item {
    enum definition_kind kind;
    struct text key;
    const char *as;               /* as what it uses ... */
    enum definition_kind of_kind; /* ... this one */
    struct text of_key;
};

/* Everything that uses the definition, directly or through others, and what those change in turn, each once; the definition
 * itself only where it is a trial that runs, pauses or matures: its units are touched. By kind, then key; concluded experiments are left out, but for a metric's: their figures are its. In `arena`. Returns how
 * many. */
size_t impact_of(const struct snapshot *snapshot, enum definition_kind kind, struct text key, struct arena *arena,
                 struct impact_item **items);

#endif
