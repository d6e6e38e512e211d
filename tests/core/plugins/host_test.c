#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/core/plugins/house.h"

static struct house house;

static void open_house(void) {
    house_open(&house, NULL);
    house_start(&house);
    house_run_plugin(&house, "polls", "1.0.0", "obedient");
}

static void close_house(void) {
    house_close(&house);
}

TestSuite(host, .init = open_house, .fini = close_house);

static void assert_serves(const char *version) {
    struct said said = house_call(&house, "GET", "/polls", "");
    cr_assert_eq(said.code, 0);
    cr_assert_eq(said.status, 200);
    cr_assert_str_eq(said.version, version);
    cr_assert(strstr(said.body, version), "%s", said.body);
}

Test(host, an_installed_and_activated_plugin_answers) {
    assert_serves("1.0.0");
}

Test(host, a_plugin_that_is_not_there_is_not_found) {
    struct frame_request request = {.method = TEXT("GET"), .path = TEXT("/")};
    struct plugin_call call = {.plugin = TEXT("boards"), .request = &request};
    cr_assert_eq(plugins_call(house.plugins, &call, NULL), ERR_NOT_FOUND);
    cr_assert_eq(house_call_release(&house, "9.9.9", "GET", "/", "").code, ERR_NOT_FOUND);
    cr_assert_eq(house_activate(&house, "boards", "1.0.0"), ERR_NOT_FOUND);
    cr_assert_eq(house_activate(&house, "polls", "9.9.9"), ERR_NOT_FOUND);
    cr_assert_eq(house_rollback(&house, "boards"), ERR_NOT_FOUND);
    cr_assert_not(plugins_has(house.plugins, TEXT("boards"), TEXT_NONE));
    cr_assert(plugins_has(house.plugins, TEXT("polls"), TEXT("1.0.0")));
}

Test(host, activating_another_release_switches_to_it_and_stops_the_one_before) {
    house_run_plugin(&house, "polls", "1.1.0", "obedient");
    assert_serves("1.1.0");
    house_wait_for(&house, "polls", "\"state\":\"stopped\"");
    cr_assert(strstr(house_status(&house, "polls"), "\"active\":\"1.1.0\",\"previous\":\"1.0.0\""), "%s",
              house_status(&house, "polls"));
    cr_assert_eq(house_children(), 1);
}

Test(host, rolling_back_goes_to_the_release_before_and_back_again) {
    house_run_plugin(&house, "polls", "1.1.0", "obedient");
    cr_assert_eq(house_rollback(&house, "polls"), 0, "%s", house.error.detail);
    assert_serves("1.0.0");
    cr_assert_eq(house_rollback(&house, "polls"), 0, "%s", house.error.detail);
    assert_serves("1.1.0");
}

Test(host, without_a_release_before_there_is_no_rolling_back) {
    cr_assert_eq(house_rollback(&house, "polls"), ERR_CONFLICT);
    cr_assert_str_eq(house.error.detail, "polls has no release to roll back to: activate one by its version");
}

Test(host, a_release_that_fails_to_start_leaves_the_old_one_serving_and_says_why) {
    static const struct {
        const char *fixture, *why;
    } defects[] = {
        {"crashes_in_constructor", "was ended by signal 6 (Aborted)"},
        {"says_failed", "migration 3 failed: no such table: votes"},
        {"exits_in_start", "exited with status 3"},
        {"wrong_abi", "has ABI 2.2 by its library, not 1.2 as plugin.json says"},
        {"wrong_name", "is boards 2.0.4 by its library, not polls 2.0.4 as plugin.json says"},
    };
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        char version[16];
        snprintf(version, sizeof version, "2.0.%zu", i);
        cr_assert_eq(house_install(&house, house_bundle(&house, "polls", version, defects[i].fixture)), 0);
        cr_assert_eq(house_activate(&house, "polls", version), ERR_UNAVAILABLE, "%s", defects[i].fixture);
        cr_assert(strstr(house.error.detail, defects[i].why), "%s: %s", defects[i].fixture, house.error.detail);
        assert_serves("1.0.0");
        cr_assert(strstr(house_status(&house, "polls"), "\"state\":\"failed\",\"why\""));
        cr_assert(strstr(house_status(&house, "polls"), "\"active\":\"1.0.0\",\"previous\":null"));
    }
    cr_assert_eq(house_children(), 1);
}

