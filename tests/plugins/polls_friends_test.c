/* Polls among friends, and what a voter may tell beyond her vote: release 1.2.0. */
#include "tests/plugins/polls_calls.h"

static void start_friends(void) {
    start_release("1.2.0");
}
TestSuite(friends, .init = start_friends, .fini = stop);

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
    SAYS("/options", "[{\"key\":\"a\",\"label\":\"Red\",\"votes\":0},{\"key\":\"b\",\"label\":\"Blue\",\"votes\":2}]");
    SAYS("/voters", "2");
    SAYS("/voted", "\"b\"");
    SAYS("/mine", "false");
    cr_expect_eq(parley_test_tracked(t, "Friends Poll Voted"), 3);
    parley_test_as_anonymous(t, "visitor-1");
    cr_expect_eq(parley_test_call(t, "GET", path, NULL), 200);
    SAYS("/voted", "null");
}

Test(friends, the_page_of_the_link_shows_what_is_asked_and_no_more) {
    const char *path = asked_by_anna();
    char page[64];
    friend_votes("ben", path, "b");
    snprintf(page, sizeof page, "/share/%s", path + strlen("/friends/"));
    cr_expect_eq(shopper("", "GET", page, NULL), 200);
    SAYS("/title", "\"Which for the wedding?\"");
    SAYS("/listed", "false");
    SAYS("/items", "[{\"title\":\"Red\",\"line\":\"0 votes\"},{\"title\":\"Blue\",\"line\":\"1 vote\"}]");
    expect_lacks("anna");
    expect_lacks("ben");
    parley_test_variant(t, "product-poll", "top", "{\"friends\":false}");
    cr_expect_eq(parley_test_call(t, "GET", page, NULL), 403);
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
    SAYS("/items", "[]");
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

Test(friends, hers_are_listed_page_by_page) {
    for (int i = 0; i < 3; i++) asked_by_anna();
    shopper("anna", "GET", "/friends?limit=2", NULL);
    SAYS("/next", "\"2\"");
    shopper("anna", "GET", "/friends?limit=2&cursor=2", NULL);
    SAYS("/next", "null");
    cr_expect_null(parley_test_at(t, "/items/1"));
    cr_expect_eq(shopper("anna", "GET", "/friends?cursor=x", NULL), 400);
    cr_expect_eq(shopper("anna", "GET", "/friends?limit=0", NULL), 400);
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
    SAYS("/closed", "true");
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
    SAYS("", "{\"about\":{\"kind\":\"poll\",\"ref\":\"p\"},\"words\":\"Which colour?\",\"options\":[\"b\"]}");
    cr_expect_eq(parley_test_tracked(t, "Poll Conversation Opened"), 1);
    cr_expect_str_eq(parley_test_json(t, parley_test_entry(t, "vote-more", 0), "/refs/options"), "[\"b\"]");
}
