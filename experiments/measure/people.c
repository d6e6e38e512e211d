/* What is true of all experiments at once: which keys are one person, and which record of an order counts. */
#include "experiments/measure/fold_internal.h"

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
void fold_join_or_part(struct fold *fold, const struct journal_record *r) {
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
void fold_claim_order(struct fold *fold, struct event *event) {
    const struct journal_record *r = event->record;
    struct text order = event_property(event, TEXT("order_id"));
    if (!order.n) return;
    struct unit_id id = unit_of(order);
    struct claim claim = {fold, false};
    uint64_t first = unit_map_get(&fold->orders, id);
    if (first && !(r->flags & JOURNAL_BROWSER)) journal_get(fold->reader, (int64_t)first, give_way, &claim, NULL);
    if (!first || claim.taken) unit_map_put(&fold->orders, id, (uint64_t)r->seq);
}