/* However long a machine takes to start a process, one of ever longer deadlines is longer. */
static void fail_to_start(const char *version, const char *fixture, const char *why) {
    cr_assert_eq(house_install(&house, house_bundle(&house, "polls", version, fixture)), 0);
    *house.error.detail = 0;
    for (int ms = 100; !strstr(house.error.detail, why); ms *= 2) {
        cr_assert_lt(ms, 100000, "%s", house.error.detail);
        house_timing(&house)->start = ms;
        cr_assert_eq(house_activate(&house, "polls", version), ERR_UNAVAILABLE);
    }
    assert_serves("1.0.0");
    cr_assert(strstr(house_status(&house, "polls"), "\"state\":\"failed\",\"why\""));
    cr_assert(strstr(house_status(&house, "polls"), "\"active\":\"1.0.0\",\"previous\":null"));
    cr_assert_eq(house_children(), 1);
}

Test(host, a_release_that_is_not_ready_in_time_leaves_the_old_one_serving_and_says_what_was_waited_for) {
    fail_to_start("2.0.0", "hangs_in_start", "waiting for: READY from the worker");
    fail_to_start("2.0.1", "never_healthy", "waiting for: first PONG from the worker");
}

Test(host, a_library_that_is_no_elf_is_not_even_installed) {
    const char *folder = house_bundle(&house, "polls", "1.1.0", "obedient");
    char path[300];
    snprintf(path, sizeof path, "%s/polls.so", folder);
    FILE *file = fopen(path, "w");
    fputs("#!/bin/sh\necho I am a plugin\n", file);
    fclose(file);
    cr_assert_eq(house_install(&house, folder), ERR_INVALID);
    cr_assert_str_eq(house.error.detail, "polls 1.1.0: the library polls.so is no ELF");
    cr_assert_not(plugins_has(house.plugins, TEXT("polls"), TEXT("1.1.0")));
}

Test(host, a_library_changed_on_disk_after_installation_is_not_run) {
    cr_assert_eq(house_install(&house, house_bundle(&house, "polls", "1.1.0", "obedient")), 0);
    char command[400];
    snprintf(command, sizeof command, "for f in %s/polls/releases/1.1.0-*/polls.so; do echo >>$f; done",
             house.plugin_dir);
    cr_assert_eq(system(command), 0);
    cr_assert_eq(house_activate(&house, "polls", "1.1.0"), ERR_UNAVAILABLE);
    cr_assert(strstr(house.error.detail, "is not the one that was installed"), "%s", house.error.detail);
    assert_serves("1.0.0");
}

Test(host, a_release_that_failed_can_be_activated_once_more) {
    house_install(&house, house_bundle(&house, "polls", "1.1.0", "hangs_in_start"));
    house_timing(&house)->start = 100;
    cr_assert_eq(house_activate(&house, "polls", "1.1.0"), ERR_UNAVAILABLE);
    cr_assert_eq(house_activate(&house, "polls", "1.1.0"), ERR_UNAVAILABLE);
    assert_serves("1.0.0");
}

Test(host, the_same_release_installs_again_but_another_of_the_same_version_does_not) {
    cr_assert_eq(house_install(&house, house_bundle(&house, "polls", "1.0.0", "obedient")), 0);
    cr_assert_eq(house_install(&house, house_bundle(&house, "polls", "1.0.0", "ignores_stop")), ERR_CONFLICT);
    cr_assert(strstr(house.error.detail, "a release never changes"), "%s", house.error.detail);
}

static void note_code(void *user, const struct plugin_result *result) {
    *(int *)user = result->error.code;
}

Test(host, two_changes_of_a_plugin_at_once_are_a_conflict) {
    house_install(&house, house_bundle(&house, "polls", "1.1.0", "obedient"));
    int first = 1, second = 1;
    plugins_activate(house.plugins, TEXT("polls"), TEXT("1.1.0"), note_code, &first);
    plugins_activate(house.plugins, TEXT("polls"), TEXT("1.1.0"), note_code, &second);
    house_wait_until(&house, first != 1 && second != 1);
    cr_assert_eq(first, 0);
    cr_assert_eq(second, ERR_CONFLICT);
}

Test(host, stopping_ends_an_activation_under_way_and_the_one_before_is_active_afterwards) {
    house_install(&house, house_bundle(&house, "polls", "1.1.0", "hangs_in_start"));
    int code = 1;
    plugins_activate(house.plugins, TEXT("polls"), TEXT("1.1.0"), note_code, &code);
    house_turn(&house, 50);
    house_reopen(&house);
    cr_assert_eq(code, ERR_UNAVAILABLE);
    assert_serves("1.0.0");
}

Test(host, what_was_active_is_active_again_after_a_restart) {
    house_run_plugin(&house, "polls", "1.1.0", "obedient");
    house_reopen(&house);
    assert_serves("1.1.0");
    cr_assert_eq(house_rollback(&house, "polls"), 0, "%s", house.error.detail);
    assert_serves("1.0.0");
}

