/* What the tests of the qa plugin share: a shop with the plugin in it, who asks, answers and buys. */
#ifndef PARLEY_TESTS_PLUGINS_QA_CALLS_H
#define PARLEY_TESTS_PLUGINS_QA_CALLS_H

#include "tests/plugins/calls.h"

static char made[64]; /* the id of the last question or answer that was made */

enum { HOUR = 3600 * 1000, DAY = 24 * HOUR };

static inline void start_qa(void) {
    t = parley_test_start(&(struct parley_test_options){.library = build_path("plugins/qa-1.0.0/%s", "qa.so")});
    cr_assert_null(parley_test_why(t), "%s", parley_test_why(t));
    parley_test_variant(t, "product-questions", "on", NULL);
}

/* "/questions/ID" and the rest; static memory, four at a time. */
static inline const char *path(const char *kind, const char *id, const char *rest) {
    static char paths[4][160];
    static int turn;
    char *out = paths[turn++ % 4];
    snprintf(out, sizeof paths[0], "/%s/%s%s", kind, id, rest);
    return out;
}

static inline void remember(const char *pointer) {
    const char *found = parley_test_at(t, pointer);
    cr_assert_not_null(found, "no %s in %s", pointer, parley_test_body(t));
    cr_assert_eq(sscanf(found, "\"%63[a-z0-9]\"", made), 1, "%s", found);
}
/* The id that was made; static memory, of the last 200. */
static inline const char *keep_made(void) {
    static char kept[200][sizeof made];
    static int turn;
    return strcpy(kept[turn++ % 200], made);
}
/* The id of a question. */
static inline const char *ask(const char *customer, const char *sku, const char *words) {
    char body[900];
    snprintf(body, sizeof body, "{\"sku\":\"%s\",\"body\":\"%s\"}", sku, words);
    shopper(customer, "POST", "/questions", body);
    cr_assert(status == 200 || status == 201, "%s", parley_test_body(t));
    remember("/question/id");
    return keep_made();
}
static inline const char *answer(const char *customer, const char *question, const char *words) {
    char body[300];
    snprintf(body, sizeof body, "{\"body\":\"%s\"}", words);
    shopper(customer, "POST", path("questions", question, "/answers"), body);
    cr_assert(status == 200 || status == 201, "%s", parley_test_body(t));
    remember("/id");
    return keep_made();
}
static inline void buys(const char *customer, const char *sku, const char *order) {
    char properties[200];
    snprintf(properties, sizeof properties, "{\"order_id\":\"%s\",\"products\":[{\"sku\":\"%s\"}]}", order, sku);
    cr_assert(parley_test_event(t, "Order Completed", customer, properties));
}
static inline void let_timers_run(void) {
    parley_test_wait(t, 1);
}
/* Entries of that kind on the customer's timeline. */
static inline int told(const char *customer, const char *kind) {
    char part[80];
    int n = 0;
    snprintf(part, sizeof part, "{\"customer\":\"%s\"", customer);
    for (size_t i = 0; i < parley_test_entries(t, kind); i++)
        n += strncmp(parley_test_entry(t, kind, i), part, strlen(part)) == 0;
    return n;
}

#endif
