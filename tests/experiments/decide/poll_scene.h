/* A scene with one feature, `poll`, and its experiment, `trial`: what the tests of evaluation play in. Each test runs in its own
 * process, so one static scene is enough. */
#ifndef PARLEY_TESTS_EXPERIMENTS_DECIDE_POLL_SCENE_H
#define PARLEY_TESTS_EXPERIMENTS_DECIDE_POLL_SCENE_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "core/base/clock.h"
#include "tests/experiments/decide/scene.h"

static struct scene scene;
static inline void begin(void) {
    scene_begin(&scene);
}
static inline void end(void) {
    scene_end(&scene);
}
#define FEATURE                                                                                                        \
    "{'key':'poll','type':'string','variants':{'off':{'value':'off'},'top':{'value':'top'},'side':{'value':'side'}},"  \
    "'off':'off','default':{'serve':'side'}"
#define EXPERIMENT "{'key':'trial','feature':'poll','control':'off'"

static inline void feature(const char *more) {
    char body[2000];
    snprintf(body, sizeof body, FEATURE "%s}", more);
    scene_define(&scene, DEFINITION_FEATURE, body, NULL);
}

static inline void experiment(const char *more) {
    char body[2000];
    snprintf(body, sizeof body, EXPERIMENT "%s}", more);
    scene_define(&scene, DEFINITION_EXPERIMENT, body, NULL);
}

static inline void change(const char *more) {
    char body[2000];
    snprintf(body, sizeof body, EXPERIMENT "%s}", more);
    scene_change(&scene, body);
}

static inline void trial(const char *more) {
    experiment(more);
    scene_start(&scene, "trial", 1000);
}

static inline const char *key_of(int i) {
    static char keys[4][32];
    static int next;
    char *key = keys[next++ % 4];
    snprintf(key, 32, "customer-%d", i);
    return key;
}

static inline const char *variant_of(int i) {
    return scene_decide(&scene, "poll", key_of(i), NULL);
}

static inline void expect_decision(const char *context, const char *variant, enum decision_reason reason,
                                   enum decision_step step) {
    const char *got = scene_decide(&scene, "poll", NULL, context);
    cr_expect_str_eq(got, variant, "%s", context);
    cr_expect_str_eq(decision_reason(scene.decision.reason), decision_reason(reason), "%s", context);
    cr_expect_eq(scene.decision.step, step, "%s", context);
}

#endif
