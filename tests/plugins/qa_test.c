/* The qa plugin: asking, and finding what was asked before. */
#include "tests/plugins/qa_calls.h"

TestSuite(qa, .init = start_qa, .fini = stop);

Test(qa, a_question_and_its_answer_are_seen_by_everybody) {
    const char *q = ask("ann", "HT-101", "Is it dishwasher safe?");
    expect_status(201);
    cr_expect(parley_test_says(t, "/joined", "false"));
    cr_expect(parley_test_says(t, "/question/id", parley_test_at(t, "/id")));
    answer("ben", q, "Mine is, after a year.");
    expect_status(201);
    parley_test_as_anonymous(t, "visitor-1");
    cr_expect_eq(parley_test_call(t, "GET", "/products/HT-101/questions", NULL), 200);
    cr_expect(parley_test_says(t, "/items/0/body", "\"Is it dishwasher safe?\""));
    cr_expect(parley_test_says(t, "/items/0/about", "\"sku:HT-101\""));
    cr_expect(parley_test_says(t, "/items/0/answerCount", "1"));
    cr_expect(parley_test_says(t, "/items/0/answers/0/body", "\"Mine is, after a year.\""));
    cr_expect(parley_test_says(t, "/items/0/answers/0/mine", "false"));
    cr_expect(parley_test_says(t, "/items/0/state", "null"));
    expect_lacks("\"ann\"");
    expect_lacks("\"ben\"");
    parley_test_call(t, "GET", "/products/HT-102/questions", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
}

Test(qa, an_exact_repeat_is_joined_whatever_its_case_accents_marks_and_blanks) {
    const char *q = ask("ann", "HT-101",
                        "Passt er in den Geschirrsp\xC3\xBCler? (Gr\xC3\xB6\xC3\x9F"
                        "e M)");
    static const char *const same[] = {"passt ER in den   geschirrspuler  Grosse m",
                                       "Passt er in den Geschirrspu\xCC\x88ler? (Gr\xC3\xB6sse M)!!!",
                                       "\xC2\xBFPasst, er in den GESCHIRRSP\xC3\x9CLER: gr\xC3\xB6\xC3\x9F"
                                       "e m"};
    for (int i = 0; i < 3; i++) {
        char customer[8] = {'c', (char)('0' + i)};
        cr_expect_str_eq(ask(customer, "HT-101", same[i]), q);
        expect_status(200);
        cr_expect(parley_test_says(t, "/joined", "true"));
        cr_expect(parley_test_says(t, "/question/following", "true"));
    }
    cr_expect(parley_test_says(t, "/question/followers", "4"));
    cr_expect_eq(parley_test_tracked(t, "Question Asked"), 1);
    ask("cat", "HT-102", same[0]); /* of another product it is another question */
    expect_status(201);
    shopper("ann", "GET", "/products/HT-101/questions", NULL);
    cr_expect_null(parley_test_at(t, "/items/1"));
}

Test(qa, who_joined_hears_of_the_answer_like_who_asked) {
    const char *q = ask("ann", "HT-101", "Does it float?");
    ask("ben", "HT-101", "does it float");
    ask("cat", "HT-101", "Does it float??");
    shopper("cat", "DELETE", path("questions", q, "/follow"), NULL);
    parley_test_wait(t, 2 * HOUR);
    answer("ben", q, "It does.");
    let_timers_run();
    cr_expect_eq(told("ann", "question-answered"), 1);
    cr_expect_eq(told("ben", "question-answered"), 0, "he knows");
    cr_expect_eq(told("cat", "question-answered"), 0, "she does not follow any more");
    cr_expect(strstr(parley_test_entry(t, "question-answered", 0), "Your question has an answer"));
    cr_assert_eq(parley_test_tracked(t, "Answer Received"), 1);
    const char *received = parley_test_properties(t, "Answer Received", 0);
    cr_expect_str_eq(parley_test_json(t, received, "/hours"), "2");
    cr_expect_str_eq(parley_test_json(t, received, "/first"), "1");
    answer("dan", q, "Like a duck.");
    let_timers_run();
    cr_expect_eq(told("ann", "question-answered"), 2);
    cr_expect_eq(told("ben", "question-answered"), 1);
    cr_expect_str_eq(parley_test_json(t, parley_test_properties(t, "Answer Received", 1), "/first"), "0");
}

Test(qa, nobody_elses_words_come_onto_a_timeline) {
    const char *q = ask("ann", "HT-101", "Is it as blue as the ocean?");
    buys("ben", "HT-101", "o1");
    let_timers_run();
    answer("ben", q, "Bluer than that.");
    let_timers_run();
    for (size_t i = 0; i < parley_test_entries(t, NULL); i++) {
        const char *entry = parley_test_entry(t, NULL, i);
        if (strstr(entry, "{\"customer\":\"ben\"")) cr_expect(!strstr(entry, "ocean"), "%s", entry);
        if (strstr(entry, "{\"customer\":\"ann\"")) cr_expect(!strstr(entry, "Bluer"), "%s", entry);
    }
}

Test(qa, questions_that_mean_about_the_same_are_offered_best_first) {
    ask("ann", "HT-101", "Is the mug dishwasher safe?");
    ask("ann", "HT-101", "How many millilitres does the mug hold?");
    ask("ann", "HT-101", "Which glaze do you use on the mug?");
    ask("ann", "HT-102", "Can I put the throw into the dishwasher?");
    shopper("ben", "GET", "/products/HT-101/similar?body=can+it+go+in+the+dishwashers", NULL);
    expect_status(200);
    cr_expect(parley_test_says(t, "/items/0/question/body", "\"Is the mug dishwasher safe?\""));
    cr_expect(parley_test_says(t, "/items/0/same", "false"));
    cr_expect_null(parley_test_at(t, "/items/1"), "%s", parley_test_body(t));
    shopper("ben", "GET", "/products/HT-101/similar?body=WHICH%20GLAZE%20do%20you%20use%20on%20the%20mug", NULL);
    cr_expect(parley_test_says(t, "/items/0/same", "true"));
    shopper("ben", "GET", "/products/HT-101/similar?body=zebra", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
    shopper("ben", "GET", "/products/HT-101/similar", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
    shopper("ben", "GET", "/questions?q=dishwasher", NULL);
    cr_expect_not_null(parley_test_at(t, "/items/1"), "in all products: %s", parley_test_body(t));
    cr_expect_null(parley_test_at(t, "/items/2"));
    shopper("ben", "GET", "/questions?q=dishwasher&about=sku:HT-102", NULL);
    cr_expect(parley_test_says(t, "/items/0/sku", "\"HT-102\""));
    cr_expect_null(parley_test_at(t, "/items/1"));
}

Test(qa, a_rare_word_weighs_more_than_common_ones) {
    for (int i = 0; i < 30; i++) {
        char words[80];
        snprintf(words, sizeof words, "Is the handle of the mug number %d strong?", i);
        char customer[8];
        snprintf(customer, sizeof customer, "c%d", i);
        ask(customer, "HT-101", words);
    }
    ask("ann", "HT-101", "Microwave?");
    shopper("ben", "GET", "/questions?q=is+the+handle+of+the+mug+good+in+the+microwave&limit=1", NULL);
    cr_expect(parley_test_says(t, "/items/0/body", "\"Microwave?\""));
    cr_expect(parley_test_says(t, "/next", "\"1\""));
    shopper("ben", "GET", "/questions?q=handle&limit=20&cursor=20", NULL);
    cr_expect_not_null(parley_test_at(t, "/items/9"));
    cr_expect_null(parley_test_at(t, "/items/10"));
    cr_expect(parley_test_says(t, "/next", "null"));
}

Test(qa, words_without_blanks_between_them_are_found) {
    ask("ann", "HT-101",
        "\xE9\xA3\x9F\xE6\xB4\x97\xE6\xA9\x9F\xE3\x81\xA7\xE6\xB4\x97\xE3\x81\x88\xE3\x81\xBE\xE3\x81\x99\xE3\x81\x8B"); /* 食洗機で洗えますか */
    shopper("ben", "GET", "/questions?q=%E6%B4%97%E6%A9%9F", NULL);
    cr_expect_not_null(parley_test_at(t, "/items/0"));
    ask("ann", "HT-101", "\xCE\xA0\xCE\xBB\xCE\xAD\xCE\xBD\xCE\xB5\xCF\x84\xCE\xB1\xCE\xB9;"); /* Πλένεται; */
    shopper("ben", "GET", "/questions?q=%CF%80%CE%BB%CE%B5%CE%BD%CE%B5%CF%84%CE%B1%CE%B9", NULL);
    cr_expect_not_null(parley_test_at(t, "/items/0"));
}

Test(qa, lists_are_paged_and_ordered) {
    const char *ids[5];
    char words[40], cursor[32], next[120];
    for (int i = 0; i < 5; i++) {
        snprintf(words, sizeof words, "Question number %d?", i);
        ids[i] = ask("ann", "HT-101", words);
    }
    const char *a = answer("ben", ids[1], "Yes.");
    shopper("cat", "PUT", path("answers", a, "/helpful"), NULL);
    shopper("dan", "GET", "/products/HT-101/questions?limit=3", NULL);
    cr_expect(parley_test_says(t, "/items/0/body", "\"Question number 4?\""));
    cr_assert_eq(sscanf(parley_test_at(t, "/next"), "\"%31[0-9]\"", cursor), 1);
    snprintf(next, sizeof next, "/questions?about=sku:HT-101&limit=3&cursor=%s", cursor);
    shopper("dan", "GET", next, NULL);
    cr_expect(parley_test_says(t, "/items/0/body", "\"Question number 1?\""));
    cr_expect(parley_test_says(t, "/next", "null"));
    shopper("dan", "GET", "/products/HT-101/questions?order=helpful&limit=1", NULL);
    cr_expect(parley_test_says(t, "/items/0/body", "\"Question number 1?\""));
    cr_expect(parley_test_says(t, "/next", "\"1\""));
    shopper("dan", "GET", "/products/HT-101/questions?order=unanswered", NULL);
    cr_expect_not_null(parley_test_at(t, "/items/3"));
    cr_expect_null(parley_test_at(t, "/items/4"));
    expect_lacks("Question number 1?");
    static const char *const wrong[] = {"?order=best", "?limit=0", "?limit=51", "?cursor=x"};
    for (int i = 0; i < 4; i++) {
        snprintf(next, sizeof next, "/products/HT-101/questions%s", wrong[i]);
        shopper("dan", "GET", next, NULL);
        expect_status(400);
    }
    shopper("dan", "GET", "/questions?about=HT-101", NULL);
    expect_status(400);
    shopper("dan", "GET", "/questions", NULL);
    cr_expect_not_null(parley_test_at(t, "/items/4"));
    shopper("dan", "GET", "/questions?by=me", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
}

Test(qa, what_cannot_be_asked_or_answered_is_refused_with_its_place) {
    static const char *const cases[][2] = {
        {"[]", "the body is an object"},
        {"{\"body\":\"Why?\"}", "/sku"},
        {"{\"sku\":\"a\"}", "/body"},
        {"{\"sku\":\"a\",\"body\":\"  \\n\\t \"}", "/body"},
        {"{\"sku\":\"a\",\"body\":\"?!\"}", "has no word in it"},
        {"{\"sku\":\"a\",\"body\":\"Why?\",\"name\":7}", "/name"},
        {"{\"sku\":\"a\",\"body\":\"Why?\",\"colour\":1}", "unknown member \\\"colour\\\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        shopper("ann", "POST", "/questions", cases[i][0]);
        expect_status(400);
        expect_has(cases[i][1]);
    }
    char body[600] = "{\"sku\":\"a\",\"body\":\"";
    memset(body + strlen(body), 'x', 501);
    strcat(body, "\"}");
    shopper("ann", "POST", "/questions", body);
    expect_status(400);
    expect_has("1 to 500 bytes");
    parley_test_as_anonymous(t, "");
    cr_expect_eq(parley_test_call(t, "POST", "/questions", "{\"sku\":\"a\",\"body\":\"Why?\"}"), 401);
    shopper("ann", "POST", "/questions/nowhere/answers", "{\"body\":\"Because\"}");
    expect_status(404);
}

Test(qa, a_shopper_asks_and_answers_so_often_in_a_day) {
    parley_test_variant(t, "product-questions", "on", "{\"questionsPerDay\":2,\"answersPerDay\":1}");
    const char *q = ask("ann", "a", "One?"), *r = ask("ann", "a", "Two?");
    shopper("ann", "POST", "/questions", "{\"sku\":\"a\",\"body\":\"Three?\"}");
    expect_status(429);
    expect_has("2 questions within a day are the most");
    ask("ben", "a", "Three?");
    ask("ann", "a", "three"); /* joining is no question */
    answer("ben", q, "Yes");
    answer("ben", q, "No"); /* an edit is no second one */
    shopper("ben", "POST", path("questions", r, "/answers"), "{\"body\":\"Yes\"}");
    expect_status(429);
    parley_test_wait(t, DAY + 1);
    ask("ann", "a", "Four?");
    answer("ben", r, "Yes");
    cr_expect_eq(parley_test_counted(t, "too_often"), 2);
}
