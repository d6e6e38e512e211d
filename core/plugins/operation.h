/* Changes to a plugin, each a short row of steps on the loop and on the files lane: install, activate, retire. One at a time
 * per plugin; the caller is told once, at the end. Internal to core/plugins. */
#ifndef PARLEY_CORE_PLUGINS_OPERATION_H
#define PARLEY_CORE_PLUGINS_OPERATION_H

#include "core/plugins/plugin.h"

struct operation {
    struct lane_job job; /* first: the lane's steps, then the way back to the caller */
    struct plugin_env *env;
    struct plugin *(*find_or_add)(struct plugin_env *env, struct text name);
    const char *what; /* "activation", for people */
    struct plugin *plugin;
    struct release *release, *before, *before_that; /* activate: the new one, the active one, the previous one */
    struct probation was_probation;
    bool was_retired, on_trial, back; /* back: to what served before, which needs no probation */
    enum alone_step { ALONE_NOT, ALONE_DRAINING, ALONE_COPYING, ALONE_TRYING, ALONE_BACK, ALONE_RESTORING } alone;
    char *path; /* install: where from; NULL: from bytes */
    struct text bytes;
    bool older_too; /* install: a lower sequence is taken */
    struct bundle bundle;
    struct origin origin;
    char *folder; /* install: where to */
    struct plugin_state state;
    struct error error;
    char name[65], version[65];
    plugins_done done;
    void *user;
};

struct operation *operation_new(struct plugin_env *env, const char *what, plugins_done done, void *user);
/* For the steps of an operation: does `work` on the files lane, then `receive` here; ends it, the caller being told later. */
void operation_on_lane(struct operation *op, void (*work)(struct lane_job *, void *), void (*receive)(struct mail *));
void operation_finish(struct operation *op);

/* Each takes the operation, which ends with a call of `done`. */
void operation_fail(struct operation *op, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
void operation_install(struct operation *op);
void operation_activate(struct operation *op, struct plugin *plugin, struct release *release);
/* Activates the release that was active before. */
void operation_roll_back(struct operation *op, struct plugin *plugin);
/* Takes a release away for good that nobody needs. */
void operation_remove(struct operation *op, struct plugin *plugin, struct release *release);
void operation_retire(struct operation *op, struct plugin *plugin);

/* The release on trial serves, or died. */
void operation_trial_passed(struct operation *op);
void operation_trial_failed(struct operation *op);

#endif
