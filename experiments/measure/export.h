/* A unit of an experiment as a line for others to compute with: who, when, which variant, and its total for each metric. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_EXPORT_H
#define PARLEY_EXPERIMENTS_MEASURE_EXPORT_H

#include "experiments/measure/cells.h"

/* {"unit","exposure","t0","variant","epoch","excluded"?,"metrics":{key:value}} and a line end; a ratio is [numerator, denominator]. */
void export_json(const struct fold *fold, const struct measured *measured, const struct unit_row *row, int64_t now,
                 struct buffer *out);

/* RFC 4180: unit,exposure,t0,variant,epoch,excluded and a column for each metric (a ratio has two, KEY and KEY.denominator). A value
 * that does not count yet is empty. Text that a spreadsheet would run as a formula has an apostrophe before it. */
void export_csv_header(const struct measured *measured, struct buffer *out);
void export_csv(const struct fold *fold, const struct measured *measured, const struct unit_row *row, int64_t now,
                struct buffer *out);

#endif
