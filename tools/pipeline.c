#include "tools/pipeline.h"

#include <jansson.h>
#include <math.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/base/secret.h"
#include "core/journal/journal.h"
#include "experiments/decide/evaluate.h"
#include "experiments/judge/judgement.h"
#include "experiments/measure/fold.h"
#include "programs/parley/orders.h"

enum {
    AT_ONCE = 50, /* trials in one journal: their tables fit into memory */
    BATCH = 200   /* orders that are sent together */
};
static const double alpha = 0.05;

/* ---- the shop ---- */

static int read_orders(struct orders *orders, const char *path, struct error *error) {
    static const char map[] =
        "order=InvoiceNo,customer=CustomerID,time=InvoiceDate,sku=StockCode,quantity=Quantity,price=UnitPrice";
    struct csv *csv;
    struct csv_row row;
    int rc = csv_open(&csv, path, error);
    if (rc < 0) return rc;
    orders_init(orders);
    rc = csv_next(csv, &row, error);
    if (rc > 0) rc = orders_columns(orders, text_of(map), &row, error);
    while (rc >= 0 && (rc = csv_next(csv, &row, error)) > 0) orders_add(orders, &row);
    if (rc >= 0) rc = orders_finish(orders, error);
    csv_close(csv);
    return rc;
}

/* ---- definitions: a feature and an A/A trial for each salt ---- */

static const char *const metrics[PIPELINE_METRICS] = {
    "{\"key\":\"again\",\"kind\":\"conversion\",\"event\":\"Order Completed\",\"atLeast\":2}",
    "{\"key\":\"spend\",\"kind\":\"mean\",\"event\":\"Order Completed\",\"value\":\"revenue\",\"cap\":0.99}"};
static const char *const metric_names[PIPELINE_METRICS] = {"bought again (conversion)", "spend (mean, capped at 99 %)"};

static json_t *json(const char *format, ...) __attribute__((format(printf, 1, 2)));
static json_t *json(const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return json_loads(text, 0, NULL);
}

static int add_trial(struct definition *d, struct arena *arena, int i, uint64_t salt, int64_t start, size_t units,
                     struct error *error) {
    struct feature feature;
    struct experiment experiment;
    struct experiment_state state;
    struct slots_taken nobody = {0};
    int free_slots;
    struct text feature_key = arena_printf(arena, "f%d", i), key = arena_printf(arena, "t%d", i);
    d[0] = (struct definition){
        DEFINITION_FEATURE, feature_key,
        json("{\"key\":\"f%d\",\"type\":\"string\",\"enabled\":true,\"off\":\"a\",\"variants\":{\"a\":"
             "{\"value\":\"a\"},\"b\":{\"value\":\"b\"}},\"default\":{\"serve\":\"a\"}}",
             i),
        NULL};
    d[1] = (struct definition){
        DEFINITION_EXPERIMENT, key,
        json("{\"key\":\"t%d\",\"feature\":\"f%d\",\"control\":\"a\",\"weights\":{\"a\":1,\"b\":1},\"metrics\":{"
             "\"primary\":"
             "\"again\",\"secondary\":[\"spend\"]},\"analysis\":{\"nStar\":%zu,\"correction\":\"none\"}}",
             i, i, units),
        NULL};
    int rc = feature_parse(&feature, d[0].body, feature_key, arena, error);
    if (rc == 0) rc = experiment_parse(&experiment, d[1].body, key, arena, error);
    if (rc < 0) return rc;
    experiment_settle(&experiment, &feature);
    lifecycle_create(&state, &experiment, arena_printf(arena, "gate %016llx", (unsigned long long)salt));
    rc = lifecycle_start(&state, &experiment, start, nobody, arena, &free_slots, error);
    d[1].state = rc == 0 ? experiment_state_json(&state) : NULL;
    return rc;
}

static int define(struct snapshot **snapshot, int trials, uint64_t first_salt, int64_t start, size_t units,
                  struct error *error) {
    struct definition all[PIPELINE_METRICS + 2 * AT_ONCE] = {0};
    struct arena arena;
    size_t n = 0;
    int rc = 0;
    arena_init(&arena, 64 * 1024);
    for (; n < PIPELINE_METRICS; n++) {
        json_t *body = json("%s", metrics[n]);
        all[n] = (struct definition){DEFINITION_METRIC, text_of(json_string_value(json_object_get(body, "key"))), body,
                                     NULL};
    }
    for (int i = 0; rc == 0 && i < trials; i++, n += 2)
        rc = add_trial(&all[n], &arena, i, first_salt + (uint64_t)i, start, units, error);
    if (rc == 0) rc = snapshot_build(snapshot, 1, all, n, error);
    for (size_t i = 0; i < n; i++) {
        json_decref((json_t *)all[i].body);
        json_decref((json_t *)all[i].state);
    }
    arena_free(&arena);
    return rc;
}

