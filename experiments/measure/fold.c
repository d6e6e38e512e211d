#include "experiments/measure/fold_internal.h"

#include <stdlib.h>

#include "core/base/memory.h"
#include "experiments/decide/evaluate.h"

void fold_init(struct fold *fold, struct journal_reader *reader, const struct log *log, int64_t late_ms) {
    *fold = (struct fold){.reader = reader, .log = log, .late_ms = late_ms};
    arena_init(&fold->arena, 64 * 1024);
    arena_init(&fold->record_arena, 64 * 1024);
    arena_init(&fold->scratch, 64 * 1024);
}

static void words_free(struct fold_words *words) {
    for (uint32_t i = 0; i < words->n; i++) free(words->list[i]);
    free(words->list);
    map_free(&words->numbers);
    *words = (struct fold_words){0};
}

static void measured_clear(struct measured *m) {
    unit_table_free(&m->units);
    for (int i = 0; i < EXPERIMENT_MAX_BREAKDOWNS; i++) words_free(&m->words[i]);
    samples_free(&m->samples);
    free(m->residual);
    m->residual = NULL;
    m->residual_n = 0;
    unit_map_free(&m->links.index);
    free(m->links.units);
    free(m->links.links);
    m->links = (struct fold_links){0};
    unit_map_free(&m->catch_up);
    m->excluded = (struct measure_excluded){0};
    memset(m->caps, 0, sizeof m->caps);
}

static void measured_free(struct measured *m) {
    measured_clear(m);
    free((char *)m->salt.at);
    free(m);
}

void fold_forget(struct fold *fold) {
    for (uint32_t i = 0; i < fold->n; i++) measured_free(fold->measured[i]);
    free(fold->measured);
    free(fold->dirty);
    keys_free(&fold->keys);
    unit_map_free(&fold->orders);
    plan_free(fold->plan);
    fold->measured = NULL;
    fold->dirty = NULL;
    fold->plan = NULL;
    fold->n = 0;
    fold->dirty_n = fold->dirty_room = 0;
    fold->position = 0;
}

void fold_free(struct fold *fold) {
    fold_forget(fold);
    arena_free(&fold->arena);
    arena_free(&fold->record_arena);
    arena_free(&fold->scratch);
}

/* --- a new plan --- */

static struct measured *measured_new(const struct plan_experiment *plan) {
    struct measured *m = memory_new(struct measured);
    struct text salt = plan->source->state.salt;
    char *copy = memory_alloc(salt.n + 1);
    memcpy(copy, salt.at, salt.n);
    m->salt = text_n(copy, salt.n);
    return m;
}

static struct measured *measured_take(struct fold *fold, struct text salt) {
    for (uint32_t i = 0; i < fold->n; i++)
        if (fold->measured[i] && text_eq(fold->measured[i]->salt, salt)) {
            struct measured *m = fold->measured[i];
            fold->measured[i] = NULL;
            return m;
        }
    return NULL;
}

static void drop_dirty(struct fold *fold, const struct measured *m) {
    size_t n = 0;
    for (size_t i = 0; i < fold->dirty_n; i++)
        if (fold->dirty[i].measured != m) fold->dirty[n++] = fold->dirty[i];
    fold->dirty_n = n;
}

/* Begins anew: it is computed from the journal, from about its start on. */
static void restart(struct fold *fold, struct measured *m) {
    drop_dirty(fold, m);
    measured_clear(m);
    m->shape = m->plan->shape;
    m->end = m->plan->source->state.end_at;
    m->newest = INT64_MIN;
    m->position = -1;
    m->live = fold->position == 0;
    if (m->live) m->position = 0;
    unit_table_init(&m->units, m->plan->columns, m->plan->source->definition.n_breakdowns);
}

/* An end that was moved matters where records were judged by the old one that the new one judges otherwise. */
static bool end_matters(const struct measured *m, int64_t end) {
    if (m->end == end) return false;
    int64_t first = !m->end ? end : !end ? m->end : end < m->end ? end : m->end;
    return m->newest >= first;
}

