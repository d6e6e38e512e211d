/* What a plugin causes beside its answer is the worker's until parleyd has it on disk. */
#include <criterion/criterion.h>

#include "core/plugins/effects.h"
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

/* The stand-in logs what it is told. */
static bool worker_was_told_nothing(void) {
    house_turn(&house, 50);
    return !strstr(house_logs(&house, "polls"), "kept");
}

Test(effects, are_given_back_to_the_worker_only_once_all_before_them_are_durable) {
    house_call(&house, "POST", "/effects", "");
    cr_assert_eq(house.effects, 3);
    plugins_kept(house.plugins, house.tickets[1]);
    cr_assert(worker_was_told_nothing());
    plugins_kept(house.plugins, house.tickets[0]);
    house_wait_for_log(&house, "polls", "kept 2");
    plugins_kept(house.plugins, house.tickets[2]);
    house_wait_for_log(&house, "polls", "kept 3");
}

Test(effects, that_are_not_durable_yet_are_what_the_release_waits_for) {
    house_call(&house, "POST", "/effects", "");
    cr_assert(strstr(house_status(&house, "polls"), "\"3 effects to be durable\""), "%s",
              house_status(&house, "polls"));
}

Test(effects, beyond_a_thousand_wait_in_the_worker_which_is_not_held_to_blame) {
    struct frame_request request = {.method = TEXT("POST"), .path = TEXT("/many-effects")};
    cr_assert_eq(house_call_within(&house, &request, 300).code, ERR_TIMEOUT, "the answer is behind the effects");
    house_wait_until(&house, house.effects >= 1024);
    house_turn(&house, 50);
    cr_assert_eq(house.effects, 1024);
    house.keep_effects = true;
    for (int i = 0; i < 8; i++) plugins_kept(house.plugins, house.tickets[i]);
    house_wait_until(&house, house.effects >= 1024 + 8);
    cr_assert_eq(house.effects, 1024 + 8);
    for (uint64_t i = 8; i < 1024; i++) plugins_kept(house.plugins, house.tickets[0] + i);
    house_wait_for_log(&house, "polls", "kept 5000");
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
    cr_assert(worker_was_told_nothing());
}

static struct effects ring;

Test(effects_ring, moves_on_only_over_what_is_durable_without_a_gap) {
    cr_assert_eq(effects_hold(&ring, 70), 0);
    cr_assert_eq(effects_hold(&ring, 71), 1);
    cr_assert_eq(effects_hold(&ring, 72), 2);
    cr_assert_eq(effects_keep(&ring, 1), 0);
    cr_assert_eq(effects_keep(&ring, 1), 0, "twice is once");
    cr_assert_eq(effects_keep(&ring, 0), 71);
    cr_assert_eq(effects_keep(&ring, 0), 0, "it is gone already");
    cr_assert_eq(effects_keep(&ring, 3), 0, "there is no such one");
    cr_assert_eq(effects_keep(&ring, 2), 72);
}

Test(effects_ring, goes_round_also_where_the_sequence_number_does) {
    ring.first = UINT32_MAX - 100;
    for (uint64_t i = 1; i <= EFFECTS_HELD; i++) effects_hold(&ring, i);
    cr_assert(effects_full(&ring));
    for (uint32_t i = 1; i < EFFECTS_HELD; i++) cr_assert_eq(effects_keep(&ring, UINT32_MAX - 100 + i), 0);
    cr_assert_eq(effects_keep(&ring, UINT32_MAX - 100), EFFECTS_HELD);
    cr_assert_eq(ring.n, 0);
}