/* ---- one journal full of trials ---- */

struct run {
    const struct orders *orders;
    struct snapshot *snapshot;
    struct journal *journal;
    struct journal_ring *ring;
    struct journal_reader *reader;
    struct fold fold;
    struct arena arena;
    struct trial_seen {
        bool ever[PIPELINE_METRICS], naive[PIPELINE_METRICS], alarm;
        double p[PIPELINE_METRICS]; /* fixed, at the last look */
    } seen[AT_ONCE];
};

struct waiting {
    struct journal_batch batch;
    sem_t answered;
};

static void answered(struct mail *mail) {
    sem_post(&((struct waiting *)mail)->answered);
}

static int append(struct journal *journal, struct journal_record *records, size_t n) {
    struct waiting w = {.batch = {.mail.receive = answered, .records = records, .n = n}};
    if (!n) return 0;
    sem_init(&w.answered, 0, 0);
    int rc;
    while ((rc = journal_append(journal, &w.batch)) == ERR_UNAVAILABLE) usleep(1000);
    while (rc == 0 && sem_wait(&w.answered) != 0) continue;
    sem_destroy(&w.answered);
    return rc < 0 ? rc : w.batch.code;
}

/* A customer who comes for the first time meets every trial, as an evaluation would have it. */
static void meet(struct run *run, const struct customer *customer, int64_t at) {
    for (uint32_t i = 0; i < run->snapshot->n_features; i++) {
        const struct context context = {.targeting_key = customer->id, .now = at, .arena = &run->arena};
        struct decision d;
        decide(run->snapshot, &run->snapshot->features[i], &context, NULL, &d);
        struct journal_exposure exposure = {.at = at,
                                            .experiment = d.experiment->definition.key,
                                            .salt = d.experiment->state.salt,
                                            .unit = d.unit_text,
                                            .variant = d.experiment->state.arms[d.arm],
                                            .epoch = d.epoch,
                                            .cause = JOURNAL_MET};
        while (!journal_ring_push(run->ring, &exposure)) usleep(200);
    }
}

static int fold_one(void *fold, const struct journal_record *record) {
    fold_record(fold, record);
    return 0;
}

/* Waits for what was written, and folds it. */
static int follow(struct run *run, struct error *error) {
    struct journal_record last = {
        .received = 1, .at = 1, .kind = JOURNAL_PAGE, .unit = TEXT("nobody"), .body = TEXT("{}")};
    int rc = append(run->journal, &last, 1);
    if (rc == 0) rc = journal_read(run->reader, run->fold.position + 1, INT64_MAX, fold_one, &run->fold, error);
    return rc == 0 ? fold_settle(&run->fold) : rc;
}

static void look(struct run *run, int64_t as_of) {
    for (uint32_t i = 0; i < run->fold.n; i++) {
        struct measure_results *r = cells_read(&run->fold, run->fold.measured[i], MEASURE_ALL, as_of);
        struct arena arena;
        arena_init(&arena, 16 * 1024);
        const struct judgement *j = judge(r, &r->groups[0], NULL, &arena);
        struct trial_seen *seen = &run->seen[i];
        for (int m = 0; m < PIPELINE_METRICS; m++) {
            const struct judged_arm *b = &j->metrics[m].arms[1];
            if (!b->compared) continue;
            seen->p[m] = b->is.fixed.p;
            seen->ever[m] |= b->is.sequential.low > 0 || b->is.sequential.high < 0;
            seen->naive[m] |= b->is.fixed.p < alpha;
        }
        seen->alarm = j->srm_verdict == SRM_ALARM;
        arena_free(&arena);
        measure_results_free(r);
    }
}

static struct journal_record record_of(struct run *run, const struct order *order) {
    return (struct journal_record){.received = order->at,
                                   .at = order->at,
                                   .kind = JOURNAL_TRACK,
                                   .flags = JOURNAL_KNOWN,
                                   .name = TEXT("Order Completed"),
                                   .unit = order->customer->id,
                                   .message_id = order->number,
                                   .body = arena_printf(&run->arena,
                                                        "{\"properties\":{\"order_id\":\"%.*s\",\"revenue\":%.2f}}",
                                                        TEXT_ARGS(order->number), (double)order->sum / 1e6)};
}

static int send_orders(struct run *run, struct journal_record *records, size_t *n) {
    int rc = append(run->journal, records, *n);
    arena_reset(&run->arena);
    *n = 0;
    return rc;
}

