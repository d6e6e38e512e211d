#include "experiments/measure/plan.h"

#include <stdlib.h>
#include <xxhash.h>

#include "core/base/buffer.h"
#include "core/base/memory.h"

/* --- shape --- */

static void shape_text(struct buffer *b, struct text t) {
    buffer_printf(b, "%zu:", t.n);
    buffer_text(b, t);
}

static void shape_source(struct buffer *b, const struct metric_source *source) {
    shape_text(b, source->event);
    shape_text(b, source->value);
    if (source->where) condition_write(source->where, b);
    buffer_byte(b, ';');
}

static void write_metric(struct buffer *b, const struct metric *m) {
    shape_text(b, m->key);
    buffer_printf(b, "%d,%lld,%lld,%lld,%d;", (int)m->kind, (long long)m->window, (long long)m->from, (long long)m->to,
                  m->net);
    shape_source(b, &m->source);
    shape_source(b, &m->denominator);
    for (uint32_t i = 0; i < m->n_steps; i++) shape_text(b, m->steps[i]);
}

static uint64_t shape_of_metric(const struct metric *m, int64_t look_back) {
    struct buffer b = {0};
    write_metric(&b, m);
    buffer_printf(&b, "%lld", (long long)look_back);
    uint64_t shape = XXH3_64bits(b.at, b.n);
    buffer_free(&b);
    return shape;
}

static uint64_t shape_of(const struct plan_experiment *e) {
    const struct experiment *definition = &e->source->definition;
    struct buffer b = {0};
    shape_text(&b, e->source->state.salt);
    shape_text(&b, definition->unit);
    buffer_printf(&b, "%d,%lld,%lld,%u,%u;", (int)definition->assignment, (long long)e->source->state.start_at,
                  (long long)e->look_back, e->n_metrics ? e->metrics[0].n_weeks : 0, e->columns);
    for (uint32_t i = 0; i < e->n_metrics; i++) buffer_put(&b, &e->metrics[i].shape, sizeof e->metrics[i].shape);
    for (uint32_t i = 0; i < definition->n_breakdowns; i++) shape_text(&b, definition->breakdowns[i]);
    uint64_t shape = XXH3_64bits(b.at, b.n);
    buffer_free(&b);
    return shape;
}

/* --- experiments --- */

static uint32_t columns_of(const struct metric *m) {
    switch (m->kind) {
    case METRIC_RATIO: return 2;
    case METRIC_FUNNEL: return m->n_steps;
    default: return 1;
    }
}

/* Kinds whose total is one sum over events of any time. */
static bool is_sum(const struct metric *m) {
    return m->kind == METRIC_CONVERSION || m->kind == METRIC_COUNT || m->kind == METRIC_MEAN;
}

/* Kinds that CUPED adjusts: what they are can be said of the time before a unit entered, too. */
static bool looks_back(const struct metric *m) {
    return is_sum(m) || m->kind == METRIC_RATIO;
}

static void add_metric(struct plan_experiment *e, const struct metric *metric) {
    if (!metric) return;
    for (uint32_t i = 0; i < e->n_metrics; i++)
        if (e->metrics[i].metric == metric) return;
    struct plan_metric *pm = &e->metrics[e->n_metrics++];
    *pm = (struct plan_metric){.metric = metric,
                               .column = e->columns,
                               .columns = columns_of(metric),
                               .before = PLAN_NO_COLUMN,
                               .shape = shape_of_metric(metric, e->look_back)};
    e->columns += pm->columns;
    if (e->look_back && looks_back(metric)) {
        pm->before = e->columns;
        e->columns += pm->columns;
    }
    if (metric->kind == METRIC_FUNNEL && e->latest == PLAN_NO_COLUMN) e->latest = e->columns++;
}

/* Whether novelty wears off is asked of the primary metric. A window of less than two weeks has no second week to compare. */
static void add_weeks(struct plan_experiment *e) {
    struct plan_metric *primary = &e->metrics[0];
    int64_t window = e->n_metrics ? primary->metric->window : 0;
    if (!e->n_metrics || !is_sum(primary->metric) || (window != METRIC_NO_WINDOW && window < 2 * PLAN_WEEK)) return;
    int64_t weeks = window == METRIC_NO_WINDOW ? PLAN_WEEKS : window / PLAN_WEEK;
    primary->weeks = e->columns;
    primary->n_weeks = (uint32_t)(weeks < PLAN_WEEKS ? weeks : PLAN_WEEKS);
    e->columns += primary->n_weeks;
}

static void add_experiment(struct plan *plan, const struct snapshot_experiment *source) {
    struct plan_experiment *e = &plan->experiments[plan->n++];
    const struct experiment *definition = &source->definition;
    e->source = source;
    e->look_back = definition->cuped;
    e->latest = PLAN_NO_COLUMN;
    e->unit = text_is(definition->unit, "targetingKey") ? PLAN_TARGETING_KEY
              : text_is(definition->unit, "userId")     ? PLAN_USER_ID
                                                        : PLAN_ATTRIBUTE;
    add_metric(e, source->primary);
    add_weeks(e);
    for (uint32_t i = 0; i < definition->n_secondary; i++) add_metric(e, source->secondary[i]);
    for (uint32_t i = 0; i < definition->n_guardrails; i++) add_metric(e, source->guardrails[i]);
    e->shape = shape_of(e);
    map_put(&plan->by_key, definition->key, e);
    if (definition->name.n) map_put(&plan->by_name, definition->name, e);
}

