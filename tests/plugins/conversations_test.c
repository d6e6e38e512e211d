/* The conversations plugin as shoppers and agents meet it: <parley/test.h>. */
#include "tests/plugins/conversations_calls.h"

TestSuite(conversations, .init = start_talk, .fini = stop);

Test(conversations, a_message_is_received_then_being_answered_by_somebody_then_answered) {
    int id = writes("ann", "Where is my lamp?");
    shopper("ann", "GET", "/messages", NULL);
    SAYS("/items/0/author", "\"me\"");
    SAYS("/items/0/progress/state", "\"received\"");
    SAYS("/greeting", "\"Moin\"");
    SAYS("/hours", "\"9 to 5\"");
    agent("maria", "PUT", "/threads/ann/assignee", "{\"assignee\":\"me\"}");
    shopper("ann", "GET", "/messages", NULL);
    SAYS("/items/0/progress", "{\"state\":\"answering\",\"by\":\"maria\"}");
    parley_test_wait(t, 90000);
    int reply = answers("maria", "ann", id, "It left us this morning.");
    cr_expect_gt(reply, id);
    shopper("ann", "GET", "/messages", NULL);
    SAYS("/items/0/author", "\"shop\"");
    SAYS("/items/0/by", "\"maria\"");
    SAYS("/items/0/progress", "null");
    SAYS("/items/1/progress/state", "\"answered\"");
    SAYS("/items/1/progress/by", "\"maria\"");
    SAYS("/thread/unread", "1");
    cr_expect_eq(parley_test_tracked(t, "Message Received"), 1);
    cr_expect_eq(parley_test_tracked(t, "Message Sent"), 1);
    cr_expect_str_eq(parley_test_json(t, parley_test_properties(t, "Message Answered", 0), "/seconds"), "90");
    cr_expect_str_eq(parley_test_json(t, parley_test_properties(t, "First Answer", 0), "/seconds"), "90");
    cr_expect_eq(parley_test_entries(t, "message"), 2);
    cr_expect_str_eq(parley_test_json(t, parley_test_entry(t, "message", 1), "/customer"), "\"ann\"");
}

Test(conversations, a_reply_names_what_it_answers_and_answers_what_came_before_it) {
    int first = writes("ann", "One"), second = writes("ann", "Two");
    parley_test_wait(t, 1000);
    int third = writes("ann", "Three"), bens = writes("ben", "Mine");
    answers("maria", "ann", bens, "No");
    expect_status(400);
    SAYS("/errors/0/pointer", "\"/inReplyTo\"");
    agent("maria", "POST", "/threads/ann/reply", "{\"body\":\"To nothing\"}");
    expect_status(400);
    int reply = answers("maria", "ann", second, "Both");
    answers("maria", "ann", reply, "An answer to an answer");
    expect_status(400);
    cr_expect_eq(parley_test_tracked(t, "Message Answered"), 2);
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/thread/status", "\"open\""); /* the third one waits still */
    SAYS("/items/1/progress/state", "\"answering\"");
    answers("maria", "ann", third, "That too");
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/thread/status", "\"waiting\"");
    SAYS("/thread/waitingSince", "null");
    cr_expect_eq(parley_test_tracked(t, "Message Answered"), 3);
    cr_expect_lt(first, second);
}

