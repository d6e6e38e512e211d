/* The units of one experiment: who entered when, with which arm, and what their events add up to. Rows lie side by side, so
 * that a read-out is one pass, and are found by an index of 8 bytes a slot that leaves the ids to them: with three metrics and
 * CUPED a unit takes 165 to 185 bytes (see 055). Knows nothing of events and of time. One thread at a time. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_UNITS_H
#define PARLEY_EXPERIMENTS_MEASURE_UNITS_H

#include <stddef.h>

#include "core/base/unit.h"

enum unit_flag {
    UNIT_MULTIPLE = 1,   /* really met two variants: out of all figures */
    UNIT_OVERRIDDEN = 2, /* a rule caught it after it had entered */
    UNIT_HISTORY = 4     /* did something that the metrics look at before it entered, within the look-back */
};

struct unit_row {
    struct unit_id unit;
    int64_t t0;     /* ms: its earliest counted exposure ... */
    int64_t seq;    /* ... and that one's row in the journal */
    int64_t newest; /* ms: the newest time among its records that matter here, as far as they were received */
    uint32_t late;  /* events that would count, had they not come too late */
    uint16_t epoch; /* of its t0 */
    uint8_t arm, flags;
};

struct unit_table {
    struct unit_slot {
        uint32_t row; /* + 1; 0: free */
        uint32_t tag; /* of the unit's id: another tag is another unit */
    } * index;        /* open addressing, at most three quarters full */
    size_t slots;     /* 0 or a power of two */
    struct unit_row *rows;
    int64_t *totals;      /* n * columns */
    uint32_t *attributes; /* n * attributes: numbers of values at the first exposure, see `words` of the owner */
    uint32_t n, room, columns, n_attributes;
};

void unit_table_init(struct unit_table *table, uint32_t columns, uint32_t n_attributes);
void unit_table_free(struct unit_table *table);

struct unit_row *unit_table_find(const struct unit_table *table, struct unit_id unit); /* NULL where there is none */
/* A new row, zeroed but for its unit, which is not there yet. Rows move: pointers into the table are good until the next add
 * or remove. */
struct unit_row *unit_table_add(struct unit_table *table, struct unit_id unit);
void unit_table_remove(struct unit_table *table, struct unit_id unit); /* the last row takes its place */
/* Makes room for the rows that the owner fills in itself, after which it calls unit_table_reindex. */
void unit_table_resize(struct unit_table *table, uint32_t n);
void unit_table_reindex(struct unit_table *table);
size_t unit_table_bytes(const struct unit_table *table); /* taken, room to grow included */

static inline int64_t *unit_totals(const struct unit_table *table, const struct unit_row *row) {
    return table->totals + (size_t)(row - table->rows) * table->columns;
}
static inline uint32_t *unit_attributes(const struct unit_table *table, const struct unit_row *row) {
    return table->attributes + (size_t)(row - table->rows) * table->n_attributes;
}

/* Brings the unit's place in the index near, before it is looked for. */
static inline void unit_table_prefetch(const struct unit_table *table, struct unit_id unit) {
    if (table->slots) __builtin_prefetch(&table->index[unit.lo & (table->slots - 1)], 1);
}

#endif
