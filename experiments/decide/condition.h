/* Conditions: JsonLogic compiled once into a flat tree and evaluated over a JSON document (an evaluation context, an event)
 * without allocating for usual rules. Beside the classic operators: starts_with, ends_with, sem_ver and fractional as flagd
 * defines them, in_segment, before and after. Knows nothing of features or experiments. */
#ifndef PARLEY_EXPERIMENTS_DECIDE_CONDITION_H
#define PARLEY_EXPERIMENTS_DECIDE_CONDITION_H

#include <jansson.h>

#include "core/base/json_write.h"
#include "core/base/map.h"
#include "experiments/decide/id_list.h"
#include "experiments/decide/value.h"
#include "experiments/model/reader.h"

enum {
    CONDITION_MAX_DEPTH = 64,
    CONDITION_MAX_NODES = 4096,     /* operators and their arguments */
    CONDITION_MAX_STEPS = 100000,   /* evaluation beyond this gives unknown, so a hostile context costs at most ~1 ms */
    CONDITION_MAX_SEGMENT_DEPTH = 8 /* segments that refer to segments */
};

struct condition; /* immutable; lives in the arena it was compiled into; read by any thread */

/* What in_segment asks for by name: a condition, or a list of ids. Borrowed. */
struct condition_segment {
    const struct condition *condition; /* NULL: a list */
    const struct id_list *list;        /* NULL: an empty one */
    struct text unit;                  /* of a list: the attribute that is looked up in it */
};

/* What a condition is evaluated over. All borrowed. */
struct condition_input {
    const struct json *json;    /* the document, or NULL for an empty one */
    json_at root;               /* the value that `var` starts from */
    struct text feature_key;    /* for fractional without an expression and for `$flagd.flagKey` */
    int64_t now;                /* ms; for `$flagd.timestamp` */
    const struct map *segments; /* key -> const struct condition_segment *; NULL for none */
    struct arena *arena;        /* takes what cat, map, filter ... make; never NULL */
};

/* Compiles JsonLogic. NULL, with every fault noted in `reader` at `path`, where it is not well-formed: unknown operator,
 * wrong number of arguments, too deep, too large. The condition lives in the reader's arena. */
const struct condition *condition_compile(struct reader *reader, const struct path *path, const json_t *logic);

/* JsonLogic's truth of the result. A NULL condition is true. Any thread that owns the input's arena. */
bool condition_true(const struct condition *condition, const struct condition_input *input);
/* The result itself; `absent` in it says that it rests on an attribute that is not there. Borrows from input and condition. */
struct value condition_value(const struct condition *condition, const struct condition_input *input);

/* Writes {"if": logic, "result": "true|false|unknown", "taken": bool, "of": [the same for the parts of and, or, !, !!, if]}. */
void condition_trace(const struct condition *condition, const struct condition_input *input, struct json_writer *out);
/* Appends the logic as JSON, arguments always in an array. */
void condition_write(const struct condition *condition, struct buffer *out);
/* Calls `visit` with the name of each segment that the condition refers to. */
void condition_segments(const struct condition *condition, void (*visit)(void *ctx, struct text segment), void *ctx);

#endif