Test(conversations, the_inbox_puts_who_waits_longest_first) {
    int ids[3];
    static const char *const who[] = {"ann", "ben", "cat"};
    for (int i = 0; i < 3; i++) {
        ids[i] = writes(who[i], i == 2 ? "A 100% red lamp" : "Hello there");
        parley_test_wait(t, 1000);
    }
    agent("maria", "GET", "/inbox", NULL);
    SAYS("/items/0/thread/customer", "\"ann\"");
    SAYS("/items/2/thread/customer", "\"cat\"");
    SAYS("/items/0/thread/unread", "1");
    SAYS("/items/0/thread/waitingSince", "\"2026-01-01T12:00:00.000Z\"");
    answers("maria", "ann", ids[0], "Hello");
    agent("maria", "GET", "/inbox?limit=2", NULL);
    SAYS("/items/0/thread/customer", "\"ben\"");
    SAYS("/items/1/thread/customer", "\"cat\"");
    char path[100];
    const char *next = parley_test_at(t, "/next");
    snprintf(path, sizeof path, "/inbox?cursor=%.*s", (int)strlen(next) - 2, next + 1);
    agent("maria", "GET", path, NULL);
    SAYS("/items/0/thread/customer", "\"ann\"");
    SAYS("/items/0/last", "\"Hello\"");
    SAYS("/next", "null");
    agent("maria", "GET", "/inbox?q=100%25", NULL);
    SAYS("/items/0/thread/customer", "\"cat\"");
    cr_expect_null(parley_test_at(t, "/items/1"));
    agent("maria", "GET", "/inbox?status=waiting&assignee=maria", NULL);
    SAYS("/items/0/thread/customer", "\"ann\"");
    cr_expect_null(parley_test_at(t, "/items/1"));
    agent("maria", "PUT", "/threads/ben/seen", "{\"upto\":2}");
    agent("maria", "GET", "/inbox?unread=yes&assignee=none", NULL);
    SAYS("/items/0/thread/customer", "\"cat\"");
    cr_expect_null(parley_test_at(t, "/items/1"));
    agent("maria", "GET", "/inbox?cursor=x", NULL);
    expect_status(400);
}

Test(conversations, what_is_snoozed_wakes_and_what_is_closed_opens_when_she_writes_again) {
    writes("ann", "Please call me next week");
    agent("maria", "PUT", "/threads/ann/status", "{\"status\":\"snoozed\",\"until\":\"2026-01-08T08:00:00Z\"}");
    expect_status(200);
    SAYS("/snoozedUntil", "\"2026-01-08T08:00:00.000Z\"");
    parley_test_wait_until(t, "2026-01-08T07:59:00Z");
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/thread/status", "\"snoozed\"");
    parley_test_wait_until(t, "2026-01-08T08:00:00Z");
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/thread/status", "\"open\"");
    agent("maria", "PUT", "/threads/ann/status", "{\"status\":\"closed\"}");
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/thread/waitingSince", "null");
    writes("ann", "Are you there?");
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/thread/status", "\"open\"");
    agent("maria", "PUT", "/threads/ann/status", "{\"status\":\"asleep\"}");
    expect_status(400);
}

Test(conversations, a_message_that_nobody_answers_for_a_day_counts_as_unanswered_once) {
    writes("ann", "Anybody?");
    parley_test_wait(t, 24 * 3600 * 1000 - 1);
    cr_expect_eq(parley_test_tracked(t, "Message Unanswered"), 0);
    parley_test_wait(t, 1);
    cr_expect_eq(parley_test_tracked(t, "Message Unanswered"), 1);
    parley_test_wait(t, 72LL * 3600 * 1000);
    agent("maria", "PUT", "/threads/ann/status", "{\"status\":\"closed\"}");
    cr_expect_eq(parley_test_tracked(t, "Message Unanswered"), 1);
    writes("ben", "Thanks!");
    agent("maria", "PUT", "/threads/ben/status", "{\"status\":\"closed\"}");
    cr_expect_eq(parley_test_tracked(t, "Message Unanswered"), 2); /* closed without an answer: at once */
    int asked = writes("cat", "And now?");
    answers("maria", "cat", asked, "Now it is answered");
    parley_test_wait(t, 72LL * 3600 * 1000);
    cr_expect_eq(parley_test_tracked(t, "Message Unanswered"), 2);
}

Test(conversations, how_long_an_answer_may_take_is_the_variants_word) {
    parley_test_variant(t, "talk", "on", "{\"unansweredHours\":2}");
    writes("ann", "Anybody?");
    parley_test_variant(t, "talk", "on", "{\"unansweredHours\":48}");
    writes("ben", "Anybody?");
    parley_test_wait(t, 2 * 3600 * 1000 - 1);
    cr_expect_eq(parley_test_tracked(t, "Message Unanswered"), 0);
    parley_test_wait(t, 1);
    cr_expect_eq(parley_test_tracked(t, "Message Unanswered"), 1);
    parley_test_wait(t, 46LL * 3600 * 1000);
    cr_expect_eq(parley_test_tracked(t, "Message Unanswered"), 2);
}

