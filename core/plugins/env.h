/* What all parts of the plugin host share: the loop and what hangs on it. Internal to core/plugins. */
#ifndef PARLEY_CORE_PLUGINS_ENV_H
#define PARLEY_CORE_PLUGINS_ENV_H

#include "core/base/lane.h"
#include "core/plugins/calls.h"
#include "core/plugins/channel.h"
#include "core/plugins/feed.h"
#include "core/plugins/host.h"

struct plugin_env {
    uv_loop_t *loop;
    struct mailbox *mailbox;
    const struct log *log;
    struct telemetry *telemetry;
    const struct clock *clock;
    const char *worker, *dir; /* owned by the host */
    struct plugin_timing timing;
    struct breaker_policy breaker;
    struct probation_policy probation;
    struct trust_options trust; /* its strings are owned by the host */
    struct lane *spawner;       /* starts processes */
    struct lane *files;         /* reads and writes bundles and state */
    struct channels channels;
    struct calls calls;
    struct supervisor *workers; /* all that are not gone yet */
    uint32_t worker_serial;
    int (*judge)(const struct manifest *manifest, struct error *error);
    void (*on_standing)(void *user);
    void (*on_effect)(void *user, const struct plugin_effect *effect);
    void (*on_ask)(void *user, const struct plugin_ask *ask);
    void (*on_event)(void *user, const struct plugin_event *event);
    void (*on_line)(void *user, struct text plugin, size_t seq);
    struct sandbox_policy (*sandbox)(const void *user, const char *plugin);
    const char *(*secret)(const void *user, const char *plugin);
    const void *sandbox_user;
    void *user;
    const struct feed *feed; /* NULL: there are no events */
    int operations;          /* under way */
    bool stopping;
    uv_timer_t tick; /* looks after what waits for events or a configuration, once a second or when it is told to */
    uv_timer_cb on_tick;
    void (*changed)(struct plugin_env *env); /* something started or ended: the host looks what that means */
};

static inline uint64_t env_now(const struct plugin_env *env) {
    return uv_now(env->loop);
}

enum { ENV_TICK_MS = 1000 };

/* The next look at what waits for events is at most `ms` from now. */
static inline void env_review_in(struct plugin_env *env, uint64_t ms) {
    if (uv_is_active((uv_handle_t *)&env->tick) && uv_timer_get_due_in(&env->tick) > ms)
        uv_timer_start(&env->tick, env->on_tick, ms, ENV_TICK_MS);
}

static inline void env_tell(const struct plugin_env *env, const struct plugin_event *event) {
    if (env->on_event) env->on_event(env->user, event);
}

static inline struct sandbox_policy env_sandbox(const struct plugin_env *env, const char *plugin) {
    return env->sandbox ? env->sandbox(env->sandbox_user, plugin) : (struct sandbox_policy){.off = false};
}

static inline const char *env_secret(const struct plugin_env *env, const char *plugin) {
    return env->secret ? env->secret(env->sandbox_user, plugin) : NULL;
}

#endif
