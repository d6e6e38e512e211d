/* How long full results take from sufficient statistics: 50 metrics on 4 arms, half of them with what units did before (CUPED), judged
 * by every method and written as the JSON that a client gets. Ends with 1 where that takes 10 ms or more. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/buffer.h"
#include "experiments/judge/results.h"
#include "experiments/measure/cells.h"
#include "experiments/stats/random.h"

enum { METRICS = 50, SECONDARY = 32, ARMS = 4, RATES = 25, UNITS = 500, RUNS = 30 };
static const int64_t start = 1700000000000, as_of = 1702000000000;

static json_t *json(const char *format, ...) __attribute__((format(printf, 1, 2)));
static json_t *json(const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return json_loads(text, 0, NULL);
}

static json_t *experiment_json(void) {
    json_t *body =
               json("{\"key\":\"e\",\"feature\":\"f\",\"control\":\"a\",\"weights\":{\"a\":1,\"b\":1,\"c\":1,\"d\":1},"
                    "\"mde\":0.05,\"analysis\":{\"cuped\":\"P28D\"},\"metrics\":{\"primary\":\"m0\"}}"),
           *metrics = json_object_get(body, "metrics"), *secondary = json_array(), *guardrails = json_array();
    for (int i = 1; i <= SECONDARY; i++) json_array_append_new(secondary, json_sprintf("m%d", i));
    for (int i = SECONDARY + 1; i < METRICS; i++)
        json_array_append_new(guardrails, json("{\"metric\":\"m%d\",\"harm\":\"increase\",\"margin\":0.01}", i));
    json_object_set_new(metrics, "secondary", secondary);
    json_object_set_new(metrics, "guardrails", guardrails);
    return body;
}

static struct snapshot *define(struct error *error) {
    struct definition all[METRICS + 2] = {0};
    struct feature feature;
    struct experiment experiment;
    struct experiment_state state;
    struct snapshot *snapshot = NULL;
    struct arena arena;
    int free_slots, n = 0;
    arena_init(&arena, 64 * 1024);
    all[n++] =
        (struct definition){DEFINITION_FEATURE, TEXT("f"),
                            json("{\"key\":\"f\",\"type\":\"string\",\"variants\":{\"a\":{\"value\":\"a\"},\"b\":{"
                                 "\"value\":\"b\"},\"c\":{\"value\":\"c\"},\"d\":{\"value\":\"d\"}},\"off\":"
                                 "\"a\",\"default\":{\"serve\":\"a\"}}"),
                            NULL};
    for (int i = 0; i < METRICS; i++)
        all[n++] = (struct definition){DEFINITION_METRIC, arena_printf(&arena, "m%d", i),
                                       json("{\"key\":\"m%d\",\"kind\":\"%s\",\"event\":\"E%d\",\"value\":\"v\"}", i,
                                            i < RATES ? "conversion" : "mean", i),
                                       NULL};
    for (int i = 1; i <= RATES; i++) json_object_del((json_t *)all[i].body, "value");
    json_t *body = experiment_json();
    int rc = feature_parse(&feature, all[0].body, TEXT("f"), &arena, error);
    if (rc == 0) rc = experiment_parse(&experiment, body, TEXT("e"), &arena, error);
    if (rc == 0) {
        experiment_settle(&experiment, &feature);
        lifecycle_create(&state, &experiment, TEXT_NONE);
        rc = lifecycle_start(&state, &experiment, start, (struct slots_taken){0}, &arena, &free_slots, error);
    }
    all[n++] = (struct definition){DEFINITION_EXPERIMENT, TEXT("e"), body, rc ? NULL : experiment_state_json(&state)};
    if (rc == 0) rc = snapshot_build(&snapshot, 1, all, (size_t)n, error);
    for (int i = 0; i < n; i++) json_decref((json_t *)all[i].body), json_decref((json_t *)all[i].state);
    arena_free(&arena);
    return rc == 0 ? snapshot : NULL;
}

static void fill(struct measure_results *r) {
    struct random random = random_seeded(20261122);
    struct measure_group *all = &r->groups[0];
    for (int m = 0; m < METRICS; m++)
        for (int a = 0; a < ARMS; a++)
            for (int i = 0; i < UNITS; i++) {
                double before = random_uniform(&random), since = 0.5 * before + 0.5 * random_uniform(&random);
                int64_t x = m < RATES ? (since < 0.3) * CELL_SCALE : (int64_t)(since * 20 * CELL_SCALE);
                cell_add(&all->metrics[m].cells[a], x, 0);
                if (i % 4)
                    cell_add(&all->metrics[m].known[a], (int64_t)(before * 20 * CELL_SCALE), x);
                else
                    cell_add(&all->metrics[m].missing[a], x, 0);
            }
    for (int a = 0; a < ARMS; a++) all->units[a] = UNITS;
}

static double milliseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The best of several runs: what other programs take of the machine is not the results' time. */
static double best_time(struct measure_results *r, size_t *bytes) {
    double best = INFINITY;
    for (int run = 0; run < RUNS; run++) {
        struct buffer out = {0};
        struct json_writer w;
        double from = milliseconds();
        json_writer_init(&w, &out);
        results_write(r, TEXT_NONE, NULL, &w);
        best = fmin(best, milliseconds() - from);
        *bytes = out.n;
        buffer_free(&out);
    }
    return best;
}

int main(void) {
    struct error error = {0};
    struct fold fold;
    size_t bytes = 0;
    struct snapshot *snapshot = define(&error);
    if (!snapshot) {
        fprintf(stderr, "bench-judge: %s\n", error.detail);
        return 1;
    }
    fold_init(&fold, NULL, NULL, 0);
    fold_set_plan(&fold, plan_new(snapshot));
    snapshot_release(snapshot);
    struct measure_results *r = cells_read(&fold, fold.measured[0], MEASURE_ALL, as_of);
    fill(r);
    double best = best_time(r, &bytes);
    printf("results  %d metrics x %d arms, judged and written (%zu KB)  %.2f ms  (%.2f of the 10 ms allowed)\n",
           METRICS, ARMS, bytes / 1000, best, best / 10);
    measure_results_free(r);
    fold_free(&fold);
    return best < 10 ? 0 : 1;
}
