/* A plugin's own metrics, parleyd's side: what its workers send (worker_metrics.h) is checked and added to /metrics. */
#ifndef PARLEY_CORE_PLUGINS_METRICS_H
#define PARLEY_CORE_PLUGINS_METRICS_H

#include "core/plugins/worker_metrics.h"

/* The names that a plugin was seen to use, over all its releases. */
struct metrics_seen {
    char *names[METRICS_MOST * 2]; /* counted and observed ones are different */
    size_t n;
};
/* Adds what metrics_write wrote, from a worker that may lie. False: it is none, or has names too many; what fits is added. */
bool metrics_add(struct metrics_seen *seen, struct telemetry *telemetry, const char *plugin, struct text json);
void metrics_free(struct metrics_seen *seen);

#endif
