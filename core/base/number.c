#include "core/base/number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whole numbers below 2^53 are most of what Parley prints; they need no search for the shortest form. */
static size_t print_whole(char *out, double value) {
    return (size_t)snprintf(out, NUMBER_ROOM, "%lld", (long long)value);
}

size_t number_print(char out[static NUMBER_ROOM], double value) {
    if (value == floor(value) && fabs(value) < 1e15 && !(value == 0 && signbit(value))) return print_whole(out, value);
    int n = 0;
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(out, NUMBER_ROOM, "%.*g", digits, value);
        if (strtod(out, NULL) == value) break;
    }
    char *point = strchr(out, *localeconv()->decimal_point);
    if (point) *point = '.';
    return (size_t)n;
}
