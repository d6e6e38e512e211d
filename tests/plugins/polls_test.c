/* The polls plugin as shoppers and staff meet it: through a real worker process and a real database. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/memory.h"
#include "tests/core/plugins/channel_client.h"

static struct client worker;
static struct client_reply reply;

static void start_polls(void) {
    client_polls(&worker, "1.0.0", client_folder());
}
static void stop_polls(void) {
    cr_expect_eq(client_stop(&worker), 0);
}
TestSuite(polls, .init = start_polls, .fini = stop_polls);

static void expect_has(const char *part) {
    cr_expect(strstr(reply.body, part), "expected %s in %s", part, reply.body);
}
static void expect_lacks(const char *part) {
    cr_expect(!strstr(reply.body, part), "did not expect %s in %s", part, reply.body);
}
static void expect_status(int expected) {
    cr_expect_eq(reply.status, expected, "expected %d, got %d: %s", expected, reply.status, reply.body);
}

/* A poll "p" with options a, b, c; `more` are members to add. */
static void make_poll(const char *more) {
    char body[600];
    snprintf(body, sizeof body,
             "{\"id\":\"p\",\"question\":\"Which colour?\",\"options\":[{\"key\":\"a\",\"label\":\"Red\"},"
             "{\"key\":\"b\",\"label\":\"Blue\"},{\"key\":\"c\",\"label\":\"Green\"}]%s%s}",
             *more ? "," : "", more);
    cr_assert_eq(client_staff(&worker, "POST", "/polls", body, &reply), 201, "%s", reply.body);
}

static int vote(const char *customer, const char *options) {
    char body[200];
    snprintf(body, sizeof body, "{\"options\":%s}", options);
    return client_shopper(&worker, customer, "PUT", "/polls/p/vote", body, &reply);
}

static int look(const char *customer) {
    return client_shopper(&worker, customer, "GET", "/polls/p", NULL, &reply);
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
    client_shopper(&worker, "ann", "DELETE", "/polls/p/vote", NULL, &reply);
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
    client_shopper(&worker, "ben", "GET", "/polls", NULL, &reply);
    expect_has("\"tally\":null");
    client_shopper(&worker, "ann", "DELETE", "/polls/p/vote", NULL, &reply);
    expect_has("\"tally\":null");
}

Test(polls, results_on_close_are_hidden_from_everybody_until_then) {
    struct frame_request request;
    make_poll("\"results\":\"on_close\",\"closeAt\":\"2030-01-01T00:00:00Z\"");
    vote("ann", "[\"a\"]");
    expect_has("\"tally\":null");
    look("ann");
    expect_has("\"tally\":null");
    expect_lacks("\"votes\"");
    request = client_request("ben", "GET", "/polls/p", NULL);
    cr_assert(clock_parse(TEXT("2030-01-01T00:00:00Z"), &request.now));
    client_call(&worker, &request, &reply);
    expect_has("\"closed\":true");
    expect_has("\"tally\":{\"voters\":1,");
}

Test(polls, results_for_staff_are_seen_by_staff_alone) {
    make_poll("\"results\":\"staff\",\"closeAt\":\"2030-01-01T00:00:00Z\"");
    vote("ann", "[\"a\"]");
    expect_has("\"tally\":null");
    struct frame_request later = client_request("ann", "GET", "/polls/p", NULL);
    cr_assert(clock_parse(TEXT("2031-01-01T00:00:00Z"), &later.now));
    client_call(&worker, &later, &reply);
    expect_has("\"tally\":null");
    client_shopper(&worker, "ann", "GET", "/polls/p/results", NULL, &reply);
    expect_status(404); /* not a shopper's path at all */
    client_staff(&worker, "GET", "/polls/p", NULL, &reply);
    expect_has("\"tally\":{\"voters\":1,");
    client_staff(&worker, "GET", "/polls/p/results", NULL, &reply);
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
    client_wait_effects(&worker, 14);
    cr_expect(!memmem(worker.effects.at, worker.effects.n, "votes", 5));
    client_shopper(&worker, "c1", "GET", "/polls?limit=5", NULL, &reply);
    expect_has("\"tally\":null");
    client_frame(&worker, FRAME_EXPORT, 1, "c1");
    client_reply(&worker, &reply);
    expect_has("\"options\":[\"b\"]");
    expect_lacks("voters");
}

