/* The time after a swap in which the new release has to prove itself under real calls. If too many fail or are slow, if its
 * breaker opens or it stays down, the release before is activated again, and the owner is told with the figures. Internal to
 * core/plugins. */
#ifndef PARLEY_CORE_PLUGINS_PROBATION_H
#define PARLEY_CORE_PLUGINS_PROBATION_H

#include "core/base/json_write.h"
#include "core/plugins/tally.h"

struct probation_policy {
    int time; /* ms; 0: there is none */
    struct tally_limits limits;
};

struct plugin;
struct release;

struct probation { /* of the plugin's active release */
    bool on;
    uint64_t until; /* ms of the loop */
    struct tally tally;
    char failed[400]; /* why it is to be rolled back, as soon as nothing else changes the plugin; empty: it is not */
};

/* The active release has just replaced another. */
void probation_begin(struct plugin *plugin);
void probation_end(struct plugin *plugin);
/* When it ends, ms since 1970; 0: there is none. What is remembered across a restart; its figures are not. */
int64_t probation_until(const struct plugin *plugin);
void probation_resume(struct plugin *plugin, int64_t until);
/* One of that release's calls is over. */
void probation_saw(struct plugin *plugin, const struct release *release, bool failed, double ms);
/* That release cannot serve. */
void probation_failed(struct plugin *plugin, const struct release *release, const char *why);
/* Rolls back if that is due and nothing else changes the plugin. */
void probation_review(struct plugin *plugin);
/* A member "probation", while it lasts. */
void probation_json(const struct plugin *plugin, struct json_writer *w);

#endif
