#include "core/plugins/operation.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/memory.h"
#include "core/plugins/alone.h"
#include "core/plugins/plugin_data.h"

struct operation *operation_new(struct plugin_env *env, const char *what, plugins_done done, void *user) {
    struct operation *op = memory_new(struct operation);
    op->env = env;
    op->what = what;
    op->done = done;
    op->user = user;
    env->operations++;
    return op;
}

/* ---- the end: always by way of the mailbox, so that the caller is told after the function it called has returned ---- */

static void tell(struct mail *mail) {
    struct operation *op = (struct operation *)mail; /* job.mail is its first member */
    struct plugin_env *env = op->env;
    op->done(op->user, &(struct plugin_result){op->error, text_of(op->name), text_of(op->version)});
    if (op->plugin) probation_review(op->plugin);
    plugin_state_free(&op->state);
    bundle_free(&op->bundle);
    free(op->folder);
    free(op->path);
    free((char *)op->bytes.at);
    free(op);
    env->operations--;
    if (env->on_standing) env->on_standing(env->user);
    env->changed(env);
}

void operation_finish(struct operation *op) {
    if (op->plugin && op->plugin->busy == op) op->plugin->busy = NULL;
    op->job.mail.receive = tell;
    mailbox_post(op->env->mailbox, &op->job.mail);
}

void operation_fail(struct operation *op, int code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    error_setv(&op->error, code, format, args);
    va_end(args);
    operation_finish(op);
}

/* Takes hold of the plugin; false, and the operation has ended, when another one has. */
static bool begin(struct operation *op, struct plugin *plugin) {
    snprintf(op->name, sizeof op->name, "%s", plugin->name);
    if (op->env->stopping) {
        operation_fail(op, ERR_UNAVAILABLE, "Parley is stopping");
        return false;
    }
    if (plugin->busy) {
        operation_fail(op, ERR_CONFLICT, "another change of %s is under way: %s %s", plugin->name, plugin->busy->what,
                       plugin->busy->version);
        return false;
    }
    op->plugin = plugin;
    plugin->busy = op;
    return true;
}

void operation_on_lane(struct operation *op, void (*work)(struct lane_job *, void *), void (*receive)(struct mail *)) {
    op->job = (struct lane_job){.mail = {.receive = receive}, .work = work, .reply_to = op->env->mailbox};
    lane_do(op->env->files, &op->job);
}

static void write_state(struct lane_job *job, void *owner) {
    struct operation *op = (struct operation *)job;
    const char *folder = op->plugin->folder;
    if (plugin_state_write(&op->state, folder, &op->error) == 0 && op->alone) plugin_data_forget(folder);
}

static void persist(struct operation *op, void (*receive)(struct mail *)) {
    plugin_state_free(&op->state);
    plugin_to_state(op->plugin, &op->state);
    operation_on_lane(op, write_state, receive);
}

/* ---- install ---- */

static void read_bundle(struct lane_job *job, void *owner) {
    struct operation *op = (struct operation *)job;
    struct trust trust;
    if (trust_load(&trust, &op->env->trust, &op->error) != 0) return;
    if (op->path)
        trust_open_path(&trust, op->path, &op->bundle, &op->origin, &op->error);
    else
        trust_open(&trust, op->bytes, &op->bundle, &op->origin, &op->error);
    trust_free(&trust);
    if (!op->error.code && op->env->judge) op->env->judge(&op->bundle.manifest, &op->error);
}

static void make_folder(const char *path, struct error *error) {
    if (mkdir(path, 0755) != 0 && errno != EEXIST) error_set(error, ERR_IO, "%s cannot be made: %m", path);
}

