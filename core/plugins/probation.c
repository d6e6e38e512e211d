#include "core/plugins/probation.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/plugins/operation.h"

/* What is told when the rollback is done. */
struct undo {
    struct plugin *plugin;
    char from[65], why[400];
    struct tally tally;
};

void probation_begin(struct plugin *plugin) {
    int time = plugin->env->probation.time;
    plugin->probation = (struct probation){.on = time > 0, .until = env_now(plugin->env) + (uint64_t)time};
}

void probation_end(struct plugin *plugin) {
    plugin->probation = (struct probation){.on = false};
}

static bool lasts(const struct plugin *plugin) {
    return plugin->probation.on && !plugin->retired && env_now(plugin->env) < plugin->probation.until;
}

int64_t probation_until(const struct plugin *plugin) {
    if (!lasts(plugin)) return 0;
    return clock_now(plugin->env->clock) + (int64_t)(plugin->probation.until - env_now(plugin->env));
}

void probation_resume(struct plugin *plugin, int64_t until) {
    int64_t left = until - clock_now(plugin->env->clock), most = plugin->env->probation.time;
    if (left > most) left = most; /* the clock was set, or the time is a shorter one now */
    if (left > 0 && plugin->active && plugin->previous)
        plugin->probation = (struct probation){.on = true, .until = env_now(plugin->env) + (uint64_t)left};
}

void probation_saw(struct plugin *plugin, const struct release *release, bool failed, double ms) {
    struct probation *probation = &plugin->probation;
    const struct tally_limits *limits = &plugin->env->probation.limits;
    if (release != plugin->active || !lasts(plugin) || *probation->failed) return;
    tally_add(&probation->tally, limits, failed, ms);
    if (!tally_fair(&probation->tally, limits, probation->failed, sizeof probation->failed)) probation_review(plugin);
}

void probation_failed(struct plugin *plugin, const struct release *release, const char *why) {
    struct probation *probation = &plugin->probation;
    if (release != plugin->active || !lasts(plugin) || *probation->failed) return;
    snprintf(probation->failed, sizeof probation->failed, "%s", why);
    probation_review(plugin);
}

static void tell(const struct undo *undo, struct text to) {
    struct buffer evidence = {0};
    struct json_writer w;
    json_writer_init(&w, &evidence);
    json_open_object(&w);
    json_put_text(&w, "version", to);
    json_put_text(&w, "why", text_of(undo->why));
    json_put_int(&w, "calls", undo->tally.calls);
    json_put_int(&w, "failed", undo->tally.failed);
    json_put_int(&w, "slow", undo->tally.slow);
    json_close_object(&w);
    env_tell(undo->plugin->env, &(struct plugin_event){.kind = PLUGIN_ROLLED_BACK,
                                                       .plugin = text_of(undo->plugin->name),
                                                       .version = to,
                                                       .before = text_of(undo->from),
                                                       .detail = text_of(undo->why),
                                                       .evidence = buffer_view(&evidence)});
    buffer_free(&evidence);
}

static void on_rolled_back(void *user, const struct plugin_result *result) {
    struct undo *undo = user;
    if (result->error.code)
        plugin_note(undo->plugin, LOG_ERROR, undo->from, "could not be rolled back by itself: %s",
                    result->error.detail);
    else
        tell(undo, result->version);
    free(undo);
}

void probation_review(struct plugin *plugin) {
    if (!*plugin->probation.failed || plugin->busy || plugin->env->stopping) return;
    struct undo *undo = memory_new(struct undo);
    undo->plugin = plugin;
    undo->tally = plugin->probation.tally;
    snprintf(undo->from, sizeof undo->from, "%s", plugin->active->version);
    snprintf(undo->why, sizeof undo->why, "%s", plugin->probation.failed);
    probation_end(plugin);
    plugin_note(plugin, LOG_ERROR, undo->from, "failed its probation, %s is activated again: %s",
                plugin->previous->version, undo->why);
    operation_roll_back(operation_new(plugin->env, "rollback to", on_rolled_back, undo), plugin);
}

void probation_json(const struct plugin *plugin, struct json_writer *w) {
    const struct probation *probation = &plugin->probation;
    if (!lasts(plugin)) return;
    json_key(w, TEXT("probation"));
    json_open_object(w);
    json_put_text(w, "release", text_of(plugin->active->version));
    json_put_text(w, "previous", text_of(plugin->previous->version));
    json_put_double(w, "secondsLeft", (double)(probation->until - env_now(plugin->env)) / 1e3);
    json_put_int(w, "calls", probation->tally.calls);
    json_put_int(w, "failed", probation->tally.failed);
    json_put_int(w, "slow", probation->tally.slow);
    json_close_object(w);
}
