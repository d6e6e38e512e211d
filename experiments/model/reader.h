/* Reads a definition's JSON member by member and notes everything that is wrong, each with the JSON pointer to it and a
 * sentence that says how to mend it. Knows nothing of what the members mean. */
#ifndef PARLEY_EXPERIMENTS_MODEL_READER_H
#define PARLEY_EXPERIMENTS_MODEL_READER_H

#include <jansson.h>

#include "core/base/arena.h"
#include "core/base/error.h"

/* Takes the faults of one body; go on reading after a fault, so that people see them all at once. */
struct reader {
    struct arena *arena; /* what is read is copied here */
    struct error *error; /* borrowed; may be NULL */
    int faults;
};

/* Where in the body we are: a chain on the stack, from the place up to the root (NULL). */
struct path {
    const struct path *up;
    const char *name; /* a member; NULL for an element */
    size_t index;
};
#define PATH_MEMBER(parent, member) (&(struct path){.up = (parent), .name = (member)})
#define PATH_ELEMENT(parent, i)     (&(struct path){.up = (parent), .index = (i)})

/* Notes a fault at `path`. Returns false, so that `return reader_fault(...)` reads well. */
bool reader_fault(struct reader *r, const struct path *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* 0, or ERR_INVALID when a fault was noted. */
int reader_result(const struct reader *r);

/* False with a fault unless `value` is an object; each member outside `known` (NULL-terminated) is a fault that names it. */
bool reader_object(struct reader *r, const struct path *path, const json_t *value, const char *const *known);
/* The same for a whole definition, whose read-only members (what GET adds: version, state, killed ...) are passed over. */
bool reader_definition(struct reader *r, const json_t *body, const char *const *known);
/* Whether that member is what Parley adds, not what somebody wrote. */
bool reader_adds(const char *member);
/* False with a fault unless `value` is an array of `least`..`most` elements; `what` names them in the sentence. */
bool reader_array(struct reader *r, const struct path *path, const json_t *value, size_t least, size_t most,
                  const char *what);

/* The readers of members below take the object and the member's name; `path` is the object's. Where the member is not
 * there they return false without a fault; where it is wrong, false with one; *out is then untouched. */
bool reader_text(struct reader *r, const struct path *path, const json_t *object, const char *name, size_t most,
                 struct text *out);
bool reader_key(struct reader *r, const struct path *path, const json_t *object, const char *name, struct text *out);
bool reader_bool(struct reader *r, const struct path *path, const json_t *object, const char *name, bool *out);
/* A number in [low, high]. */
bool reader_number(struct reader *r, const struct path *path, const json_t *object, const char *name, double low,
                   double high, double *out);
bool reader_integer(struct reader *r, const struct path *path, const json_t *object, const char *name, int64_t low,
                    int64_t high, int64_t *out);
/* One of `names` (NULL-terminated); *out is its index. */
bool reader_choice(struct reader *r, const struct path *path, const json_t *object, const char *name,
                   const char *const *names, int *out);
/* ISO 8601 duration and date(-time), as milliseconds. */
bool reader_duration(struct reader *r, const struct path *path, const json_t *object, const char *name, int64_t *out);
bool reader_time(struct reader *r, const struct path *path, const json_t *object, const char *name, int64_t *out);
/* An array of at most `most` texts of at most `longest` bytes; reader_texts: no two alike. */
bool reader_sequence(struct reader *r, const struct path *path, const json_t *object, const char *name, size_t most,
                     size_t longest, struct text **out, uint32_t *n);
bool reader_texts(struct reader *r, const struct path *path, const json_t *object, const char *name, size_t most,
                  size_t longest, struct text **out, uint32_t *n);
/* A non-negative number with up to 4 decimals, as ten-thousandths. `value` is at `path`. */
bool reader_weight(struct reader *r, const struct path *path, const json_t *value, uint32_t *out);
/* A fault "is missing" at `path`/`name`. */
bool reader_missing(struct reader *r, const struct path *path, const char *name, const char *hint);
/* The definition's key: the body's, the path's of the URL (may be TEXT_NONE), or both where they agree. */
bool reader_own_key(struct reader *r, const json_t *body, struct text url_key, struct text *out);

/* A definition as GET answers it: `key`, then the members of `order` that `body` or else `defaults` (borrowed) has. A new
 * reference. */
json_t *reader_canonical(struct text key, const json_t *body, const char *const *order, const json_t *defaults);

/* "a, b or c", in the reader's arena. */
struct text reader_list(struct reader *r, const char *const *names);

#endif
