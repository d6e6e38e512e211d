#include "experiments/measure/answers.h"

#include "core/base/memory.h"
#include "experiments/measure/export.h"
#include "experiments/measure/fold_internal.h"

static struct measured *find(const struct fold *fold, struct text key, struct error *error) {
    const struct plan_experiment *e = map_get(&fold->plan->by_key, key);
    if (e) return fold->measured[e - fold->plan->experiments];
    error_set(error, ERR_NOT_FOUND, "there is no experiment `%.*s` that was started", TEXT_ARGS(key));
    return NULL;
}

void answer_question(struct fold *fold, struct measure_question *q, int64_t now) {
    struct measured *m = find(fold, q->experiment, &q->error);
    int by = q->by_day ? MEASURE_BY_DAY : q->by_week ? MEASURE_BY_WEEK : MEASURE_ALL;
    q->results = NULL;
    if (!m) return;
    const struct experiment *definition = &m->plan->source->definition;
    for (uint32_t i = 0; q->by.n && i < definition->n_breakdowns; i++)
        if (text_eq(definition->breakdowns[i], q->by)) by = (int)i;
    if (q->by.n && by < 0) {
        error_set(&q->error, ERR_INVALID, "`%.*s` is none of the experiment's break-downs; they are fixed at its start",
                  TEXT_ARGS(q->by));
        return;
    }
    q->results = cells_read_frozen(fold, m, by, now, &q->frozen);
}

/* --- memory --- */

static bool remembers(const struct measured *m) {
    enum experiment_phase phase = m->plan->source->state.phase;
    return m->plan->source->definition.assignment == ASSIGNED_BY_PARLEY &&
           (phase == PHASE_RUNNING || phase == PHASE_PAUSED || phase == PHASE_MATURING);
}

/* The row's unit, and under a targeting key the other keys of the same person. */
static size_t put_keys(const struct fold *fold, const struct measured *m, const struct unit_row *row,
                       struct remembered_unit *out) {
    struct remembered_unit unit = {row->unit, row->t0, row->arm, row->epoch};
    uint64_t at = m->plan->unit == PLAN_TARGETING_KEY ? unit_map_get(&fold->keys.index, row->unit) : 0;
    size_t n = 0;
    if (out) out[n] = unit;
    n++;
    for (uint32_t i = at ? fold->keys.rows[at - 1].next : KEY_NONE; i != KEY_NONE; i = fold->keys.rows[i].next, n++) {
        unit.unit = fold->keys.rows[i].id;
        if (out) out[n] = unit;
    }
    return n;
}

void answer_memory(const struct fold *fold, struct measure_memory *memory) {
    arena_init(&memory->arena, 64 * 1024);
    memory->experiments = arena_array(&memory->arena, struct measure_remembered, fold->n ? fold->n : 1);
    memory->n = 0;
    for (uint32_t i = 0; i < fold->n; i++) {
        const struct measured *m = fold->measured[i];
        if (!remembers(m)) continue;
        struct measure_remembered *r = &memory->experiments[memory->n++];
        size_t n = 0;
        for (uint32_t k = 0; k < m->units.n; k++) n += put_keys(fold, m, &m->units.rows[k], NULL);
        r->salt = arena_text(&memory->arena, m->salt);
        r->units = arena_array(&memory->arena, struct remembered_unit, n ? n : 1);
        for (uint32_t k = 0; k < m->units.n; k++) r->n += put_keys(fold, m, &m->units.rows[k], r->units + r->n);
    }
}

/* --- export --- */

void answer_export(struct fold *fold, struct measure_export *page, int64_t now) {
    struct measured *m = find(fold, page->experiment, &page->error);
    page->next = 0;
    if (!m) return;
    if (page->csv && !page->from) export_csv_header(m, &page->out);
    uint32_t i = page->from;
    for (; i < m->units.n && i - page->from < page->limit; i++)
        (page->csv ? export_csv : export_json)(fold, m, &m->units.rows[i], now, &page->out);
    page->next = i < m->units.n ? i : 0;
}

/* --- forgetting --- */

