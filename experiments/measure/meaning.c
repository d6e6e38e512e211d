/* What a record means to an experiment: an exposure of a unit to an arm, or an event that its metrics look at. */
#include "experiments/decide/evaluate.h"
#include "experiments/measure/fold_internal.h"

static int arm_of(const struct measured *m, const struct event_exposure *x) {
    const struct experiment_state *state = &m->plan->source->state;
    int arm = x->variant.n ? experiment_state_arm(state, x->variant) : -1;
    return arm < 0 && x->variant_name.n ? experiment_state_arm(state, x->variant_name) : arm;
}

int fold_experiment_of(const struct fold *fold, const struct event_exposure *x) {
    int i = x->experiment.n ? plan_find(fold->plan, x->experiment) : -1;
    if (i < 0 && x->experiment_name.n) i = plan_find(fold->plan, x->experiment_name);
    return i >= 0 && x->salt.n && !text_eq(x->salt, fold->measured[i]->salt) ? -1 : i;
}

/* A record that was received long before the start cannot have happened after it. */
static bool concerns(const struct measured *m, const struct journal_record *r) {
    return !m->frozen && r->received >= fold_since(m);
}

bool fold_mean_exposure(const struct measured *m, const struct event_exposure *x, const struct journal_record *r,
                        struct fold_meaning *out) {
    const struct experiment_state *state = &m->plan->source->state;
    bool said = x->epoch >= 0 && x->epoch < state->n_epochs;
    *out = (struct fold_meaning){
        .exposure = true,
        .viewed = x->viewed,
        .cause = x->cause,
        .arm = arm_of(m, x),
        .epoch = said ? (uint32_t)x->epoch : epoch_at(state, r->at),
    };
    return concerns(m, r);
}

/* The run of uses at `*i` that belongs to one experiment; moves `*i` behind it. */
bool fold_mean_uses(const struct fold *fold, const struct plan_event *e, uint32_t *i, const struct journal_record *r,
                    struct fold_meaning *out) {
    uint32_t experiment = e->uses[*i].experiment;
    bool counts = false;
    *out = (struct fold_meaning){.uses = &e->uses[*i]};
    for (; *i < e->n && e->uses[*i].experiment == experiment; ++*i, out->uses_n++)
        counts |= !e->uses[*i].any || r->actor == JOURNAL_CUSTOMER;
    return counts && concerns(fold->measured[experiment], r);
}

bool fold_happens(const struct journal_record *r) {
    return r->kind == JOURNAL_TRACK || r->kind == JOURNAL_PAGE;
}

bool fold_meaning(const struct fold *fold, const struct measured *m, struct event *event, struct fold_meaning *out) {
    const struct journal_record *r = event->record;
    struct event_exposure x;
    int index = (int)(m->plan - fold->plan->experiments);
    if (event_exposure(event, &x)) return fold_experiment_of(fold, &x) == index && fold_mean_exposure(m, &x, r, out);
    const struct plan_event *e = plan_uses(fold->plan, r);
    for (uint32_t i = 0; fold_happens(r) && i < e->n; i++)
        if ((int)e->uses[i].experiment == index) return fold_mean_uses(fold, e, &i, r, out);
    return false;
}

bool fold_arm_given(const struct measured *m, const struct unit_row *row, struct unit_id own, int arm, int64_t t) {
    const struct snapshot_experiment *e = m->plan->source;
    /* A unit that met two is out of the figures anyway. */
    if (row && (row->arm == arm || row->flags & UNIT_MULTIPLE)) return true;
    uint32_t epoch;
    int drawn = decide_arm(e, own, NULL, &epoch);
    if (drawn < 0 || drawn == arm) return drawn == arm;
    /* An earlier epoch may have drawn another one. */
    const struct epoch *then = &e->state.epochs[epoch_at(&e->state, t)];
    uint64_t ends[STATE_MAX_ARMS], sum = 0;
    for (uint32_t i = 0; i < e->state.n_arms; i++) ends[i] = sum += then->drawn[i];
    struct bucket_ranges ranges = {ends, e->state.n_arms};
    return sum > 0 && (int)bucket_pick(&ranges, bucket_hash(e->variant_seed, own)) == arm;
}
