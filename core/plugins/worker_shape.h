/* Shapes and sentences: how a plugin's answers are written. A shape such as "{id, voted}" becomes JSON with the values put in and
 * escaped; a sentence's {} become text. The grammar stands in <parley/plugin.h>. Knows nothing of calls. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_SHAPE_H
#define PARLEY_CORE_PLUGINS_WORKER_SHAPE_H

#include "core/base/buffer.h"
#include "core/plugins/worker_document.h"

/* Appends to `out`. ERR_INTERNAL with the place where the shape is wrong, or has more or fewer gaps than there are values; what
 * was appended until then is to be dropped by the caller. */
int shape_write(struct buffer *out, const char *shape, const parley_value *values, size_t n, struct error *error);
/* {} without a value stays as it is. */
void sentence_write(struct buffer *out, const char *sentence, const parley_value *values, size_t n);

#endif
