/* A release from its descriptor to its end, whoever serves it: parley-worker on a loop, or a plugin's own test without one. Opens its
 * database, migrates, starts, proves it healthy; and stops. Knows nothing of channels. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_RUNTIME_H
#define PARLEY_CORE_PLUGINS_WORKER_RUNTIME_H

#include "core/plugins/worker_call.h"

enum { RUNTIME_ARENA = 4 << 10 /* bytes: the first block of a call's */ };

/* runtime->plugin, clock and logs are set, and the rest is zero but for what runtime_init makes. */
void runtime_init(struct runtime *runtime, const struct clock *clock, struct buffer *logs);
/* What a helper thread has: the plugin and the clock, and nothing that calls share. */
void runtime_init_helper(struct runtime *runtime, const struct runtime *of);
/* `folder` must be there; `settings` are the plugin's own (JSON, borrowed). Waits for the turn to write, so not on a loop. Negative
 * with a sentence: then runtime_free is all that may follow. */
int runtime_start(struct runtime *runtime, const char *folder, struct text settings, struct error *error);
/* Calls the plugin's stop(). */
void runtime_stop(struct runtime *runtime);
void runtime_free(struct runtime *runtime);

#endif