static void unpack(struct lane_job *job, void *owner) {
    struct operation *op = (struct operation *)job;
    struct buffer releases = {0};
    buffer_printf(&releases, "%s/releases", op->plugin->folder);
    char *folder = buffer_take(&releases, NULL);
    make_folder(op->plugin->folder, &op->error);
    make_folder(folder, &op->error);
    free(folder);
    if (!op->error.code) bundle_unpack(&op->bundle, op->folder, &op->error);
    if (!op->error.code) plugin_state_write(&op->state, op->plugin->folder, &op->error);
    if (!op->error.code) bundle_drop_library(&op->bundle);
}

static void note_installed(const struct operation *op) {
    const struct origin *origin = &op->origin;
    if (origin->kind == ORIGIN_SIGNED)
        plugin_note(op->plugin, LOG_INFO, op->version, "installed; signed by key %s, sequence %lld", origin->key,
                    (long long)origin->sequence);
    else
        plugin_note(op->plugin, LOG_WARN, op->version,
                    "installed UNSIGNED: anybody may have made it (plugins.unsigned)");
}

static void on_unpacked(struct mail *mail) {
    struct operation *op = (struct operation *)mail;
    struct plugin *plugin = op->plugin;
    if (!op->error.code) {
        if (op->release)
            release_renew(op->release, &op->bundle, &op->origin);
        else {
            const struct plugin_state_release *last = &op->state.releases[op->state.n - 1];
            struct release *made = release_new(op->env, plugin, last->version, last->digest, last->installed_at,
                                               op->folder, &op->bundle, NULL);
            made->origin = op->origin;
            plugin_add(plugin, made);
        }
        op->bundle = (struct bundle){0};
        plugin->sequence = op->state.sequence;
        note_installed(op);
    }
    operation_finish(op);
}

/* The state as it will be with this release: added, or brought again. */
static void plan(struct operation *op, const struct release *same) {
    plugin_to_state(op->plugin, &op->state);
    if (!same) plugin_state_add(&op->state, op->version, op->bundle.digest, clock_now(op->env->clock), &op->origin);
    for (size_t i = 0; same && i < op->state.n; i++)
        if (strcmp(op->state.releases[i].version, op->version) == 0) op->state.releases[i].origin = op->origin;
    plugin_state_saw(&op->state, &op->origin);
}

/* What is there stays as it is, unless it may not run or is now signed. */
static bool nothing_new(const struct operation *op, const struct release *same) {
    if (same->damaged || same->untrusted) return false;
    return op->origin.kind == ORIGIN_UNSIGNED || same->origin.kind == ORIGIN_BUNDLED ||
           strcmp(op->origin.key, same->origin.key) == 0;
}

static void on_bundle_read(struct mail *mail) {
    struct operation *op = (struct operation *)mail;
    if (op->error.code) {
        operation_finish(op);
        return;
    }
    const struct manifest *manifest = &op->bundle.manifest;
    struct plugin *plugin = op->find_or_add(op->env, text_of(manifest->name));
    snprintf(op->version, sizeof op->version, "%s", manifest->version);
    if (!begin(op, plugin)) return;
    struct release *same = plugin_find(plugin, text_of(manifest->version));
    bool equal = same && strcmp(same->digest, op->bundle.digest) == 0;
    if (equal && nothing_new(op, same))
        operation_finish(op);
    else if (same && !equal)
        operation_fail(op, ERR_CONFLICT,
                       "%s %s is installed with other contents; a release never changes: raise the version",
                       plugin->name, same->version);
    else if (!equal && !op->older_too && op->origin.kind == ORIGIN_SIGNED && op->origin.sequence < plugin->sequence)
        operation_fail(
            op, ERR_CONFLICT,
            "%s %s has sequence %lld, but one with sequence %lld was installed before: this is an older build. "
            "If it is wanted all the same, an administrator may push it with ?downgrade=yes",
            plugin->name, op->version, (long long)op->origin.sequence, (long long)plugin->sequence);
    else {
        op->release = same;
        op->folder = plugin_release_folder(plugin->folder, manifest->version, op->bundle.digest);
        plan(op, same);
        operation_on_lane(op, unpack, on_unpacked);
    }
}

