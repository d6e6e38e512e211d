/* `parley catalogue import FILE`: the shop's products, from CSV with a header or from Shopify's product JSON, to the server, which hands
 * them on to the plugins. What is refused is said with its line, or its place among the products. */
#ifndef PARLEY_PROGRAMS_PARLEY_CATALOGUE_H
#define PARLEY_PROGRAMS_PARLEY_CATALOGUE_H

#include "core/base/buffer.h"
#include "programs/parley/call.h"
#include "programs/parley/csv.h"

enum exit_code catalogue_import(struct call *call);

/* catalogue_rows.c: products as the API takes them, one JSON object appended to `out`. Texts are read from the file's row or JSON. */

enum { CATALOGUE_COLUMNS = 8 };
/* Which field of a row each column is; found once, in the header. */
struct catalogue_columns {
    size_t place[CATALOGUE_COLUMNS];
};
/* False where the header does not name sku and title. */
bool catalogue_header(const struct csv_row *header, struct catalogue_columns *columns);
/* Why the row is no product, as a sentence; NULL where it is appended. In `arena`. */
const char *catalogue_row(const struct csv_row *row, const struct catalogue_columns *columns, struct buffer *out,
                          struct arena *arena);

struct json;
/* A variant of a product of Shopify's: each is a product here. Its price has that currency. */
void catalogue_variant(const struct json *json, uint32_t product, uint32_t variant, struct text currency,
                       struct buffer *out, struct arena *arena);

#endif