Test(polls, a_closed_poll_takes_no_vote_and_gives_none_back) {
    make_poll("\"closeAt\":\"2020-01-01T00:00:00Z\"");
    vote("ann", "[\"a\"]");
    expect_status(409);
    expect_has("this poll is closed");
    client_shopper(&worker, "ann", "DELETE", "/polls/p/vote", NULL, &reply);
    expect_status(409);
    client_staff(&worker, "PATCH", "/polls/p", "{\"closeAt\":null}", &reply);
    expect_status(200);
    cr_expect_eq(vote("ann", "[\"a\"]"), 200, "opened again");
}

Test(polls, several_options_may_be_taken_up_to_the_variants_limit) {
    make_poll("\"kind\":\"multiple\"");
    cr_expect_eq(vote("ann", "[\"c\",\"a\"]"), 200);
    expect_has("\"voted\":[\"a\",\"c\"]"); /* in the poll's order */
    expect_has("\"tally\":{\"voters\":1,\"options\":[{\"key\":\"a\",\"votes\":1},{\"key\":\"b\",\"votes\":0},{\"key\":"
               "\"c\",\"votes\":1}]}");
    struct frame_request request = client_request("ben", "PUT", "/polls/p/vote", "{\"options\":[\"a\",\"b\"]}");
    request.settings = TEXT("{\"maxOptions\":1}");
    client_call(&worker, &request, &reply);
    expect_status(400);
    expect_has("2 options were taken; this poll allows 1");
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
    client_shopper(&worker, "ann", "PUT", "/polls/nowhere/vote", "{\"options\":[\"a\"]}", &reply);
    expect_status(404);
    expect_has("there is no poll \\\"nowhere\\\"");
    look("ann");
    expect_has("\"voters\":0");
}

Test(polls, a_hostile_megabyte_is_refused_in_a_short_sentence) {
    enum { LONG = 1000000 };
    char *options = memory_zero(1, LONG + 8);
    memcpy(options, "[\"", 2);
    memcpy(options + LONG, "\"]", 3);
    char *body = memory_zero(1, LONG + 64);
    memset(options + 2, 'z', LONG - 2);
    snprintf(body, LONG + 64, "{\"options\":%s}", options);
    make_poll("");
    client_shopper(&worker, "ann", "PUT", "/polls/p/vote", body, &reply);
    expect_status(400);
    cr_expect_lt(strlen(reply.body), 4000);
    snprintf(body, LONG + 64, "{\"options\":[\"a\"],%.*s\":1}", LONG - 10, options + 1);
    client_shopper(&worker, "ann", "PUT", "/polls/p/vote", body, &reply);
    expect_status(400);
    cr_expect_lt(strlen(reply.body), 4000);
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
        client_staff(&worker, "POST", "/polls", cases[i][0], &reply);
        expect_status(400);
        expect_has(cases[i][1]);
    }
}

Test(polls, an_id_is_taken_once_and_made_where_none_is_given) {
    char id[64] = "";
    make_poll("");
    client_staff(&worker, "POST", "/polls", "{\"id\":\"p\",\"question\":\"Q\"," OPTIONS "}", &reply);
    expect_status(409);
    expect_has("there is a poll \\\"p\\\" already");
    client_staff(&worker, "POST", "/polls", "{\"question\":\"Q\"," OPTIONS "}", &reply);
    expect_status(201);
    cr_assert_eq(sscanf(reply.body, "{\"id\":\"%12[a-z0-9]\"", id), 1, "%s", reply.body);
    char path[80];
    snprintf(path, sizeof path, "/polls/%s", id);
    cr_expect_eq(client_shopper(&worker, "ann", "GET", path, NULL, &reply), 200);
}

