/* OFREP's routes, and the recording of an exposure that composed pages share with them. */
#ifndef PARLEY_API_OFREP_EVALUATE_H
#define PARLEY_API_OFREP_EVALUATE_H

#include "api/app.h"

extern const struct route ofrep_routes[];

/* Records the exposures (the experiment's, those of holdouts) that a decision is due, and remembers the unit once it is on its way to the journal. */
void ofrep_record(struct app *app, const struct context *context, const struct decision *decision);

/* The decided variant was due and could not be shown: the journal counts the unit as a fallback, and it is not enrolled. */
void ofrep_record_fallback(struct app *app, const struct context *context, const struct decision *decision);

/* {"key","value","variant","reason","metadata"}, or the flag's error: what OFREP answers about a feature. `context_id`: whom for, a
 * JSON text, or TEXT_NONE. */
void ofrep_write_flag(struct app *app, struct text key, const struct decision *decision, struct text context_id,
                      struct json_writer *w);

/* Where the release behind the decided variant is down or its breaker is open, this is no exposure; the journal counts it as a
 * fallback. Where the feature says so, the decision becomes the off variant: true where it did. */
bool ofrep_fall_back(struct app *app, const struct snapshot_feature *feature, const struct context *context,
                     struct decision *decision);

#endif
