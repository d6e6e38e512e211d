/* A condition over a document, and what it gives as JSON: what the tests of conditions share. */
#ifndef PARLEY_TESTS_EXPERIMENTS_DECIDE_CONDITIONS_H
#define PARLEY_TESTS_EXPERIMENTS_DECIDE_CONDITIONS_H

#include <criterion/criterion.h>

#include "experiments/decide/condition.h"

struct fixture {
    struct arena arena;
    struct error error;
    struct json json;
    struct condition_input input;
};

/* `data` must be JSON. The fixture's arena is the caller's to free. */
void conditions_begin(struct fixture *f, const char *data);
/* NULL, with the faults in f->error, where the logic is not well-formed. */
const struct condition *conditions_compile(struct fixture *f, const char *logic);
/* The value as JSON, with NaN where it is none. */
void conditions_put(struct buffer *out, const struct value_home *home, struct value v);
/* Fails the test unless `logic` over `data` gives `expected`, as JSON. */
void conditions_give(const char *logic, const char *data, const char *expected);

struct example {
    const char *logic, *data, *expected;
};
void conditions_all_give(const struct example *examples, size_t n);
#define ALL_GIVE(...)                                                                                                  \
    conditions_all_give((struct example[]){__VA_ARGS__},                                                               \
                        sizeof((struct example[]){__VA_ARGS__}) / sizeof(struct example))

#endif