void operation_install(struct operation *op) {
    operation_on_lane(op, read_bundle, on_bundle_read);
}

/* ---- activate ---- */

/* The one before serves on. */
static void switch_back(struct operation *op) {
    struct plugin *plugin = op->plugin;
    plugin->active = op->before;
    plugin->previous = op->before_that;
    plugin->retired = op->was_retired;
    plugin->probation = op->was_probation;
    if (op->before != op->release) release_unwant(op->release, WANT_ACTIVE);
    plugin_note(plugin, LOG_ERROR, op->version, "not activated: %s", op->error.detail);
    plugin_review(plugin);
}

static void swapped(struct operation *op) {
    env_tell(op->env, &(struct plugin_event){.kind = PLUGIN_SWAPPED,
                                             .plugin = text_of(op->name),
                                             .version = text_of(op->version),
                                             .before = text_of(op->before->version)});
}

static void on_active_written(struct mail *mail) {
    struct operation *op = (struct operation *)mail;
    if (op->error.code) {
        switch_back(op);
        if (op->alone)
            alone_go_back(op);
        else
            operation_finish(op);
        return;
    }
    if (op->before && op->before != op->release) release_unwant(op->before, WANT_ACTIVE);
    plugin_note(op->plugin, LOG_INFO, op->version, "is active");
    if (op->before && op->before != op->release) swapped(op);
    if (op->alone) alone_end(op);
    operation_finish(op);
}

void operation_trial_passed(struct operation *op) {
    struct plugin *plugin = op->plugin;
    struct release *release = op->release;
    op->on_trial = false;
    op->before = plugin->active;
    op->before_that = plugin->previous;
    op->was_retired = plugin->retired;
    op->was_probation = plugin->probation;
    bool swaps = op->before && op->before != release;
    if (swaps) plugin->previous = op->before;
    plugin->active = release; /* the switch */
    plugin->retired = false;
    if (swaps) (op->back ? probation_end : probation_begin)(plugin);
    release_want(release, WANT_ACTIVE);
    release_unwant(release, WANT_TRIAL);
    persist(op, on_active_written);
}

void operation_trial_failed(struct operation *op) {
    struct release *release = op->release;
    op->on_trial = false;
    release->want &= ~(unsigned)WANT_TRIAL; /* it is down, or going: nothing to review */
    if (release->needs_alone && !op->alone && !op->env->stopping) {
        alone_begin(op);
        return;
    }
    int code = release->failed_code == ERR_VERSION     ? ERR_CONFLICT /* the data has moved on */
               : release->unfit                        ? ERR_CONFLICT
               : release->failed_code == ERR_UNTRUSTED ? ERR_UNTRUSTED
                                                       : ERR_UNAVAILABLE;
    error_set(&op->error, code, "%s %s %s", op->name, release->version, release->why);
    if (op->alone)
        alone_go_back(op);
    else
        operation_finish(op);
}

/* What was not read at the start, for want of trust or because of damage, may be whole now. If not, it says what it said. */
static void read_again(struct operation *op) {
    const struct release *release = op->release;
    if (bundle_read_folder(&op->bundle, release->folder, NULL) != 0) return;
    if (strcmp(op->bundle.digest, release->digest) == 0)
        bundle_drop_library(&op->bundle);
    else
        bundle_free(&op->bundle);
}

static void judge_origin(struct lane_job *job, void *owner) {
    struct operation *op = (struct operation *)job;
    struct trust trust = {.n = 0};
    bool needs_key = op->origin.kind != ORIGIN_BUNDLED; /* the way back to one must not hang on a file of keys */
    if (needs_key && trust_load(&trust, &op->env->trust, &op->error) != 0) return;
    trust_origin(&trust, &op->origin, &op->error);
    trust_free(&trust);
    if (!op->error.code && op->release->damaged) read_again(op);
}

