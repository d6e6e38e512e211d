#include "core/plugins/alone.h"

#include "core/plugins/plugin_data.h"
#include "core/plugins/traffic.h"

static bool any_process(const struct plugin *plugin) {
    for (const struct release *r = plugin->releases; r; r = r->next)
        if (r->worker || r->leaving) return true;
    return false;
}

void alone_begin(struct operation *op) {
    struct plugin *plugin = op->plugin;
    plugin_note(plugin, LOG_INFO, op->version, "needs the database for itself: calls wait, the others stop");
    op->alone = ALONE_DRAINING;
    plugin->alone = op->release;
    plugin->alone_may_run = false;
    plugin_review(plugin);
    alone_advance(op);
}

static void on_copied(struct mail *mail) {
    struct operation *op = (struct operation *)mail;
    if (!op->error.code && op->env->stopping) error_set(&op->error, ERR_UNAVAILABLE, "Parley is stopping");
    if (op->error.code) {
        alone_go_back(op);
        return;
    }
    op->alone = ALONE_TRYING;
    op->plugin->alone_may_run = true;
    op->on_trial = true;
    release_want(op->release, WANT_TRIAL);
}

static void copy(struct lane_job *job, void *owner) {
    struct operation *op = (struct operation *)job;
    const char *folder = op->plugin->folder;
    if (plugin_data_copy(folder, &op->error) == 0) plugin_state_write(&op->state, folder, &op->error);
}

static void on_restored(struct mail *mail) {
    struct operation *op = (struct operation *)mail;
    alone_end(op);
    operation_finish(op);
}

static void restore(struct lane_job *job, void *owner) {
    struct operation *op = (struct operation *)job;
    const char *folder = op->plugin->folder;
    struct error error = {0}; /* what failed first stays what the caller is told */
    if (plugin_data_restore(folder, &error) == 0) plugin_state_write(&op->state, folder, &error);
    if (error.code)
        log_error(op->env->log, "plugin's data not restored", LOG_S("path", folder), LOG_S("why", error.detail));
}

void alone_advance(struct operation *op) {
    bool waits_for_processes = op->alone == ALONE_DRAINING || op->alone == ALONE_BACK;
    if (!waits_for_processes || any_process(op->plugin)) return; /* else op->state may be the lane's */
    plugin_state_free(&op->state);
    plugin_to_state(op->plugin, &op->state);
    if (op->alone == ALONE_DRAINING) {
        op->alone = ALONE_COPYING;
        op->state.migrating = true;
        operation_on_lane(op, copy, on_copied);
    } else {
        op->alone = ALONE_RESTORING;
        operation_on_lane(op, restore, on_restored);
    }
}

void alone_go_back(struct operation *op) {
    op->alone = ALONE_BACK;
    op->plugin->alone_may_run = false;
    plugin_review(op->plugin);
    alone_advance(op);
}

void alone_end(struct operation *op) {
    struct plugin *plugin = op->plugin;
    plugin->alone = NULL;
    plugin->alone_may_run = false;
    plugin_review(plugin);
    if (plugin->active && plugin->active->state == RELEASE_RUNNING) traffic_running(plugin->active);
}
