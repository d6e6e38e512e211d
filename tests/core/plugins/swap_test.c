/* Replacing a release under load: the promise is that nobody notices. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/core/plugins/house.h"

enum { CALLERS = 32, SWAPS = 200 };

static struct house house;

static void open_house(void) {
    house_open(&house, NULL);
    house_start(&house);
    house_run_plugin(&house, "polls", "1.0.0", "obedient");
    cr_assert_eq(house_install(&house, house_bundle(&house, "polls", "1.1.0", "obedient")), 0);
}

static void close_house(void) {
    house_close(&house);
}

TestSuite(swap, .init = open_house, .fini = close_house);

/* So many callers, each of whom calls again as soon as it is answered. */
struct load {
    bool running, writes;
    int waiting;
    int64_t answered, refused, failed;
    int by_version[2];
};

static struct load load;

static void call_again(void *user, const struct plugin_answer *answer);

static void call_once(void) {
    struct frame_request request = {
        .method = load.writes ? TEXT("PUT") : TEXT("GET"), .path = TEXT("/polls/p1/vote"), .settings = TEXT("{}")};
    struct plugin_call call = {.plugin = TEXT("polls"), .request = &request, .answered = call_again};
    if (plugins_call(house.plugins, &call, NULL) == 0)
        load.waiting++;
    else
        load.refused++;
}

static void call_again(void *user, const struct plugin_answer *answer) {
    load.waiting--;
    load.answered++;
    if (answer->code || answer->reply.status != 200)
        load.failed++;
    else
        load.by_version[text_is(answer->version, "1.1.0")]++;
    if (load.running) call_once();
}

static void start_load(bool writes) {
    load = (struct load){.running = true, .writes = writes};
    for (int i = 0; i < CALLERS; i++) call_once();
}

static void stop_load(void) {
    load.running = false;
    while (load.waiting) uv_run(&house.loop, UV_RUN_ONCE);
}

Test(swap, two_hundred_under_load_lose_no_request_and_leave_nothing_behind) {
    int descriptors = house_descriptors();
    start_load(true);
    for (int i = 0; i < SWAPS; i++) {
        cr_assert_eq(house_activate(&house, "polls", i % 2 ? "1.0.0" : "1.1.0"), 0, "%s", house.error.detail);
        house_wait_until(&house, load.by_version[(i + 1) % 2] > 10 * (i / 2 + 1));
    }
    stop_load();
    cr_assert_eq(load.refused, 0);
    cr_assert_eq(load.failed, 0);
    cr_assert_gt(load.by_version[0], 1000);
    cr_assert_gt(load.by_version[1], 1000);
    house_wait_until(&house, house_children() == 1 && house_descriptors() == descriptors);
    cr_assert(strstr(house_status(&house, "polls"), "\"inFlight\":0"));
}

Test(swap, failing_swaps_under_load_lose_no_request_either) {
    static const char *const defects[] = {"crashes_in_constructor", "says_failed", "exits_in_start", "wrong_abi"};
    start_load(true);
    for (int i = 0; i < 20; i++) {
        char version[16];
        snprintf(version, sizeof version, "2.0.%d", i % 4);
        if (i < 4) house_install(&house, house_bundle(&house, "polls", version, defects[i]));
        cr_assert_eq(house_activate(&house, "polls", version), ERR_UNAVAILABLE);
        house_wait_until(&house, load.by_version[0] > 5 * (i + 1));
    }
    stop_load();
    cr_assert_eq(load.refused + load.failed, 0);
    cr_assert_gt(load.by_version[0], 100);
}

Test(swap, to_a_variant_and_back_keeps_both_releases_served_under_load) {
    struct plugin_release_name wanted = {TEXT("polls"), TEXT("1.0.0")};
    plugins_set_wanted(house.plugins, &wanted, 1);
    start_load(true);
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(house_activate(&house, "polls", i % 2 ? "1.0.0" : "1.1.0"), 0, "%s", house.error.detail);
        cr_assert_eq(house_call_release(&house, "1.0.0", "GET", "/", "").status, 200);
    }
    stop_load();
    cr_assert_eq(load.refused + load.failed, 0);
}

Test(swap, a_worker_killed_under_load_costs_no_read) {
    start_load(false);
    for (int i = 0; i < 3; i++) {
        int64_t before =
            load.answered; /* who waited for the one before is answered first; it would be tried no third time */
        house_wait_until(&house, load.answered > before + 10 * CALLERS);
        house_call(&house, "PUT", "/crash", "");
        house_wait_for(&house, "polls", "\"state\":\"running\"");
        for (int k = load.waiting; k < CALLERS; k++) call_once(); /* who was refused meanwhile calls again */
    }
    stop_load();
    cr_assert_eq(load.failed, 0);
}
