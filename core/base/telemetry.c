#include "core/base/telemetry.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"

enum kind { COUNTER, GAUGE, HISTOGRAM, DISTRIBUTION };

struct instrument {
    struct instrument *next;
    enum kind kind;
    bool apart; /* from others of its name and labels */
    char *name, *help, *labels;
    struct counter counter;
    struct histogram histogram;
    struct distribution distribution;
};

struct telemetry {
    pthread_mutex_t lock; /* guards the list, not the numbers */
    struct instrument *first;
    struct telemetry *whole; /* it has the instruments; NULL: this one */
};

struct telemetry *telemetry_new(void) {
    struct telemetry *telemetry = memory_new(struct telemetry);
    pthread_mutex_init(&telemetry->lock, NULL);
    return telemetry;
}

struct telemetry *telemetry_apart(struct telemetry *whole) {
    struct telemetry *telemetry = telemetry_new();
    telemetry->whole = whole;
    return telemetry;
}

void telemetry_free(struct telemetry *telemetry) {
    if (!telemetry) return;
    for (struct instrument *i = telemetry->first, *next; i; i = next) {
        next = i->next;
        free(i->name);
        free(i->help);
        free(i->labels);
        free(i);
    }
    pthread_mutex_destroy(&telemetry->lock);
    free(telemetry);
}

/* Instruments of one name stay together, as the text format asks. */
static struct instrument *find_or_add(struct telemetry *telemetry, enum kind kind, const char *name, const char *help,
                                      const char *labels) {
    bool apart = telemetry->whole;
    if (apart) telemetry = telemetry->whole;
    pthread_mutex_lock(&telemetry->lock);
    struct instrument **place = &telemetry->first, *found = NULL;
    for (; *place; place = &(*place)->next) {
        int order = strcmp((*place)->name, name);
        if (order == 0) order = strcmp((*place)->labels, labels);
        if (order == 0 && !apart && !(*place)->apart) found = *place;
        if (found || order > 0) break;
    }
    if (!found) {
        found = memory_new(struct instrument);
        *found = (struct instrument){.next = *place,
                                     .kind = kind,
                                     .apart = apart,
                                     .name = memory_copy(name),
                                     .help = memory_copy(help),
                                     .labels = memory_copy(labels)};
        *place = found;
    }
    pthread_mutex_unlock(&telemetry->lock);
    return found;
}

struct counter *telemetry_counter(struct telemetry *telemetry, const char *name, const char *help, const char *labels) {
    return &find_or_add(telemetry, COUNTER, name, help, labels)->counter;
}

struct counter *telemetry_gauge(struct telemetry *telemetry, const char *name, const char *help, const char *labels) {
    return &find_or_add(telemetry, GAUGE, name, help, labels)->counter;
}

struct histogram *telemetry_histogram(struct telemetry *telemetry, const char *name, const char *help,
                                      const char *labels) {
    return &find_or_add(telemetry, HISTOGRAM, name, help, labels)->histogram;
}

struct distribution *telemetry_distribution(struct telemetry *telemetry, const char *name, const char *help,
                                            const char *labels) {
    return &find_or_add(telemetry, DISTRIBUTION, name, help, labels)->distribution;
}

static double upper_edge(int bucket) {
    return ldexp(1, 2 * bucket - 20);
}

int distribution_bucket(double value) {
    int i = 0;
    while (i < DISTRIBUTION_BUCKETS && value > upper_edge(i)) i++;
    return i;
}

void distribution_add(struct distribution *distribution, const int64_t counts[static DISTRIBUTION_BUCKETS + 1],
                      double sum) {
    for (int b = 0; b <= DISTRIBUTION_BUCKETS; b++)
        if (counts[b]) atomic_fetch_add_explicit(&distribution->bucket[b], counts[b], memory_order_relaxed);
    double before = atomic_load(&distribution->sum);
    while (!atomic_compare_exchange_weak(&distribution->sum, &before, before + sum)) continue;
}

