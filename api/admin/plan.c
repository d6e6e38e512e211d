/* Planning a trial: by the figures of a trial that runs, by what happened before one started, or by figures that are sent. */
#include "experiments/judge/planning.h"

#include <math.h>

#include "api/admin/job.h"
#include "api/admin/tables.h"
#include "experiments/judge/results.h"

enum { SEED = 20261122 };

struct planning_request {
    struct measure_question question;
    struct measure_traffic traffic;
    uv_work_t work;
    struct request *request;
    struct planning planning;
    const char *source; /* "trial", "events" or "request" */
    struct text experiment, metric;
    double units, days; /* that rate and variance rest on */
    struct buffer out;
};

/* ---- answering: the simulation takes its time ---- */

static void work_plan(uv_work_t *work) {
    struct planning_request *asked = work->data;
    const struct planning *p = &asked->planning;
    struct json_writer w;
    json_writer_init(&w, &asked->out);
    json_open_object(&w);
    if (asked->experiment.n) json_put_text(&w, "experiment", asked->experiment);
    json_key(&w, TEXT("source"));
    json_open_object(&w);
    json_put_text(&w, "kind", text_of(asked->source));
    if (asked->metric.n) json_put_text(&w, "metric", asked->metric);
    json_put_double(&w, "units", asked->units);
    json_put_double(&w, "days", asked->days);
    json_put_double(&w, "unitsPerDay", p->per_day);
    json_put_double(&w, "mean", p->mean);
    json_put_double(&w, "variance", p->variance);
    json_close_object(&w);
    json_put_double(&w, "mde", p->mde);
    json_put_double(&w, "alpha", p->alpha);
    json_put_double(&w, "power", p->power);
    planning_write(p, &w);
    json_close_object(&w);
}

static void plan_done(uv_work_t *work, int status) {
    struct planning_request *asked = work->data;
    reply_json(asked->request, 200, &asked->out);
}

static void go(struct planning_request *asked) {
    const struct planning *p = &asked->planning;
    if (!(p->variance > 0) || p->mean == 0 || !isfinite(p->mean)) {
        reply_problem(asked->request, ERR_CONFLICT,
                      "nothing is known yet of the rate and variance of `%.*s`: send them with POST /admin/v1/plan as "
                      "{\"mean\":…,\"variance\":…,\"unitsPerDay\":…,\"mde\":…}",
                      TEXT_ARGS(asked->metric));
        return;
    }
    asked->work.data = asked;
    uv_queue_work(asked->request->app->loop, &asked->work, work_plan, plan_done);
}

/* ---- figures of an experiment ---- */

static void take_sample(struct planning_request *asked, const struct cell *cell, const struct metric *metric) {
    struct compare_arm arm = {.cells = cell, .stride = 1, .epochs = 1};
    struct sample sample = compare_sample(arm, metric->kind == METRIC_RATIO ? COMPARE_RATIO : COMPARE_MEAN);
    asked->planning.mean = sample.mean;
    asked->planning.variance = sample.variance;
}

static void on_figures(struct mail *mail) {
    struct planning_request *asked = (struct planning_request *)mail;
    struct measure_results *r = asked->question.results;
    if (!r) {
        reply_error(asked->request, &asked->question.error);
        return;
    }
    const struct experiment_state *state = &r->experiment->state;
    int64_t until = state->end_at && state->end_at < r->as_of ? state->end_at : r->as_of;
    struct cell sum = {0};
    for (uint32_t e = 0; r->n_metrics && e < r->n_epochs; e++)
        cell_merge(&sum, &r->groups[0].metrics[0].cells[(size_t)e * r->n_arms + state->control]);
    for (size_t i = 0; i < (size_t)r->n_epochs * r->n_arms; i++) asked->units += (double)r->groups[0].units[i];
    asked->days = (double)(until - state->start_at) / CLOCK_DAY;
    asked->planning.have = asked->units;
    asked->planning.per_day = asked->days > 0 ? asked->units / asked->days : 0;
    asked->planning.n_star = (double)state->n_star;
    if (state->end_at > r->as_of) asked->planning.days_to_end = (double)(state->end_at - r->as_of) / CLOCK_DAY;
    if (r->n_metrics) take_sample(asked, &sum, r->metrics[0]);
    measure_results_free(r);
    go(asked);
}

