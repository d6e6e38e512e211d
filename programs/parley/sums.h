/* An experiment's results added up over its variants: what all units together bought is known, whoever met which
 * variant. Exact, in millionths. */
#ifndef PARLEY_PROGRAMS_PARLEY_SUMS_H
#define PARLEY_PROGRAMS_PARLEY_SUMS_H

#include <stdio.h>

#include "core/base/json.h"
#include "core/base/json_write.h"
#include "programs/parley/call.h"

enum { SUMS_VARIANTS = 32, SUMS_METRICS = 15 };

/* "customers" (the units), then each metric that has sums. Texts live in the call's arena. */
struct sums {
    size_t variants, n; /* n: columns, with the customers */
    struct text variant[SUMS_VARIANTS], name[SUMS_METRICS];
    int64_t of[SUMS_METRICS][SUMS_VARIANTS], all[SUMS_METRICS]; /* millionths */
    struct text srm;                                            /* verdict: ok, warn, alarm */
};

/* "customers=4338,revenue=8911407.90": ERR_INVALID where it is none. NULL is fine. */
int sums_check_expectations(const char *expect, struct error *error);
/* Reads them out of what GET .../results answers. */
void sums_read(struct sums *sums, const struct json *results, struct arena *arena);
/* Gets the results, again and again for up to 15 s until they are as expected and the shares are not alarming;
 * without expectations once, a second after the last event. Failing is said on stderr; sums->n is 0 where there are
 * no results. */
enum exit_code sums_await(struct call *call, struct text experiment, const char *expect, struct sums *sums);

void sums_table(const struct sums *sums, FILE *out);
/* {"srm":"ok","customers":{"off":..,"top":..,"all":..},...} */
void sums_json(const struct sums *sums, struct json_writer *w);

#endif
