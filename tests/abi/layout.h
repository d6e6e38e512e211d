#ifndef PARLEY_TESTS_ABI_LAYOUT_H
#define PARLEY_TESTS_ABI_LAYOUT_H

#include <stddef.h>

struct layout {
    const char *name;
    size_t value, size; /* offset and size of a member; the value of a constant */
};

const struct layout *layout_1_0(size_t *n);
const struct layout *layout_1_0_today(size_t *n);
const struct layout *layout_1_1(size_t *n);
const struct layout *layout_1_1_today(size_t *n);

#endif
