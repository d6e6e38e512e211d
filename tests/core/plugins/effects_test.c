/* What a plugin causes beside its answer is the worker's until parleyd has it on disk. */
#include <criterion/criterion.h>

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

TestSuite(effects, .init = open_house, .fini = close_house);

static bool worker_was_told(const char *line) {
    house_turn(&house, 50);
    return strstr(house_logs(&house, "polls"), line);
}

Test(effects, are_given_back_to_the_worker_only_once_all_before_them_are_durable) {
    house_call(&house, "POST", "/effects", "");
    cr_assert_eq(house.effects, 3);
    plugins_kept(house.plugins, house.tickets[1]);
    cr_assert_not(worker_was_told("kept"));
    plugins_kept(house.plugins, house.tickets[0]);
    cr_assert(worker_was_told("kept 2"));
    plugins_kept(house.plugins, house.tickets[2]);
    cr_assert(worker_was_told("kept 3"));
}

Test(effects, that_are_not_durable_yet_are_what_the_release_waits_for) {
    house_call(&house, "POST", "/effects", "");
    cr_assert(strstr(house_status(&house, "polls"), "\"3 effects to be durable\""), "%s",
              house_status(&house, "polls"));
}

Test(effects, beyond_a_thousand_wait_in_the_worker_which_is_not_held_to_blame) {
    struct frame_request request = {.method = TEXT("POST"), .path = TEXT("/many-effects")};
    cr_assert_eq(house_call_within(&house, &request, 300).code, ERR_TIMEOUT, "the answer is behind the effects");
    cr_assert_eq(house.effects, 1024);
    house.keep_effects = true;
    for (int i = 0; i < 8; i++) plugins_kept(house.plugins, house.tickets[i]);
    house_turn(&house, 50);
    cr_assert_eq(house.effects, 1024 + 8);
    for (uint64_t i = 8; i < 1024; i++) plugins_kept(house.plugins, house.tickets[0] + i);
    cr_assert(worker_was_told("kept 5000"));
    cr_assert_eq(house.effects, 5000);
    cr_assert_not(strstr(house_status(&house, "polls"), "to be durable"));
    cr_assert(strstr(house_status(&house, "polls"), "\"restarts\":0"), "%s", house_status(&house, "polls"));
}

Test(effects, of_a_worker_that_is_gone_are_nobodys_when_they_become_durable) {
    house_call(&house, "POST", "/effects", "");
    house_call(&house, "POST", "/crash", "");
    house_wait_for(&house, "polls", "\"state\":\"running\"");
    plugins_kept(house.plugins, house.tickets[0]);
    plugins_kept(house.plugins, UINT64_MAX);
    cr_assert_not(worker_was_told("kept"));
}
