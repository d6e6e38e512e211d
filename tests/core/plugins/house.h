/* A plugin host on a loop of its own, in a temporary folder, with stand-in workers (tests/fixtures/workers): what the tests of
 * core/plugins share. Every operation here waits until it is done. */
#ifndef PARLEY_TESTS_CORE_PLUGINS_HOUSE_H
#define PARLEY_TESTS_CORE_PLUGINS_HOUSE_H

#include "core/base/clock.h"
#include "core/plugins/host.h"

/* Nothing that a test waits for takes so long, however busy the machine: who has waited so long waits for nothing. */
#define HOUSE_PATIENCE_NS (120ull * 1000000000)

struct house {
    uv_loop_t loop;
    struct mailbox mailbox;
    struct telemetry *telemetry;
    struct plugins *plugins;
    char dir[64];        /* temporary, removed at the end */
    char plugin_dir[80]; /* DIR/plugins */
    struct house_setup {
        const struct plugin_timing *timing;       /* NULL: house_timing's */
        const char *worker;                       /* NULL: the stand-in */
        const char *bundled;                      /* NULL: nothing comes with it */
        const struct breaker_policy *breaker;     /* NULL: one that never opens */
        const struct probation_policy *probation; /* NULL: none */
        const struct trust_options *trust;        /* NULL: no keys, unsigned bundles are taken */
    } setup;
    int64_t effects;      /* that came */
    bool keep_effects;    /* they are called durable at once */
    uint64_t tickets[8];  /* of the first ones */
    int descriptors;      /* open before */
    struct buffer events; /* "crashed polls 1.0.0 after 1.1.0: why", a line each */
    char evidence[300];   /* of the last rollback */
    struct error error;   /* of the last operation */
};

struct said {
    int code, status, retry_after;
    char version[65], body[4096];
};

/* The path of something built below tests/fixtures/workers, or in the build folder. Static storage. */
const char *house_fixture(const char *name);
const char *house_built(const char *relative);

/* A folder DIR/NAME-VERSION with plugin.json and the fixture as library, and a widget. Returns its path; static storage. */
const char *house_bundle(struct house *house, const char *name, const char *version, const char *fixture);

/* Not started yet. `setup` may be NULL. */
void house_open(struct house *house, const struct house_setup *setup);
void house_start(struct house *house);
/* Stops; asserts that no process, descriptor or handle is left over. */
void house_close(struct house *house);
/* Stops and starts again on the same folder; or both by themselves. */
void house_reopen(struct house *house);
void house_stop(struct house *house);
void house_again(struct house *house);

/* Installs and activates; asserts that both succeed. */
void house_run_plugin(struct house *house, const char *name, const char *version, const char *fixture);
/* 0 or the error's code; the words are in house->error. */
int house_install(struct house *house, const char *path);
int house_activate(struct house *house, const char *name, const char *version);
int house_rollback(struct house *house, const char *name);
int house_remove(struct house *house, const char *name, const char *version);
int house_retire(struct house *house, const char *name);
/* To the active release of polls, as the shopper ann. */
struct said house_call(struct house *house, const char *method, const char *path, const char *body);
struct said house_call_release(struct house *house, const char *version, const char *method, const char *path,
                               const char *body);

/* Any request to the active release of polls, with a deadline in ms. */
struct said house_call_within(struct house *house, const struct frame_request *request, int deadline);
/* FRAME_EXPORT or FRAME_FORGET. */
struct said house_errand(struct house *house, enum frame_type type);

/* What takes how long at most. No deadline passes by itself in a test, on the slowest machine: a test in which one is to pass makes
 * that one short, for what begins afterwards. */
struct plugin_timing *house_timing(struct house *house);

/* One turn of the loop: news first, and what becomes due by them in a later one. So who looks after each turn misses nothing. */
void house_step(struct house *house);
#define house_wait_until(house, condition)                                                                             \
    for (uint64_t start_ = clock_ticks(); !(condition); house_step(house))                                             \
    cr_assert(clock_ticks() - start_ < HOUSE_PATIENCE_NS, "it never came that " #condition)

/* Turns the loop until the status of the plugin contains `text`. */
void house_wait_for(struct house *house, const char *name, const char *text);
/* The same for a line of `events` that contains `text`. */
void house_wait_for_event(struct house *house, const char *text);
/* The same for what its workers log. */
void house_wait_for_log(struct house *house, const char *name, const char *text);
/* Turns the loop for so long. */
void house_turn(struct house *house, int ms);
/* Status, log lines, metrics as text; static storage. */
const char *house_status(struct house *house, const char *name);
const char *house_logs(struct house *house, const char *name);
const char *house_metrics(struct house *house);
/* Processes that are children of this one, zombies included. */
int house_children(void);
int house_descriptors(void);

#endif
