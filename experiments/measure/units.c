#include "experiments/measure/units.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"

void unit_table_init(struct unit_table *table, uint32_t columns, uint32_t n_attributes) {
    *table = (struct unit_table){.columns = columns, .n_attributes = n_attributes};
}

void unit_table_free(struct unit_table *table) {
    free(table->index);
    free(table->rows);
    free(table->totals);
    free(table->attributes);
    unit_table_init(table, table->columns, table->n_attributes);
}

/* --- the index: a slot is chosen by the low half of the id, the tag is of the high one --- */

static uint32_t tag_of(struct unit_id unit) {
    return (uint32_t)unit.hi;
}

/* The unit's slot, or the free one where it belongs. */
static struct unit_slot *slot_of(const struct unit_table *table, struct unit_id unit) {
    size_t i = unit.lo & (table->slots - 1);
    for (const struct unit_slot *slot; (slot = &table->index[i])->row; i = (i + 1) & (table->slots - 1))
        if (slot->tag == tag_of(unit) && unit_eq(table->rows[slot->row - 1].unit, unit)) break;
    return &table->index[i];
}

static void put_slot(struct unit_table *table, uint32_t row) {
    struct unit_id unit = table->rows[row].unit;
    struct unit_slot *slot = slot_of(table, unit);
    assert(!slot->row);
    *slot = (struct unit_slot){row + 1, tag_of(unit)};
}

/* Closes the gap, so that no search stops short of an entry that once had to step over this one (Knuth, 6.4 R). */
static void free_slot(struct unit_table *table, struct unit_slot *slot) {
    size_t mask = table->slots - 1, gap = (size_t)(slot - table->index);
    for (size_t i = (gap + 1) & mask; table->index[i].row; i = (i + 1) & mask) {
        size_t home = table->rows[table->index[i].row - 1].unit.lo & mask;
        if (((i - home) & mask) < ((i - gap) & mask)) continue;
        table->index[gap] = table->index[i];
        gap = i;
    }
    table->index[gap].row = 0;
}

void unit_table_reindex(struct unit_table *table) {
    free(table->index);
    for (table->slots = 16; (size_t)table->n * 4 > table->slots * 3;) table->slots *= 2;
    table->index = memory_table(table->slots, sizeof *table->index);
    for (uint32_t i = 0; i < table->n; i++) put_slot(table, i);
}

/* --- rows --- */

struct unit_row *unit_table_find(const struct unit_table *table, struct unit_id unit) {
    uint32_t row = table->slots ? slot_of(table, unit)->row : 0;
    return row ? &table->rows[row - 1] : NULL;
}

/* Grows by an eighth: what is big moves by page tables alone. */
void unit_table_resize(struct unit_table *table, uint32_t n) {
    if (n > table->room) {
        size_t room = (size_t)table->room + table->room / 8 + 256;
        if (room < n) room = n;
        table->rows = memory_grow(table->rows, room * sizeof *table->rows);
        table->totals = memory_grow(table->totals, room * table->columns * sizeof *table->totals);
        table->attributes = memory_grow(table->attributes, room * table->n_attributes * sizeof *table->attributes);
        table->room = (uint32_t)room;
    }
    table->n = n;
}

struct unit_row *unit_table_add(struct unit_table *table, struct unit_id unit) {
    uint32_t i = table->n;
    unit_table_resize(table, i + 1);
    struct unit_row *row = &table->rows[i];
    *row = (struct unit_row){.unit = unit};
    memset(unit_totals(table, row), 0, table->columns * sizeof *table->totals);
    memset(unit_attributes(table, row), 0, table->n_attributes * sizeof *table->attributes);
    if ((size_t)table->n * 4 > table->slots * 3)
        unit_table_reindex(table);
    else
        put_slot(table, i);
    return row;
}

void unit_table_remove(struct unit_table *table, struct unit_id unit) {
    struct unit_row *row = unit_table_find(table, unit);
    if (!row) return;
    struct unit_row *last = &table->rows[table->n - 1];
    free_slot(table, slot_of(table, unit));
    if (row != last) {
        slot_of(table, last->unit)->row = (uint32_t)(row - table->rows) + 1;
        memcpy(unit_totals(table, row), unit_totals(table, last), table->columns * sizeof *table->totals);
        memcpy(unit_attributes(table, row), unit_attributes(table, last),
               table->n_attributes * sizeof *table->attributes);
        *row = *last;
    }
    table->n--;
}

size_t unit_table_bytes(const struct unit_table *table) {
    size_t row =
        sizeof *table->rows + table->columns * sizeof *table->totals + table->n_attributes * sizeof *table->attributes;
    return table->slots * sizeof *table->index + table->room * row;
}
