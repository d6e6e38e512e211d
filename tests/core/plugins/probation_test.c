/* A release whose calls go badly: it gets none for a while; and where it had just taken over, the one before comes back. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "core/plugins/host_internal.h"
#include "tests/core/plugins/house.h"

static struct house house;

static const struct breaker_policy breaker = {
    .limits = {.least = 6, .errors = 50, .slow = 100000}, .window = 100000, .open = 100000};
static const struct probation_policy strict = {.time = 600000, .limits = {.least = 4, .errors = 25, .slow = 100000}};

static void open_with(const struct probation_policy *probation) {
    house_open(&house, &(struct house_setup){.breaker = &breaker, .probation = probation});
    house_start(&house);
    house_run_plugin(&house, "polls", "1.0.0", "obedient");
}

static void swap_to(const char *version) {
    cr_assert_eq(house_install(&house, house_bundle(&house, "polls", version, "obedient")), 0);
    cr_assert_eq(house_activate(&house, "polls", version), 0, "%s", house.error.detail);
}

static void call(const char *path, int times) {
    for (int i = 0; i < times; i++) house_call(&house, "PUT", path, "");
}

static void close_house(void) {
    house_close(&house);
}

TestSuite(probation, .fini = close_house);

Test(probation, a_release_that_fails_is_rolled_back_by_itself_with_the_figures) {
    open_with(&strict);
    swap_to("1.1.0");
    cr_assert(strstr(house_status(&house, "polls"), "\"probation\":{\"release\":\"1.1.0\",\"previous\":\"1.0.0\""),
              "%s", house_status(&house, "polls"));
    call("/polls", 3);
    call("/fail", 2);
    house_wait_for(&house, "polls", "\"active\":\"1.0.0\"");
    cr_expect(
        strstr(house_logs(&house, "polls"), "failed its probation, 1.0.0 is activated again: 2 of 5 calls failed"),
        "%s", house_logs(&house, "polls"));
    house_wait_for_event(&house, "rolled-back polls 1.0.0 after 1.1.0");
    cr_expect(strstr(house.evidence, "\"calls\":5,\"failed\":2,\"slow\":0"), "%s", house.evidence);
    cr_expect_eq(house_call(&house, "GET", "/polls", "").status, 200);
    cr_expect_not(strstr(house_status(&house, "polls"), "\"probation\""), "what serves again needs none");
}

Test(probation, a_release_that_is_slow_is_rolled_back_too) {
    open_with(&(struct probation_policy){.time = 600000, .limits = {.least = 4, .errors = 25, .slow = 100}});
    swap_to("1.1.0");
    call("/slow", 4);
    house_wait_for(&house, "polls", "\"active\":\"1.0.0\"");
    cr_expect(strstr(house_logs(&house, "polls"), "4 of 4 calls took longer than 100 ms"));
}

Test(probation, a_release_that_stays_down_is_rolled_back_at_once) {
    open_with(&strict);
    swap_to("1.1.0");
    for (int i = 0; i < 8 && strstr(house_status(&house, "polls"), "\"active\":\"1.1.0\""); i++) {
        house_wait_for(&house, "polls", "\"state\":\"running\"");
        call("/exit", 1);
        house_turn(&house, 50);
    }
    house_wait_for(&house, "polls", "\"active\":\"1.0.0\"");
    house_wait_for_event(&house, "rolled-back polls 1.0.0 after 1.1.0");
}

Test(probation, goes_on_after_a_restart_for_the_rest_of_its_time) {
    open_with(&strict);
    swap_to("1.1.0");
    house_turn(&house, 200);
    house_reopen(&house);
    const char *status = house_status(&house, "polls"), *left = strstr(status, "\"secondsLeft\":");
    cr_assert(left && strstr(status, "\"probation\":{\"release\":\"1.1.0\""), "%s", status);
    cr_expect_leq(atof(left + strlen("\"secondsLeft\":")), 599.8);
    call("/fail", 4);
    house_wait_for(&house, "polls", "\"active\":\"1.0.0\"");
    house_reopen(&house);
    cr_expect_not(strstr(house_status(&house, "polls"), "\"probation\""), "what was rolled back to needs none");
}

Test(probation, of_no_time_leaves_a_release_alone) {
    open_with(NULL);
    swap_to("1.1.0");
    call("/fail", 5);
    house_turn(&house, 100);
    cr_expect(strstr(house_status(&house, "polls"), "\"active\":\"1.1.0\""));
    cr_expect_not(strstr(house_status(&house, "polls"), "\"probation\""));
}

Test(probation, that_is_over_is_over) {
    open_with(&(struct probation_policy){.time = 100, .limits = strict.limits});
    swap_to("1.1.0");
    house_turn(&house, 150);
    call("/fail", 5);
    house_turn(&house, 100);
    cr_expect(strstr(house_status(&house, "polls"), "\"active\":\"1.1.0\""));
}

Test(probation, a_rollback_by_hand_begins_none) {
    open_with(&strict);
    swap_to("1.1.0");
    cr_assert_eq(house_rollback(&house, "polls"), 0);
    call("/fail", 5);
    house_turn(&house, 100);
    cr_expect(strstr(house_status(&house, "polls"), "\"active\":\"1.0.0\""));
}

/* It was open for long enough, and then is for as long as before. */
static void let_one_through(const char *method, const char *path, int status) {
    house.plugins->env.breaker.open = 1;
    house_wait_until(&house, plugins_serves(house.plugins, TEXT("polls"), TEXT_NONE));
    cr_expect_eq(house_call(&house, method, path, "").status, status);
    house.plugins->env.breaker.open = breaker.open;
}

