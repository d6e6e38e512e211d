/* What a worker that has been taken over may send: its bytes go through a real channel on a loop, in pieces, and every frame is
 * understood as parleyd understands it (READY, PONG, replies, log lines, effects). However the bytes are cut, the same
 * frames come out; whatever is in them, texts lie within them and refusals have words. The first byte says how the rest is cut. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/plugins/channel.h"
#include "core/plugins/effects.h"
#include "core/plugins/notes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "worker_frames_fuzz: %s\n", what);
    abort();
}

struct peer {
    struct channel channel;
    struct text left; /* of what was sent: the next frame must be its front */
    struct effects effects;
    uint32_t kept;
    bool broken, closed;
};

static void on_ready_note(struct text payload) {
    static const struct supervisor_launch launch = {
        .plugin = "polls", .version = "1.0.0", .abi_major = 1, .abi_minor = 0};
    struct error error = {0};
    struct ready ready = {0};
    int code = note_ready(payload, &launch, &ready, &error);
    require(code == 0 || ((code == ERR_INVALID || code == ERR_CONFLICT) && *error.detail),
            "READY refused without a word");
    ready_free(&ready);
}

static void on_pong_note(struct text payload) {
    int64_t memory;
    char *waits = NULL;
    note_pong(payload, &memory, &waits);
    free(waits);
}

static void on_reply(struct text payload) {
    struct frame_reply reply;
    struct error error = {0};
    if (frame_reply_decode(payload, &reply, &error) != 0)
        require(error.code == ERR_INVALID && *error.detail, "a reply refused without a word");
    else
        require(reply.body.n <= payload.n && reply.status >= 200 && reply.status <= 599, "a reply that is none");
}

/* Effects become durable in another order than they came in: the last two first. */
static void on_effect(struct peer *peer, const struct frame *frame) {
    uint32_t sequence = effects_hold(&peer->effects, frame->id);
    if (!effects_full(&peer->effects)) return;
    effects_keep(&peer->effects, sequence);
    while (peer->kept != sequence) effects_keep(&peer->effects, peer->kept++);
    peer->kept++;
    require(peer->effects.n == 0, "effects that are durable are held");
}

static void on_frame(void *user, const struct frame *frame) {
    struct peer *peer = user;
    struct frame expected;
    size_t used;
    require(frame_take(peer->left, &used, &expected, NULL) == 1, "a frame that nobody sent");
    require(frame->type == expected.type && frame->id == expected.id && text_eq(frame->payload, expected.payload),
            "a frame came out different");
    peer->left = text_n(peer->left.at + used, peer->left.n - used);
    switch (frame->type) {
    case FRAME_READY: on_ready_note(frame->payload); break;
    case FRAME_PONG: on_pong_note(frame->payload); break;
    case FRAME_REPLY: on_reply(frame->payload); break;
    case FRAME_EFFECT: on_effect(peer, frame); break;
    default: channel_pause(&peer->channel); /* and any other frame has it pause in the middle */
    }
}

static void on_broken(void *user, const char *why) {
    struct peer *peer = user;
    require(!peer->broken && *why, "broken twice, or without a word");
    peer->broken = true;
}

static void on_closed(uv_handle_t *poll) {
    struct peer *peer = (struct peer *)((char *)poll - offsetof(struct peer, channel.poll));
    peer->closed = true;
}

static void send_all(struct peer *peer, uv_loop_t *loop, int to, struct text bytes, size_t piece) {
    while (bytes.n && !peer->broken) {
        size_t n = bytes.n < piece ? bytes.n : piece;
        ssize_t sent = send(to, bytes.at, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) bytes = text_n(bytes.at + sent, bytes.n - (size_t)sent);
        uv_run(loop, UV_RUN_NOWAIT);
        channel_resume(&peer->channel);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static const struct channel_events events = {on_frame, on_broken};
    static uv_loop_t loop;
    static struct channels channels;
    static bool opened;
    static struct peer peer;
    if (!opened) {
        uv_loop_init(&loop);
        channels_open(&channels, &loop);
        opened = true;
    }
    int pair[2];
    if (n == 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0) return 0;
    peer = (struct peer){.left = text_n((const char *)data + 1, n - 1)};
    require(channel_open(&peer.channel, &channels, pair[0], &events, &peer) == 0, "no channel");
    send_all(&peer, &loop, pair[1], peer.left, data[0] ? data[0] * 16u : 1 << 20);
    close(pair[1]);
    while (!peer.broken) {
        channel_resume(&peer.channel);
        uv_run(&loop, UV_RUN_ONCE);
    }
    struct frame frame;
    size_t used;
    require(frame_take(peer.left, &used, &frame, NULL) != 1, "a frame that was sent did not come out");
    channel_close(&peer.channel, on_closed);
    while (!peer.closed) uv_run(&loop, UV_RUN_ONCE);
    channel_free(&peer.channel);
    return 0;
}