void histogram_observe(struct histogram *histogram, uint64_t nanoseconds) {
    int i = 0;
    while (i < HISTOGRAM_BUCKETS && nanoseconds > (uint64_t)16384 << i) i++;
    atomic_fetch_add_explicit(&histogram->bucket[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_ns, (int64_t)nanoseconds, memory_order_relaxed);
}

/* Series without labels have no braces. */
static const char *brace(const struct instrument *i, const char *brace) {
    return *i->labels ? brace : "";
}

static void write_bucket(struct buffer *out, const struct instrument *i, double edge, int64_t below) {
    const char *comma = *i->labels ? "," : "";
    if (isfinite(edge))
        buffer_printf(out, "%s_bucket{%s%sle=\"%.9g\"} %lld\n", i->name, i->labels, comma, edge, (long long)below);
    else
        buffer_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %lld\n", i->name, i->labels, comma, (long long)below);
}

static void write_sum(struct buffer *out, const struct instrument *i, double sum, int64_t total) {
    const char *open = brace(i, "{"), *shut = brace(i, "}");
    buffer_printf(out, "%s_sum%s%s%s %.9g\n", i->name, open, i->labels, shut, sum);
    buffer_printf(out, "%s_count%s%s%s %lld\n", i->name, open, i->labels, shut, (long long)total);
}

static void write_histogram(struct buffer *out, struct instrument *i) {
    int64_t total = 0;
    for (int b = 0; b <= HISTOGRAM_BUCKETS; b++)
        write_bucket(out, i, b < HISTOGRAM_BUCKETS ? (double)((uint64_t)16384 << b) / 1e9 : INFINITY,
                     total += i->histogram.bucket[b]);
    write_sum(out, i, (double)i->histogram.sum_ns / 1e9, total);
}

static void write_distribution(struct buffer *out, struct instrument *i) {
    int64_t total = 0;
    for (int b = 0; b <= DISTRIBUTION_BUCKETS; b++)
        write_bucket(out, i, b < DISTRIBUTION_BUCKETS ? upper_edge(b) : INFINITY, total += i->distribution.bucket[b]);
    write_sum(out, i, i->distribution.sum, total);
}

/* Takes from the list all that are counted apart from one another, as their sum. */
static struct instrument take_sum(struct instrument **list) {
    struct instrument *i = *list;
    struct instrument sum = {.kind = i->kind, .name = i->name, .help = i->help, .labels = i->labels};
    for (; i && strcmp(i->name, sum.name) == 0 && strcmp(i->labels, sum.labels) == 0; i = i->next) {
        sum.counter.value += i->counter.value;
        for (int b = 0; b <= HISTOGRAM_BUCKETS; b++) sum.histogram.bucket[b] += i->histogram.bucket[b];
        sum.histogram.sum_ns += i->histogram.sum_ns;
        for (int b = 0; b <= DISTRIBUTION_BUCKETS; b++) sum.distribution.bucket[b] += i->distribution.bucket[b];
        sum.distribution.sum = sum.distribution.sum + i->distribution.sum;
    }
    *list = i;
    return sum;
}

static void write_one(struct buffer *out, struct instrument *i) {
    if (i->kind == HISTOGRAM)
        write_histogram(out, i);
    else if (i->kind == DISTRIBUTION)
        write_distribution(out, i);
    else
        buffer_printf(out, "%s%s%s%s %lld\n", i->name, brace(i, "{"), i->labels, brace(i, "}"),
                      (long long)i->counter.value);
}

void telemetry_write(struct telemetry *telemetry, struct buffer *out) {
    static const char *const kinds[] = {"counter", "gauge", "histogram", "histogram"};
    pthread_mutex_lock(&telemetry->lock);
    const char *before = "";
    for (struct instrument *rest = telemetry->first; rest;) {
        struct instrument sum = take_sum(&rest);
        if (strcmp(before, sum.name) != 0)
            buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", sum.name, sum.help, sum.name, kinds[sum.kind]);
        before = sum.name;
        write_one(out, &sum);
    }
    pthread_mutex_unlock(&telemetry->lock);
}
