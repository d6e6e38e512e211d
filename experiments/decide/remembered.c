#include "experiments/decide/remembered.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/base/memory.h"

/* 24 bytes. `arm1` is the arm + 1, so that a zeroed slot is free; an experiment has at most 255 arms and 10,000 epochs. */
struct remembered_slot {
    struct unit_id unit;
    uint64_t t0 : 42, arm1 : 8, epoch : 14;
};
_Static_assert(sizeof(struct remembered_slot) == 24, "24 bytes a unit");

/* A table is full at 85 % and then made so large that it is 77 % full: 24 / 0.77 is 31.2 bytes a unit. Tables are split when
 * there are TABLE_UNITS for each, so that no put moves more than a few thousand units. */
enum { FIRST_ROOM = 8, FULL = 85, FILLED = 77, TABLE_UNITS = 2048 };

/* ---- one table: open addressing, linear probing ---- */

/* The unit's id is a hash already: one half says which table, the other where in it. */
static uint32_t home_of(const struct remembered_table *table, struct unit_id unit) {
    return (uint32_t)(((unsigned __int128)unit.lo * table->room) >> 64);
}

static uint32_t after(const struct remembered_table *table, uint32_t i) {
    return i + 1 == table->room ? 0 : i + 1;
}

/* The unit's slot, or the free one where it would go. */
static struct remembered_slot *slot_of(const struct remembered_table *table, struct unit_id unit) {
    uint32_t i = home_of(table, unit);
    while (table->slots[i].arm1 && !unit_eq(table->slots[i].unit, unit)) i = after(table, i);
    return &table->slots[i];
}

static struct remembered_table table_for(uint32_t n) {
    uint32_t room = (uint32_t)((uint64_t)n * 100 / FILLED) + 1;
    if (room < FIRST_ROOM) room = FIRST_ROOM;
    return (struct remembered_table){memory_zero(room, sizeof(struct remembered_slot)), room, 0};
}

static void take_in(struct remembered_table *table, const struct remembered_slot *slot) {
    *slot_of(table, slot->unit) = *slot;
    table->n++;
}

static void grow(struct remembered_table *table) {
    struct remembered_table larger = table_for(table->n + 1);
    for (uint32_t i = 0; i < table->room; i++)
        if (table->slots[i].arm1) take_in(&larger, &table->slots[i]);
    free(table->slots);
    *table = larger;
}

/* Closes the gap: what was probed past it moves back (Knuth, TAOCP 3, 6.4, algorithm R). */
static void close_gap(struct remembered_table *table, uint32_t gap) {
    uint32_t room = table->room;
    for (uint32_t i = after(table, gap); table->slots[i].arm1; i = after(table, i)) {
        uint32_t home = home_of(table, table->slots[i].unit);
        if ((i + room - home) % room < (i + room - gap) % room) continue; /* its home lies behind the gap */
        table->slots[gap] = table->slots[i];
        gap = i;
    }
    table->slots[gap] = (struct remembered_slot){0};
    table->n--;
}

/* ---- the tables ---- */

static struct remembered_table *table_of(const struct remembered *r, struct unit_id unit) {
    uint32_t i = (uint32_t)unit.hi & (r->mask * 2 + 1);
    return &r->tables[i < r->tables_n ? i : i & r->mask];
}

/* The next table of the round gives the half of its units that have one more bit to a new one. */
static void split(struct remembered *r) {
    if (r->tables_n == r->mask + 1) r->tables = memory_grow(r->tables, (size_t)r->tables_n * 2 * sizeof *r->tables);
    struct remembered_table whole = r->tables[r->tables_n - (r->mask + 1)];
    uint32_t bit = r->mask + 1, moved = 0;
    for (uint32_t i = 0; i < whole.room; i++) moved += whole.slots[i].arm1 && (whole.slots[i].unit.hi & bit);
    struct remembered_table stays = table_for(whole.n - moved), goes = table_for(moved);
    for (uint32_t i = 0; i < whole.room; i++)
        if (whole.slots[i].arm1) take_in(whole.slots[i].unit.hi & bit ? &goes : &stays, &whole.slots[i]);
    free(whole.slots);
    r->tables[r->tables_n - bit] = stays;
    r->tables[r->tables_n++] = goes;
    if (r->tables_n == bit * 2) r->mask = r->mask * 2 + 1;
}

static struct remembered_slot *find(const struct remembered *r, struct unit_id unit) {
    if (!remembered_count(r)) return NULL;
    struct remembered_slot *slot = slot_of(table_of(r, unit), unit);
    return slot->arm1 ? slot : NULL;
}

bool remembered_find(const struct remembered *remembered, struct unit_id unit, struct remembered_unit *out) {
    const struct remembered_slot *slot = find(remembered, unit);
    if (slot) *out = (struct remembered_unit){slot->unit, (int64_t)slot->t0, (uint16_t)(slot->arm1 - 1), slot->epoch};
    return slot != NULL;
}

