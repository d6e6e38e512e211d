/* The polls plugin as shoppers and staff meet it: through a real worker process and a real database. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "core/base/clock.h"
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
