#include "core/plugins/host_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/memory.h"
#include "core/plugins/configure.h"
#include "core/plugins/operation.h"
#include "core/plugins/traffic.h"

static struct plugins *of_env(struct plugin_env *env) {
    return (struct plugins *)env;
}

struct plugin *host_find(const struct plugins *plugins, struct text name) {
    for (size_t i = 0; plugins && i < plugins->n; i++)
        if (text_is(name, plugins->list[i]->name)) return plugins->list[i];
    return NULL;
}

struct plugin *host_find_installed(const struct plugins *plugins, struct text name) {
    struct plugin *plugin = host_find(plugins, name);
    return plugin && plugin->releases ? plugin : NULL;
}

struct plugin *host_find_or_add(struct plugins *plugins, struct text name) {
    struct plugin *plugin = host_find(plugins, name);
    if (plugin) return plugin;
    if (plugins->n == plugins->room) {
        plugins->room = plugins->room ? plugins->room * 2 : 16;
        plugins->list = memory_grow(plugins->list, plugins->room * sizeof(struct plugin *));
    }
    size_t at = plugins->n++;
    for (; at && text_cmp(text_of(plugins->list[at - 1]->name), name) > 0; at--)
        plugins->list[at] = plugins->list[at - 1];
    return plugins->list[at] = plugin_new(&plugins->env, name);
}

static struct plugin *find_or_add(struct plugin_env *env, struct text name) {
    return host_find_or_add(of_env(env), name);
}

/* ---- what variants name ---- */

static char *text_copy(struct text t) {
    struct buffer copy = {0};
    buffer_text(&copy, t);
    return buffer_take(&copy, NULL);
}

static void forget_wanted(struct plugins *plugins) {
    for (size_t i = 0; i < plugins->n_wanted; i++) {
        free(plugins->wanted[i].plugin);
        free(plugins->wanted[i].version);
    }
    free(plugins->wanted);
}

static bool is_wanted(const struct plugins *plugins, const struct release *r) {
    for (size_t i = 0; i < plugins->n_wanted; i++)
        if (strcmp(plugins->wanted[i].plugin, r->plugin->name) == 0 &&
            strcmp(plugins->wanted[i].version, r->version) == 0)
            return true;
    return false;
}

static void apply_wanted(struct plugins *plugins) {
    for (size_t i = 0; i < plugins->n; i++)
        for (struct release *r = plugins->list[i]->releases; r; r = r->next) {
            bool wanted = is_wanted(plugins, r);
            if (wanted && !(r->want & WANT_VARIANT)) release_want(r, WANT_VARIANT);
            if (!wanted) release_unwant(r, WANT_VARIANT);
        }
}

/* ---- start and stop ---- */

static void tell(struct plugins *plugins) {
    void (*told)(void *) = plugins->told;
    plugins->told = NULL;
    if (told) told(plugins->told_user);
}

static bool settled(const struct plugins *plugins) {
    for (size_t i = 0; i < plugins->n; i++) {
        const struct plugin *plugin = plugins->list[i];
        if (plugin->active && !plugin->retired && !plugin->active->settled) return false;
    }
    return true;
}

static void on_handle_closed(uv_handle_t *handle) {
    struct plugins *plugins = handle->data;
    if (--plugins->handles > 0) return;
    plugins->phase = STOPPED;
    tell(plugins);
}

static void close_handle(struct plugins *plugins, uv_handle_t *handle) {
    plugins->handles++;
    handle->data = plugins;
    uv_close(handle, on_handle_closed);
}

static void close_all(struct plugins *plugins) {
    plugins->phase = CLOSING;
    for (size_t i = 0; i < plugins->n; i++)
        for (struct release *r = plugins->list[i]->releases; r; r = r->next)
            close_handle(plugins, (uv_handle_t *)&r->again);
    close_handle(plugins, (uv_handle_t *)&plugins->env.tick);
    close_handle(plugins, (uv_handle_t *)&plugins->env.calls.timer);
    close_handle(plugins, (uv_handle_t *)&plugins->env.channels.prepare);
    close_handle(plugins, (uv_handle_t *)&plugins->env.channels.check);
}

static void on_changed(struct plugin_env *env) {
    struct plugins *plugins = of_env(env);
    if (plugins->phase < STOPPING) apply_wanted(plugins); /* a release may have been installed since */
    if (plugins->phase == STARTING && settled(plugins)) {
        plugins->phase = UP;
        tell(plugins);
    }
    if (plugins->phase == STOPPING && !env->workers && !env->operations) close_all(plugins);
}

