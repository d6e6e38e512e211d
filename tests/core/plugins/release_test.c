/* Restarts, draining, and what a release says it waits for. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

#include "tests/core/plugins/house.h"

static struct house house;

static void open_house(void) {
    house_open(&house, NULL);
    house_start(&house);
}

static void close_house(void) {
    house_close(&house);
}

TestSuite(release, .init = open_house, .fini = close_house);

Test(release, that_dies_again_and_again_is_started_later_each_time_and_in_the_end_stays_down_visibly) {
    house_run_plugin(&house, "polls", "1.0.0", "dies_after_start");
    house_wait_for(&house, "polls", "\"state\":\"failed\",\"why\":\"was ended by signal 6 (Aborted)\"");
    cr_assert(strstr(house_status(&house, "polls"), "\"restarts\":5"), "%s", house_status(&house, "polls"));
    struct said said = house_call(&house, "GET", "/", "");
    cr_assert_eq(said.code, ERR_UNAVAILABLE);
    cr_assert_eq(said.retry_after, 30);
    cr_assert(strstr(house_logs(&house, "polls"), "stays down: was ended by signal 6"), "%s",
              house_logs(&house, "polls"));
    cr_assert_eq(house_children(), 0);
}

Test(release, that_stayed_down_serves_again_when_another_one_is_activated) {
    house_run_plugin(&house, "polls", "1.0.0", "dies_after_start");
    house_wait_for(&house, "polls", "\"state\":\"failed\"");
    house_run_plugin(&house, "polls", "1.0.1", "obedient");
    cr_assert_eq(house_call(&house, "GET", "/", "").status, 200);
}

Test(release, that_answers_no_heartbeats_is_killed_and_started_again) {
    house_timing(&house)->heartbeat = 300;
    house_timing(&house)->stop = 100; /* nor will the next one hear of the end */
    house_run_plugin(&house, "polls", "1.0.0", "deaf_after_start");
    house_wait_for_log(&house, "polls", "did not answer 3 heartbeats in 0.9 s");
    house_wait_for(&house, "polls", "\"restarts\":1");
}

Test(release, that_answers_two_heartbeats_at_once_serves_on) {
    house_timing(&house)->heartbeat = 800;
    house_run_plugin(&house, "polls", "1.0.0", "answers_in_pairs");
    house_wait_for_log(&house, "polls", "asked once more");
    cr_assert(strstr(house_status(&house, "polls"), "\"restarts\":0"), "%s", house_status(&house, "polls"));
}

Test(release, that_ignores_stop_is_killed_after_its_deadline) {
    house_run_plugin(&house, "polls", "1.0.0", "ignores_stop");
    pid_t first = atoi(strstr(house_status(&house, "polls"), "\"pid\":") + strlen("\"pid\":"));
    house_run_plugin(&house, "polls", "1.0.1", "obedient");
    house_wait_for(&house, "polls", "exit after STOP");
    kill(first, SIGKILL); /* it has all the time of the world; the next one has less */
    house_timing(&house)->stop = 200;
    cr_assert_eq(house_rollback(&house, "polls"), 0, "%s", house.error.detail);
    cr_assert_eq(house_activate(&house, "polls", "1.0.1"), 0, "%s", house.error.detail);
    house_wait_for_log(&house, "polls", "waiting for: exit after STOP");
    house_wait_for(&house, "polls", "\"state\":\"stopped\"");
    cr_assert_eq(house_children(), 1);
}

static void note_code(void *user, const struct plugin_answer *answer) {
    *(int *)user = answer->code ? answer->code : answer->reply.status;
}

Test(release, that_drains_says_which_request_it_waits_for_and_is_killed_when_it_takes_too_long) {
    house_run_plugin(&house, "polls", "1.0.0", "obedient");
    int held = 0;
    struct frame_request request = {.method = TEXT("PUT"), .path = TEXT("/hold")};
    struct plugin_call call = {.plugin = TEXT("polls"), .request = &request, .answered = note_code, .user = &held};
    cr_assert_eq(plugins_call(house.plugins, &call, NULL), 0);
    house_run_plugin(&house, "polls", "1.0.1", "obedient");
    house_wait_for(&house, "polls", "\"state\":\"draining\"");
    cr_assert(strstr(house_status(&house, "polls"), "\"waitingFor\":[\"request 1 PUT /hold ("), "%s",
              house_status(&house, "polls"));
    cr_assert_eq(held, 0);
    cr_assert_eq(house_rollback(&house, "polls"), 0);
    house_timing(&house)->drain = 200; /* from now on */
    cr_assert_eq(house_activate(&house, "polls", "1.0.1"), 0);
    house_wait_for(&house, "polls", "\"state\":\"stopped\"");
    cr_assert_eq(held, ERR_UNAVAILABLE);
    cr_assert(strstr(house_logs(&house, "polls"), "still held 1 requests after draining for "), "%s",
              house_logs(&house, "polls"));
}

Test(release, that_is_activated_again_while_it_drains_simply_serves_on) {
    house_run_plugin(&house, "polls", "1.0.0", "obedient");
    int held = 0;
    struct frame_request request = {.method = TEXT("PUT"), .path = TEXT("/hold")};
    struct plugin_call call = {.plugin = TEXT("polls"), .request = &request, .answered = note_code, .user = &held};
    cr_assert_eq(plugins_call(house.plugins, &call, NULL), 0);
    house_run_plugin(&house, "polls", "1.0.1", "obedient");
    cr_assert_eq(house_rollback(&house, "polls"), 0);
    cr_assert_eq(house_call(&house, "PUT", "/release", "").status, 200);
    cr_assert_eq(held, 200, "the same worker still held it");
}

Test(release, log_lines_and_printed_lines_are_kept_and_floods_are_cut_and_counted) {
    house_run_plugin(&house, "polls", "1.0.0", "obedient");
    house_call(&house, "POST", "/print", "");
    house_wait_for_log(&house, "polls", "\"level\":\"warn\",\"version\":\"1.0.0\",\"line\":\"printed by the plugin\"");
    house_call(&house, "POST", "/log", "");
    cr_assert(strstr(house_logs(&house, "polls"),
                     "\"level\":\"info\",\"version\":\"1.0.0\",\"line\":\"a line of the plugin's\""));
    const char *dropped = strstr(house_metrics(&house), "parley_plugin_log_lines_dropped_total{");
    cr_assert_geq(atoi(strchr(dropped, ' ')), 799);
}
