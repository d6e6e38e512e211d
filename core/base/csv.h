/* Fields of CSV (RFC 4180). Knows nothing of what is in them. */
#ifndef PARLEY_CORE_BASE_CSV_H
#define PARLEY_CORE_BASE_CSV_H

#include "core/base/buffer.h"

/* Quoted where it must be. What a spreadsheet would take for a formula gets an apostrophe in front, for such texts come from visitors. */
void csv_field(struct buffer *out, struct text value);

#endif