static void on_tick(uv_timer_t *tick) {
    struct plugins *plugins = tick->data;
    for (size_t i = 0; i < plugins->n; i++) {
        events_review(plugins->list[i]);
        configure_review(plugins->list[i]);
    }
}

static void or_default(int *ms, int value) {
    if (!*ms) *ms = value;
}

static struct plugin_timing with_defaults(struct plugin_timing timing) {
    or_default(&timing.start, 5000);
    or_default(&timing.call, 5000);
    or_default(&timing.overrun, 5000);
    or_default(&timing.heartbeat, 2000);
    or_default(&timing.drain, 10000);
    or_default(&timing.stop, 5000);
    or_default(&timing.hold, 1000);
    or_default(&timing.turn, 1000);
    or_default(&timing.restart_first, 100);
    or_default(&timing.restart_most, 30000);
    or_default(&timing.restart_window, 60000);
    return timing;
}

static struct tally_limits limits_with_defaults(struct tally_limits limits, struct tally_limits defaults) {
    or_default(&limits.least, defaults.least);
    or_default(&limits.errors, defaults.errors);
    or_default(&limits.slow, defaults.slow);
    return limits;
}

static struct breaker_policy breaker_with_defaults(struct breaker_policy policy) {
    policy.limits = limits_with_defaults(policy.limits, (struct tally_limits){20, 50, 2000});
    or_default(&policy.window, 10000);
    or_default(&policy.open, 5000);
    return policy;
}

static struct probation_policy probation_with_defaults(struct probation_policy policy) {
    policy.limits = limits_with_defaults(policy.limits, (struct tally_limits){20, 10, 1000});
    return policy;
}

const char *plugin_event_name(enum plugin_event_kind kind) {
    static const char *const names[] = {"running",        "crashed", "stays-down", "breaker-open",
                                        "breaker-closed", "swapped", "rolled-back"};
    return names[kind];
}

struct plugins *plugins_new(const struct plugins_options *options) {
    struct plugins *plugins = memory_new(struct plugins);
    if (mkdir(options->dir, 0755) != 0 && errno != EEXIST)
        log_error(options->log, "the plugins' folder cannot be made", LOG_S("path", options->dir));
    plugins->dir = realpath(options->dir, NULL); /* workers are told absolute paths */
    if (!plugins->dir) plugins->dir = memory_copy(options->dir);
    plugins->bundled = memory_copy(options->bundled);
    plugins->worker = memory_copy(options->worker);
    plugins->keys = memory_copy(options->trust.keys);
    plugins->revoked = memory_copy(options->trust.revoked);
    plugins->libraries = memory_copy(options->trust.libraries);
    plugins->env = (struct plugin_env){
        .loop = options->loop,
        .mailbox = options->mailbox,
        .log = options->log,
        .telemetry = options->telemetry,
        .clock = options->clock,
        .worker = plugins->worker,
        .dir = plugins->dir,
        .timing = with_defaults(options->timing),
        .breaker = breaker_with_defaults(options->breaker),
        .probation = probation_with_defaults(options->probation),
        .sandbox = options->sandbox,
        .secret = options->secret,
        .sandbox_user = options->sandbox_user,
        .on_event = options->on_event,
        .on_line = options->on_line,
        .trust = {plugins->keys, plugins->revoked, plugins->libraries, options->trust.unsigned_bundles},
        .spawner = spawner_start(),
        .files = lane_start_in_background("plugin-files", NULL),
        .judge = options->judge,
        .on_standing = options->on_standing,
        .on_effect = options->on_effect,
        .on_ask = options->on_ask,
        .user = options->user,
        .feed = options->feed,
        .on_tick = on_tick,
        .changed = on_changed};
    channels_open(&plugins->env.channels, options->loop);
    calls_open(&plugins->env.calls, options->loop, traffic_due);
    uv_timer_init(options->loop, &plugins->env.tick);
    plugins->env.tick.data = plugins;
    return plugins;
}

static void make_plugin(struct plugins *plugins, struct boot_plugin *read) {
    struct plugin_env *env = &plugins->env;
    struct plugin *plugin = host_find_or_add(plugins, text_of(read->state.name));
    plugin->retired = read->state.retired;
    plugin->sequence = read->state.sequence;
    for (size_t i = 0; i < read->state.n; i++) {
        const struct plugin_state_release *known = &read->state.releases[i];
        struct boot_release *release = &read->releases[i];
        char *folder = plugin_release_folder(plugin->folder, known->version, known->digest);
        struct release *made = release_new(env, plugin, known->version, known->digest, known->installed_at, folder,
                                           release->error.code ? NULL : &release->bundle, release->error.detail);
        made->origin = known->origin;
        if (release->error.code == ERR_UNTRUSTED) release_distrust(made, release->error.detail);
        plugin_add(plugin, made);
        release->bundle = (struct bundle){0};
        free(folder);
    }
    plugin->active = plugin_find(plugin, text_of(read->state.active));
    plugin->previous = plugin_find(plugin, text_of(read->state.previous));
    probation_resume(plugin, read->state.probation_until);
}