Test(conversations, a_visitor_who_signs_in_has_one_thread_and_her_cookie_shows_only_its_own) {
    visitor("anon-1", "POST", "/messages", "{\"body\":\"From the phone\"}");
    int id = atoi(parley_test_at(t, "/id"));
    writes("ann", "From the computer");
    agent("maria", "GET", "/inbox", NULL);
    SAYS("/items/1/thread/customer", "\"ann\""); /* two, as far as anybody knows */
    parley_test_join(t, "ann", "anon-1");
    shopper("ann", "GET", "/messages", NULL);
    SAYS("/items/0/body", "\"From the computer\"");
    SAYS("/items/1/body", "\"From the phone\"");
    writes("ann", "It is me");
    agent("maria", "GET", "/inbox", NULL);
    SAYS("/items/0/thread/customer", "\"ann\"");
    SAYS("/items/0/thread/known", "true");
    SAYS("/items/0/thread/unread", "3");
    cr_expect_null(parley_test_at(t, "/items/1"));
    answers("maria", "anon-1", id, "Hello phone");
    expect_status(201);
    visitor("anon-1", "GET", "/messages", NULL);
    SAYS("/items/0/body", "\"Hello phone\"");
    SAYS("/items/1/body", "\"From the phone\"");
    cr_expect_null(parley_test_at(t, "/items/2"));
    SAYS("/thread/unread", "1");
}

Test(conversations, near_identical_replies_to_many_customers_are_counted_as_canned) {
    static const char *const who[] = {"ann", "ben", "cat", "dan"};
    static const char *const same[] = {
        "Hello Ann, thank you for your message. We look into it and come back to you soon.",
        "Hello Ben, thank you for your message! We look into it and come back to you soon",
        "hello cat - Thank you for your message. We look into it, and come back to you very soon."};
    for (int i = 0; i < 4; i++) {
        char traits[60];
        snprintf(traits, sizeof traits, "{\"name\":\"%c%s Smith\"}", who[i][0] - 32, who[i] + 1);
        parley_test_traits(t, who[i], traits);
    }
    for (int i = 0; i < 2; i++) answers("maria", who[i], writes(who[i], "A question"), same[i]);
    cr_expect_eq(parley_test_tracked(t, "Reply Canned"), 0); /* two are not many */
    answers("otto", who[3], writes(who[3], "A question"),
            "The red one has a switch of brass, and the blue one has none at all.");
    answers("maria", who[0], writes(who[0], "Again"), same[0]); /* the same customer is no further one */
    cr_expect_eq(parley_test_tracked(t, "Reply Canned"), 0);
    answers("maria", who[2], writes(who[2], "A question"), same[2]);
    cr_expect_eq(parley_test_tracked(t, "Reply Canned"), 4);                /* those that went before it, too */
    answers("maria", who[3], writes(who[3], "Thanks"), "You are welcome!"); /* too short to be judged */
    agent("maria", "GET", "/agents", NULL);
    SAYS("/items/0/agent", "\"maria\"");
    SAYS("/items/0/sent", "5");
    SAYS("/items/0/canned", "4");
    SAYS("/items/0/cannedRate", "0.8");
    SAYS("/items/1/cannedRate", "0");
}

Test(conversations, figures_are_alike_and_the_threshold_is_the_variants) {
    static const char *const who[] = {"ann", "ben", "cat"};
    parley_test_variant(t, "talk", "on", "{\"cannedSimilarity\":1,\"cannedCustomers\":2}");
    for (int i = 0; i < 3; i++) {
        char words[200];
        snprintf(words, sizeof words, "Your parcel number %d leaves us %s at four o'clock.", 5551 + 17 * i,
                 i < 2 ? "today" : "tomorrow");
        answers("maria", who[i], writes(who[i], "When?"), words);
    }
    cr_expect_eq(parley_test_tracked(t, "Reply Canned"), 2);
    cr_expect_str_eq(parley_test_json(t, parley_test_properties(t, "Reply Canned", 0), "/customers"), "2");
}

