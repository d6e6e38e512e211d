/* An experiment's results, its looks, and its units. */
#include "experiments/judge/results.h"

#include "api/admin/job.h"
#include "api/admin/tables.h"

/* ---- results: asked of the measures, written on the loop ---- */

struct results_request {
    struct measure_question question;
    struct request *request;
};

static void on_results(struct mail *mail) {
    struct results_request *asked = (struct results_request *)mail;
    struct request *request = asked->request;
    if (!asked->question.results) {
        reply_error(request, &asked->question.error);
        return;
    }
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    results_write(asked->question.results, asked->question.by,
                  looks_latest(request->app->looks, asked->question.results->experiment->state.salt), &w);
    measure_results_free(asked->question.results);
    reply_header(request, "Cache-Control", "no-store");
    reply_json(request, 200, &out);
}

static void handle_results(struct request *request) {
    struct text series = request_query(request, "series");
    if (series.n && !text_is(series, "day") && !text_is(series, "week")) {
        reply_problem(request, ERR_INVALID, "?series= is day (as units entered) or week (since each unit's own entry)");
        return;
    }
    struct results_request *asked = arena_new(&request->arena, struct results_request);
    *asked = (struct results_request){.request = request};
    asked->question = (struct measure_question){.experiment = request_param(request, "key"),
                                                .by = request_query(request, "by"),
                                                .by_day = text_is(series, "day"),
                                                .by_week = text_is(series, "week")};
    asked->question.frozen = app_frozen_caps(
        request->app, snapshot_experiment(request->app->snapshot, asked->question.experiment), &request->arena);
    asked->question.job.mail.receive = on_results;
    asked->question.job.reply_to = &request->app->mailbox;
    measure_ask(request->app->measure, &asked->question);
}

/* ---- exposures and unit totals, a page at a time ---- */

enum { UNITS_PAGE = 10000 };

struct units_request {
    struct measure_export page;
    struct request *request;
};

static void on_units(struct mail *mail) {
    struct units_request *asked = (struct units_request *)mail;
    struct request *request = asked->request;
    if (asked->page.error.code) {
        buffer_free(&asked->page.out);
        reply_error(request, &asked->page.error);
        return;
    }
    if (asked->page.next) /* RFC 8288 */
        reply_header(request, "Link",
                     arena_printf(&request->arena, "<%.*s?cursor=%u%s>; rel=\"next\"", TEXT_ARGS(request->path),
                                  asked->page.next, asked->page.csv ? "&format=csv" : "")
                         .at);
    reply_buffer(request, 200, asked->page.csv ? "text/csv; charset=utf-8" : "application/x-ndjson", &asked->page.out);
}

/* By ?format=, else by what the client accepts. False (answered) where it is neither. */
static bool wants_csv(struct request *request, bool *csv) {
    struct text format = request_query(request, "format");
    *csv = format.n ? text_is(format, "csv") : text_starts(request->headers.accept, TEXT("text/csv"));
    if (!format.n || *csv || text_is(format, "ndjson")) return true;
    reply_problem(request, ERR_INVALID, "?format= is ndjson or csv");
    return false;
}

static void handle_units(struct request *request) {
    int64_t from, limit;
    bool csv;
    if (!wants_csv(request, &csv)) return;
    if (!request_query_int(request, "cursor", 0, UINT32_MAX, 0, &from)) return;
    if (!request_query_int(request, "limit", 1, UNITS_PAGE, UNITS_PAGE, &limit)) return;
    struct units_request *asked = arena_new(&request->arena, struct units_request);
    *asked = (struct units_request){.request = request};
    asked->page = (struct measure_export){
        .experiment = request_param(request, "key"), .from = (uint32_t)from, .limit = (uint32_t)limit, .csv = csv};
    asked->page.job.mail.receive = on_units;
    asked->page.job.reply_to = &request->app->mailbox;
    measure_export_units(request->app->measure, &asked->page);
}

/* ---- figures computed again ---- */

struct verify_request {
    struct measure_proof proof;
    struct request *request;
};

static void on_proof(struct mail *mail) {
    struct verify_request *asked = (struct verify_request *)mail;
    struct request *request = asked->request;
    const struct measure_proof *proof = &asked->proof;
    if (proof->error.code) {
        reply_error(request, &proof->error);
        return;
    }
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_text(&w, "experiment", proof->experiment);
    json_put_bool(&w, "same", proof->different == 0);
    json_put_int(&w, "records", proof->records);
    json_put_int(&w, "units", proof->units);
    json_put_int(&w, "different", proof->different);
    json_key(&w, TEXT("residual"));
    json_open_object(&w);
    json_put_int(&w, "units", proof->residual);
    json_close_object(&w);
    json_close_object(&w);
    reply_json(request, 200, &out);
}

static void handle_verify(struct request *request) {
    struct verify_request *asked = arena_new(&request->arena, struct verify_request);
    *asked = (struct verify_request){.request = request, .proof.experiment = request_param(request, "key")};
    asked->proof.job.mail.receive = on_proof;
    asked->proof.job.reply_to = &request->app->mailbox;
    measure_verify(request->app->measure, &asked->proof);
}

/* ---- looks ---- */

struct looks_input {
    int64_t before, limit;
};

static int work_looks(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    const struct looks_input *in = job->input;
    struct snapshot *snapshot = catalogue_snapshot(catalogue);
    const struct snapshot_experiment *e = snapshot_experiment(snapshot, job->change.key);
    struct text salt = e ? arena_text(&job->request->arena, e->state.salt) : TEXT_NONE;
    snapshot_release(snapshot);
    if (!salt.n)
        return error_set(&job->error, ERR_NOT_FOUND, "there is no experiment `%.*s`", TEXT_ARGS(job->change.key));
    return looks_list(sql, salt, in->before, (size_t)in->limit, &job->writer, &job->error);
}

static void handle_looks(struct request *request) {
    struct looks_input *in = arena_new(&request->arena, struct looks_input);
    if (!request_query_int(request, "limit", 1, 1000, 100, &in->limit)) return;
    if (!request_query_int(request, "cursor", 1, INT64_MAX, 0, &in->before)) return;
    struct admin_job *job = admin_job_new(request, DEFINITION_EXPERIMENT, request_param(request, "key"), work_looks);
    job->input = in;
    admin_job_go(job);
}

enum { READERS = ROLE_MANAGER | ROLE_ANALYST | ROLE_AGENT };
const struct route result_routes[] = {
    {METHOD_GET, "/admin/v1/experiments/{key}/results", READERS, 0, 0, handle_results},
    {METHOD_POST, "/admin/v1/experiments/{key}/verify", ROLE_MANAGER | ROLE_ANALYST, 16 * 1024, 0, handle_verify},
    {METHOD_GET, "/admin/v1/experiments/{key}/looks", READERS, 0, 0, handle_looks},
    {METHOD_GET, "/admin/v1/experiments/{key}/units", ROLE_MANAGER | ROLE_ANALYST, 0, 0, handle_units},
    {0},
};
