/* Sets of items: what each customer has, what was looked at in each visit, what was bought together. Sets and items are numbers from 0.
 * This and all that stands on it (neighbours, association, ease, vsknn, popularity, evaluate, model) is arithmetic over memory: libc and
 * BLAS, nothing of Parley, so that the plugin and the command line compute the very same.
 *
 * Memory: allocate() ends the process where there is none. What is large in a worker (ease.h) says so by an answer instead. */
#ifndef RECOMMENDATIONS_SETS_H
#define RECOMMENDATIONS_SETS_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed; never NULL. */
void *allocate(size_t count, size_t bytes);
/* realloc; never NULL. */
void *enlarge(void *at, size_t count, size_t bytes);

struct sets {
    size_t n;          /* sets */
    uint32_t items;    /* every member is below */
    size_t *starts;    /* [n + 1]: set s is members[starts[s]] ... members[starts[s + 1] - 1] */
    uint32_t *members; /* each once in a set */
    size_t room, members_room;
};

void sets_init(struct sets *sets, uint32_t items);
void sets_free(struct sets *sets); /* may be zero */
/* A new, empty set behind the others. */
void sets_begin(struct sets *sets);
/* A member of the last set; the caller sees to it that it is new there. */
void sets_add(struct sets *sets, uint32_t item);

static inline size_t sets_size(const struct sets *sets, size_t s) {
    return sets->starts[s + 1] - sets->starts[s];
}
static inline const uint32_t *sets_of(const struct sets *sets, size_t s) {
    return sets->members + sets->starts[s];
}

/* For each item the sets that it is in, ascending. The caller frees it. */
void sets_turn(const struct sets *sets, struct sets *turned);

#endif
