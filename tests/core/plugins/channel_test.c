#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/plugins/channel.h"

static uv_loop_t loop;
static struct channels all;
static struct channel channel;
static int other; /* the worker's end */
static int frames, bytes;
static char broken[200];
static bool close_at_first, closed;

static void on_closed(uv_handle_t *handle) {
    closed = true;
}

static void on_frame(void *user, const struct frame *frame) {
    frames++;
    bytes += (int)frame->payload.n;
    if (close_at_first) channel_close(&channel, on_closed);
}

static void on_broken(void *user, const char *why) {
    cr_assert_str_empty(broken, "told twice");
    snprintf(broken, sizeof broken, "%s", why);
}

static const struct channel_events events = {on_frame, on_broken};

static void open_channel(void) {
    int pair[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    other = pair[1];
    uv_loop_init(&loop);
    channels_open(&all, &loop);
    cr_assert_eq(channel_open(&channel, &all, pair[0], &events, NULL), 0);
}

static void close_channel(void) {
    if (channel.fd >= 0) channel_close(&channel, on_closed);
    uv_close((uv_handle_t *)&all.prepare, NULL);
    uv_close((uv_handle_t *)&all.check, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_assert(closed);
    channel_free(&channel);
    cr_assert_eq(uv_loop_close(&loop), 0);
    close(other);
}

TestSuite(channel, .init = open_channel, .fini = close_channel);

static void turn(void) {
    for (int i = 0; i < 20; i++) uv_run(&loop, UV_RUN_NOWAIT);
}

static void say(struct buffer *out) {
    cr_assert_eq(write(other, out->at, out->n), (ssize_t)out->n);
    buffer_clear(out);
}

Test(channel, frames_are_whole_however_they_arrive) {
    struct buffer out = {0};
    frame_put(&out, FRAME_LOG, 0, TEXT("one"));
    frame_put(&out, FRAME_LOG, 0, TEXT("three"));
    for (size_t i = 0; i < out.n; i++) { /* byte by byte */
        cr_assert_eq(write(other, out.at + i, 1), 1);
        turn();
    }
    cr_assert_eq(frames, 2);
    cr_assert_eq(bytes, 8);
    buffer_clear(&out);
    for (int i = 0; i < 1000; i++) frame_put(&out, FRAME_LOG, 0, TEXT("many at once"));
    say(&out);
    turn();
    cr_assert_eq(frames, 1002);
    buffer_free(&out);
}

Test(channel, what_is_put_in_one_turn_goes_out_together_before_the_loop_sleeps) {
    char got[4096];
    for (int i = 0; i < 3; i++) {
        frame_put(channel_out(&channel), FRAME_PING, 0, TEXT("abc"));
        channel_touch(&channel);
    }
    cr_assert_lt(read(other, got, sizeof got), 0, "nothing yet");
    uv_run(&loop, UV_RUN_NOWAIT);
    cr_assert_eq(read(other, got, sizeof got), 3 * (FRAME_HEADER + 3));
    cr_assert_eq(channel_queued(&channel), 0);
}

Test(channel, what_the_worker_does_not_read_waits_and_arrives_whole) {
    static char body[64 << 10], got[1 << 16];
    size_t put = 0, read_n = 0;
    for (int i = 0; i < 60; i++) {
        memset(body, 'a' + i % 26, sizeof body);
        frame_put(channel_out(&channel), FRAME_PING, 0, text_n(body, sizeof body));
        put += FRAME_HEADER + sizeof body;
        channel_touch(&channel);
        turn();
    }
    cr_assert_gt(channel_queued(&channel), CHANNEL_QUEUE);
    uint32_t sum = 0, expected = 0;
    while (read_n < put) {
        ssize_t n = read(other, got, sizeof got);
        if (n > 0)
            for (ssize_t k = 0; k < n; k++) sum += (unsigned char)got[k] * (uint32_t)((read_n + (size_t)k) % 251);
        if (n > 0) read_n += (size_t)n;
        turn();
    }
    struct buffer whole = {0};
    for (int i = 0; i < 60; i++) {
        memset(body, 'a' + i % 26, sizeof body);
        frame_put(&whole, FRAME_PING, 0, text_n(body, sizeof body));
    }
    for (size_t k = 0; k < whole.n; k++) expected += (unsigned char)whole.at[k] * (uint32_t)(k % 251);
    buffer_free(&whole);
    cr_assert_eq(sum, expected);
    cr_assert_eq(channel_queued(&channel), 0);
    cr_assert_eq(channel_position(&channel), put);
}

Test(channel, a_frame_that_is_none_breaks_it_once_and_nothing_follows) {
    struct buffer out = {0};
    buffer_cstr(&out, "\xff\xff\xff\xff and more than sixteen bytes");
    frame_put(&out, FRAME_LOG, 0, TEXT("never seen"));
    say(&out);
    turn();
    cr_assert_eq(frames, 0);
    cr_assert_str_eq(broken, "sent a frame of 4294967295 bytes; at most 1114112");
    buffer_free(&out);
}

Test(channel, its_end_is_told_after_what_came_before) {
    struct buffer out = {0};
    frame_put(&out, FRAME_LOG, 0, TEXT("last words"));
    say(&out);
    shutdown(other, SHUT_RDWR);
    turn();
    cr_assert_eq(frames, 1);
    cr_assert_str_eq(broken, "closed its channel");
    buffer_free(&out);
}

Test(channel, it_may_be_closed_while_it_delivers) {
    struct buffer out = {0};
    close_at_first = true;
    for (int i = 0; i < 100; i++) frame_put(&out, FRAME_LOG, 0, TEXT("a line"));
    say(&out);
    turn();
    cr_assert_eq(frames, 1);
    buffer_free(&out);
}

Test(channel, paused_it_delivers_nothing_and_resumed_everything) {
    struct buffer out = {0};
    channel_pause(&channel);
    for (int i = 0; i < 100; i++) frame_put(&out, FRAME_LOG, 0, TEXT("a line"));
    say(&out);
    turn();
    cr_assert_eq(frames, 0);
    channel_resume(&channel);
    turn();
    cr_assert_eq(frames, 100);
    buffer_free(&out);
}