Test(polls, the_staff_may_change_a_poll_but_not_take_away_what_was_voted_for) {
    make_poll("");
    vote("ann", "[\"b\"]");
    client_staff(&worker, "PATCH", "/polls/p", "{" OPTIONS ",\"question\":\"And now?\",\"about\":\"sku:1\"}", &reply);
    expect_status(200);
    expect_has("\"question\":\"And now?\"");
    expect_has("\"about\":\"sku:1\"");
    expect_has("[{\"key\":\"a\",\"votes\":0},{\"key\":\"b\",\"votes\":1}]");
    client_staff(&worker, "PATCH", "/polls/p",
                 "{\"options\":[{\"key\":\"a\",\"label\":\"A\"},{\"key\":\"c\",\"label\":\"C\"}]}", &reply);
    expect_status(409);
    expect_has("option \\\"b\\\" has votes");
    client_staff(&worker, "PATCH", "/polls/p",
                 "{\"options\":[{\"key\":\"b\",\"label\":\"B\"},{\"key\":\"a\",\"label\":\"A\"}]}", &reply);
    expect_has("[{\"key\":\"b\",\"votes\":1},{\"key\":\"a\",\"votes\":0}]");
    look("ann");
    expect_has("[{\"key\":\"b\",\"votes\":1},{\"key\":\"a\",\"votes\":0}]");
    client_staff(&worker, "PATCH", "/polls/p", "{\"kind\":\"multiple\"}", &reply);
    expect_status(400);
    client_staff(&worker, "PATCH", "/polls/q", "{\"question\":\"x\"}", &reply);
    expect_status(404);
}

Test(polls, are_listed_by_what_they_are_about_page_by_page) {
    char body[300], cursor[64] = "", path[100];
    for (int i = 0; i < 5; i++) {
        snprintf(body, sizeof body, "{\"id\":\"p%d\",\"question\":\"Q\",\"about\":\"sku:85123A\"," OPTIONS "}", i);
        cr_assert_eq(client_staff(&worker, "POST", "/polls", body, &reply), 201);
    }
    make_poll("\"about\":\"sku:other\"");
    client_shopper(&worker, "ann", "GET", "/polls?about=sku%3A85123A&limit=3", NULL, &reply);
    expect_has("\"id\":\"p4\"");
    expect_has("\"id\":\"p2\"");
    expect_lacks("\"id\":\"p1\"");
    expect_lacks("\"id\":\"p\"");
    cr_assert_eq(sscanf(strstr(reply.body, "\"next\":"), "\"next\":\"%63[0-9]\"", cursor), 1, "%s", reply.body);
    snprintf(path, sizeof path, "/polls?about=sku:85123A&limit=3&cursor=%s", cursor);
    client_shopper(&worker, "ann", "GET", path, NULL, &reply);
    expect_has("\"id\":\"p1\"");
    expect_has("\"id\":\"p0\"");
    expect_has("\"next\":null");
    client_shopper(&worker, "ann", "GET", "/polls?limit=0", NULL, &reply);
    expect_status(400);
    client_shopper(&worker, "ann", "GET", "/polls?cursor=x", NULL, &reply);
    expect_status(400);
}

Test(polls, voting_is_tracked_and_on_the_timeline_once) {
    make_poll("\"about\":\"sku:1\"");
    vote("ann", "[\"a\"]");
    vote("ann", "[\"a\"]"); /* the same again */
    client_shopper(&worker, "ann", "DELETE", "/polls/p/vote", NULL, &reply);
    client_shopper(&worker, "ann", "DELETE", "/polls/p/vote", NULL, &reply);
    client_wait_effects(&worker, 4);
    const char *effects = client_effects(&worker);
    cr_expect(strstr(effects,
                     "\"event\":\"Poll Voted\",\"properties\":{\"poll\":\"p\",\"options\":[\"a\"],\"about\":\"sku:1\","
                     "\"changed\":false}"),
              "%s", effects);
    cr_expect(strstr(effects, "\"entry\":{\"kind\":\"vote\",\"body\":\"Voted \\\"Red\\\" on \\\"Which colour?\\\"\","
                              "\"refs\":{\"poll\":\"p\",\"options\":[\"a\"],\"about\":\"sku:1\"}}"),
              "%s", effects);
    cr_expect(strstr(effects, "\"event\":\"Poll Vote Withdrawn\""), "%s", effects);
    cr_expect(strstr(effects, "\n4 {") && !strstr(effects, "\n5 {"), "%s", effects);
}

static void vote_as(const char *customer, bool known, const char *variant, const char *body) {
    struct frame_request request = client_request(customer, "PUT", "/polls/p/vote", body);
    request.known = known;
    request.variant = text_of(variant);
    cr_assert_eq(client_call(&worker, &request, &reply), 200, "%s", reply.body);
}

