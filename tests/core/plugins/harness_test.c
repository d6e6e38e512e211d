/* <parley/test.h>: what a plugin's author relies on when a test of hers passes. */
#include <criterion/criterion.h>
#include <parley/test.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/plugins/build_path.h"

static parley_test *t;

static struct parley_test_options notes(const char *version) {
    return (struct parley_test_options){.library = build_path("tests/fixtures/notes-%s.so", version)};
}

static void start_notes(void) {
    struct parley_test_options options = notes("1.0.0");
    t = parley_test_start(&options);
    cr_assert_null(parley_test_why(t), "%s", parley_test_why(t));
}
static void stop_notes(void) {
    parley_test_stop(t);
}
TestSuite(harness, .init = start_notes, .fini = stop_notes);

static int put(const char *id) {
    char path[64];
    snprintf(path, sizeof path, "/notes/%s", id);
    return parley_test_call(t, "PUT", path, "{\"body\":\"x\"}");
}

static void expect_notes(const char *ids) {
    parley_test_call(t, "GET", "/notes", NULL);
    cr_expect(parley_test_says(t, "/ids", ids));
}

Test(harness, a_call_comes_as_whoever_the_test_says) {
    parley_test_variant(t, "product-poll", "top", "{\"max\":4}");
    parley_test_as_anonymous(t, "visitor-1");
    cr_expect_eq(parley_test_call(t, "POST", "/echo/a?q=caf%C3%A9", "{\"deep\":[1,{\"k~/\":2}]}"), 200);
    cr_expect(parley_test_says(t, "/customer", "\"visitor-1\""));
    cr_expect(parley_test_says(t, "/known", "false"));
    cr_expect(parley_test_says(t, "/variant", "\"top\""));
    cr_expect(parley_test_says(t, "/max", "4"));
    cr_expect(parley_test_says(t, "/q", "\"caf\xC3\xA9\""));
    cr_expect(parley_test_says(t, "/body/deep/1/k~0~1", "2"));
    cr_expect_null(parley_test_at(t, "/body/deep/2"));
    cr_expect_not(parley_test_says(t, "/known", "true"));
    parley_test_as_staff(t);
    cr_expect_eq(parley_test_call(t, "GET", "/staff", NULL), 200);
    parley_test_as(t, "ann");
    cr_expect_eq(parley_test_call(t, "GET", "/staff", NULL), 404);
}

Test(harness, what_was_written_survives_a_restart_and_another_release_takes_it_over) {
    cr_expect_eq(put("a"), 200);
    parley_test_restart(t, NULL);
    expect_notes("\"a\"");
    struct parley_test_options newer = notes("1.1.0");
    parley_test_restart(t, &newer);
    expect_notes("\"a\"");
}

Test(harness, a_release_that_does_not_start_says_why) {
    struct parley_test_options bad = notes("3.0.0");
    parley_test_restart(t, &bad);
    cr_expect(strstr(parley_test_why(t), "migration 4 failed"), "%s", parley_test_why(t));
    bad = notes("1.0.0");
    bad.settings = "{\"bad\":1}";
    parley_test_restart(t, &bad);
    cr_expect(strstr(parley_test_why(t), "is no setting of notes"), "%s", parley_test_why(t));
    bad = notes("9.9.9");
    parley_test_restart(t, &bad);
    cr_expect(strstr(parley_test_why(t), "No such file"), "%s", parley_test_why(t));
}

Test(harness, a_migration_that_is_not_as_additive_as_it_says_is_refused_and_changes_nothing) {
    struct parley_test_options bad = notes("4.0.0");
    put("a");
    parley_test_restart(t, &bad);
    cr_expect(strstr(parley_test_why(t),
                     "migration 5 failed, nothing was changed: it says that it is additive, but takes away or "
                     "renames note.text"),
              "%s", parley_test_why(t));
    bad = notes("4.0.1");
    parley_test_restart(t, &bad);
    cr_expect(strstr(parley_test_why(t), "renames tag."), "%s", parley_test_why(t));
    bad = notes("1.0.0");
    parley_test_restart(t, &bad);
    expect_notes("\"a\"");
}

