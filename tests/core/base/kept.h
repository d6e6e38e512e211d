/* JSON that a test has loaded, given back when it ends. */
#ifndef PARLEY_TESTS_CORE_BASE_KEPT_H
#define PARLEY_TESTS_CORE_BASE_KEPT_H

#include <criterion/criterion.h>
#include <jansson.h>

static json_t *kept[256];
static size_t kept_n;

static inline json_t *keep(json_t *json) {
    if (json) {
        cr_assert(kept_n < sizeof kept / sizeof *kept);
        kept[kept_n++] = json;
    }
    return json;
}

static inline void give_back(void) {
    while (kept_n) json_decref(kept[--kept_n]);
}

#endif
