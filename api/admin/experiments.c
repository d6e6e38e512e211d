/* An experiment's steps (start, pause, resume, approve, conclude) and its results. */
#include "api/admin/job.h"
#include "api/admin/tables.h"
#include "core/base/clock.h"
#include "experiments/judge/results.h"

static int work_step(struct admin_job *job, struct catalogue *catalogue, enum experiment_step step,
                     const struct experiment_step_input *input) {
    int rc = catalogue_step(catalogue, &job->change, step, input, &job->error);
    if (rc < 0) return rc;
    return catalogue_show(catalogue, DEFINITION_EXPERIMENT, job->change.key, &job->writer, &job->version, &job->error);
}

static int work_start(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    struct experiment_step_input input = {0};
    struct reader reader = {&job->request->arena, &job->error, 0};
    static const char *const known[] = {"at", NULL};
    if (job->body && reader_object(&reader, NULL, job->body, known))
        reader_time(&reader, NULL, job->body, "at", &input.at);
    return reader.faults ? reader_result(&reader) : work_step(job, catalogue, STEP_START, &input);
}

static int work_pause(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    return work_step(job, catalogue, STEP_PAUSE, &(struct experiment_step_input){0});
}

static int work_resume(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    return work_step(job, catalogue, STEP_RESUME, &(struct experiment_step_input){0});
}

static int work_approve(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    static const char *const known[] = {"note", NULL};
    struct experiment_step_input input = {0};
    struct reader reader = {&job->request->arena, &job->error, 0};
    if (job->body && reader_object(&reader, NULL, job->body, known))
        reader_text(&reader, NULL, job->body, "note", 4000, &input.note);
    return reader.faults ? reader_result(&reader) : work_step(job, catalogue, STEP_APPROVE, &input);
}

static int work_conclude(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    static const char *const known[] = {"outcome", "variant", "note", "scope", NULL};
    static const char *const scopes[] = {"everybody", "audience", NULL};
    struct experiment_step_input input = {0};
    struct reader reader = {&job->request->arena, &job->error, 0};
    int outcome = -1, scope = 0;
    if (!job->body)
        return error_set(&job->error, ERR_INVALID, "send {\"outcome\":\"ship\",\"variant\":\"...\",\"note\":\"...\"}");
    if (reader_object(&reader, NULL, job->body, known)) {
        if (!reader_choice(&reader, NULL, job->body, "outcome", experiment_outcomes, &outcome) && !reader.faults)
            reader_missing(&reader, NULL, "outcome", "ship, rollback, iterate or retire");
        reader_text(&reader, NULL, job->body, "variant", 64, &input.variant);
        reader_text(&reader, NULL, job->body, "note", 4000, &input.note);
        reader_choice(&reader, NULL, job->body, "scope", scopes, &scope);
        if (!reader.faults && outcome == OUTCOME_SHIP && !input.variant.n)
            reader_missing(&reader, NULL, "variant", "the variant that everybody gets");
    }
    if (reader.faults) return reader_result(&reader);
    input.outcome = (enum experiment_outcome)outcome;
    input.audience_alone = scope == 1;
    return work_step(job, catalogue, STEP_CONCLUDE, &input);
}

static void step(struct request *request, int (*work)(struct admin_job *, struct catalogue *, struct sql *)) {
    struct admin_job *job = admin_job_new(request, DEFINITION_EXPERIMENT, request_param(request, "key"), work);
    job->wants_body = true;
    admin_job_go(job);
}

static void handle_start(struct request *request) {
    step(request, work_start);
}
static void handle_pause(struct request *request) {
    step(request, work_pause);
}
static void handle_resume(struct request *request) {
    step(request, work_resume);
}
static void handle_approve(struct request *request) {
    step(request, work_approve);
}
static void handle_conclude(struct request *request) {
    step(request, work_conclude);
}

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
    results_write(asked->question.results, asked->question.by, &w);
    measure_results_free(asked->question.results);
    reply_header(request, "Cache-Control", "no-store");
    reply_json(request, 200, &out);
}

static void handle_results(struct request *request) {
    struct results_request *asked = arena_new(&request->arena, struct results_request);
    *asked = (struct results_request){.request = request};
    asked->question = (struct measure_question){.experiment = request_param(request, "key"),
                                                .by = request_query(request, "by"),
                                                .by_day = text_is(request_query(request, "series"), "day")};
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
        reply_header(
            request, "Link",
            arena_printf(&request->arena, "<%.*s?cursor=%u>; rel=\"next\"", TEXT_ARGS(request->path), asked->page.next)
                .at);
    reply_buffer(request, 200, "application/x-ndjson", &asked->page.out);
}

static void handle_units(struct request *request) {
    int64_t from, limit;
    if (!request_query_int(request, "cursor", 0, UINT32_MAX, 0, &from)) return;
    if (!request_query_int(request, "limit", 1, UNITS_PAGE, UNITS_PAGE, &limit)) return;
    struct units_request *asked = arena_new(&request->arena, struct units_request);
    *asked = (struct units_request){.request = request};
    asked->page = (struct measure_export){
        .experiment = request_param(request, "key"), .from = (uint32_t)from, .limit = (uint32_t)limit};
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

enum { READERS = ROLE_MANAGER | ROLE_ANALYST | ROLE_AGENT, STEP_BODY = 16 * 1024 };
const struct route experiment_routes[] = {
    {METHOD_GET, "/admin/v1/experiments/{key}/results", READERS, 0, 0, handle_results},
    {METHOD_GET, "/admin/v1/experiments/{key}/units", ROLE_MANAGER | ROLE_ANALYST, 0, 0, handle_units},
    {METHOD_POST, "/admin/v1/experiments/{key}/verify", ROLE_MANAGER | ROLE_ANALYST, STEP_BODY, 0, handle_verify},
    {METHOD_POST, "/admin/v1/experiments/{key}/start", ROLE_MANAGER, STEP_BODY, 0, handle_start},
    {METHOD_POST, "/admin/v1/experiments/{key}/pause", ROLE_MANAGER, STEP_BODY, 0, handle_pause},
    {METHOD_POST, "/admin/v1/experiments/{key}/resume", ROLE_MANAGER, STEP_BODY, 0, handle_resume},
    {METHOD_POST, "/admin/v1/experiments/{key}/approve", ROLE_MANAGER, STEP_BODY, 0, handle_approve},
    {METHOD_POST, "/admin/v1/experiments/{key}/conclude", ROLE_MANAGER, STEP_BODY, 0, handle_conclude},
    {0},
};
