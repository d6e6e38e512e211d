/* The qa plugin: what staff look at and decide, and a customer's rights. */
#include "tests/plugins/qa_calls.h"

TestSuite(qa_staff, .init = start_qa, .fini = stop);

/* ---- moderation ---- */

Test(qa_staff, moderation_after_the_fact_shows_at_once_and_queues) {
    const char *q = ask("ann", "a", "Why?");
    answer("ben", q, "Because");
    staff("GET", "/queue", NULL);
    cr_expect(parley_test_says(t, "/items/0/kind", "\"question\""));
    cr_expect(parley_test_says(t, "/items/0/why", "\"new\""));
    cr_expect(parley_test_says(t, "/items/1/question/body", "\"Why?\""));
    cr_expect(parley_test_says(t, "/items/1/state", "\"public\""));
    staff("POST", path("questions", q, "/publish"), NULL);
    expect_status(200);
    staff("GET", "/queue?limit=1", NULL);
    cr_expect(parley_test_says(t, "/items/0/kind", "\"answer\""));
    cr_expect(parley_test_says(t, "/next", "null"));
    let_timers_run();
    cr_expect_eq(told("ann", "post-shown"), 0, "it was shown all the time");
}

Test(qa_staff, the_queue_is_paged_by_who_waits_the_longest) {
    char body[40], cursor[48], next[100];
    for (int i = 0; i < 5; i++) {
        snprintf(body, sizeof body, "Number %d?", i);
        ask("ann", "a", body);
        if (i % 2) parley_test_wait(t, 10);
    }
    staff("GET", "/queue?limit=3", NULL);
    cr_expect(parley_test_says(t, "/items/2/body", "\"Number 2?\""));
    cr_assert_eq(sscanf(parley_test_at(t, "/next"), "\"%47[0-9-]\"", cursor), 1);
    snprintf(next, sizeof next, "/queue?limit=3&cursor=%s", cursor);
    staff("GET", next, NULL);
    cr_expect(parley_test_says(t, "/items/0/body", "\"Number 3?\""));
    cr_expect(parley_test_says(t, "/items/1/body", "\"Number 4?\""));
    cr_expect(parley_test_says(t, "/next", "null"));
    staff("GET", "/queue?cursor=nonsense", NULL);
    expect_status(400);
}

