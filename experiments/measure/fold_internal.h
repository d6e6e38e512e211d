/* What the parts of folding share: fold.c (the state), meaning.c (what a record is to an experiment), apply.c (what an event adds),
 * step.c (in order), refold.c (again, from the journal), people.c (keys and orders). */
#ifndef PARLEY_EXPERIMENTS_MEASURE_FOLD_INTERNAL_H
#define PARLEY_EXPERIMENTS_MEASURE_FOLD_INTERNAL_H

#include "experiments/measure/fold.h"

/* What a record is to one experiment. */
struct fold_meaning {
    bool exposure; /* it names this experiment */
    int arm;       /* -1: it names none */
    uint32_t epoch;
    enum journal_cause cause;
    bool viewed;
    const struct plan_use *uses; /* of this experiment; none for an exposure */
    uint32_t uses_n;
};

/* --- meaning.c --- */

/* The index of the experiment that an exposure names; -1. */
int fold_experiment_of(const struct fold *fold, const struct event_exposure *exposure);
/* Both are false where the record does not matter to the experiment. The second reads the run of uses at `*i` that belongs to one
 * experiment, and moves `*i` behind it. */
bool fold_mean_exposure(const struct measured *m, const struct event_exposure *x, const struct journal_record *r,
                        struct fold_meaning *out);
bool fold_mean_uses(const struct fold *fold, const struct plan_event *e, uint32_t *i, const struct journal_record *r,
                    struct fold_meaning *out);
/* Whether a record is something that happened, so that metrics may look at it. */
bool fold_happens(const struct journal_record *r);
/* The meaning for one experiment; false where it does not matter to it. */
bool fold_meaning(const struct fold *fold, const struct measured *m, struct event *event, struct fold_meaning *out);
/* Whether Parley gives or gave the unit the arm that a viewed exposure names. */
bool fold_arm_given(const struct measured *m, const struct unit_row *row, struct unit_id own, int arm, int64_t t);
/* The earliest receipt of a record that may be the experiment's affair. */
static inline int64_t fold_since(const struct measured *m) {
    return m->plan->source->state.start_at - m->plan->look_back - FOLD_GRACE;
}
/* --- apply.c --- */

/* Adds an event to a unit's totals, once for each use that it counts for; with `late` it only tells whether there is one. */
bool fold_apply(const struct fold *fold, struct measured *m, struct unit_row *row, int64_t *totals, struct event *event,
                const struct fold_meaning *meaning, bool late);
void fold_attributes(struct measured *m, uint32_t *attributes, struct event *event);
/* --- lateness --- */

/* The time that a record adds to what counts as newest: a sender's clock that is ahead makes nobody late. */
static inline int64_t fold_time(const struct journal_record *r) {
    return r->at < r->received ? r->at : r->received;
}
static inline bool fold_late(const struct fold *fold, int64_t newest, int64_t t) {
    return t < newest - fold->late_ms;
}

/* --- step.c, refold.c, people.c --- */

/* Hands a record to the experiments that it concerns: those that are live, or those that are not and have not read it. `before` is
 * the newest event time of the record's person before it, for the live ones. */
void fold_distribute(struct fold *fold, struct event *event, bool live, int64_t before);
/* Two keys become one person, or two again. */
void fold_join_or_part(struct fold *fold, const struct journal_record *r);
void fold_claim_order(struct fold *fold, struct event *event);
/* Computes one unit again from its records up to `limit`. 1 where it has a counted exposure and thus a row, 0 where not (and
 * then has none), or a negative code of the journal's, after which nothing has changed. */
int refold(struct fold *fold, struct measured *m, struct unit_id unit, int64_t limit);
/* Notes a unit for fold_settle. */
void fold_note_dirty(struct fold *fold, struct measured *m, struct unit_id unit);

#endif
