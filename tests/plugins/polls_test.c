/* The polls plugin as shoppers and staff meet it, tested as any plugin is: <parley/test.h>. */
#include <criterion/criterion.h>
#include <parley/test.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/plugins/build_path.h"

static parley_test *t;
static int status; /* of the last call */

static struct parley_test_options release(const char *version) {
    return (struct parley_test_options){.library = build_path("plugins/polls-%s/polls.so", version)};
}
static void start_polls(void) {
    struct parley_test_options options = release("1.0.0");
    t = parley_test_start(&options);
    parley_test_variant(t, "product-poll", "top", NULL);
}
static void stop_polls(void) {
    parley_test_stop(t);
}
TestSuite(polls, .init = start_polls, .fini = stop_polls);

static int shopper(const char *customer, const char *method, const char *path, const char *body) {
    parley_test_as(t, customer);
    return status = parley_test_call(t, method, path, body);
}
static int staff(const char *method, const char *path, const char *body) {
    parley_test_as_staff(t);
    return status = parley_test_call(t, method, path, body);
}

static void expect_has(const char *part) {
    cr_expect(strstr(parley_test_body(t), part), "expected %s in %s", part, parley_test_body(t));
}
static void expect_lacks(const char *part) {
    cr_expect(!strstr(parley_test_body(t), part), "did not expect %s in %s", part, parley_test_body(t));
}
static void expect_status(int expected) {
    cr_expect_eq(status, expected, "expected %d, got %d: %s", expected, status, parley_test_body(t));
}

/* A poll "p" with options a, b, c; `more` are members to add. */
static void make_poll(const char *more) {
    char body[600];
    snprintf(body, sizeof body,
             "{\"id\":\"p\",\"question\":\"Which colour?\",\"options\":[{\"key\":\"a\",\"label\":\"Red\"},"
             "{\"key\":\"b\",\"label\":\"Blue\"},{\"key\":\"c\",\"label\":\"Green\"}]%s%s}",
             *more ? "," : "", more);
    cr_assert_eq(staff("POST", "/polls", body), 201, "%s", parley_test_body(t));
}

static int vote(const char *customer, const char *options) {
    char body[200];
    snprintf(body, sizeof body, "{\"options\":%s}", options);
    return shopper(customer, "PUT", "/polls/p/vote", body);
}

static int look(const char *customer) {
    return shopper(customer, "GET", "/polls/p", NULL);
}

Test(polls, a_vote_counts_and_is_shown_back) {
    make_poll("");
    cr_expect_eq(vote("ann", "[\"a\"]"), 200);
    expect_has("\"voted\":[\"a\"]");
    expect_has("\"tally\":{\"voters\":1,\"options\":[{\"key\":\"a\",\"votes\":1},{\"key\":\"b\",\"votes\":0}");
    look("ben");
    expect_has("\"voted\":[]");
    expect_has("\"voters\":1");
}

Test(polls, the_last_vote_of_a_shopper_wins) {
    make_poll("");
    vote("ann", "[\"a\"]");
    vote("ann", "[\"b\"]");
    vote("ann", "[\"b\"]");
    expect_has("\"voters\":1");
    expect_has("{\"key\":\"a\",\"votes\":0},{\"key\":\"b\",\"votes\":1}");
    look("ann");
    expect_has("\"voted\":[\"b\"]");
    expect_has("{\"key\":\"a\",\"votes\":0},{\"key\":\"b\",\"votes\":1}");
}

Test(polls, a_vote_can_be_taken_back) {
    make_poll("");
    vote("ann", "[\"a\"]");
    vote("ben", "[\"a\"]");
    shopper("ann", "DELETE", "/polls/p/vote", NULL);
    expect_status(200);
    expect_has("\"voted\":[]");
    expect_has("\"voters\":1");
    look("ben");
    expect_has("{\"key\":\"a\",\"votes\":1}");
}

Test(polls, results_on_vote_are_hidden_until_one_has_voted) {
    make_poll("\"results\":\"on_vote\"");
    vote("ann", "[\"a\"]");
    expect_has("\"voters\":1");
    look("ben");
    expect_has("\"tally\":null");
    expect_lacks("\"votes\"");
    shopper("ben", "GET", "/polls", NULL);
    expect_has("\"tally\":null");
    shopper("ann", "DELETE", "/polls/p/vote", NULL);
    expect_has("\"tally\":null");
}