bool remembered_put(struct remembered *r, const struct remembered_unit *unit) {
    if (!r->tables) {
        r->tables = memory_new(struct remembered_table);
        r->tables[r->tables_n++] = table_for(0);
    }
    struct remembered_table *table = table_of(r, unit->unit);
    struct remembered_slot *slot = slot_of(table, unit->unit);
    if (slot->arm1) return false;
    if ((uint64_t)(table->n + 1) * 100 > (uint64_t)table->room * FULL) {
        grow(table);
        slot = slot_of(table, unit->unit);
    }
    const int64_t last = (INT64_C(1) << 42) - 1, t0 = unit->t0 < 0 ? 0 : unit->t0 > last ? last : unit->t0;
    *slot = (struct remembered_slot){unit->unit, (uint64_t)t0, unit->arm + 1u, unit->epoch};
    table->n++;
    size_t n = remembered_count(r) + 1;
    atomic_store_explicit(&r->n, n, memory_order_relaxed);
    if (n > (size_t)r->tables_n * TABLE_UNITS) split(r);
    return true;
}

bool remembered_remove(struct remembered *r, struct unit_id unit) {
    struct remembered_slot *slot = find(r, unit);
    if (!slot) return false;
    struct remembered_table *table = table_of(r, unit);
    close_gap(table, (uint32_t)(slot - table->slots));
    r->n--;
    return true;
}

size_t remembered_count(const struct remembered *r) {
    return atomic_load_explicit(&r->n, memory_order_relaxed);
}

size_t remembered_bytes(const struct remembered *r) {
    size_t bytes = r->tables_n ? (size_t)(r->mask + 1) * (r->tables_n > r->mask + 1 ? 2 : 1) * sizeof *r->tables : 0;
    for (uint32_t i = 0; i < r->tables_n; i++) bytes += r->tables[i].room * sizeof(struct remembered_slot);
    return bytes;
}

/* ---- of all experiments ---- */

struct entry {
    struct remembered sets[REMEMBERED_SETS];
    char salt[];
};

struct remembered *remembered_of(const struct remembered_all *all, struct text salt) {
    struct entry *entry = map_get(&all->by_salt, salt);
    return entry ? entry->sets : NULL;
}

struct remembered *remembered_make(struct remembered_all *all, struct text salt) {
    struct remembered *there = remembered_of(all, salt);
    if (there) return there;
    struct entry *entry = memory_zero(1, sizeof *entry + salt.n + 1);
    if (salt.n) memcpy(entry->salt, salt.at, salt.n);
    map_put(&all->by_salt, text_n(entry->salt, salt.n), entry);
    return entry->sets;
}

static void empty(struct remembered *sets) {
    for (int set = 0; set < REMEMBERED_SETS; set++) {
        for (uint32_t i = 0; i < sets[set].tables_n; i++) free(sets[set].tables[i].slots);
        free(sets[set].tables);
        sets[set] = (struct remembered){0};
    }
}

void remembered_all_free(struct remembered_all *all) {
    for (struct map_entry *e = map_next(&all->by_salt, NULL); e; e = map_next(&all->by_salt, e)) {
        empty(e->value);
        free(e->value);
    }
    map_free(&all->by_salt);
}

/* ---- shared by threads ---- */

struct remembered_shared {
    pthread_mutex_t lock; /* whoever writes has it */
    unsigned n;
    _Alignas(64) _Atomic bool written; /* somebody writes, or waits to */
    struct place {
        _Alignas(64) _Atomic bool looks;
    } places[];
};

struct remembered_shared *remembered_shared_new(unsigned threads) {
    size_t bytes = sizeof(struct remembered_shared) + threads * sizeof(struct place);
    struct remembered_shared *shared = aligned_alloc(64, bytes);
    if (!shared) abort();
    memset(shared, 0, bytes);
    pthread_mutex_init(&shared->lock, NULL);
    shared->n = threads;
    return shared;
}

void remembered_shared_free(struct remembered_shared *shared) {
    if (!shared) return;
    pthread_mutex_destroy(&shared->lock);
    free(shared);
}

/* Each side says what it does before it looks at what the other does (Dekker), so that not both go on. */
static void look_begin(struct remembered_shared *shared, struct place *own) {
    for (;;) {
        atomic_store(&own->looks, true);
        if (!atomic_load(&shared->written)) return;
        atomic_store(&own->looks, false);
        pthread_mutex_lock(&shared->lock); /* until it is written */
        pthread_mutex_unlock(&shared->lock);
    }
}

static void write_begin(struct remembered_shared *shared) {
    if (!shared) return;
    pthread_mutex_lock(&shared->lock);
    atomic_store(&shared->written, true);
    for (unsigned i = 0; i < shared->n; i++)
        while (atomic_load(&shared->places[i].looks)) sched_yield();
}

static void write_end(struct remembered_shared *shared) {
    if (!shared) return;
    atomic_store(&shared->written, false);
    pthread_mutex_unlock(&shared->lock);
}

bool remembered_look(const struct remembered_all *all, const struct remembered *remembered, struct unit_id unit,
                     struct remembered_unit *out) {
    if (!all->shared) return remembered_find(remembered, unit, out);
    struct place *own = &all->shared->places[all->reader];
    look_begin(all->shared, own);
    bool found = remembered_find(remembered, unit, out);
    atomic_store_explicit(&own->looks, false, memory_order_release);
    return found;
}

bool remembered_keep(const struct remembered_all *all, struct remembered *remembered,
                     const struct remembered_unit *unit) {
    write_begin(all->shared);
    bool new = remembered_put(remembered, unit);
    write_end(all->shared);
    return new;
}

void remembered_drop(struct remembered_all *all, struct text salt) {
    struct remembered *sets = remembered_of(all, salt);
    if (!sets) return;
    write_begin(all->shared);
    empty(sets);
    write_end(all->shared);
}
