/* Intake of CloudEvents 1.0: a scanned event, or a batch of them, becomes records in the shape of Segment's `track`, so that
 * metrics find them where they look. Knows nothing of HTTP.
 *
 * type → event · data → properties (one that is no object becomes {"value":data}) · time → timestamp · source and id →
 * messageId · the unit is extension `userid`, else extension `anonymousid`, else `subject`, a user's id. All attributes
 * stay under context.cloudevent. */
#ifndef PARLEY_CORE_JOURNAL_CLOUDEVENTS_H
#define PARLEY_CORE_JOURNAL_CLOUDEVENTS_H

#include "core/journal/segment.h"

enum cloudevents_form { CLOUDEVENTS_ONE, CLOUDEVENTS_BATCH };

/* As segment_read, with the same limits; bodies are made in `arena`. In the binary form the caller has put headers and body
 * together as one structured event. Any thread. */
int cloudevents_read(struct segment_intake *intake, const struct json *json, enum cloudevents_form form,
                     const struct segment_caller *caller, int64_t received, struct arena *arena, struct error *error);

#endif