static void on_judged(struct mail *mail) {
    struct operation *op = (struct operation *)mail;
    struct release *release = op->release;
    if (op->error.code == ERR_UNTRUSTED) {
        struct error why = op->error;
        release_distrust(release, why.detail);
        op->error.code = 0;
        operation_fail(op, why.code, "%s %s %s", op->name, op->version, why.detail);
    } else if (op->error.code)
        operation_finish(op);
    else if (op->env->stopping)
        operation_fail(op, ERR_UNAVAILABLE, "Parley is stopping");
    else {
        if (op->bundle.n || (release->untrusted && !release->damaged)) release_renew(release, &op->bundle, &op->origin);
        op->on_trial = true;
        release_want(release, WANT_TRIAL);
        if (op->on_trial && release->state == RELEASE_RUNNING) operation_trial_passed(op);
    }
}

void operation_activate(struct operation *op, struct plugin *plugin, struct release *release) {
    snprintf(op->version, sizeof op->version, "%s", release->version);
    if (!begin(op, plugin)) return;
    op->release = release;
    op->origin = release->origin;
    operation_on_lane(op, judge_origin, on_judged);
}

void operation_roll_back(struct operation *op, struct plugin *plugin) {
    op->back = true;
    if (plugin->previous)
        operation_activate(op, plugin, plugin->previous);
    else
        operation_fail(op, ERR_CONFLICT, "%s has no release to roll back to: activate one by its version",
                       plugin->name);
}

/* ---- retire ---- */

static void on_retired_written(struct mail *mail) {
    struct operation *op = (struct operation *)mail;
    if (op->error.code) op->plugin->retired = false;
    plugin_review(op->plugin);
    if (!op->error.code) plugin_note(op->plugin, LOG_INFO, "", "retired");
    operation_finish(op);
}

void operation_retire(struct operation *op, struct plugin *plugin) {
    if (!begin(op, plugin)) return;
    plugin->retired = true;
    persist(op, on_retired_written);
}

/* ---- remove ---- */

/* NULL: nothing. */
static const char *what_needs(const struct plugin *plugin, const struct release *release) {
    if (release == plugin->active) return "is the active release: activate another one first";
    if (release == plugin->previous)
        return "is the release that a rollback goes back to: activate it, or a third one, first";
    if (release->want & WANT_VARIANT) return "is named by a feature's variant: take it out there first";
    if (release->want || release->worker || release->leaving || uv_is_active((const uv_handle_t *)&release->again))
        return "has a worker that is not gone yet: try again in a moment";
    return NULL;
}

static void on_release_closed(uv_handle_t *handle) {
    struct operation *op = handle->data;
    release_free(op->release);
    operation_finish(op);
}

static void on_removed(struct mail *mail) {
    struct operation *op = (struct operation *)mail;
    struct release *release = op->release;
    if (op->error.code) {
        plugin_add(op->plugin, release);
        operation_finish(op);
        return;
    }
    plugin_note(op->plugin, LOG_INFO, op->version, "removed");
    release->again.data = op;
    uv_close((uv_handle_t *)&release->again, on_release_closed);
}

static void remove_files(struct lane_job *job, void *owner) {
    struct operation *op = (struct operation *)job;
    if (plugin_state_write(&op->state, op->plugin->folder, &op->error) == 0) bundle_remove(op->folder);
}

void operation_remove(struct operation *op, struct plugin *plugin, struct release *release) {
    snprintf(op->version, sizeof op->version, "%s", release->version);
    if (!begin(op, plugin)) return;
    const char *needs = what_needs(plugin, release);
    if (needs) {
        operation_fail(op, ERR_CONFLICT, "%s %s %s", op->name, op->version, needs);
        return;
    }
    op->release = release;
    op->folder = memory_copy(release->folder);
    plugin_take(plugin, release);
    plugin_to_state(plugin, &op->state);
    operation_on_lane(op, remove_files, on_removed);
}