void answer_forgetting(struct fold *fold, const struct measure_forgetting *f, int64_t now) {
    for (uint32_t i = 0; i < fold->n; i++)
        for (size_t k = 0; k < f->n; k++) {
            struct measured *m = fold->measured[i];
            const struct unit_row *row = fold_find(fold, m, unit_of(f->units[k]));
            if (!row) continue;
            residual_add(m, row, now);
            fold_remove(m, row->unit);
        }
    for (size_t k = 0; k < f->n; k++) keys_forget(&fold->keys, unit_of(f->units[k]));
    fold->changed = true;
}

/* --- expiry --- */

static bool unfinished(const struct measured *m) {
    return m->plan->source->state.phase != PHASE_CONCLUDED;
}

/* Everything of it becomes the frozen remainder; nothing of it can be computed again. */
static void freeze_all(struct fold *fold, struct measured *m, int64_t now) {
    while (m->units.n) {
        const struct unit_row *row = &m->units.rows[m->units.n - 1];
        residual_add(m, row, now);
        fold_remove(m, row->unit);
    }
    m->frozen = true;
    fold->changed = true;
}

int answer_expiry(struct fold *fold, struct measure_expiry *e, int64_t now) {
    int64_t before = e->before;
    for (uint32_t i = 0; i < fold->n; i++) {
        const struct measured *m = fold->measured[i];
        if (unfinished(m) && fold_since(m) - FOLD_GRACE < before) before = fold_since(m) - FOLD_GRACE;
    }
    e->kept_for_experiments = before < e->before;
    int rc = journal_expired(fold->reader, before, &e->last, &e->error);
    if (rc < 0) return rc;
    if (e->last > fold->position || e->last > e->most) e->last = 0;
    for (uint32_t i = 0; e->last && i < fold->n; i++) {
        struct measured *m = fold->measured[i];
        int64_t first;
        if (m->frozen || unfinished(m)) continue;
        rc = journal_seek(fold->reader, fold_since(m) - FOLD_GRACE, &first, &e->error);
        if (rc < 0) return rc;
        if (first <= e->last) {
            log_info(fold->log, "a concluded experiment is frozen: its events are dropped",
                     LOG_T("experiment", m->plan->source->definition.key), LOG_I("units", m->units.n));
            freeze_all(fold, m, now);
        }
    }
    return 0;
}

/* --- proof --- */

static int read_again(void *visitor, const struct journal_record *record) {
    fold_record(visitor, record);
    return 0;
}

static void compare(struct measure_proof *proof, const struct measured *a, const struct measured *b) {
    for (uint32_t i = 0; i < a->units.n; i++)
        proof->different += !fold_same(a, &a->units.rows[i], b, unit_table_find(&b->units, a->units.rows[i].unit));
    if (b->units.n > a->units.n) proof->different += b->units.n - a->units.n;
    proof->units += a->units.n;
}

void answer_proof_begin(const struct fold *fold, struct fold *again) {
    fold_init(again, fold->reader, NULL, fold->late_ms);
    fold_set_plan(again, plan_new(fold->plan->snapshot));
    int64_t first = journal_first(fold->reader);
    if (first > 1) fold_learn(again, fold, first); /* what only dropped rows said */
}

int answer_proof_read(const struct fold *fold, struct fold *again, int64_t rows) {
    int64_t last = again->position + rows < fold->position ? again->position + rows : fold->position;
    int rc = journal_read(fold->reader, again->position + 1, last, read_again, again, NULL);
    if (rc == 0) rc = fold_settle(again);
    if (rc == 0 && again->position < last) again->position = last; /* rows whose file is gone */
    return rc;
}

void answer_proof(const struct fold *fold, const struct fold *again, struct measure_proof *proof) {
    proof->records = fold->position;
    for (uint32_t i = 0; i < fold->n; i++) {
        const struct measured *m = fold->measured[i];
        if (proof->experiment.n && !text_eq(m->plan->source->definition.key, proof->experiment)) continue;
        proof->residual += residual_units(&m->residual);
        if (!m->frozen) compare(proof, m, again->measured[i]);
    }
}
