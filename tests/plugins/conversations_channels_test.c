/* Conversations by e-mail and in stores, through connectors and a signing gateway; and what may be pushed at all. */
#include "tests/plugins/conversations_calls.h"
#include "tests/plugins/signature.h"

TestSuite(channels, .init = start_talk, .fini = stop);

Test(channels, an_answer_to_an_e_mail_goes_out_by_e_mail) {
    parley_test_traits(t, "ann", "{\"email\":\"ann@mail.example\",\"name\":\"Ann\"}");
    const char *mail = "{\"id\":\"<1@mail>\",\"channel\":\"email\",\"from\":\"ann@mail.example\",\"body\":\"By mail\"}";
    agent("connector", "POST", "/inbound", mail);
    expect_status(201);
    SAYS("/customer", "\"ann\"");
    int id = atoi(parley_test_at(t, "/id"));
    agent("connector", "POST", "/inbound", mail);
    expect_status(200); /* a webhook that comes twice */
    SAYS("/repeated", "true");
    cr_expect_eq(parley_test_tracked(t, "Message Received"), 1);
    answers("maria", "ann", id, "Back by mail");
    SAYS("/delivery", "\"allowed\"");
    const char *queued = parley_test_properties(t, "Message Queued", 0);
    cr_assert(queued);
    cr_expect_str_eq(parley_test_json(t, queued, "/to"), "\"ann@mail.example\"");
    cr_expect_str_eq(parley_test_json(t, queued, "/thread"), "\"ann\"");
    cr_expect_str_eq(parley_test_json(t, queued, "/channel"), "\"email\"");
    cr_expect_str_eq(parley_test_json(t, queued, "/inReplyTo"), "\"<1@mail>\"");
    cr_expect_str_eq(parley_test_json(t, queued, "/body"), "\"Back by mail\"");
    cr_expect_str_eq(parley_test_json(t, queued, "/id"), "1");
    agent("connector", "GET", "/outbound?state=waiting", NULL);
    SAYS("/items/0/to", "\"ann@mail.example\"");
    SAYS("/items/0/inReplyTo", "\"<1@mail>\"");
    agent("connector", "PUT", "/outbound/1", "{\"state\":\"sent\"}");
    expect_status(200);
    agent("connector", "GET", "/outbound?state=waiting", NULL);
    SAYS("/items", "[]");
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/items/0/delivery", "\"sent\"");
    shopper("ann", "GET", "/messages", NULL); /* the same thread on the web */
    SAYS("/items/0/channel", "\"email\"");
    SAYS("/items/1/body", "\"By mail\"");
}

Test(channels, an_unknown_address_is_a_thread_of_its_own) {
    agent("connector", "POST", "/inbound",
          "{\"id\":\"1\",\"channel\":\"email\",\"from\":\"x@y.example\",\"body\":\"Hi\"}");
    SAYS("/customer", "\"email:x@y.example\"");
    agent("connector", "POST", "/inbound",
          "{\"id\":\"1\",\"channel\":\"store\",\"customer\":\"ben\",\"body\":\"At the counter\"}");
    expect_status(201); /* another channel's ids are other ids */
    agent("connector", "POST", "/inbound", "{\"id\":\"2\",\"channel\":\"email\",\"body\":\"Hi\"}");
    expect_status(400);
    parley_test_traits(t, "ann", "{\"email\":\"home@mail.example\"}");
    parley_test_traits(t, "ben", "{\"email\":\"home@mail.example\"}");
    agent("connector", "POST", "/inbound",
          "{\"id\":\"3\",\"channel\":\"email\",\"from\":\"home@mail.example\",\"body\":\"Whose?\"}");
    SAYS("/customer", "\"email:home@mail.example\""); /* two have it: nobody is guessed */
}

Test(channels, what_she_refused_holds_back_what_is_pushed_and_not_what_she_asked_for) {
    int id = writes("ann", "A question");
    parley_test_may_contact(t, "ann", "cap-day");
    agent("maria", "POST", "/threads/ann/push", "{\"body\":\"News!\"}");
    expect_status(409);
    expect_has("cap-day");
    answers("maria", "ann", id, "An answer");
    expect_status(201);
    parley_test_may_contact(t, "ann", "allowed");
    agent("maria", "POST", "/threads/ann/push", "{\"body\":\"News!\"}");
    expect_status(201);
    cr_expect_eq(parley_test_tracked(t, "Message Pushed"), 1);
    cr_expect_eq(parley_test_tracked(t, "Message Sent"), 1); /* the push is none */
    parley_test_may_contact(t, "ann", "opted-out");
    agent("maria", "POST", "/threads/ann/push", "{\"body\":\"More news!\"}");
    expect_status(409);
    expect_has("opted-out");
    agent("maria", "POST", "/threads/nobody/push", "{\"body\":\"News!\"}");
    expect_status(404);
}