Test(host, a_release_damaged_on_disk_is_shown_as_failed_after_a_restart_and_the_others_serve) {
    house_run_plugin(&house, "polls", "1.1.0", "obedient");
    char command[400];
    snprintf(command, sizeof command, "for f in %s/polls/releases/1.0.0-*/web/widget.js; do echo >>$f; done",
             house.plugin_dir);
    cr_assert_eq(system(command), 0);
    house_reopen(&house);
    assert_serves("1.1.0");
    cr_assert_eq(house_rollback(&house, "polls"), ERR_UNAVAILABLE);
    cr_assert(strstr(house.error.detail, "was changed after it was installed"), "%s", house.error.detail);
}

Test(host, a_retired_plugin_is_gone_for_callers_but_still_exports_and_forgets) {
    cr_assert_eq(house_retire(&house, "polls"), 0);
    cr_assert_eq(house_call(&house, "GET", "/polls", "").code, ERR_GONE);
    house_wait_for(&house, "polls", "\"state\":\"stopped\"");
    cr_assert_eq(house_children(), 0);
    struct said said = house_errand(&house, FRAME_EXPORT);
    cr_assert_eq(said.code, 0);
    cr_assert_str_eq(said.body, "{\"votes\":[]}");
    cr_assert_eq(house_errand(&house, FRAME_FORGET).status, 204);
    house_wait_for(&house, "polls", "\"state\":\"stopped\"");
    cr_assert_eq(house_children(), 0, "the worker stays no longer than it is needed");
    house_reopen(&house);
    cr_assert_eq(house_call(&house, "GET", "/polls", "").code, ERR_GONE);
    cr_assert_eq(house_activate(&house, "polls", "1.0.0"), 0, "%s", house.error.detail);
    assert_serves("1.0.0");
}

Test(host, a_variant_may_name_another_release_and_both_serve) {
    cr_assert_eq(house_install(&house, house_bundle(&house, "polls", "1.1.0", "obedient")), 0);
    cr_assert_eq(house_call_release(&house, "1.1.0", "GET", "/polls", "").code, ERR_UNAVAILABLE);
    plugins_set_wanted(house.plugins, &(struct plugin_release_name){TEXT("polls"), TEXT("1.1.0")}, 1);
    house_wait_until(&house, house_call_release(&house, "1.1.0", "GET", "/polls", "").code == 0);
    struct said said = house_call_release(&house, "1.1.0", "GET", "/polls", "");
    cr_assert_eq(said.status, 200);
    cr_assert_str_eq(said.version, "1.1.0");
    assert_serves("1.0.0");
    plugins_set_wanted(house.plugins, NULL, 0);
    house_wait_for(&house, "polls", "\"state\":\"stopped\"");
    cr_assert_eq(house_call_release(&house, "1.1.0", "GET", "/polls", "").code, ERR_UNAVAILABLE);
    assert_serves("1.0.0");
}

Test(host, a_release_that_nobody_needs_is_removed_for_good) {
    cr_assert_eq(house_install(&house, house_bundle(&house, "polls", "1.1.0", "obedient")), 0);
    cr_assert_eq(house_remove(&house, "polls", "1.1.0"), 0, "%s", house.error.detail);
    cr_assert_null(strstr(house_status(&house, "polls"), "1.1.0"));
    cr_assert_eq(house_remove(&house, "polls", "1.1.0"), ERR_NOT_FOUND);
    house_reopen(&house);
    cr_assert_null(strstr(house_status(&house, "polls"), "1.1.0"));
    assert_serves("1.0.0");
    cr_assert_eq(house_install(&house, house_bundle(&house, "polls", "1.1.0", "obedient")), 0);
    cr_assert_eq(house_activate(&house, "polls", "1.1.0"), 0);
}

Test(host, a_release_that_somebody_needs_stays_and_the_sentence_says_who) {
    struct plugin_release_name named = {TEXT("polls"), TEXT("1.2.0")};
    cr_assert_eq(house_install(&house, house_bundle(&house, "polls", "1.1.0", "obedient")), 0);
    cr_assert_eq(house_install(&house, house_bundle(&house, "polls", "1.2.0", "obedient")), 0);
    cr_assert_eq(house_activate(&house, "polls", "1.1.0"), 0);
    plugins_set_wanted(house.plugins, &named, 1);
    cr_assert_eq(house_remove(&house, "polls", "1.1.0"), ERR_CONFLICT);
    cr_assert_str_eq(house.error.detail, "polls 1.1.0 is the active release: activate another one first");
    cr_assert_eq(house_remove(&house, "polls", "1.0.0"), ERR_CONFLICT);
    cr_assert_str_eq(house.error.detail,
                     "polls 1.0.0 is the release that a rollback goes back to: activate it, or a third one, first");
    cr_assert_eq(house_remove(&house, "polls", "1.2.0"), ERR_CONFLICT);
    cr_assert_str_eq(house.error.detail, "polls 1.2.0 is named by a feature's variant: take it out there first");
    plugins_set_wanted(house.plugins, NULL, 0);
    assert_serves("1.1.0");
}

