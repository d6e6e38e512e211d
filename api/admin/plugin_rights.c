/* What one plugin holds of a customer, and its erasure: for the staff that answers a customer's letter. Retired plugins answer too. */
#include <inttypes.h>

#include "api/admin/job.h"
#include "api/admin/tables.h"
#include "core/base/unit.h"

struct errand {
    struct admin_job *job;
    const char *action;
    struct text name, customer;
    struct text held; /* JSON; TEXT_NONE for an erasure */
};

/* The log says that it was done, and of whom only to those who know the id already: an erased customer's id is in no log. */
static int work_audit(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    const struct errand *errand = job->input;
    struct unit_id unit = unit_of(errand->customer);
    struct audit_entry entry = {
        .at = job->change.now,
        .actor = job->change.actor,
        .action = text_of(errand->action),
        .kind = TEXT("plugin"),
        .key = errand->name,
        .note = arena_printf(&job->request->arena, "customer with XXH3 %016" PRIx64 "%016" PRIx64, unit.hi, unit.lo),
    };
    return audit_write(sql, &entry, &job->error);
}

static void write_held(struct admin_job *job) {
    const struct errand *errand = job->input;
    if (errand->held.n) json_raw(&job->writer, errand->held);
}

static void refuse(struct request *request, struct text name, int code, int retry_after) {
    if (code == ERR_NOT_FOUND)
        reply_problem(request, code, "there is no plugin '%.*s' that ever ran", TEXT_ARGS(name));
    else {
        int seconds = retry_after > 0 ? retry_after : 1;
        reply_header(request, "Retry-After", arena_printf(&request->arena, "%d", seconds).at);
        reply_problem(request, code, "the plugin '%.*s' cannot answer for its data right now; its log says why",
                      TEXT_ARGS(name));
    }
}

static void on_answer(void *user, const struct plugin_answer *answer) {
    struct errand *errand = user;
    struct request *request = errand->job->request;
    if (answer->code || answer->reply.status >= 300) {
        refuse(request, errand->name, answer->code ? answer->code : ERR_INTERNAL, answer->retry_after);
        return;
    }
    errand->held = arena_text(&request->arena, answer->reply.body);
    admin_job_go(errand->job);
}

static struct errand *errand_new(struct request *request, const char *action, int status) {
    struct errand *errand = arena_new(&request->arena, struct errand);
    *errand = (struct errand){
        .action = action, .name = request_param(request, "name"), .customer = request_param(request, "id")};
    errand->job = admin_job_new(request, DEFINITION_FEATURE, errand->name, work_audit);
    errand->job->input = errand;
    errand->job->status = status;
    errand->job->then = write_held;
    return errand;
}

static void handle_export(struct request *request) {
    struct errand *errand = errand_new(request, "export-customer", 200);
    int code = plugins_export(request->app->plugins, errand->name, errand->customer, on_answer, errand);
    if (code) refuse(request, errand->name, code, 0);
}

static void handle_forget(struct request *request) {
    struct errand *errand = errand_new(request, "forget-customer", 204);
    int code = plugins_forget(request->app->plugins, errand->name, errand->customer, on_answer, errand);
    if (code) refuse(request, errand->name, code, 0);
}

const struct route plugin_rights_routes[] = {
    {METHOD_GET, "/admin/v1/plugins/{name}/customers/{id}/export", ROLE_ADMIN, 0, 0, handle_export},
    {METHOD_DELETE, "/admin/v1/plugins/{name}/customers/{id}", ROLE_ADMIN, 0, 0, handle_forget},
    {0},
};
