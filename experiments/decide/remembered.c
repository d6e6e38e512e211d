#include "experiments/decide/remembered.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/base/memory.h"

/* 24 bytes. `arm1` is the arm + 1, so that a zeroed slot is free. */
struct remembered_slot {
    struct unit_id unit;
    uint32_t t0;
    uint16_t arm1, epoch;
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
    if (!r->n) return NULL;
    struct remembered_slot *slot = slot_of(table_of(r, unit), unit);
    return slot->arm1 ? slot : NULL;
}

static bool get(const struct remembered *r, struct unit_id unit, struct remembered_unit *out) {
    const struct remembered_slot *slot = find(r, unit);
    if (slot) *out = (struct remembered_unit){slot->unit, slot->t0, (uint16_t)(slot->arm1 - 1), slot->epoch};
    return slot != NULL;
}

static bool put(struct remembered *r, const struct remembered_unit *unit) {
    if (find(r, unit->unit)) return false;
    if (!r->tables) {
        r->tables = memory_new(struct remembered_table);
        r->tables[r->tables_n++] = table_for(0);
    }
    struct remembered_table *table = table_of(r, unit->unit);
    if ((uint64_t)(table->n + 1) * 100 > (uint64_t)table->room * FULL) grow(table);
    take_in(table, &(struct remembered_slot){unit->unit, unit->t0, (uint16_t)(unit->arm + 1), unit->epoch});
    if (++r->n > (size_t)r->tables_n * TABLE_UNITS) split(r);
    return true;
}

static bool take_out(struct remembered *r, struct unit_id unit) {
    struct remembered_slot *slot = find(r, unit);
    if (!slot) return false;
    struct remembered_table *table = table_of(r, unit);
    close_gap(table, (uint32_t)(slot - table->slots));
    r->n--;
    return true;
}

static size_t bytes(const struct remembered *r) {
    size_t n = r->tables_n ? (size_t)(r->mask + 1) * (r->tables_n > r->mask + 1 ? 2 : 1) * sizeof *r->tables : 0;
    for (uint32_t i = 0; i < r->tables_n; i++) n += r->tables[i].room * sizeof(struct remembered_slot);
    return n;
}

static void empty(struct remembered *r) {
    for (uint32_t i = 0; i < r->tables_n; i++) free(r->tables[i].slots);
    free(r->tables);
    *r = (struct remembered){.shards = r->shards};
}

/* ---- shards: a lock is held for one lookup ---- */

enum { SHARDS = 8 };
struct remembered_shard {
    pthread_mutex_t lock;
    struct remembered units;
};

/* By bits of the id that tables look at last. */
static struct remembered *lock_units(const struct remembered *r, uint64_t shard) {
    pthread_mutex_lock(&r->shards[shard].lock);
    return &r->shards[shard].units;
}
static struct remembered *lock_unit(const struct remembered *r, struct unit_id unit) {
    return lock_units(r, unit.hi >> 61);
}
static void unlock(struct remembered *units) {
    pthread_mutex_unlock(
        &((struct remembered_shard *)((char *)units - offsetof(struct remembered_shard, units)))->lock);
}

static struct remembered_shard *shards_new(void) {
    struct remembered_shard *shards = memory_zero(SHARDS, sizeof *shards);
    for (int i = 0; i < SHARDS; i++) pthread_mutex_init(&shards[i].lock, NULL);
    return shards;
}

bool remembered_find(const struct remembered *r, struct unit_id unit, struct remembered_unit *out) {
    if (!r->shards) return get(r, unit, out);
    struct remembered *units = lock_unit(r, unit);
    bool found = get(units, unit, out);
    unlock(units);
    return found;
}

bool remembered_put(struct remembered *r, const struct remembered_unit *unit) {
    if (!r->shards) return put(r, unit);
    struct remembered *units = lock_unit(r, unit->unit);
    bool new = put(units, unit);
    unlock(units);
    return new;
}

bool remembered_remove(struct remembered *r, struct unit_id unit) {
    if (!r->shards) return take_out(r, unit);
    struct remembered *units = lock_unit(r, unit);
    bool was_there = take_out(units, unit);
    unlock(units);
    return was_there;
}

static size_t sum(const struct remembered *r, size_t (*of)(const struct remembered *)) {
    if (!r->shards) return of(r);
    size_t n = 0;
    for (int i = 0; i < SHARDS; i++) {
        struct remembered *units = lock_units(r, (uint64_t)i);
        n += of(units);
        unlock(units);
    }
    return n;
}

static size_t n_of(const struct remembered *r) {
    return r->n;
}
size_t remembered_count(const struct remembered *r) {
    return sum(r, n_of);
}
size_t remembered_bytes(const struct remembered *r) {
    return sum(r, bytes);
}

static void forget(struct remembered *r) {
    empty(r);
    for (int i = 0; r->shards && i < SHARDS; i++) {
        struct remembered *units = lock_units(r, (uint64_t)i);
        empty(units);
        unlock(units);
    }
}

static void set_free(struct remembered *r) {
    forget(r);
    for (int i = 0; r->shards && i < SHARDS; i++) pthread_mutex_destroy(&r->shards[i].lock);
    free(r->shards);
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
    for (int i = 0; all->shared && i < REMEMBERED_SETS; i++) entry->sets[i].shards = shards_new();
    map_put(&all->by_salt, text_n(entry->salt, salt.n), entry);
    return entry->sets;
}

void remembered_drop(struct remembered_all *all, struct text salt) {
    struct remembered *sets = remembered_of(all, salt);
    for (int i = 0; sets && i < REMEMBERED_SETS; i++) forget(&sets[i]);
}

void remembered_all_free(struct remembered_all *all) {
    for (struct map_entry *e = map_next(&all->by_salt, NULL); e; e = map_next(&all->by_salt, e)) {
        struct entry *entry = e->value;
        for (int i = 0; i < REMEMBERED_SETS; i++) set_free(&entry->sets[i]);
        free(entry);
    }
    map_free(&all->by_salt);
}