Test(probation, the_breaker_refuses_calls_until_one_that_is_let_through_is_well) {
    open_with(NULL);
    call("/fail", 6);
    house_wait_for_event(&house, "breaker-open polls 1.0.0");
    cr_expect(strstr(house_status(&house, "polls"), "\"breaker\":{\"state\":\"open\""), "%s",
              house_status(&house, "polls"));
    cr_expect_not(plugins_serves(house.plugins, TEXT("polls"), TEXT_NONE));
    struct said refused = house_call(&house, "GET", "/polls", "");
    cr_expect_eq(refused.code, ERR_UNAVAILABLE);
    cr_expect_geq(refused.retry_after, 1);
    cr_expect(strstr(house_metrics(&house), "parley_plugin_breaker_state{plugin=\"polls\",release=\"1.0.0\"} 2"), "%s",
              house_metrics(&house));
    let_one_through("PUT", "/fail", 500);
    cr_expect_eq(house_call(&house, "GET", "/polls", "").code, ERR_UNAVAILABLE, "the try failed");
    let_one_through("GET", "/polls", 200);
    house_wait_for_event(&house, "breaker-closed polls 1.0.0");
    cr_expect(
        strstr(house_metrics(&house), "parley_plugin_breaker_opened_total{plugin=\"polls\",release=\"1.0.0\"} 2"));
    cr_expect_eq(house_call(&house, "GET", "/polls", "").status, 200);
}

Test(probation, the_breaker_lets_a_customers_rights_through) {
    open_with(NULL);
    call("/fail", 6);
    cr_assert_not(plugins_serves(house.plugins, TEXT("polls"), TEXT_NONE));
    cr_expect_eq(house_errand(&house, FRAME_EXPORT).status, 200);
}

Test(probation, activating_a_release_again_forgets_its_breaker) {
    open_with(NULL);
    call("/fail", 6);
    cr_assert_eq(house_activate(&house, "polls", "1.0.0"), 0);
    cr_expect_eq(house_call(&house, "GET", "/polls", "").status, 200);
}

Test(probation, what_happens_to_a_worker_is_told) {
    open_with(NULL);
    house_wait_for_event(&house, "running polls 1.0.0");
    call("/exit", 1);
    house_wait_for_event(&house, "crashed polls 1.0.0: exited with status 3");
    swap_to("1.1.0");
    house_wait_for_event(&house, "swapped polls 1.1.0 after 1.0.0");
}

Test(probation, ends_with_the_retirement_of_its_plugin) {
    open_with(&strict);
    swap_to("1.1.0");
    call("/fail", 3);
    cr_assert_eq(house_retire(&house, "polls"), 0);
    cr_expect_not(strstr(house_status(&house, "polls"), "\"probation\""));
}