/* Exposures are pushed before the orders that follow them are sent, so they stand before them in the journal. */
static int tell(struct run *run, struct error *error) {
    const struct orders *orders = run->orders;
    struct journal_record records[BATCH];
    struct map met = {0};
    size_t told = 0, n = 0;
    int rc = 0, looks = 0;
    for (size_t i = 0; rc == 0 && i < orders->n; i++) {
        const struct order *order = orders->list[i];
        if (order->refund) continue;
        if (!map_get(&met, order->customer->id)) meet(run, order->customer, order->at);
        map_put(&met, order->customer->id, order->customer);
        records[n++] = record_of(run, order);
        bool due = ++told * PIPELINE_LOOKS / orders->completed > (size_t)looks;
        if (n == BATCH || due) rc = send_orders(run, records, &n);
        if (rc < 0 || !due) continue;
        rc = follow(run, error);
        look(run, order->at + 1);
        looks++;
    }
    map_free(&met);
    return rc;
}

static int run_in(struct run *run, const char *folder, struct error *error) {
    struct journal_options options = {.folder = folder};
    int rc = journal_open(&run->journal, &options, error);
    if (rc < 0) return rc;
    run->ring = journal_ring_open(run->journal, 1 << 20);
    rc = journal_reader_open(&run->reader, folder, error);
    fold_init(&run->fold, run->reader, NULL, 7 * (int64_t)CLOCK_DAY);
    fold_set_plan(&run->fold, plan_new(run->snapshot));
    while (rc == 0 && (rc = fold_catch_up(&run->fold, 1000)) > 0) rc = 0;
    arena_init(&run->arena, 64 * 1024);
    if (rc == 0) rc = tell(run, error);
    arena_free(&run->arena);
    fold_free(&run->fold);
    journal_reader_close(run->reader);
    journal_close(run->journal);
    return rc;
}

static void remove_folder(const char *folder) {
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", folder); /* made by mkdtemp below */
    if (system(command) != 0) fprintf(stderr, "%s is left behind\n", folder);
}

static int some_trials(const struct orders *orders, int trials, uint64_t first_salt, struct trial_seen *seen,
                       struct error *error) {
    char folder[512];
    const char *where = getenv("TMPDIR");
    struct run *run = memory_new(struct run);
    snprintf(folder, sizeof folder, "%s/parley-gate-XXXXXX", where ? where : "/tmp");
    run->orders = orders;
    int rc = mkdtemp(folder) ? 0 : error_set(error, ERR_IO, "no temporary folder can be made");
    if (rc == 0) rc = define(&run->snapshot, trials, first_salt, orders->list[0]->at, orders->buyers, error);
    if (rc == 0) rc = run_in(run, folder, error);
    memcpy(seen, run->seen, (size_t)trials * sizeof *seen);
    snapshot_release(run->snapshot);
    remove_folder(folder);
    free(run);
    return rc;
}

/* ---- all of them ---- */

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double pipeline_ks(double *p, int n) {
    double d = 0, sum = 0;
    qsort(p, (size_t)n, sizeof *p, by_value);
    for (int i = 0; i < n; i++) d = fmax(d, fmax(p[i] - (double)i / n, (i + 1.0) / n - p[i]));
    double x = d * (sqrt(n) + 0.12 + 0.11 / sqrt(n));
    if (x < 0.2) return 1;
    for (int k = 1; k <= 100; k++) sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * x * x);
    return fmin(1, fmax(0, sum));
}

static struct pipeline_metric sum_up(const struct trial_seen *seen, int trials, int metric) {
    struct pipeline_metric m = {.name = metric_names[metric]};
    double *p = memory_alloc((size_t)trials * sizeof *p);
    for (int i = 0; i < trials; i++) {
        p[i] = seen[i].p[metric];
        m.rejects += p[i] < alpha;
        m.ever += seen[i].ever[metric];
        m.naive += seen[i].naive[metric];
    }
    m.ks = pipeline_ks(p, trials);
    m.rejects /= trials, m.ever /= trials, m.naive /= trials;
    free(p);
    return m;
}

int pipeline_run(const char *csv, int trials, uint64_t seed, struct pipeline_found *found, struct error *error) {
    struct orders orders;
    secret_init();
    int rc = read_orders(&orders, csv, error);
    if (rc < 0) return rc;
    struct trial_seen *seen = memory_zero((size_t)trials, sizeof *seen);
    for (int done = 0, now; rc == 0 && done < trials; done += now) {
        now = trials - done < AT_ONCE ? trials - done : AT_ONCE;
        rc = some_trials(&orders, now, seed + (uint64_t)done, seen + done, error);
    }
    *found = (struct pipeline_found){.trials = trials, .units = (int)orders.buyers};
    for (int m = 0; m < PIPELINE_METRICS; m++) found->metrics[m] = sum_up(seen, trials, m);
    for (int i = 0; i < trials; i++) found->split_alarms += seen[i].alarm / (double)trials;
    free(seen);
    orders_free(&orders);
    return rc;
}
