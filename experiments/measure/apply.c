/* What an event adds to a unit's totals, by the kind of each metric that takes it, and when. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "experiments/measure/fold_internal.h"

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
    int64_t t = event->record->at, value = 0;
    if (use->any && event->record->actor != JOURNAL_CUSTOMER) return false;
    bool before = looks_back(m, row, t);
    if (before ? late || pm->before == PLAN_NO_COLUMN : !counts_at(m, metric, row, t, event->record->seq)) return false;
    if (!event_where(event, source->where, &fold->plan->snapshot->segment_conditions)) return false;
    int64_t *columns = totals + (before ? pm->before : pm->column);
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
    if (late) return true;
    int64_t *column = &columns[metric->kind == METRIC_RATIO ? use->part : 0];
    *column = add(*column, value);
    int64_t week = (t - row->t0) / PLAN_WEEK;
    if (!before && week < pm->n_weeks) totals[pm->weeks + week] = add(totals[pm->weeks + week], value);
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

/* --- comparing --- */

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
           memcmp(x + pm->weeks, y + pm->weeks, pm->n_weeks * sizeof *x) == 0 &&
           (pm->before == PLAN_NO_COLUMN || memcmp(x + pm->before, y + pm->before, pm->columns * sizeof *x) == 0);
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
