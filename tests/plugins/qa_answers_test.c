/* The qa plugin: answers, who may give them, and whom they helped. */
#include "tests/plugins/qa_calls.h"

TestSuite(qa_answers, .init = start_qa, .fini = stop);

/* ---- answering ---- */

Test(qa_answers, one_person_has_one_answer_and_may_edit_it) {
    const char *q = ask("ann", "a", "Why?");
    const char *first = answer("ben", q, "Because");
    expect_status(201);
    parley_test_wait(t, HOUR);
    cr_expect_str_eq(answer("ben", q, "Because it is round"), first);
    expect_status(200);
    cr_expect(parley_test_says(t, "/body", "\"Because it is round\""));
    cr_expect(parley_test_says(t, "/editedAt", "\"2026-01-01T13:00:00.000Z\""));
    cr_expect_eq(parley_test_tracked(t, "Question Answered"), 1);
    shopper("ann", "GET", path("questions", q, "/answers"), NULL);
    cr_expect_null(parley_test_at(t, "/items/1"));
    let_timers_run();
    cr_expect_eq(told("ann", "question-answered"), 1, "an edit is not told again");
}

Test(qa_answers, an_answer_can_be_taken_back_by_its_author_alone) {
    const char *q = ask("ann", "a", "Why?"), *a = answer("ben", q, "Because");
    shopper("ann", "DELETE", path("answers", a, ""), NULL);
    expect_status(403);
    shopper("ben", "DELETE", path("answers", a, ""), NULL);
    expect_status(200);
    shopper("ann", "GET", path("questions", q, ""), NULL);
    cr_expect(parley_test_says(t, "/answerCount", "0"));
    expect_lacks("Because");
    shopper("ben", "DELETE", path("answers", a, ""), NULL);
    expect_status(404);
    cr_expect_str_eq(answer("ben", q, "After all"), a);
    expect_status(201);
}

