#include "core/base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *checked(void *at, size_t n) {
    if (at) return at;
    fprintf(stderr, "level=error msg=\"out of memory\" bytes=%zu\n", n);
    abort();
}

void *memory_alloc(size_t n) {
    return checked(malloc(n ? n : 1), n);
}
void *memory_zero(size_t count, size_t n) {
    return checked(calloc(count ? count : 1, n ? n : 1), count * n);
}
void *memory_table(size_t count, size_t n) {
    enum { PAGE = 4096, HUGE = 2 << 20 };
    char *at = memory_zero(count, n);
    uintptr_t from = ((uintptr_t)at + PAGE - 1) & -(uintptr_t)PAGE, to = ((uintptr_t)at + count * n) & -(uintptr_t)PAGE;
    if (count * n >= HUGE)
        madvise((void *)from, to - from, MADV_HUGEPAGE); /* advice: without it all is the same, slower */
    return at;
}

void *memory_grow(void *at, size_t n) {
    return checked(realloc(at, n ? n : 1), n);
}

char *memory_copy(const char *cstr) {
    if (!cstr) return NULL;
    size_t n = strlen(cstr) + 1;
    return memcpy(memory_alloc(n), cstr, n);
}