static void on_boot_read(struct mail *mail) {
    struct boot *boot = (struct boot *)mail;
    struct plugins *plugins = (struct plugins *)((char *)boot - offsetof(struct plugins, boot));
    for (size_t i = 0; i < boot->n; i++) make_plugin(plugins, &boot->plugins[i]);
    boot_free(boot);
    plugins->env.operations--;
    if (plugins->phase == BOOTING) {
        plugins->phase = STARTING;
        for (size_t i = 0; i < plugins->n; i++)
            if (plugins->list[i]->active) release_want(plugins->list[i]->active, WANT_ACTIVE);
    }
    on_changed(&plugins->env);
}

void plugins_start(struct plugins *plugins, void (*started)(void *user), void *user) {
    assert(plugins->phase == NEW);
    plugins->phase = BOOTING;
    uv_timer_start(&plugins->env.tick, on_tick, ENV_TICK_MS, ENV_TICK_MS);
    plugins->told = started;
    plugins->told_user = user;
    if (plugins_take_unsigned(plugins))
        log_warn(plugins->env.log, "UNSIGNED PLUGINS ARE TAKEN (plugins.unsigned): for development only",
                 LOG_S("means", "whoever has a publisher's token can run any code here"));
    plugins->boot =
        (struct boot){.job = {.mail = {.receive = on_boot_read}, .work = boot_read, .reply_to = plugins->env.mailbox},
                      .dir = plugins->dir,
                      .bundled = plugins->bundled,
                      .trust = plugins->env.trust,
                      .log = plugins->env.log,
                      .now = clock_now(plugins->env.clock)};
    plugins->env.operations++;
    lane_do(plugins->env.files, &plugins->boot.job);
}

void plugins_stop(struct plugins *plugins, void (*stopped)(void *user), void *user) {
    assert(plugins->phase < STOPPING);
    plugins->phase = STOPPING;
    plugins->told = stopped;
    plugins->told_user = user;
    plugins->env.stopping = true;
    for (size_t i = 0; i < plugins->n; i++) plugin_stop(plugins->list[i]);
    on_changed(&plugins->env);
}

void plugins_free(struct plugins *plugins) {
    if (!plugins) return;
    assert(plugins->phase == STOPPED);
    lane_stop(plugins->env.files);
    lane_stop(plugins->env.spawner);
    for (size_t i = 0; i < plugins->n; i++) plugin_free(plugins->list[i]);
    free(plugins->list);
    forget_wanted(plugins);
    calls_free(&plugins->env.calls);
    free(plugins->dir);
    free(plugins->bundled);
    free(plugins->worker);
    free(plugins->keys);
    free(plugins->revoked);
    free(plugins->libraries);
    free(plugins);
}

/* ---- calling ---- */

static int find_serving(const struct plugins *plugins, struct text name, struct plugin **plugin) {
    *plugin = host_find_installed(plugins, name);
    if (!*plugin) return ERR_NOT_FOUND;
    if (plugins->env.stopping) return ERR_UNAVAILABLE;
    return 0;
}

int plugins_call(struct plugins *plugins, const struct plugin_call *call, int *retry_after) {
    struct plugin *plugin;
    struct release *release = NULL;
    if (retry_after) *retry_after = 1;
    int code = find_serving(plugins, call->plugin, &plugin);
    if (code) return code;
    if (plugin->retired) return ERR_GONE;
    if (call->version.n ? !(release = plugin_find(plugin, call->version)) : !plugin->active) return ERR_NOT_FOUND;
    return traffic_request(plugin, release, call, retry_after);
}

static int errand(struct plugins *plugins, enum frame_type type, struct text name, struct text customer,
                  void (*answered)(void *, const struct plugin_answer *), void *user) {
    struct plugin *plugin;
    int code = find_serving(plugins, name, &plugin);
    if (code) return code;
    return plugin->active ? traffic_errand(plugin, type, customer, answered, user) : ERR_NOT_FOUND;
}

int plugins_export(struct plugins *plugins, struct text plugin, struct text customer,
                   void (*answered)(void *user, const struct plugin_answer *answer), void *user) {
    return errand(plugins, FRAME_EXPORT, plugin, customer, answered, user);
}

