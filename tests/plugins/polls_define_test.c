/* Polls as the staff define and list them, and what is refused of definitions and votes. */
#include "tests/plugins/polls_calls.h"

#define OPTIONS "\"options\":[{\"key\":\"a\",\"label\":\"Red\"},{\"key\":\"b\",\"label\":\"Blue\"}]"

static void start_polls(void) {
    start_release("1.0.0");
}
TestSuite(definitions, .init = start_polls, .fini = stop);

Test(definitions, a_definition_that_cannot_be_is_refused_with_its_place) {
    static const char *const cases[][2] = {
        {"[]", "the body is an object"},
        {"{}", "/question"},
        {"{\"question\":\"Q\"}", "/options"},
        {"{\"question\":\"\"," OPTIONS "}", "/question"},
        {"{\"question\":\"Q\",\"options\":[{\"key\":\"a\",\"label\":\"A\"}]}", "2 to 20 options"},
        {"{\"question\":\"Q\",\"options\":[{\"key\":\"a\",\"label\":\"A\"},{\"key\":\"a\",\"label\":\"B\"}]}",
         "/options/1"},
        {"{\"question\":\"Q\",\"options\":[{\"key\":\"a b\",\"label\":\"A\"},{\"key\":\"b\",\"label\":\"B\"}]}",
         "/options/0"},
        {"{\"question\":\"Q\",\"options\":[{\"key\":\"a\"},{\"key\":\"b\",\"label\":\"B\"}]}", "label of option"},
        {"{\"question\":\"Q\"," OPTIONS ",\"kind\":\"rank\"}", "/kind"},
        {"{\"question\":\"Q\"," OPTIONS ",\"results\":\"never\"}", "/results"},
        {"{\"question\":\"Q\"," OPTIONS ",\"closeAt\":\"tomorrow\"}", "/closeAt"},
        {"{\"question\":\"Q\"," OPTIONS ",\"closeAt\":\"2026-02-30\"}", "/closeAt"},
        {"{\"question\":\"Q\"," OPTIONS ",\"id\":\"a b\"}", "/id"},
        {"{\"question\":\"Q\"," OPTIONS ",\"colour\":1}", "unknown member \\\"colour\\\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        staff("POST", "/polls", cases[i][0]);
        expect_status(400);
        expect_has(cases[i][1]);
    }
}

Test(definitions, an_id_is_taken_once_and_made_where_none_is_given) {
    char id[64] = "";
    make_poll("");
    staff("POST", "/polls", "{\"id\":\"p\",\"question\":\"Q\"," OPTIONS "}");
    expect_status(409);
    expect_has("there is a poll \\\"p\\\" already");
    staff("POST", "/polls", "{\"question\":\"Q\"," OPTIONS "}");
    expect_status(201);
    cr_assert_eq(sscanf(parley_test_body(t), "{\"id\":\"%12[a-z0-9]\"", id), 1, "%s", parley_test_body(t));
    char path[80];
    snprintf(path, sizeof path, "/polls/%s", id);
    cr_expect_eq(shopper("ann", "GET", path, NULL), 200);
}

Test(definitions, the_staff_may_change_a_poll_but_not_take_away_what_was_voted_for) {
    make_poll("");
    vote("ann", "[\"b\"]");
    staff("PATCH", "/polls/p", "{" OPTIONS ",\"question\":\"And now?\",\"about\":\"sku:1\"}");
    expect_status(200);
    expect_has("\"question\":\"And now?\"");
    expect_has("\"about\":\"sku:1\"");
    expect_has("[{\"key\":\"a\",\"votes\":0},{\"key\":\"b\",\"votes\":1}]");
    staff("PATCH", "/polls/p", "{\"options\":[{\"key\":\"a\",\"label\":\"A\"},{\"key\":\"c\",\"label\":\"C\"}]}");
    expect_status(409);
    expect_has("option \\\"b\\\" has votes");
    staff("PATCH", "/polls/p", "{\"options\":[{\"key\":\"b\",\"label\":\"B\"},{\"key\":\"a\",\"label\":\"A\"}]}");
    expect_has("[{\"key\":\"b\",\"votes\":1},{\"key\":\"a\",\"votes\":0}]");
    look("ann");
    expect_has("[{\"key\":\"b\",\"votes\":1},{\"key\":\"a\",\"votes\":0}]");
    staff("PATCH", "/polls/p", "{\"kind\":\"multiple\"}");
    expect_status(400);
    staff("PATCH", "/polls/q", "{\"question\":\"x\"}");
    expect_status(404);
}

Test(definitions, are_listed_by_what_they_are_about_page_by_page) {
    char body[300], cursor[64] = "", path[100];
    for (int i = 0; i < 5; i++) {
        snprintf(body, sizeof body, "{\"id\":\"p%d\",\"question\":\"Q\",\"about\":\"sku:85123A\"," OPTIONS "}", i);
        cr_assert_eq(staff("POST", "/polls", body), 201);
    }
    make_poll("\"about\":\"sku:other\"");
    shopper("ann", "GET", "/polls?about=sku%3A85123A&limit=3", NULL);
    expect_has("\"id\":\"p4\"");
    expect_has("\"id\":\"p2\"");
    expect_lacks("\"id\":\"p1\"");
    expect_lacks("\"id\":\"p\"");
    cr_assert_eq(sscanf(strstr(parley_test_body(t), "\"next\":"), "\"next\":\"%63[0-9]\"", cursor), 1, "%s",
                 parley_test_body(t));
    snprintf(path, sizeof path, "/polls?about=sku:85123A&limit=3&cursor=%s", cursor);
    shopper("ann", "GET", path, NULL);
    expect_has("\"id\":\"p1\"");
    expect_has("\"id\":\"p0\"");
    expect_has("\"next\":null");
    shopper("ann", "GET", "/polls?limit=0", NULL);
    expect_status(400);
    shopper("ann", "GET", "/polls?cursor=x", NULL);
    expect_status(400);
}

Test(definitions, a_hostile_megabyte_is_refused_in_a_short_sentence) {
    enum { LONG = 1000000 };
    char *options = calloc(1, LONG + 8);
    memcpy(options, "[\"", 2);
    memcpy(options + LONG, "\"]", 3);
    char *body = calloc(1, LONG + 64);
    memset(options + 2, 'z', LONG - 2);
    snprintf(body, LONG + 64, "{\"options\":%s}", options);
    make_poll("");
    shopper("ann", "PUT", "/polls/p/vote", body);
    expect_status(400);
    cr_expect_lt(strlen(parley_test_body(t)), 4000);
    snprintf(body, LONG + 64, "{\"options\":[\"a\"],%.*s\":1}", LONG - 10, options + 1);
    shopper("ann", "PUT", "/polls/p/vote", body);
    expect_status(400);
    cr_expect_lt(strlen(parley_test_body(t)), 4000);
    free(options);
    free(body);
}

Test(definitions, a_vote_that_cannot_be_is_refused_with_its_reason) {
    make_poll("");
    static const char *const cases[][2] = {
        {"[\"z\"]", "has no option \\\"z\\\""},
        {"[\"a\",\"b\"]", "this poll allows 1"},
        {"[\"a\",\"a\"]", "is named twice"},
        {"[]", "at least one key"},
        {"\"a\"", "at least one key"},
        {"[1]", "has no option 1"},
        {"[\"a\"],\"more\":1", "unknown member \\\"more\\\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vote("ann", cases[i][0]);
        expect_status(400);
        expect_has(cases[i][1]);
    }
    vote("ann", "[\"z\"]");
    expect_has("\"pointer\":\"/options/0\"");
    shopper("ann", "PUT", "/polls/nowhere/vote", "{\"options\":[\"a\"]}");
    expect_status(404);
    expect_has("there is no poll \\\"nowhere\\\"");
    look("ann");
    expect_has("\"voters\":0");
}
