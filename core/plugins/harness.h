/* What the files behind <parley/test.h> share. */
#ifndef PARLEY_CORE_PLUGINS_HARNESS_H
#define PARLEY_CORE_PLUGINS_HARNESS_H

#include <parley/test.h>

#include "core/plugins/worker_runtime.h"

struct parley_test {
    struct runtime runtime; /* first: harness_ask */
    bool running;
    struct error why; /* it does not */
    struct clock clock;
    struct parley_test_options options; /* with copies of its own */
    char folder[200];
    bool temporary;
    struct frame_request request; /* what stands around each call; texts live in `kept` */
    struct arena kept;            /* until the test stops */
    struct buffer frames;         /* of the call at hand */
    struct buffer log_frames;     /* as the runtime writes them */
    struct buffer logs, body;     /* lines; the last answer. NUL-terminated when read */
    int status;
    int64_t seq; /* of the last event */
    struct metrics metrics;
    struct persona *personas; /* whom the test said something of */
    struct effect_seen {
        struct text json; /* as parleyd would get it */
        struct effect_seen *next;
    } * effects, **effects_end; /* the oldest first */
};

/* Ends the process with a sentence where `condition` does not hold: the test itself is wrong. */
#define harness_require(condition, ...)                                                                                \
    do {                                                                                                               \
        if (!(condition)) harness_misuse(__func__, __VA_ARGS__);                                                       \
    } while (0)
void harness_misuse(const char *function, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* runtime->ask: Parley's side of it. */
int harness_ask(struct runtime *runtime, struct text question, struct arena *arena, struct frame_reply *reply,
                struct error *error);
/* The value at a JSON pointer; TEXT_NONE where there is none. Borrowed from `source`. */
struct text harness_find(struct text source, const char *pointer);

#endif
