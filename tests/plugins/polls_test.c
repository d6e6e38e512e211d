/* The polls plugin as shoppers meet it, tested as any plugin is: <parley/test.h>. */
#include "tests/plugins/polls_calls.h"

static void start_polls(void) {
    start_release("1.0.0");
}
TestSuite(polls, .init = start_polls, .fini = stop);

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
