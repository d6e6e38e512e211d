/* A plugin as the host sees it: its releases, which one is active, what was logged. Internal to core/plugins. */
#ifndef PARLEY_CORE_PLUGINS_PLUGIN_H
#define PARLEY_CORE_PLUGINS_PLUGIN_H

#include "core/plugins/events.h"
#include "core/plugins/log_ring.h"
#include "core/plugins/metrics.h"
#include "core/plugins/plugin_state.h"
#include "core/plugins/release.h"

struct plugin {
    struct plugin_env *env;
    char *name, *folder, *data; /* DIR/plugins/NAME, DIR/plugins/NAME/data */
    struct release *releases;   /* in the order of their installation */
    struct release *active, *previous;
    bool retired;
    char *configuration; /* JSON as it was stored; NULL: none ever was */
    int64_t configuration_version;
    int64_t sequence;       /* as in plugin_state */
    struct release *alone;  /* it is being activated with the database for itself: see alone.h. NULL: none */
    bool alone_may_run;     /* all others have stopped */
    int held;               /* calls that wait for that to end */
    struct operation *busy; /* what changes it now */
    struct probation probation;
    struct delivery events;
    struct metrics_seen metrics; /* its own */
    struct log_ring log;
};

struct plugin *plugin_new(struct plugin_env *env, struct text name);
/* Only once no worker is left. */
void plugin_free(struct plugin *plugin);
/* Its worker of that process; NULL where there is none any more. */
struct supervisor *plugin_worker(const struct plugin *plugin, int pid);
struct release *plugin_find(const struct plugin *plugin, struct text version); /* NULL where there is none */
void plugin_add(struct plugin *plugin, struct release *release);
/* Takes it out of the list; it is the caller's then. */
void plugin_take(struct plugin *plugin, struct release *release);
/* Where the release of that version and digest lies. Caller frees. */
char *plugin_release_folder(const char *plugin_folder, const char *version, const char *digest);
/* What is to be remembered. Caller frees. */
void plugin_to_state(const struct plugin *plugin, struct plugin_state *state);
/* A line of parleyd's about a release: into the plugin's log and parleyd's. */
void plugin_note(struct plugin *plugin, enum log_level level, const char *version, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A line of the release's own, logged or printed. */
void plugin_said(struct plugin *plugin, enum log_level level, const char *version, struct text line);

/* A release's worker serves; a release's worker died or could not start (`release->why`). */
void plugin_release_serves(struct plugin *plugin, struct release *release);
void plugin_release_died(struct plugin *plugin, struct release *release);
/* A process of one of its releases is reaped. */
void plugin_worker_gone(struct plugin *plugin);
/* Parley stops: a trial ends, all releases drain. */
void plugin_stop(struct plugin *plugin);
/* Reviews all its releases. */
void plugin_review(struct plugin *plugin);

#endif
