/* Everything that deciding and measuring need to know, compiled once from the stored definitions and never changed again: the
 * loops read it without locks, a new one takes its place by a pointer. Built on any thread. Knows nothing of storage. */
#ifndef PARLEY_EXPERIMENTS_MODEL_SNAPSHOT_H
#define PARLEY_EXPERIMENTS_MODEL_SNAPSHOT_H

#include "experiments/model/graph.h"
#include "experiments/model/lifecycle.h"
#include "experiments/model/metric.h"
#include "experiments/model/page.h"
#include "experiments/model/scope.h"

enum { NO_VARIANT = UINT16_MAX };

enum definition_kind {
    DEFINITION_FEATURE,
    DEFINITION_EXPERIMENT,
    DEFINITION_METRIC,
    DEFINITION_SEGMENT,
    DEFINITION_LAYER,
    DEFINITION_HOLDOUT,
    DEFINITION_PAGE
};
extern const char *const definition_kinds[]; /* "feature", "experiment" ...; NULL-terminated */

/* The arms of a holdout's read-out. */
enum { HOLDOUT_HELD, HOLDOUT_OPEN };

struct snapshot_holdout {
    struct holdout definition;
    uint64_t seed;
    const struct snapshot_experiment *readout; /* `holdout:KEY`: the held out against all others that it covers */
};

struct snapshot_segment {
    struct segment definition;
    struct condition_segment asked; /* as conditions ask for it */
    struct id_list *list;           /* one reference; NULL: none */
    uint32_t *references;           /* segments that its condition names, as indexes */
    uint32_t n_references, depth;   /* depth: segments that name one another, below this one */
};

struct snapshot_prerequisite {
    const struct snapshot_feature
        *feature;      /* NULL: there is none of that key, or it requires this one in turn; never met */
    uint32_t variants; /* bit i: variant i meets it */
};

struct snapshot_feature {
    struct feature definition;
    bool killed;
    bool
        plain; /* only its experiment and its default decide: it is on, and there are no prerequisites, rules or holdouts */
    struct snapshot_prerequisite *prerequisites;  /* as many as the definition has */
    uint32_t depth;                               /* features that require one another, below this one */
    const struct snapshot_experiment *experiment; /* running, paused or maturing; NULL */
    int64_t changed_at; /* ms: when its definition was last written; 0: whoever built it did not say */
    const struct snapshot_experiment *concluded; /* the latest of its experiments that was concluded; NULL */
    int64_t last_trial;                          /* when its latest experiment started, concluded or not; 0: none */
    const struct snapshot_holdout **holdouts;    /* those that name it or every feature */
    uint32_t n_holdouts;
};

struct snapshot_experiment {
    struct experiment definition; /* settled */
    struct experiment_state state;
    const struct snapshot_feature *feature; /* NULL: there is none of that key */
    bool by_targeting_key;                  /* its unit is the targeting key */
    uint16_t *variant_of_arm;               /* index among the feature's variants, or NO_VARIANT */
    struct bucket_ranges drawn;             /* by arm, of the epoch in force */
    struct bucket_ranges left;              /* by arm, without those removed; n is 0 where none is left */
    uint64_t in_seed, variant_seed, again_seed;
    const struct layer *layer; /* NULL */
    const struct metric *primary;
    const struct metric **secondary; /* by the definition's order; NULL where the metric is gone */
    const struct metric **guardrails;
};

/* It has started and is not concluded; NULL is not. */
static inline bool snapshot_is_live(const struct snapshot_experiment *experiment) {
    return experiment && experiment->state.phase != PHASE_DRAFT && experiment->state.phase != PHASE_CONCLUDED;
}

struct snapshot {
    struct arena arena;
    _Atomic int32_t references;
    int64_t revision;    /* the store's configRevision */
    struct text version; /* the same as a JSON text */
    struct snapshot_feature *features;
    struct snapshot_experiment *experiments;
    struct metric *metrics;
    struct snapshot_segment *segments;
    struct layer *layers;
    struct snapshot_holdout *holdouts;
    struct page *pages;
    /* What each change of the definitions is asked for on the loop, which must not walk over everything then: */
    const struct snapshot_experiment **timed; /* live, or with a start to come: nothing else changes by itself */
    const struct snapshot_experiment **concluded;
    const struct variant **pinned; /* they name a release */
    uint32_t n_timed, n_concluded, n_pinned;
    uint32_t n_defined; /* of the experiments: those that somebody wrote; behind them the holdouts' read-outs */
    uint32_t n_features, n_experiments, n_metrics, n_segments, n_layers, n_holdouts, n_pages;
    struct map by_key[DEFINITION_PAGE + 1]; /* by kind */
    struct map segment_conditions;          /* what condition_input.segments takes */
};

/* A definition as the store has it. Borrowed for the call. */
struct definition {
    enum definition_kind kind;
    struct text key;
    const json_t *body;
    const json_t *state; /* experiments: lifecycle.h's document; features: {"killed":true}; NULL */
};

/* Compiles. `*out` has one reference, the caller's. Fails (ERR_CORRUPT, naming the definition) where a body does not
 * validate; what refers to a definition that is gone is left out, not refused. 10,000 features take under 100 ms. */
int snapshot_build(struct snapshot **out, int64_t revision, const struct definition *definitions, size_t n,
                   struct error *error);
/* The ids of a segment that is a list; takes a reference of its own. Before anybody else has the snapshot. */
void snapshot_set_list(struct snapshot *snapshot, struct text segment, struct id_list *list);
/* One more reference; returns `snapshot`. Any thread. */
struct snapshot *snapshot_keep(struct snapshot *snapshot);
/* Gives a reference back; the last one frees. NULL is fine. Any thread. */
void snapshot_release(struct snapshot *snapshot);

/* All NULL where there is none. Borrowed from the snapshot. */
const struct snapshot_feature *snapshot_feature(const struct snapshot *snapshot, struct text key);
const struct snapshot_experiment *snapshot_experiment(const struct snapshot *snapshot, struct text key);
const struct metric *snapshot_metric(const struct snapshot *snapshot, struct text key);
const struct snapshot_segment *snapshot_segment(const struct snapshot *snapshot, struct text key);
const struct layer *snapshot_layer(const struct snapshot *snapshot, struct text key);
const struct page *snapshot_page(const struct snapshot *snapshot, struct text key);
const struct snapshot_holdout *snapshot_holdout(const struct snapshot *snapshot, struct text key);

/* Which features require which; nodes are the features in their order. Borrows the snapshot. */
struct graph snapshot_prerequisites(const struct snapshot *snapshot);
/* Which segments name which. */
struct graph snapshot_segment_graph(const struct snapshot *snapshot);

/* The slots that experiments other than `except` hold in a layer (started, not concluded). In `arena`. */
struct slots_taken snapshot_slots_taken(const struct snapshot *snapshot, struct text layer, struct text except,
                                        struct arena *arena);
/* The next time after `now` at which a decision may change by itself (an experiment or a holdout begins or ends), or 0. */
int64_t snapshot_next_change(const struct snapshot *snapshot, int64_t now);

#endif