void fold_set_plan(struct fold *fold, struct plan *plan) {
    struct measured **measured = memory_zero(plan->n, sizeof *measured);
    for (uint32_t i = 0; i < plan->n; i++) {
        const struct plan_experiment *e = &plan->experiments[i];
        struct measured *m = measured_take(fold, e->source->state.salt);
        bool anew = !m || m->shape != e->shape || end_matters(m, e->source->state.end_at);
        if (!m) m = measured_new(e);
        m->plan = e;
        if (anew) restart(fold, m);
        m->end = e->source->state.end_at;
        measured[i] = m;
    }
    for (uint32_t i = 0; i < fold->n; i++)
        if (fold->measured[i]) {
            drop_dirty(fold, fold->measured[i]);
            measured_free(fold->measured[i]);
        }
    free(fold->measured);
    plan_free(fold->plan);
    fold->measured = measured;
    fold->n = plan->n;
    fold->plan = plan;
    fold->changed = true;
}

/* --- what a record means --- */

static int arm_of(const struct measured *m, const struct event_exposure *x) {
    const struct experiment_state *state = &m->plan->source->state;
    int arm = x->variant.n ? experiment_state_arm(state, x->variant) : -1;
    return arm < 0 && x->variant_name.n ? experiment_state_arm(state, x->variant_name) : arm;
}

static int experiment_of(const struct fold *fold, const struct event_exposure *x) {
    int i = x->experiment.n ? plan_find(fold->plan, x->experiment) : -1;
    if (i < 0 && x->experiment_name.n) i = plan_find(fold->plan, x->experiment_name);
    return i >= 0 && x->salt.n && !text_eq(x->salt, fold->measured[i]->salt) ? -1 : i;
}

/* A record that was received long before the start cannot have happened after it. */
static bool concerns(const struct measured *m, const struct journal_record *r) {
    return r->received >= fold_since(m);
}

