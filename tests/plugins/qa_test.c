/* The qa plugin as shoppers and staff meet it, tested as any plugin is: <parley/test.h>. */
#include <criterion/criterion.h>
#include <parley/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/plugins/build_path.h"

static parley_test *t;
static int status;    /* of the last call */
static char made[64]; /* the id of the last question or answer that was made */

enum { HOUR = 3600 * 1000, DAY = 24 * HOUR };

static void start_qa(void) {
    t = parley_test_start(&(struct parley_test_options){.library = build_path("plugins/qa-1.0.0/%s", "qa.so")});
    cr_assert_null(parley_test_why(t), "%s", parley_test_why(t));
    parley_test_variant(t, "product-questions", "on", NULL);
}
static void stop_qa(void) {
    parley_test_stop(t);
}
TestSuite(qa, .init = start_qa, .fini = stop_qa);

static int shopper(const char *customer, const char *method, const char *path, const char *body) {
    parley_test_as(t, customer);
    return status = parley_test_call(t, method, path, body);
}
static int staff(const char *method, const char *path, const char *body) {
    parley_test_as_staff(t);
    return status = parley_test_call(t, method, path, body);
}
static void expect_status(int expected) {
    cr_expect_eq(status, expected, "expected %d, got %d: %s", expected, status, parley_test_body(t));
}
static void expect_has(const char *part) {
    cr_expect(strstr(parley_test_body(t), part), "expected %s in %s", part, parley_test_body(t));
}
static void expect_lacks(const char *part) {
    cr_expect(!strstr(parley_test_body(t), part), "did not expect %s in %s", part, parley_test_body(t));
}
/* "/questions/ID" and the rest; static memory, four at a time. */
static const char *path(const char *kind, const char *id, const char *rest) {
    static char paths[4][160];
    static int turn;
    char *out = paths[turn++ % 4];
    snprintf(out, sizeof paths[0], "/%s/%s%s", kind, id, rest);
    return out;
}

static void remember(const char *pointer) {
    const char *found = parley_test_at(t, pointer);
    cr_assert_not_null(found, "no %s in %s", pointer, parley_test_body(t));
    cr_assert_eq(sscanf(found, "\"%63[a-z0-9]\"", made), 1, "%s", found);
}
/* The id of a question; static memory of its own for each caller that copies. */
static const char *ask(const char *customer, const char *sku, const char *words) {
    char body[900];
    snprintf(body, sizeof body, "{\"sku\":\"%s\",\"body\":\"%s\"}", sku, words);
    shopper(customer, "POST", "/questions", body);
    cr_assert(status == 200 || status == 201, "%s", parley_test_body(t));
    remember("/question/id");
    return strdup(made);
}
static const char *answer(const char *customer, const char *question, const char *words) {
    char body[300];
    snprintf(body, sizeof body, "{\"body\":\"%s\"}", words);
    shopper(customer, "POST", path("questions", question, "/answers"), body);
    cr_assert(status == 200 || status == 201, "%s", parley_test_body(t));
    remember("/id");
    return strdup(made);
}
static void buys(const char *customer, const char *sku, const char *order) {
    char properties[200];
    snprintf(properties, sizeof properties, "{\"order_id\":\"%s\",\"products\":[{\"sku\":\"%s\"}]}", order, sku);
    cr_assert(parley_test_event(t, "Order Completed", customer, properties));
}
static void let_timers_run(void) {
    parley_test_wait(t, 1);
}
/* Entries of that kind on the customer's timeline. */
static int told(const char *customer, const char *kind) {
    char part[80];
    int n = 0;
    snprintf(part, sizeof part, "{\"customer\":\"%s\"", customer);
    for (size_t i = 0; i < parley_test_entries(t, kind); i++)
        n += strncmp(parley_test_entry(t, kind, i), part, strlen(part)) == 0;
    return n;
}

/* ---- asking ---- */

