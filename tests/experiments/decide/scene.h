/* A snapshot written down as JSON with single quotes, and somebody who asks. For tests of evaluation. */
#ifndef PARLEY_TESTS_EXPERIMENTS_DECIDE_SCENE_H
#define PARLEY_TESTS_EXPERIMENTS_DECIDE_SCENE_H

#include "experiments/decide/evaluate.h"

enum { SCENE_MAX = 64 };

struct scene {
    struct arena arena;
    struct definition definitions[SCENE_MAX];
    json_t *owned[2 * SCENE_MAX];
    size_t n, n_owned;
    struct snapshot *snapshot;
    struct remembered_all remembered;
    struct decision decision; /* of the last scene_decide */
    int64_t now;
};

void scene_begin(struct scene *scene);
void scene_end(struct scene *scene);
/* Adds or replaces a definition; `state` NULL: none. The snapshot is compiled anew. */
void scene_define(struct scene *scene, enum definition_kind kind, const char *body, const char *state);
/* Starts the experiment at `at` (the lifecycle's own step), then compiles anew. */
void scene_start(struct scene *scene, const char *experiment, int64_t at);
/* A new definition of a started experiment takes effect now. */
void scene_change(struct scene *scene, const char *body);
/* Sets the experiment's phase by hand. */
void scene_phase(struct scene *scene, const char *experiment, enum experiment_phase phase);
/* Decides `feature` for a context (single quotes; NULL: {"targetingKey": key}). Returns the variant's key (a
 * copy, good until the end), or "" where it could not be decided. */
const char *scene_decide(struct scene *scene, const char *feature, const char *key, const char *context);
/* What an exposure does: the last decision's unit is remembered. */
void scene_expose(struct scene *scene);
/* The trace as text, in the scene's arena. */
const char *scene_trace(struct scene *scene, const char *feature, const char *context);

#endif