Test(harness, a_release_whose_migrations_stand_before_what_has_run_is_refused) {
    struct parley_test_options other = notes("1.2.0");
    put("a");
    parley_test_restart(t, &other);
    cr_expect_null(parley_test_why(t), "a gap is fine: %s", parley_test_why(t));
    other = notes("1.1.0");
    parley_test_restart(t, &other);
    cr_expect(parley_test_why(t) &&
                  strstr(parley_test_why(t), "migration 2 has never run on this plugin's data, but 4 has"),
              "%s", parley_test_why(t));
    other = notes("1.0.0");
    parley_test_restart(t, &other);
    expect_notes("\"a\"");
}

Test(harness, a_call_to_a_release_that_did_not_start_ends_the_test, .signal = SIGABRT) {
    struct parley_test_options bad = notes("9.9.9");
    parley_test_restart(t, &bad);
    put("a");
}

Test(harness, a_call_that_fails_leaves_nothing_behind) {
    cr_expect_eq(parley_test_call(t, "PUT", "/refused/b", "{\"body\":\"2\"}"), 422);
    cr_expect_eq(parley_test_tracked(t, NULL), 0);
    cr_expect_eq(put("a"), 200);
    cr_expect_eq(parley_test_tracked(t, "Note Written"), 1);
    cr_expect_str_eq(parley_test_properties(t, "Note Written", 0), "{\"id\":\"a\"}");
    cr_expect_null(parley_test_properties(t, "Note Written", 1));
    expect_notes("\"a\"");
}

Test(harness, timers_fire_in_their_order_when_the_clock_passes_them) {
    parley_test_call(t, "PUT", "/timers/late", "{\"in\":5000}");
    parley_test_call(t, "PUT", "/timers/early", "{\"in\":1000}");
    parley_test_wait(t, 999);
    expect_notes("\"\"");
    parley_test_wait(t, 1);
    expect_notes("\"early\"");
    parley_test_wait_until(t, "2026-01-01T12:01:00Z");
    expect_notes("\"early late\"");
    parley_test_call(t, "PUT", "/timers/early", "{\"in\":0}"); /* conflicts: it is tried a minute later */
    parley_test_wait(t, 0);
    cr_expect_eq(parley_test_now(t), 1767268860000);
}

Test(harness, events_reach_who_subscribes_and_a_refused_one_is_undone) {
    cr_expect(parley_test_event(t, "Order Completed", "ann", "{\"order_id\":\"o1\"}"));
    cr_expect_not(parley_test_event(t, "Order Completed", "ann", "{\"order_id\":\"o1\"}"), "a conflict");
    cr_expect(strstr(parley_test_logs(t), "event 2 \"Order Completed\" failed"), "%s", parley_test_logs(t));
    cr_expect_not(parley_test_event(t, "Product Viewed", "ann", NULL), "it does not subscribe to this");
    parley_test_restart(t, NULL);
    cr_expect(parley_test_event(t, "Order Completed", "ben", "{\"order_id\":\"o2\"}"));
    expect_notes("\"o1 o2\"");
}

Test(harness, a_customer_gets_and_loses_what_is_held) {
    cr_expect_str_eq(parley_test_export(t, "ann"), "{\"customer\":\"ann\"}");
    cr_expect_eq(parley_test_forget(t, "ann"), 0);
}

Test(harness_folder, is_gone_afterwards_or_kept_where_one_was_named) {
    char folder[] = "/tmp/parley-harness-XXXXXX", file[64];
    struct parley_test_options options = notes("1.0.0");
    cr_assert_not_null(mkdtemp(folder));
    options.folder = folder;
    t = parley_test_start(&options);
    put("a");
    parley_test_stop(t);
    t = parley_test_start(&options);
    expect_notes("\"a\"");
    parley_test_stop(t);
    static const char *const files[] = {"data.db",   "data.db-wal", "data.db-shm",
                                        "gate.lock", "writer.lock", "users.lock"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(file, sizeof file, "%s/%s", folder, files[i]);
        unlink(file);
    }
    cr_expect_eq(rmdir(folder), 0, "something else was left in it");
}

/* ---- what ABI 1.1 added ---- */

