/* Numbers as decimal text: a double that reads back to the same double and is no longer than it must be, and JSON's numbers
 * read back, as doubles or exactly as scaled integers. Independent of the locale. */
#ifndef PARLEY_CORE_BASE_NUMBER_H
#define PARLEY_CORE_BASE_NUMBER_H

#include "core/base/text.h"

enum { NUMBER_ROOM = 32 };

/* The first of %.15g, %.16g, %.17g that reads back; `value` must be finite. Returns the length (a NUL follows). */
size_t number_print(char out[static NUMBER_ROOM], double value);
/* The same digits as JavaScript writes them (ECMA-262, Number::toString): "1e-7", "0.00001", "100000000000000000000". */
size_t number_print_script(char out[static NUMBER_ROOM], double value);

/* The nearest double of a JSON number (RFC 8259 section 6, the whole text). False when the text is none, or is beyond a double;
 * what is too small for one reads as 0. */
bool number_parse(struct text t, double *out);

/* A JSON number times 10^scale as an integer, exactly from the decimal text, rounded half away from zero; *exact tells
 * whether nothing was rounded. False when the text is none or the result does not fit. */
bool number_scaled(struct text t, int scale, int64_t *out, bool *exact);
/* A whole number in decimal. Returns the length (a NUL follows). */
size_t number_print_int(char out[static NUMBER_ROOM], int64_t value);

#endif
