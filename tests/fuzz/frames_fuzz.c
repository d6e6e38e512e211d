/* A hostile peer's bytes: whatever they are, frames lie within them, and what decodes encodes to the same again. */
#include <stdio.h>
#include <stdlib.h>

#include "core/plugins/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "frames_fuzz: %s\n", what);
    abort();
}

static bool within(struct text part, struct text whole) {
    return part.n == 0 || (part.at >= whole.at && part.at + part.n <= whole.at + whole.n);
}

static void check_request(struct text payload) {
    struct frame_request request, again;
    struct error error = {0};
    struct buffer out = {0};
    if (frame_request_decode(payload, &request, &error) != 0) {
        require(error.code == ERR_INVALID && *error.detail, "a request refused without a word");
        return;
    }
    require(within(request.method, payload) && within(request.body, payload),
            "a request's text lies outside of its frame");
    frame_request_encode(&out, &request);
    require(out.n == payload.n, "a request encodes to another length");
    require(frame_request_decode(text_n(out.at, out.n), &again, NULL) == 0, "a request does not decode again");
    require(again.now == request.now && again.staff == request.staff && again.known == request.known &&
                text_eq(again.path, request.path) && text_eq(again.settings, request.settings) &&
                text_eq(again.body, request.body),
            "a request decodes to another");
    buffer_free(&out);
}

static void check_reply(struct text payload) {
    struct frame_reply reply;
    struct error error = {0};
    struct buffer out = {0};
    if (frame_reply_decode(payload, &reply, &error) != 0) {
        require(error.code == ERR_INVALID && *error.detail, "a reply refused without a word");
        return;
    }
    require(reply.status >= 200 && reply.status <= 599, "a reply's status is none");
    frame_reply_encode(&out, &reply);
    require(text_eq(text_n(out.at, out.n), payload), "a reply encodes to other bytes");
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct text in = text_n((const char *)data, n);
    struct frame frame;
    struct error error = {0};
    size_t used = 0;
    int taken;
    while ((taken = frame_take(in, &used, &frame, &error)) == 1) {
        require(used == FRAME_HEADER + frame.payload.n && used <= in.n, "a frame is longer than its bytes");
        require(within(frame.payload, in), "a payload lies outside of its bytes");
        check_request(frame.payload);
        check_reply(frame.payload);
        in = text_n(in.at + used, in.n - used);
    }
    require(taken == 0 || (taken == ERR_INVALID && error.code == ERR_INVALID), "a frame refused without a word");
    return 0;
}
