/* The real worker and the plugin that comes with Parley, from an empty folder on. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

#include "core/plugins/bundle.h"
#include "tests/core/plugins/house.h"

static struct house house;
static char worker[4400], bundled[4400];

static void open_house(void) {
    snprintf(worker, sizeof worker, "%s", house_built("parley-worker"));
    snprintf(bundled, sizeof bundled, "%s", house_built("plugins"));
    house_open(&house, &(struct house_setup){.worker = worker, .bundled = bundled});
    house.keep_effects = true;
    house_start(&house);
}

static void close_house(void) {
    house_close(&house);
}

TestSuite(bundled, .init = open_house, .fini = close_house);

static struct said staff(const char *method, const char *path, const char *body) {
    struct frame_request request = {.method = text_of(method),
                                    .path = text_of(path),
                                    .settings = TEXT("{}"),
                                    .body = text_of(body),
                                    .now = clock_now(&clock_system),
                                    .staff = true};
    return house_call_within(&house, &request, 0);
}

static void make_poll(void) {
    struct said said =
        staff("POST", "/polls",
              "{\"id\":\"p\",\"question\":\"Which colour?\",\"options\":[{\"key\":\"a\",\"label\":\"Red\"},"
              "{\"key\":\"b\",\"label\":\"Blue\"}]}");
    cr_assert_eq(said.status, 201, "%d %s", said.code, said.body);
}

static struct said vote(int customer) {
    char name[16];
    snprintf(name, sizeof name, "c%d", customer);
    struct frame_request request = {.method = TEXT("PUT"),
                                    .path = TEXT("/polls/p/vote"),
                                    .customer = text_of(name),
                                    .feature = TEXT("f"),
                                    .variant = TEXT("v"),
                                    .settings = TEXT("{}"),
                                    .body = TEXT("{\"options\":[\"a\"]}"),
                                    .now = clock_now(&clock_system)};
    return house_call_within(&house, &request, 0);
}

static void assert_voters(int n) {
    char expected[40];
    snprintf(expected, sizeof expected, "\"voters\":%d,", n);
    struct said said = house_call(&house, "GET", "/polls/p", "");
    cr_assert(strstr(said.body, expected), "%s not in %s", expected, said.body);
}

Test(bundled, an_empty_folder_starts_with_the_newest_polls_installed_and_active) {
    cr_assert(strstr(house_status(&house, "polls"), "\"active\":\"1.2.0\""), "%s", house_status(&house, "polls"));
    cr_assert(plugins_has(house.plugins, TEXT("polls"), TEXT("1.1.0")));
    cr_assert(strstr(house_status(&house, "polls"), "\"title\":\"Polls\""));
    make_poll();
    cr_assert_eq(vote(1).status, 200);
    assert_voters(1);
}

Test(bundled, a_second_start_finds_everything_as_it_was) {
    make_poll();
    vote(1);
    cr_assert_eq(house_activate(&house, "polls", "1.1.0"), 0, "%s", house.error.detail);
    house_reopen(&house);
    cr_assert(strstr(house_status(&house, "polls"), "\"active\":\"1.1.0\",\"previous\":\"1.2.0\""));
    assert_voters(1);
}

Test(bundled, votes_survive_swap_rollback_and_a_killed_worker) {
    make_poll();
    cr_assert_eq(vote(1).status, 200);
    cr_assert_eq(house_activate(&house, "polls", "1.1.0"), 0, "%s", house.error.detail);
    cr_assert_eq(vote(2).status, 200);
    cr_assert_eq(house_rollback(&house, "polls"), 0, "%s", house.error.detail);
    cr_assert_eq(vote(3).status, 200);
    const char *active = strstr(house_status(&house, "polls"), "\"version\":\"1.2.0\"");
    kill(atoi(strstr(active, "\"pid\":") + 6), SIGKILL);
    house_wait_for(&house, "polls", "\"restarts\":1");
    house_wait_for(&house, "polls", "\"state\":\"running\"");
    assert_voters(3);
    house_wait_until(&house, house.effects > 0); /* a vote is tracked */
}

static int waiting, answered, refused;
static bool running;

static void vote_again(void *user, const struct plugin_answer *answer);

static void vote_once(void) {
    static int next;
    char name[16];
    snprintf(name, sizeof name, "load%d", next++);
    struct frame_request request = {.method = TEXT("PUT"),
                                    .path = TEXT("/polls/p/vote"),
                                    .customer = text_of(name),
                                    .feature = TEXT("f"),
                                    .variant = TEXT("v"),
                                    .settings = TEXT("{}"),
                                    .body = TEXT("{\"options\":[\"a\"]}"),
                                    .now = clock_now(&clock_system)};
    struct plugin_call call = {.plugin = TEXT("polls"), .request = &request, .answered = vote_again};
    if (plugins_call(house.plugins, &call, NULL) == 0)
        waiting++;
    else
        refused++;
}

static void vote_again(void *user, const struct plugin_answer *answer) {
    waiting--;
    if (answer->code || answer->reply.status != 200)
        refused++;
    else
        answered++;
    if (running) vote_once();
}

Test(bundled, thirty_swaps_under_votes_refuse_none_and_count_each_once) {
    make_poll();
    running = true;
    for (int i = 0; i < 16; i++) vote_once();
    for (int i = 0; i < 30; i++)
        cr_assert_eq(house_activate(&house, "polls", i % 2 ? "1.0.0" : "1.1.0"), 0, "%s", house.error.detail);
    house_wait_until(&house, answered > 100);
    running = false;
    while (waiting) uv_run(&house.loop, UV_RUN_ONCE);
    cr_assert_eq(refused, 0);
    cr_assert_gt(answered, 100);
    assert_voters(answered);
}

/* What `./dev run` does after a rebuild: the version is the same, the library is not. */
Test(rebuilt, a_bundled_release_replaces_the_one_of_the_same_version) {
    struct house here;
    char from[64] = "/tmp/parley-bundled-XXXXXX", first[300], moved[300];
    cr_assert_not_null(mkdtemp(from));
    house_open(&here, &(struct house_setup){.bundled = from});
    snprintf(first, sizeof first, "%s", house_bundle(&here, "polls", "1.0.0", "exits_in_start"));
    snprintf(moved, sizeof moved, "%s/polls-1.0.0", from);
    cr_assert_eq(rename(first, moved), 0);
    house_start(&here);
    cr_assert_eq(house_call(&here, "GET", "/", "").code, ERR_UNAVAILABLE);
    snprintf(first, sizeof first, "%s", house_bundle(&here, "polls", "1.0.0", "obedient"));
    bundle_remove(moved);
    cr_assert_eq(rename(first, moved), 0);
    house_reopen(&here);
    cr_assert_eq(house_call(&here, "GET", "/", "").status, 200);
    house_close(&here);
    bundle_remove(from);
}
