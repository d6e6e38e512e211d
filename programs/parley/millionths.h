/* Amounts as exact integers of millionths, written as decimals: money and counts, added without a cent lost. */
#ifndef PARLEY_PROGRAMS_PARLEY_MILLIONTHS_H
#define PARLEY_PROGRAMS_PARLEY_MILLIONTHS_H

#include "core/base/arena.h"
#include "core/base/json_write.h"

enum { MILLIONTHS_ROOM = 24 };

/* "8911407.9", without zeros at the end. Returns the length (a NUL follows). */
size_t millionths_print(char out[static MILLIONTHS_ROOM], int64_t millionths);
/* "8,911,407.9", in the arena. */
struct text millionths_grouped(struct arena *arena, int64_t millionths);
/* "key":8911407.9 */
void millionths_json(struct json_writer *w, struct text key, int64_t millionths);
/* A decimal number, rounded beyond six digits; false where it is none or does not fit. */
bool millionths_parse(struct text number, int64_t *out);

/* "8911407.9" with a comma in front of each third digit. In the arena. */
struct text number_grouped(struct arena *arena, struct text number);

#endif
