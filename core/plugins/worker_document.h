/* JSON as a plugin sees it: documents that were received and are read, and objects and lists that the plugin makes. Both are
 * `parley_json` {document, index}; all live in the arena of one call. Knows nothing of channels or databases. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_DOCUMENT_H
#define PARLEY_CORE_PLUGINS_WORKER_DOCUMENT_H

#include <parley/plugin.h>

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/json_write.h"

static inline struct text text_of_parley(parley_text t) {
    return text_n(t.at, t.n);
}
static inline parley_text parley_of(struct text t) {
    return (parley_text){t.at, t.n};
}

/* A document of `source`, which is JSON for certain (made here, or checked by parleyd) and is borrowed: it must live as long as
 * what the arena holds. It is scanned when it is first read. */
parley_json document_new(struct arena *arena, struct text source);
/* The same of any text, scanned now: {NULL, 0} and words in `error` where it is no JSON. */
parley_json document_scan(struct arena *arena, struct text source, struct error *error);
parley_json document_list(struct arena *arena);
/* `source` (JSON, borrowed) becomes the last element of a list; false where `list` is none that document_list made. */
bool document_append(parley_json list, struct text source);
/* The JSON text of a value: what it is written as. "null" for {NULL, 0}. */
struct text document_source(parley_json value);
/* The name of the first member of `object` that is not among `names` (separated by blanks); TEXT_NONE where all are. */
struct text document_stranger(parley_json object, const char *names);

/* The readers of struct parley_host; each says there what it does. */
enum parley_kind document_kind(parley_json value);
parley_json document_get(parley_json object, const char *key);
parley_json document_first(parley_json array);
parley_json document_after(parley_json array, parley_json element);
size_t document_length(parley_json value);
parley_text document_text(parley_json value);
bool document_integer(parley_json value, int64_t *out);
bool document_number(parley_json value, double *out);
bool document_truth(parley_json value);

#endif