Test(qa_answers, a_question_is_taken_back_but_the_answers_of_others_stay) {
    const char *q = ask("ann", "a", "Why?"), *r = ask("ann", "a", "How?");
    answer("ben", r, "So");
    shopper("ben", "DELETE", path("questions", q, ""), NULL);
    expect_status(403);
    shopper("ann", "DELETE", path("questions", q, ""), NULL);
    cr_expect(parley_test_says(t, "/state", "\"withdrawn\""));
    shopper("ann", "GET", path("questions", q, ""), NULL);
    expect_status(404);
    shopper("ann", "GET", "/questions?q=why", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
    shopper("ann", "DELETE", path("questions", r, ""), NULL);
    cr_expect(parley_test_says(t, "/state", "\"nobody's\""));
    shopper("ann", "GET", path("questions", r, ""), NULL);
    cr_expect(parley_test_says(t, "/mine", "false"));
    cr_expect(parley_test_says(t, "/answerCount", "1"));
    cr_expect_str_neq(ask("ann", "a", "Why?"), q);
    expect_status(201);
}

Test(qa_answers, who_bought_it_is_marked_until_the_order_is_refunded) {
    buys("ben", "a", "o1");
    const char *q = ask("ann", "a", "Why?");
    answer("ben", q, "Because");
    cr_expect(parley_test_says(t, "/verified", "true"));
    answer("cat", q, "I think so");
    cr_expect(parley_test_says(t, "/verified", "false"));
    cr_expect(parley_test_event(t, "Order Refunded", "ben", "{\"order_id\":\"o1\",\"products\":[{\"sku\":\"b\"}]}"));
    shopper("ben", "GET", path("questions", q, ""), NULL);
    cr_expect(parley_test_says(t, "/answers/0/verified", "true"), "another piece of the order");
    cr_expect(parley_test_event(t, "Order Refunded", "ben", "{\"order_id\":\"o1\"}"));
    shopper("ben", "GET", path("questions", q, ""), NULL);
    cr_expect(parley_test_says(t, "/answers/0/verified", "false"));
}

Test(qa_answers, an_order_that_a_browser_told_proves_nothing_unless_the_shop_says_so) {
    cr_expect(parley_test_browser_event(t, "Order Completed", "ben",
                                        "{\"order_id\":\"o1\",\"products\":[{\"product_id\":85123}]}"));
    const char *q = ask("ann", "85123", "Why?");
    let_timers_run();
    cr_expect_eq(told("ben", "question-for-you"), 0);
    answer("ben", q, "Because");
    cr_expect(parley_test_says(t, "/verified", "false"));
    cr_expect(
        parley_test_event(t, "Order Completed", "ben", "{\"order_id\":\"o1\",\"products\":[{\"product_id\":85123}]}"));
    shopper("ben", "GET", path("questions", q, ""), NULL);
    cr_expect(parley_test_says(t, "/answers/0/verified", "true"), "the shop's server says the same");
    cr_expect(parley_test_browser_event(t, "Order Refunded", "mallory", "{\"order_id\":\"o1\"}"));
    shopper("ben", "GET", path("questions", q, ""), NULL);
    cr_expect(parley_test_says(t, "/answers/0/verified", "true"), "a stranger's browser refunds nothing");
    parley_test_variant(t, "product-questions", "on", "{\"trustBrowserOrders\":true}");
    cr_expect(
        parley_test_browser_event(t, "Order Completed", "cat", "{\"order_id\":\"o2\",\"products\":[{\"sku\":\"b\"}]}"));
    q = ask("ann", "b", "Why?");
    answer("cat", q, "Because");
    cr_expect(parley_test_says(t, "/verified", "true"));
}

Test(qa_answers, where_only_buyers_answer_others_are_told_so) {
    parley_test_variant(t, "product-questions", "on", "{\"answersFrom\":\"buyers\"}");
    buys("ben", "a", "o1");
    const char *q = ask("ann", "a", "Why?");
    shopper("cat", "POST", path("questions", q, "/answers"), "{\"body\":\"Because\"}");
    expect_status(403);
    answer("ben", q, "Because");
    staff("POST", path("questions", q, "/answers"), "{\"body\":\"Because we say so\"}");
    expect_status(201);
}

Test(qa_answers, the_retailers_answer_is_marked_and_there_is_one) {
    const char *q = ask("ann", "a", "Why?");
    staff("POST", path("questions", q, "/answers"), "{\"body\":\"Tradition\",\"name\":\"Harbour & Thistle\"}");
    expect_status(201);
    staff("POST", path("questions", q, "/answers"), "{\"body\":\"A long tradition\"}");
    expect_status(200);
    shopper("ann", "GET", path("questions", q, ""), NULL);
    cr_expect(parley_test_says(t, "/answers/0/retailer", "true"));
    cr_expect(parley_test_says(t, "/answers/0/body", "\"A long tradition\""));
    cr_expect(parley_test_says(t, "/answerCount", "1"));
    let_timers_run();
    cr_expect_eq(told("ann", "question-answered"), 1);
    cr_expect_str_eq(parley_test_json(t, parley_test_properties(t, "Answer Received", 0), "/retailer"), "true");
}

/* ---- whom it helped ---- */

Test(qa_answers, a_vote_counts_once_and_can_be_taken_back) {
    const char *q = ask("ann", "a", "Why?"), *a = answer("ben", q, "Because");
    for (int i = 0; i < 2; i++) {
        shopper("cat", "PUT", path("answers", a, "/helpful"), NULL);
        cr_expect(parley_test_says(t, "", "{\"helpful\":1,\"voted\":true}"));
    }
    cr_expect_eq(parley_test_tracked(t, "Answer Helpful"), 1);
    shopper("ben", "PUT", path("answers", a, "/helpful"), NULL);
    expect_status(409);
    for (int i = 0; i < 2; i++) {
        shopper("cat", "DELETE", path("answers", a, "/helpful"), NULL);
        cr_expect(parley_test_says(t, "", "{\"helpful\":0,\"voted\":false}"));
    }
    cr_expect_eq(parley_test_tracked(t, "Answer Helpful Withdrawn"), 1);
}

Test(qa_answers, who_helps_is_told_so_at_1_3_and_10_people_and_never_twice) {
    const char *q = ask("ann", "a", "Why?"), *a = answer("ben", q, "Because");
    char voter[8];
    for (int i = 0; i < 11; i++) {
        snprintf(voter, sizeof voter, "v%d", i);
        shopper(voter, "PUT", path("answers", a, "/helpful"), NULL);
    }
    shopper("v0", "DELETE", path("answers", a, "/helpful"), NULL);
    shopper("v1", "DELETE", path("answers", a, "/helpful"), NULL);
    shopper("v0", "PUT", path("answers", a, "/helpful"), NULL);
    let_timers_run();
    cr_assert_eq(told("ben", "answer-helped"), 3);
    cr_expect(strstr(parley_test_entry(t, "answer-helped", 0), "Your answer helped somebody"));
    cr_expect(strstr(parley_test_entry(t, "answer-helped", 1), "Your answer helped 3 people"));
    cr_expect(strstr(parley_test_entry(t, "answer-helped", 2), "Your answer helped 10 people"));
}

Test(qa_answers, the_asker_accepts_an_answer_which_then_comes_first) {
    const char *q = ask("ann", "a", "Why?"), *a = answer("ben", q, "Because"), *b = answer("cat", q, "Since 1832");
    char body[80];
    shopper("dan", "PUT", path("answers", a, "/helpful"), NULL);
    shopper("ann", "GET", path("questions", q, ""), NULL);
    cr_expect(parley_test_says(t, "/answers/0/body", "\"Because\""));
    snprintf(body, sizeof body, "{\"answer\":\"%s\"}", b);
    shopper("dan", "PUT", path("questions", q, "/accepted"), body);
    expect_status(403);
    for (int i = 0; i < 2; i++) shopper("ann", "PUT", path("questions", q, "/accepted"), body);
    expect_status(200);
    shopper("dan", "GET", path("questions", q, ""), NULL);
    cr_expect(parley_test_says(t, "/answers/0/body", "\"Since 1832\""));
    cr_expect(parley_test_says(t, "/answers/0/accepted", "true"));
    cr_expect(parley_test_says(t, "/answered", "true"));
    let_timers_run();
    cr_expect_eq(told("cat", "answer-accepted"), 1);
    shopper("ann", "PUT", path("questions", q, "/accepted"), "{\"answer\":\"nowhere\"}");
    expect_status(400);
    shopper("ann", "PUT", path("questions", q, "/accepted"), "{\"answer\":null}");
    shopper("dan", "GET", path("questions", q, ""), NULL);
    cr_expect(parley_test_says(t, "/answers/0/body", "\"Because\""));
}
