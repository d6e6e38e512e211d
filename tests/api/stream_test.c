#include "api/stream.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct counter dropped, listening;
static struct stream *stream;
static int woken;

static void on_wake(struct listener *listener) {
    woken++;
}

static void set_up(void) {
    struct stream_options options = {0xabc, "event: reset\ndata: {}", &dropped, &listening};
    stream = stream_new(&options);
    woken = 0;
}
static void tear_down(void) {
    stream_free(stream);
}
TestSuite(stream, .init = set_up, .fini = tear_down);

static struct listener new_listener(void) {
    return (struct listener){.wake = on_wake};
}
#define LISTEN(name, last)                                                                                             \
    struct listener name = new_listener();                                                                             \
    stream_join(stream, &name, text_of(last), false)

/* All that there is to read, in pieces of `room`. */
static const char *read_all(struct listener *listener, size_t room) {
    static char all[1 << 17];
    size_t n = 0;
    ssize_t got;
    while ((got = stream_read(listener, all + n, room)) > 0) n += (size_t)got;
    all[n] = 0;
    return got < 0 ? "ended" : all;
}

Test(stream, greets_with_a_place_to_resume_from_and_then_sleeps) {
    LISTEN(l, "");
    cr_expect_str_eq(read_all(&l, 512), "retry: 2000\nid: abc-0\n\n");
    cr_expect_eq(listening.value, 1);
    stream_publish(stream, "change", TEXT("{\"a\":1}"));
    cr_expect_eq(woken, 1);
    cr_expect_str_eq(read_all(&l, 512), "id: abc-1\nevent: change\ndata: {\"a\":1}\n\n");
    stream_leave(&l);
    cr_expect_eq(listening.value, 0);
}

Test(stream, gives_the_same_bytes_however_small_the_pieces) {
    LISTEN(l, "");
    stream_publish(stream, NULL, TEXT("one"));
    stream_publish(stream, NULL, TEXT("two"));
    cr_expect_str_eq(read_all(&l, 3), "retry: 2000\nid: abc-0\n\nid: abc-1\ndata: one\n\nid: abc-2\ndata: two\n\n");
    stream_leave(&l);
}

Test(stream, replays_what_came_after_the_last_event_id) {
    for (int i = 0; i < 3; i++) stream_publish(stream, NULL, TEXT("x"));
    LISTEN(l, "abc-2");
    cr_expect_str_eq(read_all(&l, 512), "retry: 2000\nid: abc-2\n\nid: abc-3\ndata: x\n\n");
    stream_leave(&l);
}

Test(stream, says_that_something_was_missed_where_it_cannot_replay) {
    for (int i = 0; i < STREAM_REMEMBERS + 5; i++) stream_publish(stream, NULL, TEXT("x"));
    const char *lasts[] = {"abc-3", "abd-1028", "abc-9999", "nonsense"};
    for (int i = 0; i < 4; i++) {
        LISTEN(l, lasts[i]);
        cr_expect_str_eq(read_all(&l, 512), "retry: 2000\nid: abc-1029\nevent: reset\ndata: {}\n\n", "%s", lasts[i]);
        stream_leave(&l);
    }
    LISTEN(oldest, "abc-5");
    cr_expect(strstr(read_all(&oldest, 512), "\nid: abc-6\n"));
    stream_leave(&oldest);
}

Test(stream, cuts_off_and_counts_who_falls_behind_and_nobody_else) {
    LISTEN(slow, "");
    LISTEN(quick, "");
    char some[8];
    stream_read(&slow, some, sizeof some);
    for (int i = 0; i < STREAM_REMEMBERS + 1; i++) {
        stream_publish(stream, NULL, TEXT("x"));
        read_all(&quick, 512);
    }
    cr_expect_eq(dropped.value, 1);
    cr_expect_str_eq(read_all(&slow, 512), "ended");
    cr_expect_str_eq(read_all(&quick, 512), "");
    stream_leave(&slow);
    stream_leave(&quick);
}

Test(stream, beats_with_a_comment_only_where_nothing_else_was_sent) {
    LISTEN(l, "");
    stream_beat(stream);
    cr_expect_str_eq(read_all(&l, 512), "retry: 2000\nid: abc-0\n\n");
    stream_beat(stream);
    cr_expect_str_eq(read_all(&l, 512), ":\n\n");
    cr_expect_str_eq(read_all(&l, 512), "");
    stream_leave(&l);
}

Test(stream, ends_for_everybody) {
    LISTEN(l, "");
    read_all(&l, 512);
    stream_end(stream);
    cr_expect_eq(woken, 1);
    cr_expect_str_eq(read_all(&l, 512), "ended");
    stream_leave(&l);
}

Test(stream, tells_what_is_addressed_to_one_to_nobody_else_who_falls_not_behind) {
    struct listener ann = new_listener(), ben = new_listener();
    ann.whom = 7;
    ben.whom = 8;
    stream_join(stream, &ann, TEXT(""), false);
    stream_join(stream, &ben, TEXT(""), false);
    read_all(&ann, 512);
    read_all(&ben, 512);
    woken = 0;
    stream_publish_to(stream, 7, "note", TEXT("hers"));
    cr_expect_eq(woken, 1);
    cr_expect_str_eq(read_all(&ben, 512), "");
    cr_expect_str_eq(read_all(&ann, 512), "id: abc-1\nevent: note\ndata: hers\n\n");
    for (int i = 0; i < 2 * STREAM_REMEMBERS; i++) {
        stream_publish_to(stream, 7, "note", TEXT("more"));
        read_all(&ann, 512);
    }
    stream_publish(stream, NULL, TEXT("to all"));
    cr_expect(strstr(read_all(&ben, 512), "data: to all"));
    cr_expect_eq(dropped.value, 0);
    cr_expect_eq(stream_listeners(stream), 2);
    stream_leave(&ann);
    stream_leave(&ben);
    cr_expect_eq(stream_listeners(stream), 0);
}

Test(stream, replays_to_each_only_what_was_for_her) {
    stream_publish_to(stream, 7, NULL, TEXT("for 7"));
    stream_publish_to(stream, 8, NULL, TEXT("for 8"));
    stream_publish(stream, NULL, TEXT("for all"));
    struct listener l = new_listener();
    l.whom = 8;
    stream_join(stream, &l, TEXT("abc-0"), false);
    const char *read = read_all(&l, 512);
    cr_expect(strstr(read, "for 8") && strstr(read, "for all") && !strstr(read, "for 7"), "%s", read);
    stream_leave(&l);
}
