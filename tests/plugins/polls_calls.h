/* What the tests of the polls plugin share: a release of it, a poll, voters. */
#ifndef PARLEY_TESTS_PLUGINS_POLLS_CALLS_H
#define PARLEY_TESTS_PLUGINS_POLLS_CALLS_H

#include "tests/plugins/calls.h"

static inline struct parley_test_options release(const char *version) {
    return (struct parley_test_options){.library = build_path("plugins/polls-%s/polls.so", version)};
}
static inline void start_release(const char *version) {
    struct parley_test_options options = release(version);
    t = parley_test_start(&options);
    parley_test_variant(t, "product-poll", "top", NULL);
}

/* A poll "p" with options a, b, c; `more` are members to add. */
static inline void make_poll(const char *more) {
    char body[600];
    snprintf(body, sizeof body,
             "{\"id\":\"p\",\"question\":\"Which colour?\",\"options\":[{\"key\":\"a\",\"label\":\"Red\"},"
             "{\"key\":\"b\",\"label\":\"Blue\"},{\"key\":\"c\",\"label\":\"Green\"}]%s%s}",
             *more ? "," : "", more);
    cr_assert_eq(staff("POST", "/polls", body), 201, "%s", parley_test_body(t));
}

static inline int vote(const char *customer, const char *options) {
    char body[200];
    snprintf(body, sizeof body, "{\"options\":%s}", options);
    return shopper(customer, "PUT", "/polls/p/vote", body);
}

static inline int look(const char *customer) {
    return shopper(customer, "GET", "/polls/p", NULL);
}

#endif