Test(qa, a_question_and_its_answer_are_seen_by_everybody) {
    const char *q = ask("ann", "HT-101", "Is it dishwasher safe?");
    expect_status(201);
    cr_expect(parley_test_says(t, "/joined", "false"));
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

/* ---- answering ---- */

Test(qa, one_person_has_one_answer_and_may_edit_it) {
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

Test(qa, an_answer_can_be_taken_back_by_its_author_alone) {
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

Test(qa, a_question_is_taken_back_but_the_answers_of_others_stay) {
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

Test(qa, who_bought_it_is_marked_until_the_order_is_refunded) {
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

Test(qa, an_order_that_a_browser_told_proves_nothing_unless_the_shop_says_so) {
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

Test(qa, where_only_buyers_answer_others_are_told_so) {
    parley_test_variant(t, "product-questions", "on", "{\"answersFrom\":\"buyers\"}");
    buys("ben", "a", "o1");
    const char *q = ask("ann", "a", "Why?");
    shopper("cat", "POST", path("questions", q, "/answers"), "{\"body\":\"Because\"}");
    expect_status(403);
    answer("ben", q, "Because");
    staff("POST", path("questions", q, "/answers"), "{\"body\":\"Because we say so\"}");
    expect_status(201);
}

Test(qa, the_retailers_answer_is_marked_and_there_is_one) {
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

Test(qa, a_vote_counts_once_and_can_be_taken_back) {
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

Test(qa, who_helps_is_told_so_at_1_3_and_10_people_and_never_twice) {
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

Test(qa, the_asker_accepts_an_answer_which_then_comes_first) {
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

/* ---- routing ---- */

Test(qa, a_question_goes_to_the_most_recent_buyers) {
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

Test(qa, a_buyer_is_asked_at_most_one_question_in_14_days) {
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

Test(qa, a_skip_is_counted_and_passes_the_question_on) {
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

Test(qa, who_says_nothing_is_replaced_and_in_the_end_nobody_is_asked_any_more) {
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

Test(qa, who_may_not_be_pushed_to_is_passed_over) {
    buys("ben", "a", "o1");
    buys("cat", "a", "o2");
    parley_test_pushes(t, "cat", false);
    ask("ann", "a", "Why?");
    let_timers_run();
    cr_expect_eq(told("cat", "question-for-you"), 0);
    cr_expect_eq(told("ben", "question-for-you"), 1);
}

Test(qa, a_refund_takes_a_buyer_out_of_the_row) {
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

Test(qa, what_was_to_be_told_survives_a_restart) {
    const char *q = ask("ann", "a", "Why?");
    answer("ben", q, "Because");
    parley_test_restart(t, NULL);
    let_timers_run();
    cr_expect_eq(told("ann", "question-answered"), 1);
}

/* ---- moderation ---- */

Test(qa, moderation_after_the_fact_shows_at_once_and_queues) {
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

Test(qa, the_queue_is_paged_by_who_waits_the_longest) {
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

Test(qa, moderation_before_shows_only_what_staff_published) {
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
    cr_expect(parley_test_says(t, "", "{\"joined\":true,\"question\":null,\"state\":\"pending\"}"));
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

Test(qa, without_moderation_only_reports_come_into_the_queue) {
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

Test(qa, a_hidden_post_says_why_to_its_author_who_may_ask_for_another_look_once) {
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

Test(qa, editing_a_hidden_answer_does_not_bring_it_back_by_itself) {
    const char *q = ask("ann", "a", "Why?"), *a = answer("ben", q, "Call 0171 555");
    staff("POST", path("answers", a, "/hide"), "{\"reason\":\"personal-data\"}");
    answer("ben", q, "Call 0171 556");
    cr_expect(parley_test_says(t, "/state", "\"pending\""));
    shopper("ann", "GET", path("questions", q, ""), NULL);
    expect_lacks("0171");
    staff("GET", "/queue?why=edited", NULL);
    cr_expect(parley_test_says(t, "/items/0/body", "\"Call 0171 556\""));
}

Test(qa, a_hidden_question_takes_no_answers_and_is_not_asked_again_by_another) {
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

Test(qa, a_customer_gets_all_that_is_held_and_can_have_it_forgotten) {
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

Test(qa, hostile_texts_come_back_as_they_were_written) {
    static const char hostile[] = "<img src=x onerror=alert(1)> \\\"'><script>alert(1)</script> \\u202Eevil & $1 {} %s";
    const char *q = ask("ann", "a'; DROP TABLE post; --", hostile);
    cr_expect(parley_test_says(t, "/question/sku", "\"a'; DROP TABLE post; --\""));
    expect_has("<img src=x onerror=alert(1)> \\\"'><script>alert(1)</script>");
    answer("ben", q, hostile);
    expect_has("& $1 {} %s");
    staff("GET", "/queue", NULL);
    expect_has("<script>alert(1)</script>");
}
