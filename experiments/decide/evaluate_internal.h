/* What deciding and its trace share: the steps, in their order. */
#ifndef PARLEY_EXPERIMENTS_DECIDE_EVALUATE_INTERNAL_H
#define PARLEY_EXPERIMENTS_DECIDE_EVALUATE_INTERNAL_H

#include "experiments/decide/evaluate.h"

struct decider {
    const struct snapshot *snapshot;
    const struct snapshot_feature *feature;
    const struct context *context;
    const struct remembered_all *remembered;
    struct variants_known *known;
};

/* What conditions are evaluated over. */
static inline struct condition_input input_of(const struct decider *d) {
    return (struct condition_input){.json = d->context->json,
                                    .root = d->context->root,
                                    .feature_key = d->feature->definition.key,
                                    .now = d->context->now,
                                    .segments = &d->snapshot->segment_conditions,
                                    .arena = d->context->arena};
}

/* One step: true when it decided (or found that the targeting key is missing), with the rest of `out` filled. */
typedef bool decide_step_fn(const struct decider *d, struct decision *out);
struct decide_step {
    enum decision_step step;
    const char *name;
    decide_step_fn *run;
};
extern const struct decide_step decide_steps[];
extern const size_t decide_steps_count;

/* Decides everything that the feature requires, the deepest first, where prerequisites have some of their own. */
void decide_prerequisites(const struct decider *d);
/* Whether prerequisite number `i` is met. */
bool decide_prerequisite(const struct decider *d, uint32_t i, struct decision *out);
/* Serves one rule, whose condition holds; false where it splits by an attribute that is not there. */
bool decide_by_rule(const struct decider *d, const struct rule *rule, struct decision *out);

#endif
