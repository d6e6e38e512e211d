/* Allocation that does not fail: out of memory ends the process with a sentence (supervision restarts it; what was
 * acknowledged is on disk). Free with free(). */
#ifndef PARLEY_CORE_BASE_MEMORY_H
#define PARLEY_CORE_BASE_MEMORY_H

#include <stddef.h>

void *memory_alloc(size_t n);              /* not zeroed */
void *memory_zero(size_t count, size_t n); /* zeroed; count*n checked for overflow */
void *memory_grow(void *at, size_t n);     /* realloc */
char *memory_copy(const char *cstr);       /* strdup; NULL gives NULL */
/* As memory_zero, for a table that is looked into at random: a big one gets pages of 2 MiB where the kernel has them. With
 * small ones the first look into each costs a fault, the first write another and a pause of every thread (the zero page is
 * exchanged), and almost every look misses the processor's table of pages. */
void *memory_table(size_t count, size_t n);

#define memory_new(type) ((type *)memory_zero(1, sizeof(type)))

#endif
