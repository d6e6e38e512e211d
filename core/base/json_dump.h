/* jansson's tree as text: members in the order they were put, doubles no longer than they must be (19.99 stays 19.99).
 * Knows nothing of parsing. */
#ifndef PARLEY_CORE_BASE_JSON_DUMP_H
#define PARLEY_CORE_BASE_JSON_DUMP_H

#include <jansson.h>

#include "core/base/buffer.h"

/* Appends `value` (borrowed, at most 2048 deep as jansson parses) without blanks. NULL writes null. Any thread. */
void json_dump(struct buffer *out, const json_t *value);

#endif