/* --- events --- */

struct pending {
    struct plan_use *uses;
    size_t n, room;
    struct text *names; /* beside each use; "*" for any */
};

static void want(struct pending *p, struct text name, struct plan_use use) {
    if (!name.n) return;
    if (p->n == p->room) {
        p->room = p->room ? p->room * 2 : 64;
        p->uses = memory_grow(p->uses, p->room * sizeof *p->uses);
        p->names = memory_grow(p->names, p->room * sizeof *p->names);
    }
    use.any = text_is(name, "*");
    p->names[p->n] = name;
    p->uses[p->n++] = use;
}

static void want_metric(struct pending *p, const struct metric *m, struct plan_use use) {
    if (m->kind == METRIC_FUNNEL) {
        for (uint32_t i = 0; i < m->n_steps; i++) {
            use.part = (uint8_t)i;
            want(p, m->steps[i], use);
        }
        return;
    }
    want(p, m->source.event, use);
    if (m->kind == METRIC_RATIO) {
        use.part = 1;
        want(p, m->denominator.event, use);
    }
    if (m->net && text_is(m->source.event, PLAN_COMPLETED)) {
        use.part = 0;
        use.refund = true;
        want(p, TEXT(PLAN_REFUNDED), use);
    }
}

/* Uses were wanted experiment by experiment, so each event's list is in that order. */
static void collect(struct plan *plan, const struct pending *p, struct text name, struct plan_event *event) {
    event->name = name;
    event->uses = arena_array(&plan->arena, struct plan_use, p->n ? p->n : 1);
    for (size_t i = 0; i < p->n; i++)
        if (p->uses[i].any || text_eq(p->names[i], name)) event->uses[event->n++] = p->uses[i];
}

static void index_events(struct plan *plan, const struct pending *p) {
    for (size_t i = 0; i < p->n; i++) {
        if (p->uses[i].any || map_get(&plan->events, p->names[i])) continue;
        struct plan_event *event = arena_new(&plan->arena, struct plan_event);
        collect(plan, p, p->names[i], event);
        map_put(&plan->events, event->name, event);
    }
    collect(plan, p, TEXT("*"), &plan->any);
}

static struct plan *begin_plan(struct snapshot *snapshot, uint32_t experiments) {
    struct plan *plan = memory_new(struct plan);
    plan->snapshot = snapshot_keep(snapshot);
    arena_init(&plan->arena, 16 * 1024);
    plan->experiments = arena_array(&plan->arena, struct plan_experiment, experiments ? experiments : 1);
    return plan;
}

static struct plan *finish_plan(struct plan *plan) {
    struct pending pending = {0};
    for (uint32_t i = 0; i < plan->n; i++)
        for (uint32_t k = 0; k < plan->experiments[i].n_metrics; k++)
            want_metric(&pending, plan->experiments[i].metrics[k].metric,
                        (struct plan_use){.experiment = i, .metric = k});
    index_events(plan, &pending);
    free(pending.uses);
    free(pending.names);
    return plan;
}

struct plan *plan_new(struct snapshot *snapshot) {
    struct plan *plan = begin_plan(snapshot, snapshot->n_experiments);
    for (uint32_t i = 0; i < snapshot->n_experiments; i++)
        if (snapshot->experiments[i].state.start_at) add_experiment(plan, &snapshot->experiments[i]);
    return finish_plan(plan);
}

struct plan *plan_as_if(struct snapshot *snapshot, const struct snapshot_experiment *draft, int64_t start,
                        struct error *error) {
    struct plan *plan = begin_plan(snapshot, 1);
    struct snapshot_experiment *started = arena_new(&plan->arena, struct snapshot_experiment);
    struct slots_taken nobody = {0};
    int free_slots;
    *started = *draft;
    started->definition.layer = TEXT_NONE; /* its slots are taken when it really starts */
    started->definition.cuped = 0;
    int rc = lifecycle_start(&started->state, &started->definition, start, nobody, &plan->arena, &free_slots, error);
    if (rc == 0) add_experiment(plan, started);
    if (rc == 0) return finish_plan(plan);
    plan_free(plan);
    return NULL;
}

void plan_free(struct plan *plan) {
    if (!plan) return;
    map_free(&plan->events);
    map_free(&plan->by_key);
    map_free(&plan->by_name);
    arena_free(&plan->arena);
    snapshot_release(plan->snapshot);
    free(plan);
}

const struct plan_event *plan_uses(const struct plan *plan, const struct journal_record *record) {
    const struct plan_event *event = record->kind == JOURNAL_TRACK ? map_get(&plan->events, record->name) : NULL;
    return event ? event : &plan->any;
}

int plan_find(const struct plan *plan, struct text key) {
    const struct plan_experiment *e = map_get(&plan->by_key, key);
    if (!e) e = map_get(&plan->by_name, key);
    return e ? (int)(e - plan->experiments) : -1;
}
