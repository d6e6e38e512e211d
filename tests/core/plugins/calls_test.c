#include <criterion/criterion.h>

#include "core/plugins/calls.h"

static uv_loop_t loop;
static struct calls calls;
static int due_n;
static struct call *due_calls[8];

static void on_due(struct call *call) {
    cr_assert_geq(uv_now(&loop), call->due);
    due_calls[due_n++] = call;
    calls_give(&calls, call);
}

static void open_calls(void) {
    uv_loop_init(&loop);
    calls_open(&calls, &loop, on_due);
}

static void close_calls(void) {
    uv_close((uv_handle_t *)&calls.timer, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    calls_free(&calls);
    cr_assert_eq(uv_loop_close(&loop), 0);
}

TestSuite(calls, .init = open_calls, .fini = close_calls);

Test(calls, an_id_finds_its_call_only_while_that_very_call_is_under_way) {
    struct call *first = calls_take(&calls, 1000);
    uint64_t id = first->id;
    cr_assert_eq(calls_find(&calls, id), first);
    calls_give(&calls, first);
    cr_assert_null(calls_find(&calls, id));
    struct call *second = calls_take(&calls, 1000);
    cr_assert_eq(second, first, "the slot is used again");
    cr_assert_null(calls_find(&calls, id), "under another id");
    cr_assert_eq(calls_find(&calls, second->id), second);
    calls_give(&calls, second);
}

Test(calls, made_up_ids_find_nothing) {
    struct call *call = calls_take(&calls, 1000);
    const uint64_t made_up[] = {0, 1, call->id + 1, call->id ^ 1u << 16, call->id | 0xFFFF, UINT64_MAX};
    for (size_t i = 0; i < sizeof made_up / sizeof *made_up; i++) cr_assert_null(calls_find(&calls, made_up[i]));
    calls_give(&calls, call);
    cr_assert_null(calls_find(&calls, 0), "a free slot has no id");
}

Test(calls, come_due_in_the_order_of_their_deadlines_whatever_the_order_they_came_in) {
    struct call *late = calls_take(&calls, 60), *early = calls_take(&calls, 20), *middle = calls_take(&calls, 40);
    struct call *given = calls_take(&calls, 30);
    struct call *moved = calls_take(&calls, 10);
    calls_give(&calls, given);
    calls_move(&calls, moved, 80);
    uint64_t start = uv_now(&loop);
    while (due_n < 4) uv_run(&loop, UV_RUN_ONCE);
    cr_assert_geq(uv_now(&loop) - start, 80);
    cr_assert_eq(due_calls[0], early);
    cr_assert_eq(due_calls[1], middle);
    cr_assert_eq(due_calls[2], late);
    cr_assert_eq(due_calls[3], moved);
}

Test(calls, there_is_a_most_of_them) {
    static struct call *all[CALLS_MOST];
    for (int i = 0; i < CALLS_MOST; i++) cr_assert_not_null(all[i] = calls_take(&calls, 100000));
    cr_assert_null(calls_take(&calls, 100000));
    for (int i = 0; i < CALLS_MOST; i++) calls_give(&calls, all[i]);
    struct call *again = calls_take(&calls, 1000);
    cr_assert_not_null(again);
    calls_give(&calls, again);
}
