/* Calls, and what becomes of them when a worker is slow, dies or lies. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

#include "core/plugins/host_internal.h"
#include "core/plugins/traffic.h"
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

TestSuite(traffic, .init = open_house, .fini = close_house);

static int pid(void) {
    const char *at = strstr(house_status(&house, "polls"), "\"pid\":");
    return at ? atoi(at + 6) : 0;
}

static void assert_recovers(void) {
    house_wait_for(&house, "polls", "\"state\":\"running\"");
    cr_assert_eq(house_call(&house, "GET", "/polls", "").status, 200);
}

Test(traffic, a_read_whose_worker_crashes_is_tried_once_more_and_answered) {
    char once[100];
    snprintf(once, sizeof once, "%s/crashed", house.dir);
    int before = pid();
    struct said said = house_call(&house, "GET", "/crash-once", once);
    cr_assert_eq(said.code, 0);
    cr_assert_eq(said.status, 200);
    cr_assert_neq(pid(), before);
    cr_assert(strstr(house_logs(&house, "polls"), "was ended by signal 6 (Aborted)"), "%s",
              house_logs(&house, "polls"));
}

Test(traffic, a_read_that_crashes_every_worker_is_tried_no_third_time) {
    struct said said = house_call(&house, "GET", "/crash", "");
    cr_assert_eq(said.code, ERR_UNAVAILABLE);
    cr_assert_geq(said.retry_after, 1);
    assert_recovers();
    cr_assert(strstr(house_status(&house, "polls"), "\"restarts\":2"), "%s", house_status(&house, "polls"));
}

Test(traffic, a_write_whose_worker_crashes_is_answered_unavailable_and_not_repeated) {
    char once[100];
    snprintf(once, sizeof once, "%s/crashed", house.dir);
    struct said said = house_call(&house, "PUT", "/crash-once", once);
    cr_assert_eq(said.code, ERR_UNAVAILABLE);
    cr_assert_geq(said.retry_after, 1);
    assert_recovers();
}

Test(traffic, while_its_worker_is_down_a_release_refuses_with_a_time_to_retry) {
    kill(pid(), SIGKILL);
    house_wait_for(&house, "polls", "restart in");
    int retry_after = 0;
    struct frame_request request = {.method = TEXT("GET"), .path = TEXT("/")};
    struct plugin_call call = {.plugin = TEXT("polls"), .request = &request};
    cr_assert_eq(plugins_call(house.plugins, &call, &retry_after), ERR_UNAVAILABLE);
    cr_assert_eq(retry_after, 1);
    assert_recovers();
    cr_assert(strstr(house_logs(&house, "polls"), "was ended by signal 9 (Killed)"));
    cr_assert(strstr(house_metrics(&house), "parley_plugin_dropped_total{plugin=\"polls\",release=\"1.0.0\"} 1\n"));
    cr_assert(strstr(house_metrics(&house), "parley_plugin_restarts_total{plugin=\"polls\",release=\"1.0.0\"} 1\n"));
}

Test(traffic, a_worker_that_ends_itself_while_serving_is_started_again) {
    cr_assert_eq(house_call(&house, "POST", "/exit", "").code, ERR_UNAVAILABLE);
    assert_recovers();
    cr_assert(strstr(house_logs(&house, "polls"), "exited with status 3"));
}

Test(traffic, a_worker_that_closes_its_channel_is_ended_and_started_again) {
    house_timing(&house)->stop = 200; /* it stays */
    cr_assert_eq(house_call(&house, "POST", "/close", "").code, ERR_UNAVAILABLE);
    assert_recovers();
}

Test(traffic, a_worker_that_lies_is_ended_with_a_sentence_and_counted) {
    static const struct {
        const char *path, *why;
    } lies[] = {
        {"/unknown-id", "which it does not hold"},
        {"/twice", "which it does not hold"},
        {"/bad-reply", "a reply frame has the wrong length"},
        {"/status-7", "a reply with status 7"},
        {"/garbage", "sent a frame of"},
        {"/type", "sent a frame of type 2, which workers do not send"},
        {"/oversized", "sent a frame of 1114113 bytes; at most 1114112"},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        /* Fresh host for each, so that dying too often does not come into it. */
        if (i) open_house();
        house_call(&house, "POST", lies[i].path, "");
        house_wait_for_log(&house, "polls", lies[i].why);
        assert_recovers();
        cr_assert(strstr(house_metrics(&house), "protocol_errors_total{plugin=\"polls\",release=\"1.0.0\"} 1\n"));
        if (i + 1 < sizeof lies / sizeof *lies) close_house();
    }
}

