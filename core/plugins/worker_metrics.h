/* What a plugin counts and observes of its own, gathered by name in its worker; what has come since the last time goes to parleyd with
 * each heartbeat. Knows nothing of channels. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_METRICS_H
#define PARLEY_CORE_PLUGINS_WORKER_METRICS_H

#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/base/telemetry.h"

enum {
    METRICS_MOST = 32,     /* names of a plugin */
    METRIC_NAME_MOST = 48, /* bytes */
};

struct metrics {
    struct metric {
        char name[METRIC_NAME_MOST + 1];
        bool observed; /* else counted */
        bool fresh;    /* something has come since it was sent */
        int64_t count;
        double sum;
        int64_t bucket[DISTRIBUTION_BUCKETS + 1];
    } items[METRICS_MOST];
    size_t n;
};

/* ERR_INVALID and a sentence: the name, the value, or one name too many. */
int metrics_count(struct metrics *metrics, struct text name, int64_t n, struct error *error);
int metrics_observe(struct metrics *metrics, struct text name, double value, struct error *error);
/* What has come since the last time as a JSON array; false, and nothing written, where that is nothing. */
bool metrics_write(struct metrics *metrics, struct buffer *out);

/* [a-z][a-z0-9_]* */
bool metric_name_valid(struct text name);

#endif
