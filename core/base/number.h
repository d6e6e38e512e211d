/* A double as text that reads back to the same double, and no longer than it must be. Independent of the locale. */
#ifndef PARLEY_CORE_BASE_NUMBER_H
#define PARLEY_CORE_BASE_NUMBER_H

#include <stddef.h>

enum { NUMBER_ROOM = 32 };

/* The first of %.15g, %.16g, %.17g that reads back; `value` must be finite. Returns the length (a NUL follows). */
size_t number_print(char out[static NUMBER_ROOM], double value);

#endif