Test(polls, known_and_anonymous_voters_are_counted_apart_for_the_staff) {
    make_poll("");
    vote_as("ann", true, "top", "{\"options\":[\"a\"]}");
    vote_as("anon-1", false, "top", "{\"options\":[\"b\"]}");
    vote_as("anon-2", false, "top", "{\"options\":[\"b\"]}");
    client_staff(&worker, "GET", "/polls/p/results", NULL, &reply);
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
    client_staff(&worker, "GET", "/polls/p/results?by=variant", NULL, &reply);
    expect_has("{\"segment\":\"top\",\"voters\":8,");
    expect_has("{\"segment\":\"other\",\"voters\":9,"); /* 2 + 1 would tell, so the next smallest joined them */
    expect_lacks("\"segment\":\"rare");
    expect_lacks("\"segment\":\"side");
    client_staff(&worker, "GET", "/polls/p/results?by=shoe-size", NULL, &reply);
    expect_status(400);
}

Test(polls, a_customer_gets_her_votes_and_can_have_them_forgotten) {
    make_poll("");
    vote("ann", "[\"a\"]");
    vote("ann", "[\"b\"]");
    vote("ben", "[\"b\"]");
    client_frame(&worker, FRAME_EXPORT, 1, "ann");
    client_reply(&worker, &reply);
    expect_has("{\"poll\":\"p\",\"question\":\"Which colour?\",\"options\":[\"a\"],\"at\":\"2");
    expect_has("\"options\":[\"b\"]");
    client_frame(&worker, FRAME_FORGET, 2, "ann");
    client_reply(&worker, &reply);
    expect_status(204);
    client_frame(&worker, FRAME_EXPORT, 3, "ann");
    client_reply(&worker, &reply);
    cr_expect_str_eq(reply.body, "{\"votes\":[]}");
    look("ann");
    expect_has("\"voted\":[]");
    expect_has("\"voters\":1,\"options\":[{\"key\":\"a\",\"votes\":0},{\"key\":\"b\",\"votes\":1}");
    client_kill(&worker); /* and the same counted from the log afresh */
    start_polls();
    look("ben");
    expect_has("\"voters\":1,\"options\":[{\"key\":\"a\",\"votes\":0},{\"key\":\"b\",\"votes\":1}");
}

Test(polls, release_1_1_gives_percentages_of_the_same_votes) {
    make_poll("");
    vote("ann", "[\"a\"]");
    vote("ben", "[\"b\"]");
    vote("cat", "[\"b\"]");
    expect_lacks("percent");
    struct client newer;
    client_polls(&newer, "1.1.0", client_folder());
    client_shopper(&newer, "ann", "GET", "/polls/p", NULL, &reply);
    expect_has("{\"key\":\"a\",\"votes\":1,\"percent\":33.3},{\"key\":\"b\",\"votes\":2,\"percent\":66.7}");
    expect_has("\"voted\":[\"a\"]");
    cr_expect_eq(client_stop(&newer), 0);
}

Test(polls, two_releases_serve_one_poll_at_once_and_no_vote_is_lost) {
    enum { EACH = 400, AT_ONCE = 40 };
    struct client newer, *both[] = {&worker, &newer};
    make_poll("");
    client_polls(&newer, "1.1.0", client_folder());
    for (int i = 0; i < EACH; i += AT_ONCE) {
        for (int w = 0; w < 2; w++) {
            struct buffer out = {0};
            for (int j = i; j < i + AT_ONCE; j++) {
                char customer[24];
                snprintf(customer, sizeof customer, "c%d-%d", w, j / 2); /* each votes twice: the second time counts */
                struct frame_request request = client_request(
                    customer, "PUT", "/polls/p/vote", j % 2 ? "{\"options\":[\"b\"]}" : "{\"options\":[\"a\"]}");
                client_put(both[w], &out, &request);
            }
            client_write(both[w], &out);
            buffer_free(&out);
        }
        for (int w = 0; w < 2; w++)
            for (int j = 0; j < AT_ONCE; j++) {
                client_reply(both[w], &reply);
                cr_assert_eq(reply.status, 200, "%s", reply.body);
            }
    }
    look("ann");
    expect_has("\"voters\":400,\"options\":[{\"key\":\"a\",\"votes\":0},{\"key\":\"b\",\"votes\":400},");
    client_shopper(&newer, "ann", "GET", "/polls/p", NULL, &reply);
    expect_has("{\"key\":\"b\",\"votes\":400,\"percent\":100}");
    cr_expect_eq(client_stop(&newer), 0);
}
