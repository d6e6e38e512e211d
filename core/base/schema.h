/* JSON Schema, draft 2020-12: what a JSON value must look like, said in JSON, within one document. Every assertion of the draft is
 * checked but those that need other documents ($dynamicRef, remote $ref); `format` is asserted. A schema that says what is not
 * understood here is refused as a whole: nothing in it is ever passed over in silence. Knows nothing of what it describes. */
#ifndef PARLEY_CORE_BASE_SCHEMA_H
#define PARLEY_CORE_BASE_SCHEMA_H

#include <jansson.h>

#include "core/base/error.h"
#include "core/base/text.h"

enum {
    SCHEMA_MOST = 2000,    /* subschemas in a document */
    SCHEMA_DEPTH = 32,     /* of subschemas in each other */
    SCHEMA_PATTERN = 1000, /* bytes of a regular expression */
    SCHEMA_STEPS = 100000, /* subschemas applied in one check; a schema that needs more fits nothing */
};

/* A schema that was understood. Never changed: read by any number of threads. */
struct schema;

/* Understands `document` (an object, borrowed for the call). 0 and the caller's reference; or ERR_INVALID with each fault at
 * its place below `at`, the pointer to the document itself ("/settings"). A `default` must fit what it is the default of. */
int schema_open(struct schema **schema, const json_t *document, const char *at, struct error *error);
/* One more reference; returns `schema`. Any thread. */
struct schema *schema_keep(struct schema *schema);
/* Gives a reference back. NULL is fine. Any thread. */
void schema_release(struct schema *schema);

/* Checks a value, which is at the pointer `at` for those who sent it. 0, or ERR_INVALID with a sentence at each place that does
 * not fit; a member that is missing or unknown is the place itself. Any thread. */
int schema_check(const struct schema *schema, const json_t *value, const char *at, struct error *error);
/* A copy of `value` with the `default` of each property that is not there, of nested objects and of objects in arrays too, found
 * through `properties`, `items`, `$ref` and `allOf`. The caller's reference. */
json_t *schema_with_defaults(const struct schema *schema, const json_t *value);

/* Equal as JSON: 1 and 1.0 are. */
bool schema_equal(const json_t *a, const json_t *b);

#endif
