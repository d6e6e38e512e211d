/* An experiment's steps: start, pause, resume, approve, conclude. */
#include "api/admin/job.h"
#include "api/admin/tables.h"
#include "core/base/clock.h"

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

/* ---- where arms meet ---- */

/* The variant whose plugin lets shoppers meet, in a trial that is drawn by person; NULL where there is none. Such arms are not
 * independent: what one shopper makes in hers, another sees in his. */
static const struct variant *interferes(const struct app *app, const struct snapshot_experiment *e) {
    bool by_person = text_is(e->definition.unit, "targetingKey") || text_is(e->definition.unit, "userId");
    const struct feature *feature = e->feature ? &e->feature->definition : NULL;
    for (uint32_t i = 0; by_person && feature && i < e->definition.n_arms; i++) {
        int at = feature_variant(feature, e->definition.arms[i].variant);
        const struct variant *variant = at < 0 ? NULL : &feature->variants[at];
        if (variant && variant->plugin.n && plugins_social(app->plugins, variant->plugin, variant->release))
            return variant;
    }
    return NULL;
}

/* Adds "warnings" to the document that is the answer. */
static void warn_of_interference(struct admin_job *job) {
    const struct app *app = job->request->app;
    const struct snapshot_experiment *e = snapshot_experiment(app->snapshot, job->change.key);
    const struct variant *variant = e ? interferes(app, e) : NULL;
    if (!variant) return;
    job->out.n--; /* its closing brace */
    buffer_printf(&job->out,
                  ",\"warnings\":[{\"code\":\"interference\",\"detail\":\"Shoppers meet in plugin `%.*s` of variant "
                  "`%.*s`, so that arms drawn by person influence each other: draw them by what they share, such as "
                  "`sku` or a group, as the unit.\"}]}",
                  TEXT_ARGS(variant->plugin), TEXT_ARGS(variant->key));
}

/* ---- routes ---- */

static struct admin_job *step_job(struct request *request,
                                  int (*work)(struct admin_job *, struct catalogue *, struct sql *)) {
    struct admin_job *job = admin_job_new(request, DEFINITION_EXPERIMENT, request_param(request, "key"), work);
    job->wants_body = true;
    return job;
}

static void step(struct request *request, int (*work)(struct admin_job *, struct catalogue *, struct sql *)) {
    admin_job_go(step_job(request, work));
}

static void handle_start(struct request *request) {
    struct admin_job *job = step_job(request, work_start);
    job->then = warn_of_interference;
    admin_job_go(job);
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

enum { STEP_BODY = 16 * 1024 };
const struct route experiment_routes[] = {
    {METHOD_POST, "/admin/v1/experiments/{key}/start", ROLE_MANAGER, STEP_BODY, 0, handle_start},
    {METHOD_POST, "/admin/v1/experiments/{key}/pause", ROLE_MANAGER, STEP_BODY, 0, handle_pause},
    {METHOD_POST, "/admin/v1/experiments/{key}/resume", ROLE_MANAGER, STEP_BODY, 0, handle_resume},
    {METHOD_POST, "/admin/v1/experiments/{key}/approve", ROLE_MANAGER, STEP_BODY, 0, handle_approve},
    {METHOD_POST, "/admin/v1/experiments/{key}/conclude", ROLE_MANAGER, STEP_BODY, 0, handle_conclude},
    {0},
};
