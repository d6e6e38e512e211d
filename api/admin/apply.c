/* POST /admin/v1/apply: many definitions and the configurations of plugins as one change. The body is read on the store lane, where one
 * that was answered before ends; the configurations are tried on what runs, as one that is written alone is; then all is written in one
 * transaction, or nothing. */
#include "api/admin/apply_plugins.h"
#include "api/admin/tables.h"

enum { APPLY_BODY = 16 * 1024 * 1024 };

struct apply {
    struct lane_job reading; /* first */
    struct request *request;
    struct error error;
    int64_t now;                      /* ms */
    struct idempotency_answer before; /* status 0: there was none */
    json_t *body;                     /* owned, until the job has it */
    bool dry;
    unsigned pruned;
    struct apply_plugins plugins;
};

/* The kinds named in "prune", as bits. Nothing to apply and everything to prune is a mistake, not a wish. */
static unsigned read_pruned(struct reader *reader, const json_t *body) {
    struct text *names = NULL;
    uint32_t n = 0;
    unsigned kinds = 0;
    reader_texts(reader, NULL, body, "prune", DEFINITION_PAGE + 1, MODEL_MAX_NAME, &names, &n);
    for (uint32_t i = 0; i < n; i++) {
        int kind = 0;
        while (definition_kinds[kind] && !text_is(names[i], definition_kinds[kind])) kind++;
        if (definition_kinds[kind])
            kinds |= 1u << kind;
        else
            reader_fault(reader, PATH_ELEMENT(PATH_MEMBER(NULL, "prune"), i), "is no kind of definition: %s",
                         "feature, experiment, metric, segment, layer, holdout or page");
    }
    if (n && !json_array_size(json_object_get(body, "definitions")))
        reader_fault(reader, PATH_MEMBER(NULL, "definitions"), "is empty, and \"prune\" would delete everything");
    return kinds;
}

static void read_members(struct apply *a) {
    static const char *const members[] = {"definitions", "plugins", "dryRun", "prune", NULL};
    struct reader reader = {&a->request->arena, &a->error, 0};
    if (!reader_object(&reader, NULL, a->body, members)) return;
    reader_bool(&reader, NULL, a->body, "dryRun", &a->dry);
    a->pruned = read_pruned(&reader, a->body);
    apply_plugins_read(&a->plugins, &reader, json_object_get(a->body, "plugins"));
}

static void read_body(struct lane_job *job, void *owner) {
    struct apply *a = (struct apply *)job;
    if (admin_answered(a->request, a->now, owner, &a->before, &a->error) != 0) return;
    if (admin_body(a->request, &a->body, &a->error) < 0) return;
    if (a->body)
        read_members(a);
    else
        error_set(&a->error, ERR_INVALID, "the body is empty: send {\"definitions\":[...]}");
}

static int work_apply(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    struct apply *a = (struct apply *)(uintptr_t)job->input;
    json_open_object(&job->writer);
    json_put_bool(&job->writer, "dryRun", a->dry);
    json_key(&job->writer, TEXT("items"));
    json_open_array(&job->writer);
    int rc = catalogue_apply(catalogue, &job->change, json_object_get(a->body, "definitions"), a->pruned,
                             a->dry ? APPLY_CHECK : APPLY_WRITE, &job->writer, &job->error);
    if (rc == 0 && !a->dry) rc = apply_plugins_store(&a->plugins, job, sql);
    if (rc < 0) return rc;
    apply_plugins_write(&a->plugins, a->dry, &job->writer);
    json_close_array(&job->writer);
    json_close_object(&job->writer);
    return 0;
}

static void on_end(struct admin_job *job) {
    struct apply *a = (struct apply *)(uintptr_t)job->input;
    if (!a->dry) apply_plugins_end(&a->plugins, job);
}

static void on_tried(void *user, const struct error *error) {
    struct apply *a = user;
    if (error) {
        json_decref(a->body);
        reply_error(a->request, error);
        return;
    }
    struct admin_job *job = admin_job_new(a->request, DEFINITION_FEATURE, TEXT(""), work_apply);
    job->input = a;
    job->body = a->body;
    job->end = on_end;
    admin_job_go(job);
}

static void on_read(struct mail *mail) {
    struct apply *a = (struct apply *)mail;
    if (a->error.code)
        on_tried(a, &a->error);
    else if (a->before.status)
        reply(a->request, a->before.status, "application/json", a->before.body);
    else if (!a->request->app->plugins)
        on_tried(a, &(struct error){.code = ERR_UNAVAILABLE, .detail = "Parley is stopping"});
    else
        apply_plugins_try(&a->plugins, a->request, a->dry ? APPLY_CHECK : APPLY_WRITE, on_tried, a);
}

static void handle_apply(struct request *request) {
    struct apply *a = arena_new(&request->arena, struct apply);
    *a = (struct apply){.request = request, .now = clock_now(request->app->clock)};
    a->reading.work = read_body;
    a->reading.mail.receive = on_read;
    a->reading.reply_to = &request->app->mailbox;
    lane_do(main_db_lane(request->app->db), &a->reading);
}

const struct route apply_routes[] = {
    {METHOD_POST, "/admin/v1/apply", ROLE_MANAGER, APPLY_BODY, 0, handle_apply},
    {0},
};
