/* One unit again, from its records in the journal: the slow path for what came out of order. It walks the chains of all its
 * keys, puts the records into the order in which they were received, and decides as fold.c does record by record. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "experiments/measure/fold_internal.h"

/* The unit's records that matter, copied. */
struct history {
    struct fold *fold;
    struct measured *m;
    int64_t limit;
    struct history_item {
        struct event event;
        struct fold_meaning meaning;
        bool late;
    } * items;
    size_t n, room;
};

static struct text copy(struct arena *arena, struct text t) {
    return t.at ? arena_text(arena, t) : TEXT_NONE;
}

static const struct journal_record *copy_record(struct arena *arena, const struct journal_record *r) {
    struct journal_record *out = arena_new(arena, struct journal_record);
    *out = *r;
    out->name = copy(arena, r->name);
    out->unit = copy(arena, r->unit);
    out->body = copy(arena, r->body);
    out->other = out->message_id = TEXT_NONE;
    return out;
}

static void note(struct history *h, const struct journal_record *r) {
    struct fold *fold = h->fold;
    struct event event = {.record = r, .arena = &fold->scratch};
    struct history_item item = {.event.arena = &fold->arena};
    arena_reset(&fold->scratch);
    if (!fold_meaning(fold, h->m, &event, &item.meaning)) return;
    if (item.meaning.exposure && item.meaning.arm < 0) return;
    item.event.record = copy_record(&fold->arena, r);
    if (h->n == h->room) {
        h->room = h->room ? h->room * 2 : 32;
        h->items = memory_grow(h->items, h->room * sizeof *h->items);
    }
    h->items[h->n++] = item;
}

/* One row of a chain, newest first; 1 ends it where nothing older can matter. */
static int visit(void *visitor, const struct journal_record *r) {
    struct history *h = visitor;
    if (r->received < fold_since(h->m) - FOLD_GRACE) return 1;
    if (r->seq > h->limit) return 0;
    if (h->m->plan->unit == PLAN_USER_ID && r->kind != JOURNAL_EXPOSURE && !(r->flags & JOURNAL_KNOWN)) return 0;
    note(h, r);
    return 0;
}

static int by_seq(const void *a, const void *b) {
    int64_t x = ((const struct history_item *)a)->event.record->seq,
            y = ((const struct history_item *)b)->event.record->seq;
    return (x > y) - (x < y);
}

static int by_time(const void *a, const void *b) {
    int64_t x = ((const struct history_item *)a)->event.record->at,
            y = ((const struct history_item *)b)->event.record->at;
    return x != y ? (x > y) - (x < y) : by_seq(a, b);
}

static int read_chain(struct history *h, uint32_t key) {
    int rc = journal_chain(h->fold->reader, h->fold->keys.rows[key].last, visit, h, NULL);
    return rc > 0 ? 0 : rc;
}

static int read_links(struct history *h, struct unit_id unit) {
    const struct fold_links *links = &h->m->links;
    uint64_t at = unit_map_get(&links->index, unit);
    int rc = 0;
    for (uint32_t i = at ? links->units[at - 1].last : 0; i && rc == 0; i = links->links[i - 1].before)
        rc = journal_get(h->fold->reader, links->links[i - 1].seq, visit, h, NULL);
    return rc > 0 || rc == ERR_NOT_FOUND ? 0 : rc;
}

static int read_history(struct history *h, struct unit_id unit) {
    const struct keys *keys = &h->fold->keys;
    int rc = 0;
    if (h->m->plan->unit == PLAN_ATTRIBUTE) return read_links(h, unit);
    uint64_t at = unit_map_get(&keys->index, unit);
    if (!at) return 0;
    if (h->m->plan->unit == PLAN_USER_ID) return read_chain(h, (uint32_t)(at - 1));
    for (uint32_t i = keys->rows[at - 1].leader; i != KEY_NONE && rc == 0; i = keys->rows[i].next)
        rc = read_chain(h, i);
    return rc;
}

/* When the unit entered and with which arm, and which records came too late. False where it never entered. */
static bool find_entry(struct history *h, struct unit_row *row, struct event **entry) {
    const struct measured *m = h->m;
    bool external = m->plan->source->definition.assignment == ASSIGNED_EXTERNALLY;
    row->newest = INT64_MIN / 2;
    *entry = NULL;
    for (size_t i = 0; i < h->n; i++) {
        struct history_item *item = &h->items[i];
        const struct journal_record *r = item->event.record;
        const struct fold_meaning *x = &item->meaning;
        if (x->exposure && x->cause != JOURNAL_MET) {
            if (x->cause == JOURNAL_RULE_OVERRIDE && *entry) row->flags |= UNIT_OVERRIDDEN;
            continue;
        }
        if (x->exposure &&
            (!experiment_state_runs(&m->plan->source->state, r->at) ||
             (x->viewed && !external &&
              !fold_arm_given(m, *entry ? row : NULL, unit_of(event_unit(&item->event, m->plan)), x->arm, r->at))))
            continue;
        item->late = fold_late(h->fold, row->newest, r->at);
        if (item->late) continue;
        if (fold_time(r) > row->newest) row->newest = fold_time(r);
        if (!x->exposure) continue;
        if (*entry && row->arm != x->arm) row->flags |= UNIT_MULTIPLE;
        if (*entry && r->at >= row->t0) continue;
        *entry = &item->event;
        row->t0 = r->at;
        row->seq = r->seq;
        row->arm = (uint8_t)x->arm;
        row->epoch = (uint16_t)x->epoch;
    }
    return *entry;
}

static void add_up(struct history *h, struct unit_row *row, int64_t *totals) {
    uint32_t latest = h->m->plan->latest;
    if (latest != PLAN_NO_COLUMN) qsort(h->items, h->n, sizeof *h->items, by_time);
    if (latest != PLAN_NO_COLUMN) totals[latest] = h->items[h->n - 1].event.record->at;
    for (size_t i = 0; i < h->n; i++) {
        struct history_item *item = &h->items[i];
        if (item->meaning.exposure) continue;
        bool counts = fold_apply(h->fold, h->m, row, totals, &item->event, &item->meaning, item->late);
        row->late += item->late && counts;
    }
}

int refold(struct fold *fold, struct measured *m, struct unit_id unit, int64_t limit) {
    struct history h = {.fold = fold, .m = m, .limit = limit};
    if (m->plan->unit == PLAN_TARGETING_KEY) unit = keys_leader(&fold->keys, unit); /* it may have been joined since */
    arena_reset(&fold->arena);
    fold->refolds++;
    fold->changed = true;
    int rc = read_history(&h, unit);
    if (rc < 0) {
        free(h.items);
        return rc;
    }
    if (h.n) qsort(h.items, h.n, sizeof *h.items, by_seq);
    struct unit_row fresh = {.unit = unit};
    struct event *entry;
    bool entered = find_entry(&h, &fresh, &entry);
    if (entered) {
        struct unit_row *row = unit_table_find(&m->units, unit);
        if (!row) row = unit_table_add(&m->units, unit);
        fold_clear(m, row);
        *row = fresh;
        fold_attributes(m, unit_attributes(&m->units, row), entry);
        add_up(&h, row, unit_totals(&m->units, row));
    } else
        fold_remove(m, unit);
    free(h.items);
    return entered;
}
