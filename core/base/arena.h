/* Memory that dies together: a request's, a snapshot's. Allocation is a pointer bump; nothing is freed alone.
 * One thread at a time. Out of memory aborts: a server that cannot get a page cannot answer either. */
#ifndef PARLEY_CORE_BASE_ARENA_H
#define PARLEY_CORE_BASE_ARENA_H

#include "core/base/text.h"

struct arena {
    struct arena_block *last;
    size_t block_size;
    size_t total; /* bytes handed out since the last reset */
};

void arena_init(struct arena *arena, size_t block_size);
/* Frees all blocks but the first, which the next user finds warm. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);

/* `n` bytes, zeroed, aligned for any type. Lives until reset or free. */
void *arena_alloc(struct arena *arena, size_t n);
/* The same, not zeroed: for what is written at once, and for large runs of which only the used part should cost. */
void *arena_take(struct arena *arena, size_t n);
/* A NUL-terminated copy. */
struct text arena_text(struct arena *arena, struct text t);
char *arena_cstr(struct arena *arena, struct text t);
struct text arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define arena_new(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

#endif