Test(host, a_variant_may_name_a_release_before_it_is_installed) {
    struct plugin_release_name wanted = {TEXT("polls"), TEXT("1.1.0")};
    plugins_set_wanted(house.plugins, &wanted, 1);
    cr_assert_eq(house_call_release(&house, "1.1.0", "GET", "/polls", "").code, ERR_NOT_FOUND);
    cr_assert_eq(house_install(&house, house_bundle(&house, "polls", "1.1.0", "obedient")), 0);
    house_wait_until(&house, house_call_release(&house, "1.1.0", "GET", "/polls", "").code == 0);
    cr_assert_eq(house_call_release(&house, "1.1.0", "GET", "/polls", "").status, 200);
}

Test(host, web_assets_come_from_the_bundle_and_from_nowhere_else) {
    struct text bytes;
    const char *type;
    cr_assert(plugins_asset(house.plugins, TEXT("polls"), TEXT("1.0.0"), TEXT("widget.js"), &bytes, &type));
    cr_assert(text_is(bytes, "export const version = '1.0.0';\n"));
    cr_assert_str_eq(type, "text/javascript; charset=utf-8");
    cr_assert(plugins_asset(house.plugins, TEXT("polls"), TEXT_NONE, TEXT("widget.js"), &bytes, &type));
    cr_assert_not(plugins_asset(house.plugins, TEXT("polls"), TEXT_NONE, TEXT("../plugin.json"), &bytes, &type));
    cr_assert_not(plugins_asset(house.plugins, TEXT("polls"), TEXT_NONE, TEXT("other.js"), &bytes, &type));
    cr_assert_not(plugins_asset(house.plugins, TEXT("polls"), TEXT("2.0.0"), TEXT("widget.js"), &bytes, &type));
}

Test(host, a_page_learns_which_release_answers_and_what_to_load_for_it) {
    struct plugin_web web;
    cr_assert(plugins_web(house.plugins, TEXT("polls"), TEXT_NONE, &web));
    cr_assert(text_is(web.version, "1.0.0"));
    cr_assert(text_is(web.module, "widget.js"));
    cr_assert_not(plugins_web(house.plugins, TEXT("polls"), TEXT("9.0.0"), &web));
    cr_assert_not(plugins_web(house.plugins, TEXT("nowhere"), TEXT_NONE, &web));
}

Test(host, a_worker_gets_neither_secrets_nor_descriptors_of_parleyd) {
    setenv("PARLEY_ADMIN_TOKEN", "a-secret-that-no-plugin-may-see-1234", 1);
    house_run_plugin(&house, "polls", "1.1.0", "obedient");
    cr_assert_str_eq(house_call(&house, "GET", "/environment", "").body, "{\"secret\":false}");
    cr_assert_str_eq(house_call(&house, "GET", "/descriptors", "").body, "{\"more\":0}");
}

static const char *listed(struct text after, size_t limit, struct text next) {
    static char text[4096];
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    cr_expect(text_eq(plugins_list_json(house.plugins, after, limit, &w), next));
    snprintf(text, sizeof text, "%.*s", TEXT_ARGS(buffer_view(&out)));
    buffer_free(&out);
    return text;
}

Test(host, metrics_and_the_list_name_every_release) {
    assert_serves("1.0.0");
    cr_assert(strstr(house_metrics(&house), "parley_plugin_requests_total{plugin=\"polls\",release=\"1.0.0\"} 1\n"),
              "%s", house_metrics(&house));
    cr_assert(strstr(house_metrics(&house), "parley_plugin_in_flight{plugin=\"polls\",release=\"1.0.0\"} 0\n"));
    const char *list = listed(TEXT_NONE, 1, TEXT_NONE);
    cr_assert(strstr(list, "\"name\":\"polls\",\"title\":\"A plugin\""), "%s", list);
    cr_assert(strstr(list, "\"state\":\"running\",\"releases\":[\"1.0.0\"]"), "%s", list);
}

Test(host, lists_plugins_by_name_from_wherever_a_cursor_stands) {
    cr_assert_eq(house_install(&house, house_bundle(&house, "boards", "1.0.0", "obedient")), 0);
    cr_expect(strstr(listed(TEXT_NONE, 1, TEXT("boards")), "\"name\":\"boards\""));
    cr_expect(strstr(listed(TEXT("boards"), 1, TEXT_NONE), "\"name\":\"polls\""));
    cr_expect(strstr(listed(TEXT("nobody"), 1, TEXT_NONE), "\"name\":\"polls\""));
    cr_expect_str_eq(listed(TEXT("zebra"), 1, TEXT_NONE), "[]");
}