Test(polls, results_on_close_are_hidden_from_everybody_until_then) {
    make_poll("\"results\":\"on_close\",\"closeAt\":\"2030-01-01T00:00:00Z\"");
    vote("ann", "[\"a\"]");
    expect_has("\"tally\":null");
    look("ann");
    expect_has("\"tally\":null");
    expect_lacks("\"votes\"");
    parley_test_wait_until(t, "2030-01-01T00:00:00Z");
    look("ben");
    expect_has("\"closed\":true");
    expect_has("\"tally\":{\"voters\":1,");
}

Test(polls, results_for_staff_are_seen_by_staff_alone) {
    make_poll("\"results\":\"staff\",\"closeAt\":\"2030-01-01T00:00:00Z\"");
    vote("ann", "[\"a\"]");
    expect_has("\"tally\":null");
    parley_test_wait_until(t, "2031-01-01T00:00:00Z");
    look("ann");
    expect_has("\"tally\":null");
    shopper("ann", "GET", "/polls/p/results", NULL);
    expect_status(404); /* not a shopper's path at all */
    staff("GET", "/polls/p", NULL);
    expect_has("\"tally\":{\"voters\":1,");
    staff("GET", "/polls/p/results", NULL);
    expect_has("\"voters\":1");
}

/* No word of an effect, an export or a list says how others voted where the policy hides it. */
Test(polls, a_hidden_tally_leaks_through_no_other_output) {
    make_poll("\"results\":\"staff\"");
    for (int i = 0; i < 7; i++) {
        char customer[16];
        snprintf(customer, sizeof customer, "c%d", i);
        vote(customer, "[\"b\"]");
        expect_lacks("7");
    }
    cr_expect_eq(parley_test_tracked(t, NULL), 7);
    cr_expect_eq(parley_test_entries(t, NULL), 7);
    for (size_t i = 0; i < 7; i++) {
        cr_expect(!strstr(parley_test_properties(t, NULL, i), "votes"));
        cr_expect(!strstr(parley_test_entry(t, NULL, i), "votes"));
    }
    shopper("c1", "GET", "/polls?limit=5", NULL);
    expect_has("\"tally\":null");
    parley_test_export(t, "c1");
    expect_has("\"options\":[\"b\"]");
    expect_lacks("voters");
}

Test(polls, a_closed_poll_takes_no_vote_and_gives_none_back) {
    make_poll("\"closeAt\":\"2020-01-01T00:00:00Z\"");
    vote("ann", "[\"a\"]");
    expect_status(409);
    expect_has("this poll is closed");
    shopper("ann", "DELETE", "/polls/p/vote", NULL);
    expect_status(409);
    staff("PATCH", "/polls/p", "{\"closeAt\":null}");
    expect_status(200);
    cr_expect_eq(vote("ann", "[\"a\"]"), 200, "opened again");
}

Test(polls, several_options_may_be_taken_up_to_the_variants_limit) {
    make_poll("\"kind\":\"multiple\"");
    cr_expect_eq(vote("ann", "[\"c\",\"a\"]"), 200);
    expect_has("\"voted\":[\"a\",\"c\"]"); /* in the poll's order */
    expect_has("\"tally\":{\"voters\":1,\"options\":[{\"key\":\"a\",\"votes\":1},{\"key\":\"b\",\"votes\":0},{\"key\":"
               "\"c\",\"votes\":1}]}");
    parley_test_variant(t, "product-poll", "top", "{\"maxOptions\":1}");
    vote("ben", "[\"a\",\"b\"]");
    expect_status(400);
    expect_has("2 options were taken; this poll allows 1");
    parley_test_variant(t, "product-poll", "top", NULL);
    vote("ann", "[\"b\"]");
    expect_has("[{\"key\":\"a\",\"votes\":0},{\"key\":\"b\",\"votes\":1},{\"key\":\"c\",\"votes\":0}]");
}

