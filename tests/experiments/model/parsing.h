/* What the tests of definitions' forms share: an arena for what is parsed, an error for what is refused, bodies in single quotes. */
#ifndef PARLEY_TESTS_EXPERIMENTS_MODEL_PARSING_H
#define PARLEY_TESTS_EXPERIMENTS_MODEL_PARSING_H

#include <criterion/criterion.h>

#include "core/base/clock.h"
#include "tests/experiments/quoted.h"

static struct arena arena;
static struct error error;

static inline void begin(void) {
    arena_init(&arena, 4096);
}
static inline void end(void) {
    arena_free(&arena);
}

#endif
