/* Tables for people: aligned columns, numbers to the right; and JSON laid out for reading. Knows nothing of what
 * they show. */
#ifndef PARLEY_PROGRAMS_PARLEY_TABLE_H
#define PARLEY_PROGRAMS_PARLEY_TABLE_H

#include <stdio.h>

#include "core/base/arena.h"
#include "core/base/buffer.h"
#include "core/base/json.h"

enum { TABLE_COLUMNS = 16 };

struct table {
    struct arena arena;
    struct text headers[TABLE_COLUMNS];
    size_t columns, cells_n, cells_room;
    struct table_cell {
        struct text text;
        bool number; /* to the right */
    } * cells;       /* row by row */
};

/* The headers are copied, as is every cell; two blanks stand between columns. */
void table_init(struct table *table, const char *const *headers, size_t columns);
void table_cell(struct table *table, struct text text);
void table_number(struct table *table, struct text text);
void table_cellf(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_numberf(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whole rows only (asserted). Lines do not end in blanks. */
void table_print(const struct table *table, FILE *out);
void table_free(struct table *table);

/* Objects of a list as rows. `columns` is "key name version memory:MiB": each a member, or a path as latency.p99Ms,
 * with a unit behind a colon: MiB and kB divide bytes, others are told in the header alone. A column without any
 * value is left out. */
void table_items(const struct json *json, json_at items, const char *columns, FILE *out);
/* One object, a member a line. */
void table_members(const struct json *json, json_at object, FILE *out);

/* JSON as it came, numbers untouched, with two blanks a level. `text` is valid JSON. */
void json_pretty(struct text text, struct buffer *out);

#endif