Test(qa_staff, moderation_before_shows_only_what_staff_published) {
    parley_test_variant(t, "product-questions", "on", "{\"moderation\":\"pre\"}");
    buys("ben", "a", "o1");
    const char *q = ask("ann", "a", "Why?");
    cr_expect(parley_test_says(t, "/state", "\"pending\""));
    let_timers_run();
    cr_expect_eq(parley_test_entries(t, "question-for-you"), 0, "nobody is asked what nobody may see");
    shopper("cat", "GET", "/products/a/questions", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
    shopper("cat", "GET", path("questions", q, ""), NULL);
    expect_status(404);
    shopper("cat", "GET", "/questions?q=why", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
    shopper("cat", "POST", "/questions", "{\"sku\":\"a\",\"body\":\"why\"}");
    cr_expect(parley_test_says(t, "", "{\"id\":null,\"joined\":true,\"question\":null,\"state\":\"pending\"}"));
    shopper("ann", "GET", "/products/a/questions", NULL);
    cr_expect(parley_test_says(t, "/items/0/state", "\"pending\""));
    staff("POST", path("questions", q, "/publish"), "{\"note\":\"fine\"}");
    let_timers_run();
    cr_expect_eq(told("ann", "post-shown"), 1);
    cr_expect_eq(told("ben", "question-for-you"), 1);
    const char *a = answer("ben", q, "Because");
    let_timers_run();
    cr_expect_eq(told("ann", "question-answered"), 0, "nobody has seen it");
    shopper("ann", "GET", path("questions", q, ""), NULL);
    cr_expect(parley_test_says(t, "/answerCount", "0"));
    staff("POST", path("answers", a, "/publish"), NULL);
    let_timers_run();
    cr_expect_eq(told("ann", "question-answered"), 1);
    cr_expect_eq(told("cat", "question-answered"), 1);
}

Test(qa_staff, without_moderation_only_reports_come_into_the_queue) {
    parley_test_variant(t, "product-questions", "on", "{\"moderation\":\"off\"}");
    const char *q = ask("ann", "a", "Buy cheap watches?");
    staff("GET", "/queue", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
    for (int i = 0; i < 2; i++)
        shopper("ben", "POST", path("questions", q, "/report"), "{\"reason\":\"spam\",\"note\":\"again\"}");
    expect_status(200);
    shopper("cat", "POST", path("questions", q, "/report"), "{\"reason\":\"off-topic\"}");
    shopper("ann", "POST", path("questions", q, "/report"), "{\"reason\":\"spam\"}");
    expect_status(409);
    shopper("dan", "POST", path("questions", q, "/report"), "{\"reason\":\"negative\"}");
    expect_status(400);
    cr_expect_eq(parley_test_tracked(t, "Post Reported"), 2);
    staff("GET", "/queue?why=reported", NULL);
    cr_expect(parley_test_says(t, "/items/0/why", "\"reported\""));
    cr_expect_not_null(parley_test_at(t, "/items/0/reports/1"));
    cr_expect_null(parley_test_at(t, "/items/0/reports/2"));
    staff("GET", "/queue?why=pending", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
    staff("POST", path("questions", q, "/publish"), NULL);
    shopper("ben", "POST", path("questions", q, "/report"), "{\"reason\":\"spam\"}");
    staff("GET", "/queue", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"), "the same report again is none");
}

Test(qa_staff, a_hidden_post_says_why_to_its_author_who_may_ask_for_another_look_once) {
    const char *q = ask("ann", "a", "Why?"), *a = answer("ben", q, "This is terrible");
    staff("POST", path("answers", a, "/hide"), "{\"reason\":\"negative\"}");
    expect_status(400);
    expect_has("that somebody is not pleased is none");
    staff("POST", path("answers", a, "/hide"), "{}");
    expect_status(400);
    staff("POST", path("questions", a, "/hide"), "{\"reason\":\"abuse\"}");
    expect_status(404);
    shopper("ann", "POST", path("answers", a, "/hide"), "{\"reason\":\"abuse\"}");
    expect_status(404);
    staff("POST", path("answers", a, "/hide"), "{\"reason\":\"off-topic\",\"note\":\"not about the mug\"}");
    expect_status(200);
    let_timers_run();
    cr_expect_eq(told("ben", "post-hidden"), 1);
    cr_expect(
        strstr(parley_test_entry(t, "post-hidden", 0), "it is not about this product. You may ask for another look"));
    shopper("ann", "GET", path("questions", q, ""), NULL);
    expect_lacks("terrible");
    shopper("ben", "GET", path("questions", q, ""), NULL);
    cr_expect(parley_test_says(t, "/answers/0/state", "\"hidden\""));
    cr_expect(parley_test_says(t, "/answers/0/reason", "\"off-topic\""));
    shopper("ann", "POST", path("answers", a, "/appeal"), "{\"body\":\"I liked it\"}");
    expect_status(404);
    shopper("ben", "POST", path("answers", a, "/appeal"), "{\"body\":\"It is about the mug!\"}");
    expect_status(200);
    shopper("ben", "POST", path("answers", a, "/appeal"), "{\"body\":\"Really\"}");
    expect_status(409);
    staff("GET", "/queue?why=appealed", NULL);
    cr_expect(parley_test_says(t, "/items/0/appeal", "\"It is about the mug!\""));
    cr_expect(parley_test_says(t, "/items/0/reason", "\"off-topic\""));
    staff("POST", path("answers", a, "/publish"), NULL);
    let_timers_run();
    cr_expect_eq(told("ben", "post-shown"), 1);
    staff("GET", "/log", NULL);
    cr_expect(parley_test_says(t, "/items/0/action", "\"public\""));
    cr_expect(parley_test_says(t, "/items/1/action", "\"appeal\""));
    cr_expect(parley_test_says(t, "/items/2/action", "\"hidden\""));
    cr_expect(parley_test_says(t, "/items/2/note", "\"not about the mug\""));
    shopper("ben", "POST", path("answers", a, "/appeal"), "{\"body\":\"Really\"}");
    expect_status(409);
    expect_has("this is not hidden");
}

Test(qa_staff, editing_a_hidden_answer_does_not_bring_it_back_by_itself) {
    const char *q = ask("ann", "a", "Why?"), *a = answer("ben", q, "Call 0171 555");
    staff("POST", path("answers", a, "/hide"), "{\"reason\":\"personal-data\"}");
    answer("ben", q, "Call 0171 556");
    cr_expect(parley_test_says(t, "/state", "\"pending\""));
    shopper("ann", "GET", path("questions", q, ""), NULL);
    expect_lacks("0171");
    staff("GET", "/queue?why=edited", NULL);
    cr_expect(parley_test_says(t, "/items/0/body", "\"Call 0171 556\""));
}

Test(qa_staff, a_hidden_question_takes_no_answers_and_is_not_asked_again_by_another) {
    buys("ben", "a", "o1");
    const char *q = ask("ann", "a", "Buy my watches?");
    let_timers_run();
    staff("POST", path("questions", q, "/hide"), "{\"reason\":\"spam\"}");
    shopper("ben", "GET", "/asks", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
    shopper("ben", "POST", path("questions", q, "/answers"), "{\"body\":\"No\"}");
    expect_status(404);
    shopper("ann", "POST", path("questions", q, "/answers"), "{\"body\":\"Yes\"}");
    expect_status(409);
    shopper("cat", "POST", "/questions", "{\"sku\":\"a\",\"body\":\"buy my watches\"}");
    expect_status(409);
    expect_has("is not shown (spam)");
    shopper("cat", "GET", "/questions?q=watches", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
    staff("POST", path("questions", q, "/publish"), NULL);
    shopper("cat", "GET", "/questions?q=watches", NULL);
    cr_expect_not_null(parley_test_at(t, "/items/0"));
}

/* ---- a customer's rights ---- */

Test(qa_staff, a_customer_gets_all_that_is_held_and_can_have_it_forgotten) {
    buys("ann", "b", "o9");
    const char *hers = ask("ann", "a", "Is this private?"), *answered = ask("ann", "a", "Is this useful?");
    const char *q = ask("ben", "b", "Why?");
    let_timers_run();
    const char *a = answer("ann", q, "Because I say so"), *b = answer("ben", answered, "It is");
    shopper("ann", "PUT", path("answers", b, "/helpful"), NULL);
    shopper("ben", "PUT", path("answers", a, "/helpful"), NULL);
    shopper("ann", "POST", path("answers", b, "/report"), "{\"reason\":\"spam\",\"note\":\"my own words\"}");
    parley_test_export(t, "ann");
    static const char *const held[] = {"Is this private?",     "Is this useful?",        "Because I say so",
                                       "my own words",         "\"order\":\"o9\"",       "\"asked\":[{\"question\"",
                                       "\"helpful\":[{\"id\"", "\"toBeTold\":[{\"kind\""};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) expect_has(held[i]);
    expect_lacks("\"ben\"");
    cr_expect_eq(parley_test_forget(t, "ann"), 0);
    cr_expect_str_eq(parley_test_export(t, "ann"),
                     "{\"questions\":[],\"answers\":[],\"following\":[],\"helpful\":[],\"asked\":[],"
                     "\"purchases\":[],\"reports\":[],\"toBeTold\":[]}");
    shopper("ben", "GET", path("questions", hers, ""), NULL);
    expect_status(404);
    shopper("ben", "GET", path("questions", answered, ""), NULL);
    cr_expect(parley_test_says(t, "/body", "\"Is this useful?\""), "the answer is Ben's");
    cr_expect(parley_test_says(t, "/answers/0/helpful", "0"));
    shopper("ben", "GET", path("questions", q, ""), NULL);
    expect_lacks("Because I say so");
    size_t before = parley_test_entries(t, NULL);
    let_timers_run();
    for (size_t i = before; i < parley_test_entries(t, NULL); i++)
        cr_expect(!strstr(parley_test_entry(t, NULL, i), "\"customer\":\"ann\""), "%s", parley_test_entry(t, NULL, i));
    cr_expect_eq(parley_test_forget(t, "ann"), 0);
}

Test(qa_staff, hostile_texts_come_back_as_they_were_written) {
    static const char hostile[] = "<img src=x onerror=alert(1)> \\\"'><script>alert(1)</script> \\u202Eevil & $1 {} %s";
    const char *q = ask("ann", "a'; DROP TABLE post; --", hostile);
    cr_expect(parley_test_says(t, "/question/sku", "\"a'; DROP TABLE post; --\""));
    expect_has("<img src=x onerror=alert(1)> \\\"'><script>alert(1)</script>");
    answer("ben", q, hostile);
    expect_has("& $1 {} %s");
    staff("GET", "/queue", NULL);
    expect_has("<script>alert(1)</script>");
}

/* ---- the catalogue ---- */

Test(qa_staff, what_the_shop_calls_a_product_stands_with_its_questions_until_it_is_taken_out) {
    ask("ann", "HT-101", "Does it chip?");
    staff("POST", "/catalogue", "{\"items\":[{\"sku\":\"HT-101\",\"title\":\"Mug\",\"price\":18}]}");
    expect_status(204);
    staff("GET", "/queue", NULL);
    SAYS("/items/0/product", "\"Mug\"");
    shopper("ben", "GET", "/products/HT-101/questions", NULL);
    SAYS("/items/0/product", "\"Mug\"");
    staff("POST", "/catalogue", "{\"removed\":[\"HT-101\"]}");
    shopper("ben", "GET", "/products/HT-101/questions", NULL);
    SAYS("/items/0/product", "null");
    shopper("ben", "POST", "/catalogue", "{\"items\":[]}");
    expect_status(404);
}
