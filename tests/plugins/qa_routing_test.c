/* The qa plugin: questions go to people who bought the product. */
#include "tests/plugins/qa_calls.h"

TestSuite(qa_routing, .init = start_qa, .fini = stop);

Test(qa_routing, a_question_goes_to_the_most_recent_buyers) {
    static const char *const buyers[] = {"b0", "b1", "b2", "b3", "b4"};
    for (int i = 0; i < 5; i++) {
        buys(buyers[i], "a", buyers[i]);
        parley_test_wait(t, HOUR);
    }
    buys("ann", "a", "hers");
    buys("far", "b", "other");
    const char *q = ask("ann", "a", "Why?");
    cr_expect_eq(parley_test_entries(t, "question-for-you"), 0, "nobody waits for it");
    let_timers_run();
    cr_expect_eq(parley_test_entries(t, "question-for-you"), 3);
    for (int i = 0; i < 5; i++) cr_expect_eq(told(buyers[i], "question-for-you"), i >= 2, "%s", buyers[i]);
    shopper("b4", "GET", "/asks", NULL);
    cr_expect(parley_test_says(t, "/items/0/body", "\"Why?\""));
    expect_lacks("\"ann\"");
    shopper("b0", "GET", "/asks", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
    answer("b4", q, "Because");
    shopper("b4", "GET", "/asks", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
    cr_expect(strstr(parley_test_properties(t, "Question Answered", 0), "\"verified\":true,\"asked\":true"));
    parley_test_wait(t, 40LL * DAY);
    cr_expect_eq(parley_test_entries(t, "question-for-you"), 3, "an answered question goes to nobody else");
}

Test(qa_routing, a_buyer_is_asked_at_most_one_question_in_14_days) {
    buys("ben", "a", "o1");
    buys("ben", "b", "o2");
    ask("ann", "a", "Why?");
    let_timers_run();
    ask("ann", "b", "How?");
    let_timers_run();
    cr_expect_eq(told("ben", "question-for-you"), 1);
    parley_test_wait(t, 13LL * DAY);
    cr_expect_eq(told("ben", "question-for-you"), 1);
    parley_test_wait(t, 5LL * DAY); /* the second question, still open, looks again every three days */
    cr_expect_eq(told("ben", "question-for-you"), 2);
}

Test(qa_routing, a_skip_is_counted_and_passes_the_question_on) {
    parley_test_variant(t, "product-questions", "on", "{\"buyers\":1}");
    buys("ben", "a", "o1");
    parley_test_wait(t, HOUR);
    buys("cat", "a", "o2");
    const char *q = ask("ann", "a", "Why?");
    let_timers_run();
    cr_expect_eq(told("cat", "question-for-you"), 1);
    cr_expect_eq(told("ben", "question-for-you"), 0);
    shopper("ben", "POST", path("questions", q, "/skip"), NULL);
    expect_status(409);
    shopper("cat", "POST", path("questions", q, "/skip"), NULL);
    expect_status(200);
    shopper("cat", "POST", path("questions", q, "/skip"), NULL);
    expect_status(409);
    let_timers_run();
    cr_expect_eq(told("ben", "question-for-you"), 1);
    cr_expect_eq(parley_test_counted(t, "skipped"), 1);
    cr_expect_eq(parley_test_tracked(t, "Question Skipped"), 1);
    shopper("dan", "GET", path("questions", q, ""), NULL);
    expect_lacks("skip");
    shopper("cat", "GET", "/asks", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
}

Test(qa_routing, who_says_nothing_is_replaced_and_in_the_end_nobody_is_asked_any_more) {
    char buyer[8];
    parley_test_variant(t, "product-questions", "on", "{\"buyers\":2,\"againHours\":24,\"askedMost\":5}");
    for (int i = 0; i < 8; i++) {
        snprintf(buyer, sizeof buyer, "b%d", i);
        buys(buyer, "a", buyer);
    }
    ask("ann", "a", "Why?");
    let_timers_run();
    cr_expect_eq(parley_test_entries(t, "question-for-you"), 2);
    parley_test_wait(t, 23 * HOUR);
    cr_expect_eq(parley_test_entries(t, "question-for-you"), 2);
    parley_test_wait(t, HOUR);
    cr_expect_eq(parley_test_entries(t, "question-for-you"), 4);
    parley_test_wait(t, 20LL * DAY);
    cr_expect_eq(parley_test_entries(t, "question-for-you"), 5);
}

Test(qa_routing, who_may_not_be_pushed_to_is_passed_over) {
    buys("ben", "a", "o1");
    buys("cat", "a", "o2");
    parley_test_pushes(t, "cat", false);
    ask("ann", "a", "Why?");
    let_timers_run();
    cr_expect_eq(told("cat", "question-for-you"), 0);
    cr_expect_eq(told("ben", "question-for-you"), 1);
}

Test(qa_routing, a_refund_takes_a_buyer_out_of_the_row) {
    buys("ben", "a", "o1");
    cr_expect(parley_test_event(t, "Order Refunded", "ben", "{\"order_id\":\"o1\"}"));
    ask("ann", "a", "Why?");
    let_timers_run();
    cr_expect_eq(parley_test_entries(t, "question-for-you"), 0);
    cr_expect(parley_test_event(t, "Order Completed", "ben", "{\"products\":[{\"sku\":\"a\"}]}"),
              "an order without a number");
    parley_test_wait(t, 4LL * DAY);
    cr_expect_eq(told("ben", "question-for-you"), 1, "who buys it later is asked later");
}

Test(qa_routing, what_was_to_be_told_survives_a_restart) {
    const char *q = ask("ann", "a", "Why?");
    answer("ben", q, "Because");
    parley_test_restart(t, NULL);
    let_timers_run();
    cr_expect_eq(told("ann", "question-answered"), 1);
}