Test(traffic, a_call_that_takes_too_long_is_answered_in_time_and_its_worker_survives_if_it_answers_late) {
    struct frame_request request = {.method = TEXT("POST"), .path = TEXT("/hold")};
    struct said said = house_call_within(&house, &request, 100);
    cr_assert_eq(said.code, ERR_TIMEOUT);
    int before = pid();
    cr_assert_eq(house_call(&house, "PUT", "/release", "").status, 200);
    cr_assert(strstr(house_logs(&house, "polls"), "when its caller had given up"), "%s", house_logs(&house, "polls"));
    cr_assert_eq(house_call(&house, "GET", "/polls", "").status, 200);
    cr_assert_eq(pid(), before, "the late answer is no offence");
    cr_assert(strstr(house_status(&house, "polls"), "\"inFlight\":0"));
}

Test(traffic, a_request_that_is_never_answered_ends_its_worker_by_name) {
    struct frame_request request = {.method = TEXT("POST"), .path = TEXT("/never")};
    house_timing(&house)->overrun = 200;
    cr_assert_eq(house_call_within(&house, &request, 100).code, ERR_TIMEOUT);
    cr_assert(strstr(house_status(&house, "polls"), "\"waitingFor\":[\"request 1 POST /never ("), "%s",
              house_status(&house, "polls"));
    house_wait_for_log(&house, "polls", "overran: request 1 POST /never (");
    assert_recovers();
}

static void count_answers(void *user, const struct plugin_answer *answer) {
    ((int *)user)[answer->code ? 1 : 0]++;
}

Test(traffic, no_more_than_256_requests_are_in_flight) {
    struct frame_request request = {.method = TEXT("POST"), .path = TEXT("/never")};
    int answers[2] = {0}, retry_after = 0;
    house_timing(&house)->drain = 100; /* it will hold them to its end */
    struct plugin_call call = {
        .plugin = TEXT("polls"), .request = &request, .answered = count_answers, .user = answers, .deadline = 50};
    for (int i = 0; i < 256; i++) cr_assert_eq(plugins_call(house.plugins, &call, NULL), 0);
    cr_assert_eq(plugins_call(house.plugins, &call, &retry_after), ERR_UNAVAILABLE);
    cr_assert_eq(retry_after, 1);
    house_wait_until(&house, answers[1] == 256);
}

Test(traffic, large_bodies_pass_and_larger_ones_are_refused) {
    size_t n = FRAME_MAX_PAYLOAD;
    char *body = malloc(n);
    memset(body, 'x', n);
    struct frame_request request = {.method = TEXT("POST"), .path = TEXT("/"), .body = text_n(body, 1 << 20)};
    cr_assert_eq(house_call_within(&house, &request, 0).status, 200);
    request.body.n = n;
    cr_assert_eq(house_call_within(&house, &request, 0).code, ERR_TOO_LARGE);
    cr_assert_eq(house_call(&house, "GET", "/polls", "").status, 200);
    free(body);
}

Test(traffic, a_queue_of_over_a_mebibyte_is_refused_until_it_is_shorter) {
    static char body[300 << 10];
    struct frame_request request = {.method = TEXT("POST"), .path = TEXT("/"), .body = text_n(body, sizeof body)};
    int answers[2] = {0}, sent = 0;
    struct plugin_call call = {
        .plugin = TEXT("polls"), .request = &request, .answered = count_answers, .user = answers};
    while (plugins_call(house.plugins, &call, NULL) == 0) sent++;
    cr_assert_eq(sent, 4);
    house_wait_until(&house, answers[0] == 4);
    cr_assert_eq(plugins_call(house.plugins, &call, NULL), 0);
    house_wait_until(&house, answers[0] == 5);
}

Test(traffic, when_the_host_stops_calls_in_flight_are_answered_first) {
    struct frame_request request = {.method = TEXT("POST"), .path = TEXT("/slow")};
    int answers[2] = {0};
    struct plugin_call call = {
        .plugin = TEXT("polls"), .request = &request, .answered = count_answers, .user = answers};
    cr_assert_eq(plugins_call(house.plugins, &call, NULL), 0);
    house_reopen(&house);
    cr_assert_eq(answers[0], 1);
}

static void never(void *user, const struct plugin_answer *answer) {
    cr_assert_fail("it was not sent");
}

Test(traffic, a_configuration_that_no_frame_holds_is_refused) {
    size_t n = FRAME_MAX_PAYLOAD + 1;
    char *payload = malloc(n);
    memset(payload, ' ', n);
    struct release *release = host_find(house.plugins, TEXT("polls"))->active;
    cr_assert_eq(traffic_direct(release, FRAME_CONFIGURE, text_n(payload, n), never, NULL), ERR_TOO_LARGE);
    cr_assert_eq(house_call(&house, "GET", "/polls", "").status, 200);
    free(payload);
}
