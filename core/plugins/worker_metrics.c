#include "core/plugins/worker_metrics.h"

#include <math.h>

#include "core/base/json_write.h"

bool metric_name_valid(struct text name) {
    if (!name.n || name.n > METRIC_NAME_MOST) return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.at[i];
        bool digit = c >= '0' && c <= '9', letter = c >= 'a' && c <= 'z';
        if (!letter && (i == 0 || !(digit || c == '_'))) return false;
    }
    return true;
}

static struct metric *find(struct metrics *metrics, struct text name, bool observed, struct error *error) {
    for (size_t i = 0; i < metrics->n; i++)
        if (metrics->items[i].observed == observed && text_is(name, metrics->items[i].name)) return &metrics->items[i];
    if (!metric_name_valid(name)) {
        error_set(error, ERR_INVALID, "\"%.*s\" is no name of a metric: [a-z][a-z0-9_]*, at most %d bytes",
                  (int)(name.n < 80 ? name.n : 80), name.at, METRIC_NAME_MOST);
        return NULL;
    }
    if (metrics->n == METRICS_MOST) {
        error_set(error, ERR_INVALID, "%.*s would be more than %d metrics", TEXT_ARGS(name), METRICS_MOST);
        return NULL;
    }
    struct metric *metric = &metrics->items[metrics->n++];
    *metric = (struct metric){.observed = observed};
    memcpy(metric->name, name.at, name.n);
    return metric;
}

int metrics_count(struct metrics *metrics, struct text name, int64_t n, struct error *error) {
    struct metric *metric = find(metrics, name, false, error);
    if (!metric) return ERR_INVALID;
    if (n < 0) return error_set(error, ERR_INVALID, "%s does not go down", metric->name);
    metric->count += n;
    metric->fresh = true;
    return 0;
}

int metrics_observe(struct metrics *metrics, struct text name, double value, struct error *error) {
    struct metric *metric = find(metrics, name, true, error);
    if (!metric) return ERR_INVALID;
    if (!isfinite(value)) return error_set(error, ERR_INVALID, "%s is no finite number", metric->name);
    metric->sum += value;
    metric->bucket[distribution_bucket(value)]++;
    metric->fresh = true;
    return 0;
}

static void write_one(struct json_writer *w, const struct metric *metric) {
    json_open_object(w);
    json_put_text(w, "name", text_of(metric->name));
    if (metric->observed) {
        json_put_double(w, "sum", metric->sum);
        json_key(w, TEXT("buckets"));
        json_open_array(w);
        for (int b = 0; b <= DISTRIBUTION_BUCKETS; b++) json_int(w, metric->bucket[b]);
        json_close_array(w);
    } else
        json_put_int(w, "count", metric->count);
    json_close_object(w);
}

bool metrics_write(struct metrics *metrics, struct buffer *out) {
    struct json_writer w;
    bool any = false;
    for (size_t i = 0; i < metrics->n; i++) any = any || metrics->items[i].fresh;
    if (!any) return false;
    json_writer_init(&w, out);
    json_open_array(&w);
    for (size_t i = 0; i < metrics->n; i++) {
        struct metric *metric = &metrics->items[i];
        if (!metric->fresh) continue;
        write_one(&w, metric);
        metric->count = 0;
        metric->sum = 0;
        memset(metric->bucket, 0, sizeof metric->bucket);
        metric->fresh = false;
    }
    json_close_array(&w);
    return true;
}
