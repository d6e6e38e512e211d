/* Releases that change the data so that the one before cannot go on with it: real workers, real databases. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/core/plugins/house.h"

static struct house house;
static char worker[4400];

static void install(const char *version) {
    char fixture[40];
    snprintf(fixture, sizeof fixture, "../plugins/ledger-%s", version);
    cr_assert_eq(house_install(&house, house_bundle(&house, "polls", version, fixture)), 0, "%s", house.error.detail);
}

static void open_house(void) {
    snprintf(worker, sizeof worker, "%s", house_built("parley-worker"));
    house_open(&house, &(struct house_setup){.worker = worker});
    house_start(&house);
    install("1.0.0");
    cr_assert_eq(house_activate(&house, "polls", "1.0.0"), 0, "%s", house.error.detail);
    for (int i = 0; i < 3; i++) cr_assert_eq(house_call(&house, "POST", "/entries", "{}").status, 201);
}

static void close_house(void) {
    house_close(&house);
}

TestSuite(alone, .init = open_house, .fini = close_house);

static void assert_serves(const char *version, const char *body) {
    struct said said = house_call(&house, "GET", "/entries", "");
    cr_assert_eq(said.code, 0);
    cr_assert_str_eq(said.version, version);
    cr_assert_str_eq(said.body, body);
}

static bool copy_is_there(void) {
    char path[200];
    snprintf(path, sizeof path, "%s/polls/data.before", house.plugin_dir);
    return access(path, F_OK) == 0;
}

Test(alone, a_breaking_migration_runs_when_all_others_have_stopped_and_keeps_the_data) {
    install("2.0.0");
    cr_assert_eq(house_activate(&house, "polls", "2.0.0"), 0, "%s", house.error.detail);
    assert_serves("2.0.0", "{\"entries\":3}");
    cr_assert_eq(house_children(), 1);
    cr_assert_not(copy_is_there());
    house_reopen(&house);
    assert_serves("2.0.0", "{\"entries\":3}");
}

Test(alone, rolling_back_over_a_breaking_migration_is_a_conflict_that_says_why) {
    install("2.0.0");
    cr_assert_eq(house_activate(&house, "polls", "2.0.0"), 0, "%s", house.error.detail);
    cr_assert_eq(house_rollback(&house, "polls"), ERR_CONFLICT);
    cr_assert(strstr(house.error.detail, "breaking migration 2 of a later release"), "%s", house.error.detail);
    assert_serves("2.0.0", "{\"entries\":3}");
}

Test(alone, a_release_that_fails_after_its_migration_leaves_the_old_one_on_its_data) {
    install("2.0.1");
    cr_assert_neq(house_activate(&house, "polls", "2.0.1"), 0);
    cr_assert(strstr(house.error.detail, "the ledger cannot start"), "%s", house.error.detail);
    house_wait_for(&house, "polls", "\"state\":\"running\"");
    assert_serves("1.0.0", "{\"entries\":3}");
    cr_assert_eq(house_call(&house, "POST", "/entries", "{}").status, 201);
    cr_assert_not(copy_is_there());
    house_reopen(&house);
    assert_serves("1.0.0", "{\"entries\":4}");
}

Test(alone, a_migration_that_fails_leaves_the_old_one_on_its_data) {
    install("2.0.2");
    cr_assert_neq(house_activate(&house, "polls", "2.0.2"), 0);
    cr_assert(strstr(house.error.detail, "migration 2 failed, nothing was changed"), "%s", house.error.detail);
    house_wait_for(&house, "polls", "\"state\":\"running\"");
    assert_serves("1.0.0", "{\"entries\":3}");
}

static int waiting, answered, refused;
static bool running;

static void add_again(void *user, const struct plugin_answer *answer);

static void add_once(void) {
    struct frame_request request = {.method = TEXT("POST"),
                                    .path = TEXT("/entries"),
                                    .customer = TEXT("ann"),
                                    .settings = TEXT("{}"),
                                    .body = TEXT("{}")};
    struct plugin_call call = {.plugin = TEXT("polls"), .request = &request, .answered = add_again};
    if (plugins_call(house.plugins, &call, NULL) == 0)
        waiting++;
    else
        refused++;
}

static void add_again(void *user, const struct plugin_answer *answer) {
    waiting--;
    if (answer->code || answer->reply.status != 201)
        refused++;
    else
        answered++;
    if (running) add_once();
}

static void run_under_load(const char *version, int expected) {
    running = true;
    for (int i = 0; i < 16; i++) add_once();
    house_turn(&house, 50);
    cr_assert_eq(house_activate(&house, "polls", version), expected, "%s", house.error.detail);
    house_turn(&house, 50);
    running = false;
    while (waiting) uv_run(&house.loop, UV_RUN_ONCE);
    cr_assert_eq(refused, 0);
    char body[40];
    snprintf(body, sizeof body, "{\"entries\":%d}", 3 + answered);
    assert_serves(expected ? "1.0.0" : version, body);
}

Test(alone, writes_wait_meanwhile_and_each_is_kept_exactly_once) {
    install("2.0.0");
    run_under_load("2.0.0", 0);
}

Test(alone, writes_wait_also_when_it_fails_and_go_on_to_the_old_release) {
    install("2.0.1");
    run_under_load("2.0.1", ERR_UNAVAILABLE);
}

Test(alone, when_parleyd_ended_in_the_middle_the_old_release_goes_on_with_its_data) {
    install("2.0.0");
    char command[1200];
    /* As a kill -9 between migration and switch leaves it. */
    house_stop(&house);
    snprintf(command, sizeof command,
             "cd %s/polls && cp -r data data.before && sqlite3 data/data.db 'ALTER TABLE entry RENAME TO line' && "
             "sed -i 's/\"migrating\": false/\"migrating\": true/' state.json && grep -q true state.json",
             house.plugin_dir);
    cr_assert_eq(system(command), 0);
    house_again(&house);
    assert_serves("1.0.0", "{\"entries\":3}");
    cr_assert_not(copy_is_there());
}