Test(conversations, notes_stay_among_colleagues_and_facts_can_be_corrected) {
    writes("ann", "Hello");
    agent("maria", "POST", "/threads/ann/notes", "{\"body\":\"Careful: likes tea\"}");
    expect_status(201);
    agent("maria", "PUT", "/threads/ann/facts/drinks", "{\"value\":\"coffee\"}");
    agent("otto", "PUT", "/threads/ann/facts/drinks", "{\"value\":\"tea\"}");
    agent("otto", "GET", "/threads/ann", NULL);
    SAYS("/facts/0/value", "\"tea\"");
    SAYS("/facts/0/by", "\"otto\"");
    SAYS("/items/0/author", "\"note\"");
    SAYS("/agent", "\"otto\"");
    agent("otto", "DELETE", "/threads/ann/facts/drinks", NULL);
    agent("otto", "GET", "/threads/ann", NULL);
    SAYS("/facts", "[]");
    shopper("ann", "GET", "/messages", NULL);
    cr_expect(!strstr(parley_test_body(t), "likes tea"));
    SAYS("/items/0/body", "\"Hello\"");
}

Test(conversations, who_helps_is_thanked_and_credited) {
    int reply = answers("maria", "ann", writes("ann", "Which bulb?"), "E14, forty watts at most.");
    char path[60];
    snprintf(path, sizeof path, "/messages/%d/thanks", reply);
    shopper("ben", "PUT", path, NULL);
    expect_status(404);
    shopper("ann", "PUT", path, NULL);
    shopper("ann", "PUT", path, NULL);
    cr_expect_eq(parley_test_tracked(t, "Answer Thanked"), 1);
    cr_expect_eq(parley_test_notified(t, "thanks"), 1);
    agent("maria", "GET", "/agents", NULL);
    SAYS("/items/0/thanks", "1");
    SAYS("/items/0/answered", "1");
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/items/0/thanked", "true");
}

Test(conversations, a_talk_carries_what_it_is_about_and_a_complaint_is_counted) {
    shopper("ann", "POST", "/messages",
            "{\"body\":\"Why no blue?\",\"about\":{\"kind\":\"poll\",\"ref\":\"next-mug\"}}");
    agent("maria", "GET", "/threads/ann", NULL);
    SAYS("/items/0/about", "{\"kind\":\"poll\",\"ref\":\"next-mug\"}");
    agent("maria", "PUT", "/threads/ann/complaint", "{\"message\":1,\"complaint\":true}");
    agent("maria", "PUT", "/threads/ann/complaint", "{\"message\":1,\"complaint\":true}");
    cr_expect_eq(parley_test_tracked(t, "Complaint Made"), 1);
    shopper("ann", "POST", "/messages", "{\"body\":\"It broke\",\"about\":{\"kind\":\"complaint\",\"ref\":\"o-1\"}}");
    cr_expect_eq(parley_test_tracked(t, "Complaint Made"), 2);
    shopper("ann", "POST", "/messages", "{\"body\":\"x\",\"about\":{\"kind\":\"poll\"}}");
    expect_status(400);
}

Test(conversations, both_sides_are_told_and_an_order_too) {
    int id = writes("ann", "Hello");
    cr_expect_eq(parley_test_notified(t, "message"), 1);
    answers("maria", "ann", id, "Hello");
    cr_expect_eq(parley_test_notified(t, "message"), 2);
    cr_expect_str_eq(parley_test_note(t, "message", 1), "ann");
    cr_expect(parley_test_event(t, "Order Completed", "ann", "{\"order_id\":\"o-1\"}"));
    cr_expect(parley_test_event(t, "Order Completed", "ben", "{\"order_id\":\"o-2\"}"));
    cr_expect_eq(parley_test_notified(t, "order"), 1); /* nobody talks with ben */
    agent("maria", "GET", "/inbox", NULL);
    SAYS("/items/0/thread/orderAt", "\"2026-01-01T12:00:00.000Z\"");
}

Test(conversations, a_message_sent_twice_is_one_and_too_many_are_refused) {
    for (int i = 0; i < 2; i++) shopper("ann", "POST", "/messages", "{\"body\":\"Once\",\"id\":\"m-1\"}");
    expect_status(200);
    shopper("ben", "POST", "/messages", "{\"body\":\"Once\",\"id\":\"m-1\"}");
    expect_status(201); /* her id is hers */
    for (int i = 1; i < 20; i++) writes("ann", "More");
    shopper("ann", "POST", "/messages", "{\"body\":\"Too much\"}");
    expect_status(429);
    parley_test_wait(t, 61000);
    writes("ann", "Now");
}

