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

/* All but the residual. */
static void measured_clear(struct measured *m) {
    unit_table_free(&m->units);
    for (int i = 0; i < EXPERIMENT_MAX_BREAKDOWNS; i++) words_free(&m->words[i]);
    samples_free(&m->samples);
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
    residual_free(&m->residual);
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
    fold->exposed = NULL;
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

void fold_learn(struct fold *fold, const struct fold *from, int64_t first) {
    keys_resize(&fold->keys, from->keys.n);
    memcpy(fold->keys.rows, from->keys.rows, from->keys.n * sizeof *from->keys.rows);
    keys_reindex(&fold->keys);
    for (size_t i = 0; i < from->orders.room; i++) {
        const struct unit_map_entry *e = &from->orders.entries[i];
        if (e->value && (int64_t)e->value < first) unit_map_put(&fold->orders, e->unit, e->value);
    }
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

/* Begins anew: it is computed from the journal, from about its start on; but for what is frozen. */
static void restart(struct fold *fold, struct measured *m) {
    drop_dirty(fold, m);
    measured_clear(m);
    m->shape = m->plan->shape;
    m->newest = INT64_MIN;
    m->position = -1;
    m->live = m->frozen || fold->position == 0;
    if (m->live) m->position = 0;
    unit_table_init(&m->units, m->plan->columns, m->plan->source->definition.n_breakdowns);
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* From when on the experiment now lets units in, or not, other than it did when its records were folded; INT64_MAX: never. */
static int64_t runs_differently_from(const struct measured *m, const struct experiment_state *now) {
    int64_t first = INT64_MAX;
    if (m->end != now->end_at) first = !m->end ? now->end_at : !now->end_at ? m->end : earlier(m->end, now->end_at);
    if (m->turns < now->n_turns) first = earlier(first, now->turns[m->turns]);
    return first;
}

void fold_set_plan(struct fold *fold, struct plan *plan) {
    struct measured **measured = memory_zero(plan->n, sizeof *measured);
    for (uint32_t i = 0; i < plan->n; i++) {
        const struct plan_experiment *e = &plan->experiments[i];
        struct measured *m = measured_take(fold, e->source->state.salt);
        bool anew = !m || m->shape != e->shape || m->newest >= runs_differently_from(m, &e->source->state);
        if (!m) m = measured_new(e);
        m->plan = e;
        if (anew) restart(fold, m);
        m->end = e->source->state.end_at;
        m->turns = e->source->state.n_turns;
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
    fold->exposed = NULL;
    fold->n = plan->n;
    fold->plan = plan;
    fold->changed = true;
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
    if (r->unit.n) fold_distribute(fold, &event, false, INT64_MIN);
    return 0;
}

/* Where an experiment begins to read: what was received long before its start is none of its affair. */
static int seek_start(struct fold *fold, struct measured *m) {
    int64_t seq;
    int rc = journal_seek(fold->reader, fold_since(m) - FOLD_GRACE, &seq, NULL);
    if (rc == 0) m->from = m->position = seq - 1 < fold->position ? seq - 1 : fold->position;
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