Test(channels, a_channel_that_she_turned_off_keeps_the_answer_on_the_web) {
    agent("connector", "POST", "/inbound",
          "{\"id\":\"1\",\"channel\":\"email\",\"customer\":\"ann\",\"from\":\"a@b.example\",\"body\":\"Hi\"}");
    int id = atoi(parley_test_at(t, "/id"));
    parley_test_may_contact(t, "ann", "channel-off");
    answers("maria", "ann", id, "Hello");
    expect_status(201);
    SAYS("/delivery", "\"channel-off\"");
    cr_expect_eq(parley_test_tracked(t, "Message Queued"), 0);
    agent("connector", "GET", "/outbound", NULL);
    SAYS("/items", "[]");
}

Test(channels, what_comes_back_is_the_agents_again_and_a_late_report_of_less_changes_nothing) {
    static const char *const reports[] = {"sent", "delivered", "bounced", "delivered"};
    agent("connector", "POST", "/inbound",
          "{\"id\":\"1\",\"channel\":\"email\",\"customer\":\"ann\",\"from\":\"a@b.example\",\"body\":\"Hi\"}");
    answers("maria", "ann", atoi(parley_test_at(t, "/id")), "Hello");
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/thread/status", "\"waiting\"");
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++) {
        char body[100];
        snprintf(body, sizeof body, "{\"state\":\"%s\",\"detail\":\"550 no such mailbox\"}", reports[i]);
        agent("connector", "PUT", "/outbound/1", body);
        expect_status(200);
    }
    SAYS("/state", "\"bounced\"");
    cr_expect_eq(parley_test_notified(t, "delivery"), 3);
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/thread/status", "\"open\"");
    SAYS("/items/0/author", "\"note\"");
    SAYS("/items/0/body", "\"This did not reach a@b.example: 550 no such mailbox\"");
    SAYS("/items/1/delivery", "\"bounced\"");
    SAYS("/items/1/deliveryDetail", "\"550 no such mailbox\"");
    agent("connector", "PUT", "/outbound/1", "{\"state\":\"lost\"}");
    expect_status(400);
    agent("connector", "PUT", "/outbound/7", "{\"state\":\"sent\"}");
    expect_status(404);
}

Test(channels, an_answer_that_came_back_is_none_and_she_waits_since_she_wrote) {
    agent("connector", "POST", "/inbound",
          "{\"id\":\"1\",\"channel\":\"email\",\"customer\":\"ann\",\"from\":\"a@b.example\",\"body\":\"Hi\"}");
    int id = atoi(parley_test_at(t, "/id"));
    agent("maria", "GET", "/threads/ann", NULL);
    char since[64];
    snprintf(since, sizeof since, "%s", parley_test_at(t, "/thread/waitingSince"));
    parley_test_wait(t, 60 * 1000);
    answers("maria", "ann", id, "Hello");
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/items/1/progress/state", "\"answered\"");
    agent("connector", "PUT", "/outbound/1", "{\"state\":\"failed\",\"detail\":\"mailbox full\"}");
    agent("connector", "PUT", "/outbound/1", "{\"state\":\"bounced\"}"); /* says more of the same */
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/thread/waitingSince", since);
    SAYS("/thread/status", "\"open\"");
    SAYS("/items/0/body", "\"This did not reach a@b.example: mailbox full\"");
    SAYS("/items/1/delivery", "\"bounced\"");
    SAYS("/items/2/progress/state", "\"answering\""); /* maria has her still */
    cr_expect_eq(parley_test_tracked(t, "Message Answered"), 2);
    cr_expect_str_eq(parley_test_json(t, parley_test_properties(t, "Message Answered", 1), "/count"), "-1");
    cr_expect_str_eq(parley_test_json(t, parley_test_properties(t, "First Answer", 1), "/count"), "-1");
    cr_expect_str_eq(parley_test_json(t, parley_test_properties(t, "First Answer", 1), "/seconds"), "-60");
    parley_test_wait(t, 60 * 1000);
    agent("maria", "POST", "/threads/ann/reply", "{\"inReplyTo\":1,\"body\":\"Hello again\",\"channel\":\"web\"}");
    expect_status(201);
    cr_expect_eq(parley_test_tracked(t, "Message Answered"), 3);
    cr_expect_str_eq(parley_test_json(t, parley_test_properties(t, "First Answer", 2), "/seconds"), "120");
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/thread/status", "\"waiting\"");
    SAYS("/thread/waitingSince", "null");
}

Test(channels, an_answer_that_comes_back_after_her_time_leaves_her_unanswered_at_once) {
    agent("connector", "POST", "/inbound",
          "{\"id\":\"1\",\"channel\":\"email\",\"customer\":\"ann\",\"from\":\"a@b.example\",\"body\":\"Hi\"}");
    answers("maria", "ann", atoi(parley_test_at(t, "/id")), "Hello");
    parley_test_wait(t, 25 * 3600 * 1000);
    cr_expect_eq(parley_test_tracked(t, "Message Unanswered"), 0);
    agent("connector", "PUT", "/outbound/1", "{\"state\":\"bounced\"}");
    parley_test_wait(t, 1000);
    cr_expect_eq(parley_test_tracked(t, "Message Unanswered"), 1);
}

