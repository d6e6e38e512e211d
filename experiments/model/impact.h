/* What a change of one definition touches, followed from use to use: trials, other features, segments, pages. Knows nothing of units
 * and of how it is shown. */
#ifndef PARLEY_EXPERIMENTS_MODEL_IMPACT_H
#define PARLEY_EXPERIMENTS_MODEL_IMPACT_H

#include "experiments/model/uses.h"

enum { IMPACT_PAGE = DEFINITION_HOLDOUT + 1 }; /* beside the kinds of definitions */

/* A page, and the features that fill its sections. */
struct impact_page {
    struct text key;
    struct text *features;
    size_t n;
};

struct impact_item {
    int kind; /* enum definition_kind or IMPACT_PAGE */
    struct text key;
    const char *as; /* as what it uses ... */
    int of_kind;    /* ... this one */
    struct text of_key;
};

/* Everything that uses the definition, directly or through others, and what those change in turn, each once; not the definition
 * itself. By kind, then key; concluded experiments are left out, but for a metric's: their figures are its. In `arena`. Returns how
 * many. */
size_t impact_of(const struct snapshot *snapshot, enum definition_kind kind, struct text key,
                 const struct impact_page *pages, size_t pages_n, struct arena *arena, struct impact_item **items);
/* "feature", "page" ... */
const char *impact_kind(int kind);

#endif