static void on_traffic(struct mail *mail) {
    struct measure_traffic *traffic = (struct measure_traffic *)mail;
    struct planning_request *asked =
        (struct planning_request *)((char *)traffic - offsetof(struct planning_request, traffic));
    const struct snapshot_experiment *e = snapshot_experiment(asked->request->app->snapshot, asked->experiment);
    if (traffic->error.code || !e) {
        if (!e) error_set(&traffic->error, ERR_NOT_FOUND, "there is no such experiment");
        reply_error(asked->request, &traffic->error);
        return;
    }
    int64_t now = clock_now(asked->request->app->clock);
    asked->units = (double)traffic->units;
    asked->days = traffic->since ? (double)(now - traffic->since) / CLOCK_DAY : 0;
    double share = e->definition.traffic / (double)BUCKET_TRAFFIC_FULL;
    asked->planning.per_day = asked->days > 0 ? asked->units / asked->days * share : 0;
    if (e->primary && traffic->cell.n) take_sample(asked, &traffic->cell, e->primary);
    go(asked);
}

/* ---- asking ---- */

static bool read_probability(struct request *request, const char *name, double otherwise, double *out) {
    struct text given = request_query(request, name);
    char copy[32], *end;
    *out = otherwise;
    if (!given.n) return true;
    snprintf(copy, sizeof copy, "%.*s", TEXT_ARGS(given));
    *out = strtod(copy, &end);
    if (!*end && *out > 0 && *out < 1) return true;
    reply_problem(request, ERR_INVALID, "?%s= must be a number between 0 and 1", name);
    return false;
}

static struct planning_request *planning_request(struct request *request) {
    struct planning_request *asked = arena_new(&request->arena, struct planning_request);
    *asked = (struct planning_request){.request = request, .planning = {.seed = SEED}};
    return asked;
}

static void take_definition(struct planning_request *asked, const struct snapshot_experiment *e) {
    struct planning *p = &asked->planning;
    p->n_star = (double)e->definition.n_star;
    if (e->primary) asked->metric = arena_text(&asked->request->arena, e->primary->key);
    for (uint32_t i = 0; i < e->definition.n_arms && p->arms < PLANNING_ARMS_MAX; i++) {
        bool control = text_eq(e->definition.arms[i].variant, e->definition.control);
        p->weights[p->arms++] = e->definition.arms[i].weight;
        if (!control) continue;
        p->weights[p->arms - 1] = p->weights[0]; /* control comes first */
        p->weights[0] = e->definition.arms[i].weight;
    }
}

static void handle_plan_of(struct request *request) {
    struct planning_request *asked = planning_request(request);
    struct planning *p = &asked->planning;
    asked->experiment = request_param(request, "key");
    const struct snapshot_experiment *e = snapshot_experiment(request->app->snapshot, asked->experiment);
    if (!e) {
        reply_problem(request, ERR_NOT_FOUND, "there is no experiment `%.*s`", TEXT_ARGS(asked->experiment));
        return;
    }
    double alpha = e->definition.alpha > 0 ? e->definition.alpha : 0.05;
    if (!read_probability(request, "power", 0.8, &p->power) || !read_probability(request, "alpha", alpha, &p->alpha) ||
        !read_probability(request, "mde", e->definition.mde > 0 ? e->definition.mde : 0.05, &p->mde))
        return;
    take_definition(asked, e);
    struct lane_job job = {.reply_to = &request->app->mailbox};
    if (e->state.start_at) {
        asked->source = "trial";
        asked->question = (struct measure_question){.job = job, .experiment = asked->experiment};
        asked->question.frozen = app_frozen_caps(request->app, e, &request->arena);
        asked->question.job.mail.receive = on_figures;
        measure_ask(request->app->measure, &asked->question);
        return;
    }
    asked->source = "events";
    asked->traffic = (struct measure_traffic){
        .job = job, .experiment = asked->experiment, .look_back = PLANNING_DAYS * (int64_t)CLOCK_DAY};
    asked->traffic.job.mail.receive = on_traffic;
    measure_ask_traffic(request->app->measure, &asked->traffic);
}