Test(channels, what_came_back_is_answered_all_the_same_by_another_reply_or_where_she_read_it) {
    agent("connector", "POST", "/inbound",
          "{\"id\":\"1\",\"channel\":\"email\",\"customer\":\"ann\",\"from\":\"a@b.example\",\"body\":\"Hi\"}");
    int id = atoi(parley_test_at(t, "/id"));
    answers("maria", "ann", id, "Hello");
    agent("nils", "POST", "/threads/ann/reply", "{\"inReplyTo\":1,\"body\":\"Hello\",\"channel\":\"web\"}");
    agent("connector", "PUT", "/outbound/1", "{\"state\":\"bounced\"}");
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/thread/waitingSince", "null");
    SAYS("/items/3/progress/state", "\"answered\"");
    SAYS("/items/3/progress/by", "\"nils\"");
    cr_expect_eq(parley_test_tracked(t, "Message Answered"), 1);

    agent("connector", "POST", "/inbound",
          "{\"id\":\"2\",\"channel\":\"email\",\"customer\":\"ben\",\"from\":\"b@b.example\",\"body\":\"Hi\"}");
    int reply = answers("maria", "ben", atoi(parley_test_at(t, "/id")), "Hello");
    char seen[40];
    snprintf(seen, sizeof seen, "{\"upto\":%d}", reply);
    shopper("ben", "PUT", "/seen", seen);
    agent("connector", "PUT", "/outbound/2", "{\"state\":\"bounced\",\"detail\":\"full\"}");
    agent("maria", "GET", "/threads/ben", NULL);
    SAYS("/thread/status", "\"waiting\"");
    SAYS("/items/0/body", "\"This did not reach b@b.example: full; she has read it on the web\"");
    SAYS("/items/2/progress/state", "\"answered\"");
    cr_expect_eq(parley_test_tracked(t, "Message Answered"), 2);
}

/* ---- the gateway, which signs ---- */

/* A webhook signed at `age` seconds ago with `secret`, behind whatever else the header has. */
static int hook(const char *path, const char *secret, int age, const char *before, const char *body) {
    static int deliveries;
    char headers[400], message[1000], id[16], seconds[24];
    snprintf(id, sizeof id, "msg-%d", ++deliveries);
    snprintf(seconds, sizeof seconds, "%lld", (long long)(parley_test_now(t) / 1000 - age));
    snprintf(message, sizeof message, "%s.%s.%s", id, seconds, body);
    snprintf(headers, sizeof headers,
             "{\"webhook-id\":\"%s\",\"webhook-timestamp\":\"%s\",\"webhook-signature\":\"%sv1,%s\"}", id, seconds,
             before, signature(secret, message));
    return status = parley_test_hook(t, path, headers, body);
}

#define MAIL "{\"id\":\"<9@mail>\",\"channel\":\"email\",\"from\":\"ann@mail.example\",\"body\":\"By mail\"}"

Test(channels, a_gateway_brings_mails_and_reports_under_its_signature) {
    parley_test_traits(t, "ann", "{\"email\":\"ann@mail.example\"}");
    hook("/inbound", TALK_SECRET, 0, "", MAIL);
    expect_status(201);
    SAYS("/customer", "\"ann\"");
    int id = atoi(parley_test_at(t, "/id"));
    hook("/inbound", TALK_SECRET, 30, "v1,b2xk v1a,x ", MAIL); /* sent again, by who signs with an older secret too */
    expect_status(200);
    answers("maria", "ann", id, "Back by mail");
    hook("/deliveries", TALK_SECRET, 0, "", "{\"id\":1,\"state\":\"delivered\"}");
    expect_status(200);
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/items/0/delivery", "\"delivered\"");
    hook("/deliveries", TALK_SECRET, 0, "", "{\"id\":1,\"state\":\"eaten\"}");
    expect_status(400);
    hook("/deliveries", TALK_SECRET, 0, "", "delivered!");
    expect_status(400);
}

Test(channels, who_does_not_sign_as_the_gateway_does_is_refused_and_changes_nothing) {
    hook("/inbound", "another secret", 0, "", MAIL);
    expect_status(401);
    hook("/inbound", TALK_SECRET, 301, "", MAIL);
    expect_status(401);
    hook("/inbound", TALK_SECRET, -301, "", MAIL);
    expect_status(401);
    parley_test_hook(t, "/inbound", "{}", MAIL);
    cr_expect_eq(parley_test_counted(t, "hooks_refused"), 4);
    agent("maria", "GET", "/inbox", NULL);
    SAYS("/items", "[]");
}
