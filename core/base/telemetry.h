/* Counters, gauges and histograms for /metrics (Prometheus text format 0.0.4). An instrument is made once, when its owner
 * is made, and then counted by any thread with one relaxed atomic add. */
#ifndef PARLEY_CORE_BASE_TELEMETRY_H
#define PARLEY_CORE_BASE_TELEMETRY_H

#include <stdatomic.h>

#include "core/base/buffer.h"

struct telemetry;

struct counter {
    _Atomic int64_t value;
};
/* Latency in nanoseconds; buckets are powers of two from 16 us to 8.6 s. */
enum { HISTOGRAM_BUCKETS = 20 };
struct histogram {
    _Atomic int64_t bucket[HISTOGRAM_BUCKETS + 1], sum_ns;
};

/* Values of any size; buckets are powers of four from 2^-20 to 2^30. */
enum { DISTRIBUTION_BUCKETS = 26 };
struct distribution {
    _Atomic int64_t bucket[DISTRIBUTION_BUCKETS + 1];
    _Atomic double sum;
};

struct telemetry *telemetry_new(void);
/* What is made through it is counted apart, so that two threads do not count in one place, and written as one sum with what was made
 * through `whole`, or through others like it, with the same name and labels. To be freed before `whole`. */
struct telemetry *telemetry_apart(struct telemetry *whole);
void telemetry_free(struct telemetry *telemetry);
/* `name` with the parley_ prefix and its unit, `labels` as `plugin="polls"` or "" (both copied). The same name and labels
 * give the same instrument. Owned by `telemetry`. A counter's name ends in _total; a gauge may go down. Any thread. */
struct counter *telemetry_counter(struct telemetry *telemetry, const char *name, const char *help, const char *labels);
struct counter *telemetry_gauge(struct telemetry *telemetry, const char *name, const char *help, const char *labels);
struct histogram *telemetry_histogram(struct telemetry *telemetry, const char *name, const char *help,
                                      const char *labels);
struct distribution *telemetry_distribution(struct telemetry *telemetry, const char *name, const char *help,
                                            const char *labels);
void telemetry_write(struct telemetry *telemetry, struct buffer *out); /* any thread */

static inline void count(struct counter *counter, int64_t by) {
    atomic_fetch_add_explicit(&counter->value, by, memory_order_relaxed);
}
static inline void gauge_set(struct counter *gauge, int64_t value) {
    atomic_store_explicit(&gauge->value, value, memory_order_relaxed);
}
void histogram_observe(struct histogram *histogram, uint64_t nanoseconds);
/* The bucket of a value, and values that were put into buckets elsewhere. */
int distribution_bucket(double value);
void distribution_add(struct distribution *distribution, const int64_t counts[static DISTRIBUTION_BUCKETS + 1],
                      double sum);

#endif