static void start_caller(void) {
    t = parley_test_start(&(struct parley_test_options){.library = build_path("tests/fixtures/%s.so", "caller")});
    cr_assert_null(parley_test_why(t), "%s", parley_test_why(t));
}
TestSuite(calls, .init = start_caller, .fini = stop_notes);

Test(calls, a_shopper_may_have_herself_asked_about_and_staff_anybody) {
    parley_test_traits(t, "ann", "{\"name\":\"Ann\"}");
    parley_test_consent(t, "ann", "{\"marketing\":true}");
    parley_test_as(t, "ann");
    parley_test_call(t, "GET", "/traits", NULL);
    cr_expect(parley_test_says(t, "", "{\"traits\":{\"name\":\"Ann\"},\"consent\":{\"marketing\":true}}"));
    parley_test_as(t, "ben");
    parley_test_call(t, "GET", "/traits", NULL);
    cr_expect(parley_test_says(t, "", "{\"traits\":{},\"consent\":{}}"));
    parley_test_call(t, "GET", "/traits?customer=ann", NULL);
    cr_expect(parley_test_says(t, "/traits", "null"));
    cr_expect(strstr(parley_test_logs(t), "no traits: a shopper asks about herself alone"), "%s", parley_test_logs(t));
    parley_test_as_staff(t);
    parley_test_call(t, "GET", "/traits?customer=ann", NULL);
    cr_expect(parley_test_says(t, "/traits/name", "\"Ann\""));
    parley_test_call(t, "GET", "/traits", NULL);
    cr_expect(strstr(parley_test_logs(t), "no customer is named"), "%s", parley_test_logs(t));
    cr_expect(parley_test_event(t, "Friend Made", "ben", "{\"friend\":\"ann\"}"));
    cr_expect_str_eq(parley_test_properties(t, "Met", 0), "{\"traits\":{\"name\":\"Ann\"}}");
}

Test(calls, what_was_put_on_the_timeline_is_read_page_by_page) {
    static const char *const words[] = {"{\"words\":\"one\"}", "{\"words\":\"two\"}", "{\"words\":\"three\"}"};
    parley_test_as(t, "ann");
    parley_test_context(t, "{\"country\":\"DE\"}");
    for (int i = 0; i < 3; i++) cr_expect_eq(parley_test_call(t, "PUT", "/greetings", words[i]), 200);
    cr_expect(parley_test_says(t, "", "{\"release\":\"1.0.0\",\"country\":\"DE\",\"traits\":{}}"));
    parley_test_call(t, "GET", "/entries?kinds=vote+greeting", NULL);
    cr_expect(parley_test_says(t, "/items/0/refs/words", "\"three\""));
    cr_expect(parley_test_says(t, "/items/1/body", "\"Said two\""));
    cr_expect_null(parley_test_at(t, "/items/2"));
    cr_expect(parley_test_says(t, "/next", "\"2\""));
    parley_test_call(t, "GET", "/entries?before=2", NULL);
    cr_expect(parley_test_says(t, "/items/0/refs/words", "\"one\""));
    cr_expect(parley_test_says(t, "/next", "null"));
    parley_test_call(t, "GET", "/entries?kinds=vote", NULL);
    cr_expect(parley_test_says(t, "/items", "[]"));
}

Test(calls, somebody_else_is_told_what_she_may_be_told) {
    parley_test_as_staff(t);
    cr_expect_eq(parley_test_call(t, "POST", "/tellings/ann?push=yes", NULL), 200);
    cr_expect_str_eq(parley_test_entry(t, "telling", 0),
                     "{\"customer\":\"ann\",\"kind\":\"telling\",\"body\":\"The shop says hello\","
                     "\"refs\":{\"push\":true}}");
    cr_expect_str_eq(parley_test_properties(t, "Told", 0), "{\"push\":true}");
    parley_test_pushes(t, "ann", false);
    parley_test_call(t, "POST", "/tellings/ann?push=yes", NULL);
    cr_expect(parley_test_says(t, "/told", "false"));
    parley_test_call(t, "POST", "/tellings/ann", NULL); /* an answer */
    cr_expect(parley_test_says(t, "/told", "true"));
    parley_test_call(t, "POST", "/tellings/ben?push=yes", NULL);
    cr_expect(parley_test_says(t, "/told", "true"));
    cr_expect_eq(parley_test_entries(t, "telling"), 3);
    parley_test_as(t, "ben");
    parley_test_call(t, "POST", "/tellings/ann", NULL);
    cr_expect(parley_test_says(t, "/told", "null"));
    cr_expect(strstr(parley_test_logs(t), "no contact: a shopper asks about herself alone"), "%s", parley_test_logs(t));
}

