#include "core/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"

struct arena_block {
    struct arena_block *before;
    size_t size, used;
    _Alignas(16) char bytes[];
};

void arena_init(struct arena *arena, size_t block_size) {
    *arena = (struct arena){.block_size = block_size < 256 ? 256 : block_size};
}

void arena_reset(struct arena *arena) {
    struct arena_block *block = arena->last;
    while (block && block->before) {
        struct arena_block *before = block->before;
        free(block);
        block = before;
    }
    if (block) block->used = 0;
    arena->last = block;
    arena->total = 0;
}

void arena_free(struct arena *arena) {
    arena_reset(arena);
    free(arena->last);
    arena->last = NULL;
}

static struct arena_block *grow(struct arena *arena, size_t n) {
    size_t size = n > arena->block_size ? n : arena->block_size;
    struct arena_block *block = memory_alloc(sizeof *block + size);
    *block = (struct arena_block){.before = arena->last, .size = size};
    arena->last = block;
    return block;
}

void *arena_take(struct arena *arena, size_t n) {
    n = (n + 15) & ~(size_t)15;
    struct arena_block *block = arena->last;
    if (!block || block->size - block->used < n) block = grow(arena, n);
    void *at = block->bytes + block->used;
    block->used += n;
    arena->total += n;
    return at;
}

void *arena_alloc(struct arena *arena, size_t n) {
    return memset(arena_take(arena, n), 0, n);
}

char *arena_cstr(struct arena *arena, struct text t) {
    char *copy = arena_take(arena, t.n + 1);
    if (t.n) memcpy(copy, t.at, t.n);
    copy[t.n] = 0;
    return copy;
}

struct text arena_text(struct arena *arena, struct text t) {
    return text_n(arena_cstr(arena, t), t.n);
}

struct text arena_printf(struct arena *arena, const char *format, ...) {
    char few[256]; /* most texts fit, and are printed once */
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    size_t n = (size_t)vsnprintf(few, sizeof few, format, args);
    va_end(args);
    char *at = arena_take(arena, n + 1);
    if (n < sizeof few)
        memcpy(at, few, n + 1);
    else
        vsnprintf(at, n + 1, format, again);
    va_end(again);
    return text_n(at, n);
}
