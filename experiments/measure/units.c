#include "experiments/measure/units.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"

void unit_table_init(struct unit_table *table, uint32_t columns, uint32_t n_attributes) {
    *table = (struct unit_table){.columns = columns, .n_attributes = n_attributes};
}

void unit_table_free(struct unit_table *table) {
    unit_map_free(&table->index);
    free(table->rows);
    free(table->totals);
    free(table->attributes);
    unit_table_init(table, table->columns, table->n_attributes);
}

struct unit_row *unit_table_find(const struct unit_table *table, struct unit_id unit) {
    uint64_t at = unit_map_get(&table->index, unit);
    return at ? &table->rows[at - 1] : NULL;
}

void unit_table_resize(struct unit_table *table, uint32_t n) {
    if (n > table->room) {
        size_t room = table->room ? table->room : 256;
        while (room < n) room *= 2;
        table->rows = memory_grow(table->rows, room * sizeof *table->rows);
        table->totals = memory_grow(table->totals, room * table->columns * sizeof *table->totals);
        table->attributes = memory_grow(table->attributes, room * table->n_attributes * sizeof *table->attributes);
        table->room = (uint32_t)room;
    }
    table->n = n;
}

void unit_table_reindex(struct unit_table *table) {
    unit_map_free(&table->index);
    unit_map_reserve(&table->index, table->n);
    for (uint32_t i = 0; i < table->n; i++) unit_map_put(&table->index, table->rows[i].unit, i + 1);
}

struct unit_row *unit_table_add(struct unit_table *table, struct unit_id unit) {
    uint32_t i = table->n;
    unit_table_resize(table, i + 1);
    uint64_t before = unit_map_put(&table->index, unit, i + 1);
    assert(before == 0);
    struct unit_row *row = &table->rows[i];
    *row = (struct unit_row){.unit = unit};
    memset(unit_totals(table, row), 0, table->columns * sizeof *table->totals);
    memset(unit_attributes(table, row), 0, table->n_attributes * sizeof *table->attributes);
    return row;
}

void unit_table_remove(struct unit_table *table, struct unit_id unit) {
    struct unit_row *row = unit_table_find(table, unit);
    if (!row) return;
    struct unit_row *last = &table->rows[table->n - 1];
    unit_map_remove(&table->index, unit);
    if (row != last) {
        memcpy(unit_totals(table, row), unit_totals(table, last), table->columns * sizeof *table->totals);
        memcpy(unit_attributes(table, row), unit_attributes(table, last),
               table->n_attributes * sizeof *table->attributes);
        *row = *last;
        unit_map_put(&table->index, row->unit, (uint64_t)(row - table->rows) + 1);
    }
    table->n--;
}

size_t unit_table_bytes(const struct unit_table *table) {
    size_t row =
        sizeof *table->rows + table->columns * sizeof *table->totals + table->n_attributes * sizeof *table->attributes;
    return table->index.room * sizeof *table->index.entries + table->room * row;
}