Test(calls, counts_and_observations_have_checked_names) {
    double sum = 0;
    parley_test_call(t, "PUT", "/greetings", "{\"words\":\"one\"}");
    cr_expect(strstr(parley_test_logs(t), "\"No name\" is no name of a metric"), "%s", parley_test_logs(t));
    parley_test_call(t, "PUT", "/greetings", "{\"words\":\"three\"}");
    cr_expect_eq(parley_test_counted(t, "greetings"), 2);
    cr_expect_eq(parley_test_observed(t, "greeting_bytes", &sum), 2);
    cr_expect_eq(sum, 8);
    cr_expect_eq(parley_test_counted(t, "No name"), 0);
}

Test(calls, work_begins_after_the_commit_and_comes_back_as_a_call) {
    parley_test_call(t, "GET", "/sums", NULL);
    cr_expect(parley_test_says(t, "/sums", "\"0\"")); /* asked for by start() */
    parley_test_call(t, "PUT", "/numbers/7", "{}");
    cr_expect(strstr(parley_test_logs(t), "the sum is 7"), "%s", parley_test_logs(t));
    parley_test_call(t, "PUT", "/numbers/8", "{\"refuse\":true}");
    parley_test_call(t, "POST", "/work", NULL);
    parley_test_call(t, "POST", "/work?upto=-1", NULL); /* fails: there is no result */
    parley_test_call(t, "GET", "/sums", NULL);
    cr_expect(parley_test_says(t, "/sums", "\"0 7 7 -1\""));
}

Test(calls, a_plugin_is_told_when_what_it_wrote_was_undone) {
    parley_test_call(t, "GET", "/rolled-back", NULL);
    cr_expect(parley_test_says(t, "/rolledBack", "0"));
    parley_test_call(t, "PUT", "/numbers/8", "{\"refuse\":true}");
    parley_test_call(t, "GET", "/rolled-back", NULL);
    cr_expect(parley_test_says(t, "/rolledBack", "1"));
}

/* ---- what ABI 1.2 added ---- */

Test(calls, staff_have_a_name_and_what_happened_is_noted_of_whom_it_concerns) {
    parley_test_as_agent(t, "maria");
    cr_expect_eq(parley_test_call(t, "PUT", "/about/ann", "{}"), 200);
    cr_expect(parley_test_says(t, "", "{\"agent\":\"maria\"}"));
    cr_expect_eq(parley_test_notified(t, "told"), 1);
    cr_expect_str_eq(parley_test_note(t, "told", 0), "ann");
    parley_test_as(t, "ben");
    parley_test_call(t, "GET", "/who", NULL);
    cr_expect(parley_test_says(t, "/agent", "null"));
}

Test(calls, a_note_of_a_call_that_failed_is_not_told_and_a_topic_is_a_word) {
    parley_test_as_staff(t);
    cr_expect_eq(parley_test_call(t, "PUT", "/about/ann", "{\"fail\":true}"), 422);
    cr_expect_eq(parley_test_call(t, "PUT", "/about/ann", "{\"topic\":\"two words\"}"), 500);
    cr_expect_eq(parley_test_call(t, "PUT", "/about/ann", "{\"topic\":\"\"}"), 500);
    cr_expect_eq(parley_test_notified(t, NULL), 0);
    cr_expect_eq(parley_test_tracked(t, NULL), 0);
}