static bool mean_exposure(const struct measured *m, const struct event_exposure *x, const struct journal_record *r,
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
static bool mean_uses(const struct fold *fold, const struct plan_event *e, uint32_t *i, const struct journal_record *r,
                      struct fold_meaning *out) {
    uint32_t experiment = e->uses[*i].experiment;
    bool counts = false;
    *out = (struct fold_meaning){.uses = &e->uses[*i]};
    for (; *i < e->n && e->uses[*i].experiment == experiment; ++*i, out->uses_n++)
        counts |= !e->uses[*i].any || r->actor == JOURNAL_CUSTOMER;
    return counts && concerns(fold->measured[experiment], r);
}

static bool happens(const struct journal_record *r) {
    return r->kind == JOURNAL_TRACK || r->kind == JOURNAL_PAGE;
}

bool fold_meaning(const struct fold *fold, const struct measured *m, struct event *event, struct fold_meaning *out) {
    const struct journal_record *r = event->record;
    struct event_exposure x;
    int index = (int)(m->plan - fold->plan->experiments);
    if (event_exposure(event, &x)) return experiment_of(fold, &x) == index && mean_exposure(m, &x, r, out);
    const struct plan_event *e = plan_uses(fold->plan, r);
    for (uint32_t i = 0; happens(r) && i < e->n; i++)
        if ((int)e->uses[i].experiment == index) return mean_uses(fold, e, &i, r, out);
    return false;
}

bool fold_runs(const struct measured *m, int64_t t) {
    const struct experiment_state *state = &m->plan->source->state;
    return t >= state->start_at && (!state->end_at || t < state->end_at);
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

/* --- what an event adds --- */

static bool counts_at(const struct measured *m, const struct metric *metric, const struct unit_row *row, int64_t t,
                      int64_t seq) {
    if (t < row->t0 || (t == row->t0 && seq < row->seq)) return false;
    if (metric->kind == METRIC_RETENTION) return t >= row->t0 + metric->from && t < row->t0 + metric->to;
    if (metric->kind == METRIC_FUNNEL) return true; /* its window begins at a first step */
    if (metric->window != METRIC_NO_WINDOW) return t < row->t0 + metric->window;
    return !m->plan->source->state.end_at || t < m->plan->source->state.end_at;
}

static bool value_of_event(struct event *event, const struct metric_source *source, bool refund, int64_t *value) {
    if (!source->value.n) {
        *value = refund ? 0 : 1000000;
        return !refund;
    }
    if (event_micros(event, source->value, value)) return true;
    return refund && event_micros(event, TEXT("total"), value);
}

/* Column s holds the latest time at which a first step was taken that has come as far as step s; 0: none has. */
static bool apply_funnel(const struct measured *m, const struct metric *metric, int64_t *steps, uint32_t step,
                         int64_t t) {
    int64_t end = m->plan->source->state.end_at, since = step ? steps[step - 1] : t;
    if (step == 0 && end && t >= end) return false;
    if (step > 0 && !since) return false;
    if (metric->window != METRIC_NO_WINDOW ? t - since >= metric->window : end && t >= end) return false;
    if (since > steps[step]) steps[step] = since;
    return true;
}

static int64_t add(int64_t a, int64_t b) {
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? (b > 0 ? INT64_MAX : INT64_MIN) : sum;
}

/* Whether an event lies in the look-back of a unit. */
static bool looks_back(const struct measured *m, const struct unit_row *row, int64_t t) {
    return t < row->t0 && t >= row->t0 - m->plan->look_back;
}

static bool apply_use(const struct fold *fold, struct measured *m, const struct unit_row *row, int64_t *totals,
                      struct event *event, const struct plan_use *use, bool late) {
    const struct plan_metric *pm = &m->plan->metrics[use->metric];
    const struct metric *metric = pm->metric;
    const struct metric_source *source =
        metric->kind == METRIC_RATIO && use->part ? &metric->denominator : &metric->source;
    int64_t t = event->record->at, value = 0, *columns = totals + pm->column;
    if (use->any && event->record->actor != JOURNAL_CUSTOMER) return false;
    bool before = looks_back(m, row, t);
    if (before ? late || pm->before == PLAN_NO_COLUMN : !counts_at(m, metric, row, t, event->record->seq)) return false;
    if (!event_where(event, source->where, &fold->plan->snapshot->segment_conditions)) return false;
    if (metric->kind == METRIC_FUNNEL) return late || apply_funnel(m, metric, columns, use->part, t);
    if (metric->kind == METRIC_MEAN || metric->kind == METRIC_RATIO || metric->kind == METRIC_QUANTILE) {
        if (!value_of_event(event, source, use->refund, &value)) return false;
        if (use->refund) value = -value;
    } else if (use->refund)
        return false;
    else
        value = 1;
    if (metric->kind == METRIC_QUANTILE) {
        if (!late) samples_add(&m->samples, columns, value);
        return true;
    }
    int64_t *column = before ? totals + pm->before : &columns[metric->kind == METRIC_RATIO ? use->part : 0];
    if (!late) *column = add(*column, value);
    return true;
}

/* A purchase counts once: the record that `orders` names. */
static bool counted_order(const struct fold *fold, struct event *event) {
    if (event->record->kind != JOURNAL_TRACK || !text_is(event->record->name, PLAN_COMPLETED)) return true;
    struct text order = event_property(event, TEXT("order_id"));
    return !order.n || unit_map_get(&fold->orders, unit_of(order)) == (uint64_t)event->record->seq;
}

void fold_clear(struct measured *m, struct unit_row *row) {
    int64_t *totals = unit_totals(&m->units, row);
    for (uint32_t i = 0; i < m->plan->n_metrics; i++)
        if (m->plan->metrics[i].metric->kind == METRIC_QUANTILE)
            samples_drop(&m->samples, &totals[m->plan->metrics[i].column]);
    memset(totals, 0, m->units.columns * sizeof *totals);
}

void fold_remove(struct measured *m, struct unit_id unit) {
    struct unit_row *row = unit_table_find(&m->units, unit);
    if (!row) return;
    fold_clear(m, row);
    unit_table_remove(&m->units, unit);
}

bool fold_apply(const struct fold *fold, struct measured *m, struct unit_row *row, int64_t *totals, struct event *event,
                const struct fold_meaning *meaning, bool late) {
    bool counts = false;
    if (!counted_order(fold, event)) return false;
    if (!late && looks_back(m, row, event->record->at)) row->flags |= UNIT_HISTORY;
    /* From the last use to the first: so one event cannot be two steps of a funnel. */
    for (uint32_t i = meaning->uses_n; i-- > 0;)
        counts |= apply_use(fold, m, row, totals, event, &meaning->uses[i], late);
    return counts;
}

/* --- break-downs --- */

uint32_t fold_word(struct fold_words *words, struct text value) {
    if (!value.n) return 0;
    struct fold_word *w = map_get(&words->numbers, value);
    if (w) return w->number;
    if (words->n == FOLD_WORDS_MAX) return FOLD_WORDS_MAX;
    w = memory_alloc(sizeof *w + value.n);
    w->value = text_n(memcpy(w + 1, value.at, value.n), value.n);
    words->list = memory_grow(words->list, (words->n + 1) * sizeof *words->list);
    words->list[words->n] = w;
    w->number = ++words->n;
    map_put(&words->numbers, w->value, w);
    return w->number;
}

void fold_attributes(struct measured *m, uint32_t *attributes, struct event *event) {
    const struct experiment *definition = &m->plan->source->definition;
    for (uint32_t i = 0; i < definition->n_breakdowns; i++) {
        struct text value = event_attribute(event, definition->breakdowns[i]);
        attributes[i] = fold_word(&m->words[i], text_n(value.at, value.n < 256 ? value.n : 256));
    }
}

/* --- in order --- */

void fold_note_dirty(struct fold *fold, struct measured *m, struct unit_id unit) {
    for (size_t i = fold->dirty_n; i-- > 0 && fold->dirty_n - i <= 8;) /* the same unit often comes in a row */
        if (fold->dirty[i].measured == m && unit_eq(fold->dirty[i].unit, unit)) return;
    if (fold->dirty_n == fold->dirty_room) {
        fold->dirty_room = fold->dirty_room ? fold->dirty_room * 2 : 64;
        fold->dirty = memory_grow(fold->dirty, fold->dirty_room * sizeof *fold->dirty);
    }
    fold->dirty[fold->dirty_n++] = (struct fold_dirty){m, unit};
}

/* A unit's first exposure. Where it is the newest thing known of the unit nothing before it can count; else, or where what was
 * before does count (CUPED), its records are looked at again. */
static void enter(struct fold *fold, struct measured *m, struct unit_id unit, struct event *event,
                  const struct fold_meaning *meaning, int64_t before) {
    const struct journal_record *r = event->record;
    if (r->at < before || (m->plan->look_back && before != INT64_MIN)) {
        int rc = refold(fold, m, unit, r->seq);
        if (rc < 0) fold_note_dirty(fold, m, unit);
        if (rc == 0) m->excluded.too_late++;
        return;
    }
    struct unit_row *row = unit_table_add(&m->units, unit);
    row->t0 = r->at;
    row->seq = r->seq;
    row->newest = fold_time(r);
    row->epoch = (uint16_t)meaning->epoch;
    row->arm = (uint8_t)meaning->arm;
    fold_attributes(m, unit_attributes(&m->units, row), event);
}

static void expose(struct fold *fold, struct measured *m, struct unit_id unit, struct event *event,
                   const struct fold_meaning *meaning, int64_t before) {
    const struct journal_record *r = event->record;
    struct unit_row *row = unit_table_find(&m->units, unit);
    if (meaning->cause == JOURNAL_FALLBACK) m->excluded.fallback++;
    if (meaning->cause == JOURNAL_RULE_OVERRIDE && row) row->flags |= UNIT_OVERRIDDEN;
    if (meaning->cause != JOURNAL_MET || !fold_runs(m, r->at)) return;
    bool given = !meaning->viewed || m->plan->source->definition.assignment == ASSIGNED_EXTERNALLY ||
                 fold_arm_given(m, row, unit_of(event_unit(event, m->plan)), meaning->arm, r->at);
    if (!given) {
        m->excluded.exposure_mismatch++;
        return;
    }
    if (!row) {
        enter(fold, m, unit, event, meaning, before);
        return;
    }
    if (fold_late(fold, row->newest, r->at)) {
        m->excluded.too_late++;
        return;
    }
    if (fold_time(r) > row->newest) row->newest = fold_time(r);
    if (meaning->arm != row->arm) row->flags |= UNIT_MULTIPLE;
    if (r->at < row->t0) fold_note_dirty(fold, m, unit);
}

static void happen(struct fold *fold, struct measured *m, struct unit_id unit, struct event *event,
                   const struct fold_meaning *meaning) {
    const struct journal_record *r = event->record;
    struct unit_row *row = unit_table_find(&m->units, unit);
    if (!row) return;
    int64_t *totals = unit_totals(&m->units, row);
    if (fold_late(fold, row->newest, r->at)) {
        row->late += fold_apply(fold, m, row, totals, event, meaning, true);
        return;
    }
    if (m->plan->in_order && r->at < row->newest) fold_note_dirty(fold, m, unit);
    if (fold_time(r) > row->newest) row->newest = fold_time(r);
    fold_apply(fold, m, row, totals, event, meaning, false);
}

/* Remembers where the records of a unit that has no chain lie; its newest event time before this one. */
static int64_t link_record(struct fold_links *links, struct unit_id unit, const struct journal_record *r) {
    uint64_t at = unit_map_get(&links->index, unit);
    if (!at) {
        if (links->units_n == links->units_room) {
            links->units_room = links->units_room ? links->units_room * 2 : 256;
            links->units = memory_grow(links->units, links->units_room * sizeof *links->units);
        }
        links->units[links->units_n++] = (struct fold_link_unit){.newest = INT64_MIN};
        unit_map_put(&links->index, unit, at = links->units_n);
    }
    if (links->links_n == links->links_room) {
        links->links_room = links->links_room ? links->links_room * 2 : 1024;
        links->links = memory_grow(links->links, links->links_room * sizeof *links->links);
    }
    struct fold_link_unit *u = &links->units[at - 1];
    int64_t before = u->newest;
    links->links[links->links_n++] = (struct fold_link){r->seq, u->last};
    u->last = links->links_n;
    if (r->at > before) u->newest = r->at;
    return before;
}

/* What is known of the unit while its experiment reads old records: the newest event time among those read so far. */
static int64_t catch_up_record(struct measured *m, struct unit_id unit, int64_t at) {
    const uint64_t zero = 1ull << 62; /* times are far from it either way, and no time may be 0 in the map */
    uint64_t before = unit_map_get(&m->catch_up, unit), now = (uint64_t)at + zero;
    if (now > before) unit_map_put(&m->catch_up, unit, now);
    return before ? (int64_t)(before - zero) : INT64_MIN;
}

/* `before` is the newest event time of the record's person before it; what is not live finds its own. */
static void fold_into(struct fold *fold, struct measured *m, struct event *event, const struct fold_meaning *meaning,
                      int64_t before) {
    const struct journal_record *r = event->record;
    if (r->at > m->newest) m->newest = r->at;
    fold->changed = true;
    if (meaning->exposure && meaning->arm < 0) {
        bool external = m->plan->source->definition.assignment == ASSIGNED_EXTERNALLY;
        external ? m->excluded.unknown_variation++ : m->excluded.exposure_mismatch++;
        return;
    }
    struct text text = event_unit(event, m->plan);
    if (!text.n) return;
    struct unit_id unit = unit_of(text);
    if (m->plan->unit == PLAN_TARGETING_KEY) unit = keys_leader(&fold->keys, unit);
    if (m->plan->unit == PLAN_ATTRIBUTE)
        before = link_record(&m->links, unit, r);
    else if (!m->live)
        before = catch_up_record(m, unit, r->at);
    if (meaning->exposure)
        expose(fold, m, unit, event, meaning, before);
    else
        happen(fold, m, unit, event, meaning);
}

/* Hands a record to the experiments that it concerns: those that are live, or those that are not and have not read it. */
static void distribute(struct fold *fold, struct event *event, bool live, int64_t before) {
    const struct journal_record *r = event->record;
    struct fold_meaning meaning;
    struct event_exposure x;
    if (event_exposure(event, &x)) {
        int i = experiment_of(fold, &x);
        struct measured *m = i < 0 ? NULL : fold->measured[i];
        if (m && m->live == live && r->seq > m->position && mean_exposure(m, &x, r, &meaning))
            fold_into(fold, m, event, &meaning, before);
        return;
    }
    const struct plan_event *e = plan_uses(fold->plan, r);
    for (uint32_t i = 0; happens(r) && i < e->n;) {
        struct measured *m = fold->measured[e->uses[i].experiment];
        bool concerned = mean_uses(fold, e, &i, r, &meaning);
        if (concerned && m->live == live && r->seq > m->position) fold_into(fold, m, event, &meaning, before);
    }
}

/* --- people and orders --- */

/* Where either key has a row, both are computed again. */
static void compute_both(struct fold *fold, struct unit_id a, struct unit_id b, int64_t seq) {
    for (uint32_t i = 0; i < fold->n; i++) {
        struct measured *m = fold->measured[i];
        if (m->plan->unit != PLAN_TARGETING_KEY || m->position < 0) continue;
        if (!unit_table_find(&m->units, a) && !unit_table_find(&m->units, b)) continue;
        const struct unit_id units[] = {a, b};
        for (int k = 0; k < 2; k++) {
            if (!unit_eq(keys_leader(&fold->keys, units[k]), units[k]))
                fold_remove(m, units[k]);
            else if (refold(fold, m, units[k], m->live ? seq : m->position) < 0)
                fold_note_dirty(fold, m, units[k]);
        }
        fold->changed = true;
    }
}

/* Two keys become one person, or two again. */
static void join_or_part(struct fold *fold, const struct journal_record *r) {
    struct unit_id unit = unit_of(r->unit), other = unit_of(r->other);
    uint32_t a = keys_find_or_add(&fold->keys, unit), b = keys_find_or_add(&fold->keys, other);
    enum keys_word word = r->actor == JOURNAL_STAFF ? KEYS_STAFF_SAYS : KEYS_CLIENT_SAYS;
    bool part = r->kind == JOURNAL_PART;
    if (part ? !keys_part(&fold->keys, a, b) : !keys_join(&fold->keys, a, b, word)) return;
    compute_both(fold, keys_leader(&fold->keys, unit), part ? keys_leader(&fold->keys, other) : other, r->seq);
}

struct claim {
    struct fold *fold;
    bool taken;
};

/* The record that had the order so far: a browser's gives way, and its unit is computed again without it. */
static int give_way(void *visitor, const struct journal_record *r) {
    struct claim *claim = visitor;
    struct fold *fold = claim->fold;
    if (!(r->flags & JOURNAL_BROWSER)) return 0;
    struct event event = {.record = r, .arena = &fold->record_arena};
    claim->taken = true;
    for (uint32_t i = 0; i < fold->n; i++) {
        struct measured *m = fold->measured[i];
        struct unit_id unit = unit_of(event_unit(&event, m->plan));
        if (m->plan->unit == PLAN_TARGETING_KEY) unit = keys_leader(&fold->keys, unit);
        if (unit_table_find(&m->units, unit)) fold_note_dirty(fold, m, unit);
    }
    return 0;
}

/* The first record of an order counts; but one that the shop's server sends takes the place of a browser's, so that no
 * visitor can swallow the shop's order by guessing its number. */
static void claim_order(struct fold *fold, struct event *event) {
    const struct journal_record *r = event->record;
    struct text order = event_property(event, TEXT("order_id"));
    if (!order.n) return;
    struct unit_id id = unit_of(order);
    struct claim claim = {fold, false};
    uint64_t first = unit_map_get(&fold->orders, id);
    if (first && !(r->flags & JOURNAL_BROWSER)) journal_get(fold->reader, (int64_t)first, give_way, &claim, NULL);
    if (!first || claim.taken) unit_map_put(&fold->orders, id, (uint64_t)r->seq);
}

void fold_record(struct fold *fold, const struct journal_record *r) {
    struct event event = {.record = r, .arena = &fold->record_arena};
    int64_t before;
    arena_reset(&fold->record_arena);
    fold->position = r->seq;
    if (!r->unit.n) return; /* erased */
    uint32_t key = keys_find_or_add(&fold->keys, unit_of(r->unit));
    before = keys_see(&fold->keys, key, r->seq, r->at);
    if (r->flags & JOURNAL_KNOWN) fold->keys.rows[key].known = 1;
    if (r->kind == JOURNAL_TRACK && text_is(r->name, PLAN_COMPLETED)) claim_order(fold, &event);
    bool says_who = r->kind == JOURNAL_IDENTIFY || r->kind == JOURNAL_ALIAS || r->kind == JOURNAL_PART;
    if (says_who && r->other.n) join_or_part(fold, r);
    distribute(fold, &event, true, before);
}

/* Up to where an experiment has read. */
static int64_t position_of(const struct fold *fold, const struct measured *m) {
    return m->live ? fold->position : m->position;
}

int fold_settle(struct fold *fold) {
    int rc = 0;
    size_t kept = 0;
    for (size_t i = 0; i < fold->dirty_n; i++) {
        struct fold_dirty d = fold->dirty[i];
        int one = rc < 0 ? rc : refold(fold, d.measured, d.unit, position_of(fold, d.measured));
        if (one < 0) {
            rc = one;
            fold->dirty[kept++] = d;
        }
    }
    fold->dirty_n = kept;
    return rc;
}

/* --- catching up --- */

static int catch_up_one(void *visitor, const struct journal_record *r) {
    struct fold *fold = visitor;
    struct event event = {.record = r, .arena = &fold->record_arena};
    arena_reset(&fold->record_arena);
    if (r->unit.n) distribute(fold, &event, false, INT64_MIN);
    return 0;
}

/* Where an experiment begins to read: what was received long before its start is none of its affair. */
static int seek_start(struct fold *fold, struct measured *m) {
    int64_t seq;
    int rc = journal_seek(fold->reader, fold_since(m) - FOLD_GRACE, &seq, NULL);
    if (rc == 0) m->position = seq - 1 < fold->position ? seq - 1 : fold->position;
    return rc;
}

int fold_catch_up(struct fold *fold, int64_t rows) {
    int64_t from = INT64_MAX;
    for (uint32_t i = 0; i < fold->n; i++) {
        struct measured *m = fold->measured[i];
        if (m->live) continue;
        int rc = m->position < 0 ? seek_start(fold, m) : 0;
        if (rc < 0) return rc;
        if (m->position < from) from = m->position;
    }
    if (from == INT64_MAX) return 0;
    int64_t last = from + rows < fold->position ? from + rows : fold->position;
    int rc = journal_read(fold->reader, from + 1, last, catch_up_one, fold, NULL);
    if (rc < 0) return rc;
    bool more = false;
    for (uint32_t i = 0; i < fold->n; i++) {
        struct measured *m = fold->measured[i];
        if (m->live) continue;
        if (m->position < last) m->position = last;
        m->live = m->position == fold->position;
        if (m->live) unit_map_free(&m->catch_up);
        more |= !m->live;
    }
    fold->changed = true;
    rc = fold_settle(fold);
    return rc < 0 ? rc : more;
}

const struct unit_row *fold_find(const struct fold *fold, const struct measured *m, struct unit_id unit) {
    return unit_table_find(&m->units, m->plan->unit == PLAN_TARGETING_KEY ? keys_leader(&fold->keys, unit) : unit);
}

static bool same_list(const struct samples *a, uint32_t i, const struct samples *b, uint32_t k) {
    for (; i && k; i = a->nodes[i - 1].next, k = b->nodes[k - 1].next)
        if (a->nodes[i - 1].bucket != b->nodes[k - 1].bucket || a->nodes[i - 1].count != b->nodes[k - 1].count)
            return false;
    return i == k;
}

static bool same_metric(const struct measured *a, const int64_t *x, const struct measured *b, const int64_t *y,
                        const struct plan_metric *pm) {
    if (pm->metric->kind == METRIC_QUANTILE)
        return same_list(&a->samples, (uint32_t)x[pm->column], &b->samples, (uint32_t)y[pm->column]);
    return memcmp(x + pm->column, y + pm->column, pm->columns * sizeof *x) == 0 &&
           (pm->before == PLAN_NO_COLUMN || x[pm->before] == y[pm->before]);
}

bool fold_same(const struct measured *a, const struct unit_row *x, const struct measured *b, const struct unit_row *y) {
    if (!x || !y || x->t0 != y->t0 || x->seq != y->seq || x->newest != y->newest || x->late != y->late ||
        x->epoch != y->epoch || x->arm != y->arm || x->flags != y->flags)
        return false;
    for (uint32_t i = 0; i < a->plan->n_metrics; i++)
        if (!same_metric(a, unit_totals(&a->units, x), b, unit_totals(&b->units, y), &a->plan->metrics[i]))
            return false;
    return true;
}
