/* Allocation that does not fail: out of memory ends the process with a sentence (supervision restarts it; what was
 * acknowledged is on disk). Free with free(). */
#ifndef PARLEY_CORE_BASE_MEMORY_H
#define PARLEY_CORE_BASE_MEMORY_H

#include <stddef.h>

void *memory_alloc(size_t n);              /* not zeroed */
void *memory_zero(size_t count, size_t n); /* zeroed; count*n checked for overflow */
void *memory_grow(void *at, size_t n);     /* realloc */
char *memory_copy(const char *cstr);       /* strdup; NULL gives NULL */

#define memory_new(type) ((type *)memory_zero(1, sizeof(type)))

#endif