Test(calls, ids_are_hers_and_only_staff_finds_by_a_word) {
    parley_test_traits(t, "ann", "{\"email\":\"ann@mail.example\"}");
    parley_test_join(t, "ann", "anon-1");
    parley_test_as(t, "ann");
    parley_test_call(t, "GET", "/who?word=ann@mail.example", NULL);
    cr_expect(parley_test_says(t, "", "{\"ids\":[\"ann\",\"anon-1\"],\"found\":null,\"agent\":null}"));
    parley_test_call(t, "GET", "/who?customer=ben&word=x", NULL);
    cr_expect(parley_test_says(t, "/ids", "null"));
    parley_test_as_staff(t);
    parley_test_call(t, "GET", "/who?customer=anon-1&word=ann@mail.example", NULL);
    cr_expect(parley_test_says(t, "", "{\"ids\":[\"ann\",\"anon-1\"],\"found\":[\"ann\"],\"agent\":\"staff\"}"));
    parley_test_call(t, "GET", "/who?customer=ann&word=ben", NULL);
    cr_expect(parley_test_says(t, "/found", "[]"));
}

Test(calls, whether_she_may_be_written_to_is_parleys_word) {
    parley_test_as(t, "ann");
    parley_test_call(t, "POST", "/leave", "{\"why\":\"push\",\"channel\":\"email\"}");
    cr_expect(parley_test_says(t, "", "\"allowed\""));
    parley_test_may_contact(t, "ann", "cap-week");
    parley_test_call(t, "POST", "/leave", "{\"why\":\"push\",\"channel\":\"email\"}");
    cr_expect(parley_test_says(t, "", "\"cap-week\""));
}

/* ---- webhooks, added in 1.2 ---- */

static void start_hooked(void) {
    t = parley_test_start(
        &(struct parley_test_options){.library = build_path("tests/fixtures/%s.so", "hooked"), .secret = "Jefe"});
    cr_assert_null(parley_test_why(t), "%s", parley_test_why(t));
}
TestSuite(hooks, .init = start_hooked, .fini = stop_notes);

Test(hooks, a_webhook_brings_its_bytes_and_the_headers_that_were_handed_over) {
    cr_expect_eq(parley_test_hook(t, "/in", "{\"x-sign\":\"abc\"}", "what do ya want for nothing?"), 200);
    cr_expect(parley_test_says(t, "/source", "\"what do ya want for nothing?\""));
    cr_expect(parley_test_says(t, "/json", "false"));
    cr_expect(parley_test_says(t, "/staff", "false"));
    cr_expect(parley_test_says(t, "/customer", "\"\""));
    cr_expect(parley_test_says(t, "/sign", "\"abc\""));
    cr_expect(parley_test_says(t, "/other", "null"));
    cr_expect(parley_test_says(t, "/first", "91")); /* RFC 4231, test case 2: 5bdcc146 ... */
    parley_test_hook(t, "/in", "{}", "{\"a\": 1}");
    cr_expect(parley_test_says(t, "/json", "true"));
    cr_expect(parley_test_says(t, "/source", "\"{\\\"a\\\": 1}\""));
}

Test(hooks, webhooks_and_shoppers_have_no_routes_in_common) {
    cr_expect_eq(parley_test_call(t, "POST", "/in", "{}"), 404);
    parley_test_as_staff(t);
    cr_expect_eq(parley_test_call(t, "POST", "/in", "{}"), 404);
    cr_expect_eq(parley_test_hook(t, "/powers", "{}", "{}"), 404);
}

Test(hooks, a_shopper_speaks_for_herself_alone_and_a_webhook_for_anybody) {
    parley_test_as(t, "ben");
    parley_test_call(t, "POST", "/powers", "{}");
    cr_expect(
        parley_test_says(t, "", "{\"concern\":-1,\"happened\":-1,\"identify\":-1,\"erase\":-1,\"customer\":\"ben\"}"));
    cr_expect_eq(parley_test_effects(t, NULL), 0);
    parley_test_hook(t, "/in", "{}", "{\"powers\":true}");
    cr_expect(
        parley_test_says(t, "", "{\"concern\":0,\"happened\":0,\"identify\":0,\"erase\":0,\"customer\":\"ann\"}"));
    cr_expect_eq(parley_test_effects(t, NULL), 2);
    cr_expect_str_eq(parley_test_json(t, parley_test_effect(t, "identify", 0), "/customer"), "\"ann\"");
    cr_expect_str_eq(parley_test_json(t, parley_test_effect(t, "identify", 0), "/at"), "1");
}