int plugins_forget(struct plugins *plugins, struct text plugin, struct text customer,
                   void (*answered)(void *user, const struct plugin_answer *answer), void *user) {
    return errand(plugins, FRAME_FORGET, plugin, customer, answered, user);
}

void plugins_kept(struct plugins *plugins, uint64_t ticket) {
    if (plugins) supervisor_kept(&plugins->env, ticket);
}

void plugins_answer(struct plugins *plugins, uint64_t ticket, const struct frame_reply *answer) {
    if (plugins) supervisor_answer(&plugins->env, ticket, answer);
}

void plugins_fed(struct feed_want *want) {
    events_fed(want->user);
}

/* ---- changing ---- */

static struct operation *new_operation(struct plugins *plugins, const char *what, plugins_done done, void *user) {
    struct operation *op = operation_new(&plugins->env, what, done, user);
    op->find_or_add = find_or_add;
    return op;
}

void plugins_install(struct plugins *plugins, const char *path, plugins_done done, void *user) {
    struct operation *op = new_operation(plugins, "installation of", done, user);
    op->path = memory_copy(path);
    operation_install(op);
}

void plugins_install_bytes(struct plugins *plugins, char *bytes, size_t n, plugins_done done, void *user) {
    struct operation *op = new_operation(plugins, "installation of", done, user);
    op->bytes = text_n(bytes, n);
    operation_install(op);
}

void plugins_install_older(struct plugins *plugins, char *bytes, size_t n, plugins_done done, void *user) {
    struct operation *op = new_operation(plugins, "installation of", done, user);
    op->bytes = text_n(bytes, n);
    op->older_too = true;
    operation_install(op);
}

/* The plugin of that name; NULL, and the operation has ended, where there is none. */
static struct plugin *plugin_for(struct plugins *plugins, struct operation *op, struct text name) {
    struct plugin *plugin = host_find_installed(plugins, name);
    if (!plugin) operation_fail(op, ERR_NOT_FOUND, PLUGINS_NONE, TEXT_ARGS(name));
    return plugin;
}

static void no_release(struct operation *op, const struct plugin *plugin, struct text version) {
    operation_fail(op, ERR_NOT_FOUND,
                   "%s has no release '%.*s': push it first (parley plugin get %s has those that there are)",
                   plugin->name, TEXT_ARGS(version), plugin->name);
}

void plugins_activate(struct plugins *plugins, struct text name, struct text version, plugins_done done, void *user) {
    struct operation *op = new_operation(plugins, "activation of", done, user);
    struct plugin *plugin = plugin_for(plugins, op, name);
    if (!plugin) return;
    struct release *release = plugin_find(plugin, version);
    if (release)
        operation_activate(op, plugin, release);
    else
        no_release(op, plugin, version);
}

void plugins_remove(struct plugins *plugins, struct text name, struct text version, plugins_done done, void *user) {
    struct operation *op = new_operation(plugins, "removal of", done, user);
    struct plugin *plugin = plugin_for(plugins, op, name);
    if (!plugin) return;
    struct release *release = plugin_find(plugin, version);
    if (release)
        operation_remove(op, plugin, release);
    else
        no_release(op, plugin, version);
}

void plugins_rollback(struct plugins *plugins, struct text name, plugins_done done, void *user) {
    struct operation *op = new_operation(plugins, "rollback to", done, user);
    struct plugin *plugin = plugin_for(plugins, op, name);
    if (plugin) operation_roll_back(op, plugin);
}

void plugins_retire(struct plugins *plugins, struct text name, plugins_done done, void *user) {
    struct operation *op = new_operation(plugins, "retirement", done, user);
    struct plugin *plugin = plugin_for(plugins, op, name);
    if (plugin) operation_retire(op, plugin);
}

void plugins_set_wanted(struct plugins *plugins, const struct plugin_release_name *list, size_t n) {
    forget_wanted(plugins);
    plugins->wanted = memory_zero(n + 1, sizeof *plugins->wanted);
    plugins->n_wanted = n;
    for (size_t i = 0; i < n; i++) {
        plugins->wanted[i] = (struct wanted){text_copy(list[i].plugin), text_copy(list[i].version)};
        if (plugins->phase >= STARTING && !plugins_has(plugins, list[i].plugin, list[i].version))
            log_warn(plugins->env.log, "a variant names a release that is not installed",
                     LOG_T("plugin", list[i].plugin), LOG_T("release", list[i].version));
    }
    apply_wanted(plugins);
}
