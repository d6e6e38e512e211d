#include "experiments/decide/remembered.h"

#include <stdlib.h>

#include "core/base/memory.h"

/* 24 bytes. `arm1` is the arm + 1, so that a zeroed slot is free. */
struct remembered_slot {
    struct unit_id unit;
    uint32_t t0;
    uint16_t arm1, epoch;
};
_Static_assert(sizeof(struct remembered_slot) == 24, "24 bytes a unit");

enum { FIRST_ROOM = 64, MOVED_PER_PUT = 32 };

/* The unit's slot, or the free one where it would go. The unit's id is a hash already. */
static struct remembered_slot *slot_of(const struct remembered_table *table, struct unit_id unit) {
    size_t mask = table->room - 1, i = unit.lo & mask;
    while (table->slots[i].arm1 && !unit_eq(table->slots[i].unit, unit)) i = (i + 1) & mask;
    return &table->slots[i];
}

static struct remembered_slot *find(const struct remembered_table *table, struct unit_id unit) {
    if (!table->n) return NULL;
    struct remembered_slot *slot = slot_of(table, unit);
    return slot->arm1 ? slot : NULL;
}

/* Moves some slots of the old table over: at 32 a put, the old one is empty long before the new one is full. Slots that
 * were moved stay in the old table, so that its chains of probes are not cut; the new table is asked first. */
static void move_some(struct remembered *r, size_t count) {
    for (; r->old.slots && count > 0; count--) {
        if (r->moved == r->old.room) {
            free(r->old.slots);
            r->old = (struct remembered_table){0};
            return;
        }
        const struct remembered_slot *from = &r->old.slots[r->moved++];
        if (!from->arm1) continue;
        *slot_of(&r->table, from->unit) = *from;
        r->table.n++;
        r->old.n--;
    }
}

static void grow(struct remembered *r) {
    move_some(r, SIZE_MAX);
    r->old = r->table;
    r->moved = 0;
    size_t room = r->old.room ? r->old.room * 2 : FIRST_ROOM;
    r->table = (struct remembered_table){memory_zero(room, sizeof *r->table.slots), room, 0};
}

static struct remembered_slot *current(const struct remembered *r, struct unit_id unit) {
    struct remembered_slot *slot = find(&r->table, unit);
    return slot ? slot : find(&r->old, unit);
}

static struct remembered_unit unit_in(const struct remembered_slot *slot) {
    return (struct remembered_unit){slot->unit, slot->t0, (uint16_t)(slot->arm1 - 1), slot->epoch};
}

bool remembered_find(const struct remembered *remembered, struct unit_id unit, struct remembered_unit *out) {
    const struct remembered_slot *slot = current(remembered, unit);
    if (slot) *out = unit_in(slot);
    return slot != NULL;
}

bool remembered_put(struct remembered *r, const struct remembered_unit *unit) {
    if (current(r, unit->unit)) return false;
    if ((remembered_count(r) + 1) * 4 > r->table.room * 3) grow(r);
    move_some(r, MOVED_PER_PUT);
    *slot_of(&r->table, unit->unit) =
        (struct remembered_slot){unit->unit, unit->t0, (uint16_t)(unit->arm + 1), unit->epoch};
    r->table.n++;
    return true;
}

/* Closes the gap: what was probed past it moves back (Knuth, TAOCP 3, 6.4, algorithm R). */
static void close_gap(struct remembered_table *table, size_t gap) {
    size_t mask = table->room - 1;
    for (size_t i = (gap + 1) & mask; table->slots[i].arm1; i = (i + 1) & mask) {
        size_t home = table->slots[i].unit.lo & mask;
        if (((i - home) & mask) < ((i - gap) & mask)) continue; /* its home lies behind the gap */
        table->slots[gap] = table->slots[i];
        gap = i;
    }
    table->slots[gap] = (struct remembered_slot){0};
    table->n--;
}

bool remembered_remove(struct remembered *r, struct unit_id unit) {
    move_some(r, SIZE_MAX);
    struct remembered_slot *slot = find(&r->table, unit);
    if (!slot) return false;
    close_gap(&r->table, (size_t)(slot - r->table.slots));
    return true;
}

size_t remembered_count(const struct remembered *r) {
    return r->table.n + r->old.n;
}

bool remembered_next(const struct remembered *r, size_t *cursor, struct remembered_unit *out) {
    size_t left = r->old.slots ? r->old.room - r->moved : 0;
    for (; *cursor < r->table.room + left;) {
        size_t i = (*cursor)++;
        const struct remembered_slot *slot =
            i < r->table.room ? &r->table.slots[i] : &r->old.slots[r->moved + i - r->table.room];
        if (!slot->arm1) continue;
        *out = unit_in(slot);
        return true;
    }
    return false;
}

/* ---- of all experiments ---- */

struct entry {
    struct remembered units;
    char salt[];
};

struct remembered *remembered_of(const struct remembered_all *all, struct text salt) {
    struct entry *entry = map_get(&all->by_salt, salt);
    return entry ? &entry->units : NULL;
}

struct remembered *remembered_make(struct remembered_all *all, struct text salt) {
    struct remembered *there = remembered_of(all, salt);
    if (there) return there;
    struct entry *entry = memory_zero(1, sizeof *entry + salt.n + 1);
    if (salt.n) memcpy(entry->salt, salt.at, salt.n);
    map_put(&all->by_salt, text_n(entry->salt, salt.n), entry);
    return &entry->units;
}

static void empty(struct remembered *r) {
    free(r->table.slots);
    free(r->old.slots);
    *r = (struct remembered){0};
}

void remembered_drop(struct remembered_all *all, struct text salt) {
    struct remembered *there = remembered_of(all, salt);
    if (there) empty(there);
}

void remembered_all_free(struct remembered_all *all) {
    for (struct map_entry *e = map_next(&all->by_salt, NULL); e; e = map_next(&all->by_salt, e)) {
        struct entry *entry = e->value;
        empty(&entry->units);
        free(entry);
    }
    map_free(&all->by_salt);
}