Test(conversations, an_answer_sent_twice_is_one) {
    writes("ann", "Hello");
    for (int i = 0; i < 2; i++)
        agent("maria", "POST", "/threads/ann/reply", "{\"inReplyTo\":1,\"body\":\"Hi\",\"id\":\"r-1\"}");
    expect_status(200);
    SAYS("/id", "2");
    cr_expect_eq(parley_test_tracked(t, "Message Sent"), 1);
    agent("otto", "POST", "/threads/ann/reply", "{\"inReplyTo\":1,\"body\":\"Hi\",\"id\":\"r-1\"}");
    expect_status(201);
}

Test(conversations, what_cannot_be_is_refused_with_its_place) {
    static const char *const cases[][2] = {
        {"{\"body\":\"\"}", "/body"},
        {"{\"body\":\" \\n \"}", "/body"},
        {"{\"body\":7}", "/body"},
        {"{}", "/body"},
        {"{\"body\":\"x\",\"inReplyTo\":\"1\"}", "/inReplyTo"},
        {"{\"body\":\"x\",\"inReplyTo\":99}", "/inReplyTo"},
        {"{\"body\":\"x\",\"colour\":1}", "/colour"},
        {"{\"body\":\"x\",\"about\":\"y\"}", "/about"},
    };
    writes("ann", "Hello");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[40];
        shopper("ann", "POST", "/messages", cases[i][0]);
        expect_status(400);
        snprintf(expected, sizeof expected, "\"%s\"", cases[i][1]);
        SAYS("/errors/0/pointer", expected);
    }
    char *long_one = malloc(4200);
    snprintf(long_one, 4200, "{\"body\":\"%04001d\"}", 0);
    shopper("ann", "POST", "/messages", long_one);
    expect_status(400);
    free(long_one);
    agent("maria", "GET", "/threads/nobody", NULL);
    expect_status(404);
    shopper("ann", "GET", "/inbox", NULL);
    expect_status(404); /* not a shopper's path at all */
}

Test(conversations, an_export_has_everything_and_after_forgetting_there_is_nothing) {
    visitor("anon-1", "POST", "/messages", "{\"body\":\"phone words\"}");
    parley_test_join(t, "ann", "anon-1");
    int id = writes("ann", "computer words");
    answers("maria", "ann", id, "these are the words of an answer");
    agent("maria", "POST", "/threads/ann/notes", "{\"body\":\"noted words\"}");
    agent("maria", "PUT", "/threads/ann/facts/size", "{\"value\":\"fact words\"}");
    writes("ben", "other words");
    char *hers = strdup(parley_test_export(t, "ann"));
    cr_expect(strstr(hers, "computer words") && strstr(hers, "an answer") && strstr(hers, "noted words") &&
                  strstr(hers, "fact words"),
              "%s", hers);
    cr_expect(!strstr(hers, "other words") && !strstr(hers, "phone words"), "%s", hers);
    cr_expect(strstr(parley_test_export(t, "anon-1"), "phone words"));
    free(hers);
    cr_expect_eq(parley_test_forget(t, "ann"), 0);
    cr_expect_str_eq(parley_test_export(t, "ann"),
                     "{\"messages\":[],\"thread\":null,\"facts\":null,\"settings\":null}");
    cr_expect(strstr(parley_test_export(t, "anon-1"), "phone words"));
    cr_expect(!strstr(parley_test_body(t), "fact words"));
    cr_expect_eq(parley_test_forget(t, "anon-1"), 0);
    cr_expect_eq(parley_test_forget(t, "nobody"), 0);
    agent("maria", "GET", "/inbox", NULL);
    SAYS("/items/0/thread/customer", "\"ben\"");
    cr_expect_null(parley_test_at(t, "/items/1"));
}

Test(conversations, a_restart_forgets_nothing) {
    int id = writes("ann", "Hello");
    parley_test_restart(t, NULL);
    parley_test_variant(t, "talk", "on", NULL);
    answers("maria", "ann", id, "Hello again");
    expect_status(201);
    shopper("ann", "GET", "/messages", NULL);
    SAYS("/items/1/body", "\"Hello\"");
}