/* ---- figures that are sent ---- */

static void read_weights(struct reader *reader, const json_t *body, struct planning *p) {
    const json_t *weights = json_object_get(body, "weights"), *weight;
    size_t i;
    p->weights[0] = p->weights[1] = 1;
    p->arms = weights ? 0 : 2;
    if (!weights) return;
    json_array_foreach(weights, i, weight) if (i < PLANNING_ARMS_MAX) p->weights[p->arms++] = json_number_value(weight);
    bool fine = p->arms >= 2 && i <= PLANNING_ARMS_MAX;
    for (i = 0; i < p->arms; i++) fine &= p->weights[i] > 0;
    if (!fine) reader_missing(reader, NULL, "weights", "an array of 2 to 32 numbers above 0, control's first");
}

static void handle_plan(struct request *request) {
    static const char *const known[] = {"mean",  "variance", "baseline", "unitsPerDay", "have", "mde",
                                        "alpha", "power",    "nStar",    "weights",     NULL};
    struct planning_request *asked = planning_request(request);
    struct planning *p = &asked->planning;
    struct error error = {0};
    struct json scanned;
    struct reader reader = {&request->arena, &error, 0};
    json_t *body = json_scan(&scanned, request->body, &request->arena, &error) == 0
                       ? json_loadb(request->body.at, request->body.n, JSON_REJECT_DUPLICATES, NULL)
                       : NULL;
    if (!error.code && !body) error_set(&error, ERR_INVALID, "send an object such as {\"baseline\":0.05,\"mde\":0.1}");
    if (body && reader_object(&reader, NULL, body, known)) {
        double baseline = 0;
        reader_number(&reader, NULL, body, "baseline", 0, 1, &baseline);
        *p = (struct planning){.mean = baseline,
                               .variance = baseline * (1 - baseline),
                               .mde = 0.05,
                               .alpha = 0.05,
                               .power = 0.8,
                               .seed = SEED};
        read_weights(&reader, body, p);
        reader_number(&reader, NULL, body, "mean", -1e15, 1e15, &p->mean);
        reader_number(&reader, NULL, body, "variance", 0, 1e30, &p->variance);
        reader_number(&reader, NULL, body, "unitsPerDay", 0, 1e12, &p->per_day);
        reader_number(&reader, NULL, body, "have", 0, 1e12, &p->have);
        reader_number(&reader, NULL, body, "mde", 1e-9, 1e3, &p->mde);
        reader_number(&reader, NULL, body, "alpha", 1e-9, 0.5, &p->alpha);
        reader_number(&reader, NULL, body, "power", 0.01, 0.9999, &p->power);
        reader_number(&reader, NULL, body, "nStar", 0, 1e12, &p->n_star);
    }
    json_decref(body);
    asked->source = "request";
    asked->metric = TEXT("the metric");
    if (reader.faults) reader_result(&reader);
    if (error.code)
        reply_error(request, &error);
    else
        go(asked);
}

enum { ANALYSTS = ROLE_MANAGER | ROLE_ANALYST };
const struct route plan_routes[] = {
    {METHOD_GET, "/admin/v1/experiments/{key}/plan", ANALYSTS, 0, 0, handle_plan_of},
    {METHOD_POST, "/admin/v1/plan", ANALYSTS, 16 * 1024, 0, handle_plan},
    {0},
};
