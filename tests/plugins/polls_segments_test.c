/* What the staff read of a poll: known and anonymous voters apart, and segments whose small cells are merged. */
#include "tests/plugins/polls_calls.h"

static void start_polls(void) {
    start_release("1.0.0");
}
TestSuite(segments, .init = start_polls, .fini = stop);

static void vote_as(const char *customer, bool known, const char *variant, const char *body) {
    parley_test_variant(t, "product-poll", variant, NULL);
    known ? parley_test_as(t, customer) : parley_test_as_anonymous(t, customer);
    cr_assert_eq(parley_test_call(t, "PUT", "/polls/p/vote", body), 200, "%s", parley_test_body(t));
}

Test(segments, known_and_anonymous_voters_are_counted_apart_for_the_staff) {
    make_poll("");
    vote_as("ann", true, "top", "{\"options\":[\"a\"]}");
    vote_as("anon-1", false, "top", "{\"options\":[\"b\"]}");
    vote_as("anon-2", false, "top", "{\"options\":[\"b\"]}");
    staff("GET", "/polls/p/results", NULL);
    expect_has("\"known\":{\"voters\":1,\"options\":[{\"key\":\"a\",\"votes\":1},{\"key\":\"b\",\"votes\":0}");
    expect_has("\"anonymous\":{\"voters\":2,\"options\":[{\"key\":\"a\",\"votes\":0},{\"key\":\"b\",\"votes\":2}");
}

Test(segments, segments_of_fewer_than_five_voters_are_merged) {
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

Test(segments, are_by_what_the_shop_knows_of_the_voter_and_by_what_the_page_says) {
    char customer[16], traits[60];
    make_poll("");
    parley_test_variant(t, "product-poll", "top", "{\"segments\":[\"plan\",\"country\",\"staff\"]}");
    for (int i = 0; i < 16; i++) {
        snprintf(customer, sizeof customer, "c%d", i);
        snprintf(traits, sizeof traits, "{\"plan\":\"%s\",\"staff\":false}", i < 6 ? "gold" : "plain");
        if (i < 11) parley_test_traits(t, customer, traits);
        parley_test_context(t, i < 8 ? "{\"country\":\"DE\",\"plan\":\"gold\"}" : "{\"country\":\"AT\"}");
        vote(customer, i < 6 ? "[\"a\"]" : "[\"b\"]");
    }
    staff("GET", "/polls/p/results?by=plan", NULL); /* what the shop knows goes before what a page says */
    expect_has("{\"segment\":\"gold\",\"voters\":6,\"options\":[{\"key\":\"a\",\"votes\":6}");
    expect_has("{\"segment\":\"plain\",\"voters\":5,\"options\":[{\"key\":\"a\",\"votes\":0}");
    expect_has("{\"segment\":\"unknown\",\"voters\":5,");
    staff("GET", "/polls/p/results?by=country", NULL);
    expect_has("{\"segment\":\"AT\",\"voters\":8,");
    expect_has("{\"segment\":\"DE\",\"voters\":8,");
    staff("GET", "/polls/p/results?by=city", NULL);
    expect_status(400);
    expect_has("setting \\\"segments\\\"");
}

Test(segments, go_with_the_voter_and_are_hers_to_read) {
    make_poll("");
    parley_test_variant(t, "product-poll", "top", "{\"segments\":[\"plan\"]}");
    parley_test_traits(t, "ann", "{\"plan\":\"gold\"}");
    for (int i = 0; i < 5; i++) {
        char customer[16];
        snprintf(customer, sizeof customer, "c%d", i);
        vote(customer, "[\"a\"]");
    }
    vote("ann", "[\"a\"]");
    parley_test_export(t, "ann");
    expect_has("\"said\":[[\"plan\",\"gold\"]]");
    cr_expect_eq(parley_test_forget(t, "ann"), 0);
    staff("GET", "/polls/p/results?by=plan", NULL);
    expect_status(400); /* nobody is left who said one */
}

Test(segments, that_are_very_many_are_cut_and_nobody_is_counted_under_another_name) {
    char customer[16], context[60];
    make_poll("");
    parley_test_variant(t, "product-poll", "top", "{\"segments\":[\"city\"]}");
    for (int i = 0; i < 70 * 5; i++) {
        snprintf(customer, sizeof customer, "c%d", i);
        snprintf(context, sizeof context, "{\"city\":\"city-%02d\"}", i / 5);
        parley_test_context(t, context);
        vote(customer, "[\"a\"]");
    }
    staff("GET", "/polls/p/results?by=city", NULL);
    expect_has("{\"segment\":\"city-63\",\"voters\":5,");
    expect_lacks("city-64");
    expect_has("{\"segment\":\"other\",\"voters\":30,");
}