Test(polls, a_vote_that_cannot_be_is_refused_with_its_reason) {
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

Test(polls, a_hostile_megabyte_is_refused_in_a_short_sentence) {
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

#define OPTIONS "\"options\":[{\"key\":\"a\",\"label\":\"Red\"},{\"key\":\"b\",\"label\":\"Blue\"}]"

Test(polls, a_definition_that_cannot_be_is_refused_with_its_place) {
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

Test(polls, an_id_is_taken_once_and_made_where_none_is_given) {
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

Test(polls, the_staff_may_change_a_poll_but_not_take_away_what_was_voted_for) {
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

Test(polls, are_listed_by_what_they_are_about_page_by_page) {
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

Test(polls, voting_is_tracked_and_on_the_timeline_once) {
    make_poll("\"about\":\"sku:1\"");
    vote("ann", "[\"a\"]");
    vote("ann", "[\"a\"]"); /* the same again */
    shopper("ann", "DELETE", "/polls/p/vote", NULL);
    shopper("ann", "DELETE", "/polls/p/vote", NULL);
    cr_expect_eq(parley_test_tracked(t, NULL), 2);
    cr_expect_str_eq(parley_test_properties(t, "Poll Voted", 0),
                     "{\"poll\":\"p\",\"options\":[\"a\"],\"about\":\"sku:1\",\"changed\":false}");
    cr_expect_eq(parley_test_tracked(t, "Poll Vote Withdrawn"), 1);
    cr_expect_eq(parley_test_entries(t, NULL), 2);
    cr_expect_str_eq(parley_test_entry(t, "vote", 0),
                     "{\"customer\":\"ann\",\"kind\":\"vote\",\"body\":\"Voted \\\"Red\\\" on \\\"Which colour?\\\"\","
                     "\"refs\":{\"poll\":\"p\",\"options\":[\"a\"],\"about\":\"sku:1\"}}");
}

static void vote_as(const char *customer, bool known, const char *variant, const char *body) {
    parley_test_variant(t, "product-poll", variant, NULL);
    known ? parley_test_as(t, customer) : parley_test_as_anonymous(t, customer);
    cr_assert_eq(parley_test_call(t, "PUT", "/polls/p/vote", body), 200, "%s", parley_test_body(t));
}

Test(polls, known_and_anonymous_voters_are_counted_apart_for_the_staff) {
    make_poll("");
    vote_as("ann", true, "top", "{\"options\":[\"a\"]}");
    vote_as("anon-1", false, "top", "{\"options\":[\"b\"]}");
    vote_as("anon-2", false, "top", "{\"options\":[\"b\"]}");
    staff("GET", "/polls/p/results", NULL);
    expect_has("\"known\":{\"voters\":1,\"options\":[{\"key\":\"a\",\"votes\":1},{\"key\":\"b\",\"votes\":0}");
    expect_has("\"anonymous\":{\"voters\":2,\"options\":[{\"key\":\"a\",\"votes\":0},{\"key\":\"b\",\"votes\":2}");
}

Test(polls, segments_of_fewer_than_five_voters_are_merged) {
    char customer[16];
    make_poll("");
    for (int i = 0; i < 17; i++) {
        snprintf(customer, sizeof customer, "c%d", i);
        vote_as(customer, true, i < 8 ? "top" : i < 14 ? "side" : i < 16 ? "rare" : "rarer", "{\"options\":[\"a\"]}");
    }
    staff("GET", "/polls/p/results?by=variant", NULL);
    expect_has("{\"segment\":\"top\",\"voters\":8,");
    expect_has("{\"segment\":\"other\",\"voters\":9,"); /* 2 + 1 would tell, so the next smallest joined them */
    expect_lacks("\"segment\":\"rare");
    expect_lacks("\"segment\":\"side");
    staff("GET", "/polls/p/results?by=shoe-size", NULL);
    expect_status(400);
}

Test(polls, a_customer_gets_her_votes_and_can_have_them_forgotten) {
    make_poll("");
    vote("ann", "[\"a\"]");
    vote("ann", "[\"b\"]");
    vote("ben", "[\"b\"]");
    parley_test_export(t, "ann");
    expect_has("{\"poll\":\"p\",\"question\":\"Which colour?\",\"options\":[\"a\"],\"at\":\"2");
    expect_has("\"options\":[\"b\"]");
    cr_expect_eq(parley_test_forget(t, "ann"), 0);
    cr_expect_str_eq(parley_test_export(t, "ann"), "{\"votes\":[],\"friends\":{\"asked\":[],\"voted\":[]}}");
    look("ann");
    expect_has("\"voted\":[]");
    expect_has("\"voters\":1,\"options\":[{\"key\":\"a\",\"votes\":0},{\"key\":\"b\",\"votes\":1}");
    parley_test_restart(t, NULL); /* and the same counted from the log afresh */
    look("ben");
    expect_has("\"voters\":1,\"options\":[{\"key\":\"a\",\"votes\":0},{\"key\":\"b\",\"votes\":1}");
}

Test(polls, release_1_1_gives_percentages_of_the_same_votes) {
    make_poll("");
    vote("ann", "[\"a\"]");
    vote("ben", "[\"b\"]");
    vote("cat", "[\"b\"]");
    expect_lacks("percent");
    struct parley_test_options newer = release("1.1.0");
    parley_test_restart(t, &newer);
    look("ann");
    expect_has("{\"key\":\"a\",\"votes\":1,\"percent\":33.3},{\"key\":\"b\",\"votes\":2,\"percent\":66.7}");
    expect_has("\"voted\":[\"a\"]");
}

/* ---- 1.2.0: friends, and telling more ---- */

static void start_friends(void) {
    struct parley_test_options options = release("1.2.0");
    t = parley_test_start(&options);
    parley_test_variant(t, "product-poll", "top", NULL);
}
TestSuite(friends, .init = start_friends, .fini = stop_polls);

#define ASKED "{\"question\":\"Which for the wedding?\",\"options\":[\"Red\",\"Blue\"],\"about\":\"dress\"}"

/* Anna's poll; its path by the link. */
static const char *asked_by_anna(void) {
    static char path[64];
    cr_assert_eq(shopper("anna", "POST", "/friends", ASKED), 201, "%s", parley_test_body(t));
    const char *id = parley_test_at(t, "/id");
    snprintf(path, sizeof path, "/friends/%.*s", (int)strlen(id) - 2, id + 1);
    return path;
}
static int friend_votes(const char *who, const char *path, const char *option) {
    char vote[80], body[40];
    snprintf(vote, sizeof vote, "%s/vote", path);
    snprintf(body, sizeof body, "{\"option\":\"%s\"}", option);
    return shopper(who, "PUT", vote, body);
}

Test(friends, whoever_has_the_link_sees_and_votes_once) {
    const char *path = asked_by_anna();
    cr_expect_eq(strlen(path), strlen("/friends/") + 26);
    cr_expect_eq(friend_votes("ben", path, "a"), 200);
    cr_expect_eq(friend_votes("cleo", path, "b"), 200);
    cr_expect_eq(friend_votes("ben", path, "b"), 200);
    cr_expect_eq(friend_votes("ben", path, "b"), 200);
    cr_expect(parley_test_says(
        t, "/options",
        "[{\"key\":\"a\",\"label\":\"Red\",\"votes\":0},{\"key\":\"b\",\"label\":\"Blue\",\"votes\":2}]"));
    cr_expect(parley_test_says(t, "/voters", "2"));
    cr_expect(parley_test_says(t, "/voted", "\"b\""));
    cr_expect(parley_test_says(t, "/mine", "false"));
    cr_expect_eq(parley_test_tracked(t, "Friends Poll Voted"), 3);
    parley_test_as_anonymous(t, "visitor-1");
    cr_expect_eq(parley_test_call(t, "GET", path, NULL), 200);
    cr_expect(parley_test_says(t, "/voted", "null"));
}

Test(friends, without_the_link_nobody_finds_it) {
    const char *path = asked_by_anna();
    const char *link = path + strlen("/friends/");
    char wrong[64];
    friend_votes("ben", path, "a");
    for (size_t i = 0; i < parley_test_effects(t, NULL); i++)
        cr_expect(!strstr(parley_test_effect(t, NULL, i), link), "%s", parley_test_effect(t, NULL, i));
    cr_expect_eq(shopper("ben", "GET", "/polls?about=dress", NULL), 200);
    expect_lacks("wedding");
    cr_expect_eq(staff("GET", "/polls", NULL), 200);
    expect_lacks("wedding");
    cr_expect_eq(shopper("ben", "GET", "/friends", NULL), 200);
    cr_expect(parley_test_says(t, "/items", "[]"));
    cr_expect_eq(shopper("anna", "GET", "/friends", NULL), 200);
    expect_has(link);
    snprintf(wrong, sizeof wrong, "%s", path);
    wrong[strlen(wrong) - 1] = wrong[strlen(wrong) - 1] == 'a' ? 'b' : 'a';
    cr_expect_eq(shopper("ben", "GET", wrong, NULL), 404);
    cr_expect_eq(shopper("ben", "GET", "/friends/1", NULL), 404);
    snprintf(wrong, sizeof wrong, "/polls/%s", link);
    cr_expect_eq(shopper("ben", "GET", wrong, NULL), 404);
}

Test(friends, a_release_that_does_not_know_them_shows_none_and_keeps_rights) {
    const char *path = asked_by_anna();
    friend_votes("ben", path, "a");
    struct parley_test_options before = release("1.0.0");
    parley_test_restart(t, &before);
    cr_expect_eq(shopper("ben", "GET", path, NULL), 404);
    cr_expect(strstr(parley_test_export(t, "anna"), "Which for the wedding?"));
    cr_expect_eq(parley_test_forget(t, "anna"), 0);
    struct parley_test_options newer = release("1.2.0");
    parley_test_restart(t, &newer);
    cr_expect_eq(shopper("ben", "GET", path, NULL), 404);
    cr_expect_str_eq(parley_test_export(t, "ben"), "{\"votes\":[],\"friends\":{\"asked\":[],\"voted\":[]}}");
}

Test(friends, limits_and_owners_are_kept) {
    const char *path = asked_by_anna();
    cr_expect_eq(shopper("ben", "DELETE", path, NULL), 403);
    cr_expect_eq(friend_votes("ben", path, "c"), 400);
    cr_expect_eq(shopper("anna", "POST", "/friends", "{\"question\":\"?\",\"options\":[\"one\"]}"), 400);
    cr_expect_eq(shopper("anna", "POST", "/friends", "{\"question\":\"?\",\"options\":[\"one\",2]}"), 400);
    for (int i = 1; i < 20; i++) cr_expect_eq(shopper("anna", "POST", "/friends", ASKED), 201);
    cr_expect_eq(shopper("anna", "POST", "/friends", ASKED), 429);
    cr_expect_eq(shopper("anna", "DELETE", path, NULL), 204);
    cr_expect_eq(shopper("anna", "POST", "/friends", ASKED), 201);
    cr_expect_eq(shopper("anna", "GET", path, NULL), 404);
}

Test(friends, it_closes_after_thirty_days_and_is_gone_after_ninety) {
    const char *path = asked_by_anna();
    parley_test_wait(t, INT64_C(31) * 86400000);
    cr_expect_eq(friend_votes("ben", path, "a"), 409);
    cr_expect_eq(shopper("ben", "GET", path, NULL), 200);
    cr_expect(parley_test_says(t, "/closed", "true"));
    parley_test_wait(t, INT64_C(60) * 86400000);
    cr_expect_eq(shopper("cleo", "POST", "/friends", ASKED), 201);
    cr_expect_eq(shopper("ben", "GET", path, NULL), 404);
}

Test(friends, a_shop_can_do_without_them) {
    parley_test_variant(t, "product-poll", "top", "{\"friends\":false}");
    cr_expect_eq(shopper("anna", "POST", "/friends", ASKED), 403);
}

Test(friends, who_voted_may_tell_more_and_the_page_learns_what_about) {
    make_poll("\"about\":\"dress\"");
    cr_expect_eq(shopper("anna", "POST", "/polls/p/more", "{}"), 409);
    vote("anna", "[\"b\"]");
    cr_expect_eq(shopper("anna", "POST", "/polls/p/more", "{}"), 200);
    cr_expect(parley_test_says(
        t, "", "{\"about\":{\"kind\":\"poll\",\"ref\":\"p\"},\"words\":\"Which colour?\",\"options\":[\"b\"]}"));
    cr_expect_eq(parley_test_tracked(t, "Poll Conversation Opened"), 1);
    cr_expect_str_eq(parley_test_json(t, parley_test_entry(t, "vote-more", 0), "/refs/options"), "[\"b\"]");
}
