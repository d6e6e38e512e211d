/* What the tests of the conversations plugin share: the plugin, a shopper who writes, an agent who answers. */
#ifndef PARLEY_TESTS_PLUGINS_CONVERSATIONS_CALLS_H
#define PARLEY_TESTS_PLUGINS_CONVERSATIONS_CALLS_H

#include "tests/plugins/calls.h"

#define TALK_SECRET "hush: the gateway's secret"

static inline void start_talk(void) {
    t = parley_test_start(&(struct parley_test_options){
        .library = build_path("plugins/conversations-%s/conversations.so", "1.0.0"), .secret = TALK_SECRET});
    cr_assert_null(parley_test_why(t), "%s", parley_test_why(t));
    parley_test_variant(t, "talk", "on", "{\"greeting\":\"Moin\",\"hours\":\"9 to 5\"}");
}

/* Writes a message; its id. */
static inline int writes(const char *customer, const char *words) {
    char body[400];
    snprintf(body, sizeof body, "{\"body\":\"%s\"}", words);
    shopper(customer, "POST", "/messages", body);
    cr_assert_eq(status, 201, "%s %s", parley_test_body(t), parley_test_logs(t));
    return atoi(parley_test_at(t, "/id"));
}
static inline int answers(const char *name, const char *customer, int message, const char *words) {
    char body[600], path[100];
    snprintf(body, sizeof body, "{\"inReplyTo\":%d,\"body\":\"%s\"}", message, words);
    snprintf(path, sizeof path, "/threads/%s/reply", customer);
    agent(name, "POST", path, body);
    return status == 201 ? atoi(parley_test_at(t, "/id")) : 0;
}

#endif
