/* What tests of plugins share: one plugin under test, its callers, and what is expected of the last answer. */
#ifndef PARLEY_TESTS_PLUGINS_CALLS_H
#define PARLEY_TESTS_PLUGINS_CALLS_H

#include <criterion/criterion.h>
#include <parley/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/plugins/build_path.h"

static parley_test *t;
static int status; /* of the last call */

static inline void stop(void) {
    parley_test_stop(t);
}

static inline int shopper(const char *customer, const char *method, const char *path, const char *body) {
    parley_test_as(t, customer);
    return status = parley_test_call(t, method, path, body);
}
static inline int visitor(const char *cookie, const char *method, const char *path, const char *body) {
    parley_test_as_anonymous(t, cookie);
    return status = parley_test_call(t, method, path, body);
}
static inline int staff(const char *method, const char *path, const char *body) {
    parley_test_as_staff(t);
    return status = parley_test_call(t, method, path, body);
}
static inline int agent(const char *name, const char *method, const char *path, const char *body) {
    parley_test_as_agent(t, name);
    return status = parley_test_call(t, method, path, body);
}

static inline void expect_status(int expected) {
    cr_expect_eq(status, expected, "expected %d, got %d: %s\n%s", expected, status, parley_test_body(t),
                 parley_test_logs(t));
}
static inline void expect_has(const char *part) {
    cr_expect(strstr(parley_test_body(t), part), "expected %s in %s", part, parley_test_body(t));
}
static inline void expect_lacks(const char *part) {
    cr_expect(!strstr(parley_test_body(t), part), "did not expect %s in %s", part, parley_test_body(t));
}
#define SAYS(pointer, expected) cr_expect(parley_test_says(t, pointer, expected))

#endif
