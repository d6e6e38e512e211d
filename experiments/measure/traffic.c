/* What a trial would have measured, had everybody who was seen entered it: its rate and variance before there is one. */
#include "experiments/measure/answers.h"
#include "experiments/measure/fold_internal.h"

enum { RECORDS_MOST = 500000 /* the newest; about a second of reading, while events wait */ };

struct as_if {
    const struct fold *live; /* knows whose keys are joined, and which record of an order counts */
    struct fold fold;        /* of the one plan; its units are entered by what they did first */
    struct measure_traffic *traffic;
    struct arena arena; /* of one record */
};

static struct unit_row *enter(struct measured *m, struct unit_id unit, const struct journal_record *r) {
    struct unit_row *row = unit_table_find(&m->units, unit);
    if (row) return row;
    row = unit_table_add(&m->units, unit);
    row->t0 = row->newest = r->at;
    row->seq = r->seq;
    row->arm = (uint8_t)m->plan->source->state.control;
    return row;
}

static int see(void *visitor, const struct journal_record *r) {
    struct as_if *as_if = visitor;
    struct measured *m = as_if->fold.measured[0];
    arena_reset(&as_if->arena);
    struct event event = {.record = r, .arena = &as_if->arena};
    struct event_exposure exposure;
    if (!as_if->traffic->since) as_if->traffic->since = r->received;
    if (!fold_happens(r) || r->actor != JOURNAL_CUSTOMER || event_exposure(&event, &exposure)) return 0;
    struct text text = event_unit(&event, m->plan);
    if (!text.n) return 0;
    struct unit_id unit = unit_of(text);
    if (m->plan->unit == PLAN_TARGETING_KEY) unit = keys_leader(&as_if->live->keys, unit);
    struct unit_row *row = enter(m, unit, r);
    struct fold_meaning meaning;
    const struct plan_event *e = plan_uses(as_if->fold.plan, r);
    for (uint32_t i = 0; i < e->n;)
        if (fold_mean_uses(&as_if->fold, e, &i, r, &meaning))
            fold_apply(as_if->live, m, row, unit_totals(&m->units, row), &event, &meaning, false);
    return 0;
}

static void tell(const struct as_if *as_if, int64_t now) {
    struct measured *m = as_if->fold.measured[0];
    struct measure_traffic *t = as_if->traffic;
    struct measure_results *r = cells_read((struct fold *)&as_if->fold, m, MEASURE_ALL, now);
    if (r->n_metrics) t->cell = r->groups[0].metrics[0].cells[m->plan->source->state.control];
    t->units = m->units.n;
    measure_results_free(r);
}

void answer_traffic(struct fold *fold, struct measure_traffic *t, int64_t now) {
    const struct snapshot_experiment *e = snapshot_experiment(fold->plan->snapshot, t->experiment);
    int64_t from;
    if (!e) {
        error_set(&t->error, ERR_NOT_FOUND, "there is no experiment `%.*s`", TEXT_ARGS(t->experiment));
        return;
    }
    struct plan *plan = plan_as_if(fold->plan->snapshot, e, now - t->look_back, &t->error);
    if (!plan) return;
    struct as_if as_if = {.live = fold, .traffic = t};
    arena_init(&as_if.arena, 64 * 1024);
    fold_init(&as_if.fold, fold->reader, NULL, fold->late_ms);
    fold_set_plan(&as_if.fold, plan);
    int rc = journal_seek(fold->reader, now - t->look_back, &from, &t->error);
    if (rc == 0 && from <= fold->position - RECORDS_MOST) from = fold->position - RECORDS_MOST + 1;
    if (rc == 0) rc = journal_read(fold->reader, from, fold->position, see, &as_if, &t->error);
    if (rc == 0) tell(&as_if, now);
    fold_free(&as_if.fold);
    arena_free(&as_if.arena);
}
