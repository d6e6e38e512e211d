/* Effects, timers, events and a customer's rights: what a worker sends and does beside answering. */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/store/gaps.h"
#include "tests/core/plugins/channel_client.h"
#include "tests/core/store/scatter.h"

static struct client worker;
static struct client_reply reply;

static void start_notes(void) {
    char why[600];
    client_start(&worker,
                 &(struct client_plugin){client_build_path("tests/fixtures/notes-1.0.0.so"), "notes", "1.0.0", NULL},
                 client_folder());
    cr_assert(client_ready(&worker, why, sizeof why), "%s", why);
}
TestSuite(outbox, .init = start_notes);

static int call(const char *method, const char *path, const char *body) {
    return client_shopper(&worker, "ann", method, path, body, &reply);
}

static sqlite3 *open_data(int flags) {
    char path[256];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/data.db", client_folder());
    cr_assert_eq(sqlite3_open_v2(path, &db, flags, NULL), SQLITE_OK);
    return db;
}

static int rows_left(void) {
    sqlite3 *db = open_data(SQLITE_OPEN_READONLY);
    sqlite3_stmt *count;
    cr_assert_eq(sqlite3_prepare_v2(db, "SELECT count(*) FROM parley_outbox", -1, &count, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_step(count), SQLITE_ROW);
    int n = sqlite3_column_int(count, 0);
    sqlite3_finalize(count);
    sqlite3_close(db);
    return n;
}

static void expect_rows_left(int expected) {
    for (int i = 0; i < 2000 && rows_left() != expected; i++) usleep(50000);
    cr_expect_eq(rows_left(), expected);
}

Test(outbox, an_effect_says_who_did_what_and_when) {
    struct frame_request request = client_request("ann", "PUT", "/notes/a", "{\"body\":\"1\"}");
    request.now = 1700000000123;
    client_call(&worker, &request, &reply);
    client_wait_effects(&worker, 1);
    cr_expect_str_eq(
        client_effects(&worker),
        "1 {\"kind\":\"track\",\"customer\":\"ann\",\"known\":true,\"feature\":\"product-poll\","
        "\"variant\":\"top\",\"at\":1700000000123,\"event\":\"Note Written\",\"properties\":{\"id\":\"a\"}}\n");
    client_stop(&worker);
}

Test(outbox, effects_are_deleted_once_parleyd_has_them) {
    for (int i = 0; i < 3; i++) {
        char path[32];
        snprintf(path, sizeof path, "/notes/n%d", i);
        call("PUT", path, "{\"body\":\"x\"}");
    }
    client_wait_effects(&worker, 3);
    cr_expect_eq(rows_left(), 3);
    client_frame(&worker, FRAME_KEPT, 2, "");
    expect_rows_left(1);
    client_frame(&worker, FRAME_KEPT, 3, "");
    expect_rows_left(0);
    client_stop(&worker);
}

Test(outbox, what_was_not_acknowledged_is_sent_again_after_a_kill) {
    call("PUT", "/notes/a", "{\"body\":\"1\"}");
    call("PUT", "/notes/b", "{\"body\":\"1\"}");
    client_wait_effects(&worker, 2);
    client_frame(&worker, FRAME_KEPT, 1, "");
    expect_rows_left(1);
    client_kill(&worker);
    start_notes();
    client_wait_effects(&worker, 1);
    const char *effects = client_effects(&worker);
    cr_expect(strncmp(effects, "2 {", 3) == 0 && strstr(effects, "{\"id\":\"b\"}"), "%s", effects);
    client_frame(&worker, FRAME_KEPT, 2, "");
    expect_rows_left(0);
    client_stop(&worker);
}

Test(outbox, a_number_is_never_given_twice) {
    call("PUT", "/notes/a", "{\"body\":\"1\"}");
    client_wait_effects(&worker, 1);
    client_frame(&worker, FRAME_KEPT, 1, "");
    expect_rows_left(0);
    client_stop(&worker);
    start_notes();
    call("PUT", "/notes/b", "{\"body\":\"1\"}");
    client_wait_effects(&worker, 1);
    cr_expect_eq(worker.last_effect, 2);
    client_stop(&worker);
}

Test(outbox, one_workers_acknowledgement_leaves_the_rows_of_another) {
    struct client other = worker; /* the first */
    start_notes();                /* the second: `worker` */
    struct client_reply answer;
    client_shopper(&other, "ann", "PUT", "/notes/a", "{\"body\":\"1\"}", &answer);
    call("PUT", "/notes/b", "{\"body\":\"1\"}");
    client_wait_effects(&worker, 1);
    client_frame(&worker, FRAME_KEPT, worker.last_effect, "");
    expect_rows_left(1);
    client_stop(&worker);
    client_stop(&other);
}

static void expect_note(const char *id) {
    for (int i = 0; i < 2000; i++) {
        call("GET", "/notes", NULL);
        if (strstr(reply.body, id)) return;
        usleep(50000);
    }
    cr_expect(false, "%s did not come: %s", id, reply.body);
}

Test(outbox, a_timer_fires_once_and_survives_a_kill) {
    cr_expect_eq(call("PUT", "/timers/soon", "{\"in\":50}"), 202, "%s", reply.body);
    expect_note("soon");
    cr_expect_eq(call("PUT", "/timers/later", "{\"in\":700}"), 202);
    client_kill(&worker);
    start_notes();
    expect_note("later");
    client_stop(&worker);
}

Test(outbox, a_timer_of_a_worker_that_is_gone_fires_in_another) {
    struct client other = worker;
    start_notes();
    struct client_reply answer;
    cr_expect_eq(client_shopper(&other, "ann", "PUT", "/timers/inherited", "{\"in\":300}", &answer), 202);
    client_kill(&other);
    expect_note("inherited");
    client_stop(&worker);
}

Test(outbox, a_timer_that_fails_is_tried_later_and_keeps_no_other_waiting) {
    call("PUT", "/timers/taken", "{\"in\":0}");
    expect_note("taken");
    call("PUT", "/timers/taken", "{\"in\":0}"); /* on_timer will conflict, and be tried again in a minute */
    usleep(200000);
    call("PUT", "/timers/other", "{\"in\":0}"); /* which must not keep others from firing */
    expect_note("other");
    client_stop(&worker);
}

Test(outbox, events_are_taken_each_in_its_own_savepoint) {
    client_frame(&worker, FRAME_EVENTS, 77,
                 "{\"after\":-1,\"upto\":9,\"events\":["
                 "{\"seq\":3,\"event\":\"Order "
                 "Completed\",\"customer\":\"ann\",\"known\":true,\"properties\":{\"order_id\":\"o1\"}},"
                 "{\"seq\":4,\"event\":\"Order "
                 "Completed\",\"customer\":\"ben\",\"known\":true,\"properties\":{\"order_id\":\"o1\"}},"
                 "{\"seq\":5,\"event\":\"Order "
                 "Completed\",\"customer\":\"cat\",\"known\":true,\"properties\":{\"order_id\":\"o2\"}}]}");
    cr_expect_eq(client_reply(&worker, &reply), 77);
    cr_expect_str_eq(reply.body, "{\"position\":9,\"ran\":3,\"failed\":1}");
    call("GET", "/notes", NULL);
    cr_expect_str_eq(reply.body, "{\"notes\":2,\"ids\":\"o1 o2\"}");
    cr_expect(strstr(client_logs(&worker), "event 4 \"Order Completed\" failed and is passed over"));
    client_stop(&worker);
}

Test(outbox, a_batch_for_another_position_than_the_databases_is_not_run) {
    static const char batch[] =
        "{\"after\":5,\"upto\":9,\"events\":[{\"seq\":6,\"event\":\"Order Completed\",\"customer\":"
        "\"ann\",\"known\":true,\"properties\":{\"order_id\":\"o6\"}}]}";
    client_frame(&worker, FRAME_EVENTS, 1, batch);
    client_reply(&worker, &reply);
    cr_expect_str_eq(reply.body, "{\"position\":-1,\"ran\":0,\"failed\":0}");
    client_frame(&worker, FRAME_EVENTS, 2, "{\"after\":-1,\"upto\":5,\"events\":[]}");
    client_reply(&worker, &reply);
    client_kill(&worker);
    start_notes();
    for (int i = 0; i < 2; i++) { /* the second time it is known */
        client_frame(&worker, FRAME_EVENTS, 3, batch);
        client_reply(&worker, &reply);
        cr_expect_str_eq(reply.body,
                         i ? "{\"position\":9,\"ran\":0,\"failed\":0}" : "{\"position\":9,\"ran\":1,\"failed\":0}");
    }
    call("GET", "/notes", NULL);
    cr_expect_str_eq(reply.body, "{\"notes\":1,\"ids\":\"o6\"}");
    client_stop(&worker);
}

Test(outbox, export_and_forget_reach_the_plugin) {
    client_frame(&worker, FRAME_EXPORT, 5, "ann");
    cr_expect_eq(client_reply(&worker, &reply), 5);
    cr_expect_str_eq(reply.body, "{\"customer\":\"ann\"}");
    client_frame(&worker, FRAME_FORGET, 6, "ann");
    cr_expect_eq(client_reply(&worker, &reply), 6);
    cr_expect_eq(reply.status, 204);
    client_stop(&worker);
}

Test(outbox, who_is_forgotten_is_left_in_no_gap_of_the_file) {
    struct arena arena;
    size_t n, left = 0;
    client_stop(&worker);
    sqlite3 *db = open_data(SQLITE_OPEN_READWRITE);
    arena_init(&arena, 1 << 16);
    struct text *gone = scatter(db, &arena, &n);
    while (left < n && gaps_have(db, &gone[left], 1) == 0) left++;
    cr_assert_lt(left, n, "there is one to look for");
    sqlite3_close(db);
    start_notes();
    client_frame(&worker, FRAME_FORGET, 6, gone[left].at);
    cr_expect_eq(client_reply(&worker, &reply), 6);
    client_stop(&worker);
    db = open_data(SQLITE_OPEN_READWRITE);
    cr_expect_eq(gaps_have(db, &gone[left], 1), 0);
    sqlite3_close(db);
    arena_free(&arena);
}
