/* Folding in order: one record, the experiments that it concerns, one addition each. What cannot be said in order is left to
 * refold.c. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "experiments/measure/fold_internal.h"

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
    if (meaning->cause != JOURNAL_MET || !experiment_state_runs(&m->plan->source->state, r->at)) return;
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

/* Whether an event comes before one that has been counted, by times that may be ahead of their receipt. */
static bool out_of_order(const struct measured *m, int64_t *totals, int64_t t) {
    if (m->plan->latest == PLAN_NO_COLUMN) return false;
    int64_t *latest = &totals[m->plan->latest];
    if (t < *latest) return true;
    *latest = t;
    return false;
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
    if (out_of_order(m, totals, r->at)) fold_note_dirty(fold, m, unit);
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
void fold_distribute(struct fold *fold, struct event *event, bool live, int64_t before) {
    const struct journal_record *r = event->record;
    struct fold_meaning meaning;
    struct event_exposure x;
    if (event_exposure(event, &x)) {
        int i = fold_experiment_of(fold, &x);
        struct measured *m = i < 0 ? NULL : fold->measured[i];
        fold->exposed = m;
        if (m && m->live == live && r->seq > m->position && fold_mean_exposure(m, &x, r, &meaning))
            fold_into(fold, m, event, &meaning, before);
        return;
    }
    const struct plan_event *e = plan_uses(fold->plan, r);
    for (uint32_t i = 0; fold_happens(r) && i < e->n;) {
        struct measured *m = fold->measured[e->uses[i].experiment];
        bool concerned = fold_mean_uses(fold, e, &i, r, &meaning);
        if (concerned && m->live == live && r->seq > m->position) fold_into(fold, m, event, &meaning, before);
    }
}

static void fold_one(struct fold *fold, struct event *event) {
    const struct journal_record *r = event->record;
    fold->position = r->seq;
    if (!r->unit.n) return; /* erased */
    uint32_t key = keys_find_or_add(&fold->keys, unit_of(r->unit));
    int64_t before = keys_see(&fold->keys, key, r->seq, r->at);
    if (r->flags & JOURNAL_KNOWN) fold->keys.rows[key].known = 1;
    if (r->kind == JOURNAL_TRACK && text_is(r->name, PLAN_COMPLETED)) fold_claim_order(fold, event);
    bool says_who = r->kind == JOURNAL_IDENTIFY || r->kind == JOURNAL_ALIAS || r->kind == JOURNAL_PART;
    if (says_who && r->other.n) fold_join_or_part(fold, r);
    fold_distribute(fold, event, true, before);
}

/* Memory that the record will be looked for in, fetched while those before it are folded. */
static void look_ahead(const struct fold *fold, const struct journal_record *record) {
    struct unit_id unit = unit_of(record->unit);
    unit_map_prefetch(&fold->keys.index, unit);
    if (fold->exposed && record->kind == JOURNAL_EXPOSURE) unit_table_prefetch(&fold->exposed->units, unit);
}

void fold_records(struct fold *fold, const struct journal_record *records, size_t n) {
    enum { AHEAD = 8 };
    struct event event = {.arena = &fold->record_arena};
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n) look_ahead(fold, &records[i + AHEAD]);
        if (records[i].seq <= fold->position) continue;
        if (!event.record || event.record->body.at != records[i].body.at) {
            arena_reset(&fold->record_arena);
            event.scanned = false;
        }
        event.record = &records[i];
        fold_one(fold, &event);
    }
}

void fold_record(struct fold *fold, const struct journal_record *record) {
    fold_records(fold, record, 1);
}
