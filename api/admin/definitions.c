/* Features, metrics, experiments, segments, layers and holdouts: written, read, listed, restored, deleted, all by the same
 * handlers; what differs is the kind, which the path names. */
#include <assert.h>

#include "api/admin/tables.h"
#include "api/admin/job.h"
#include "experiments/steer/stale.h"

enum { DEFINITION_BODY = 1024 * 1024, LIST_MOST = 1000 };

/* "/admin/v1/features..." to DEFINITION_FEATURE: the plural is the kind and an s. */
static enum definition_kind kind_of_path(const struct request *request) {
    struct text prefix = TEXT("/admin/v1/"), name, rest;
    text_cut(text_n(request->path.at + prefix.n, request->path.n - prefix.n), '/', &name, &rest);
    for (int i = 0; definition_kinds[i]; i++)
        if (name.n && text_is(text_n(name.at, name.n - 1), definition_kinds[i])) return (enum definition_kind)i;
    assert(!"a route without a kind");
    return DEFINITION_FEATURE;
}

static int show(struct admin_job *job, struct catalogue *catalogue) {
    return catalogue_show(catalogue, job->change.kind, job->change.key, &job->writer, &job->version, &job->error);
}

static int work_get(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    return show(job, catalogue);
}

static int work_put(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    bool created = false;
    if (!job->body) return error_set(&job->error, ERR_INVALID, "the body is empty: send the definition as JSON");
    int rc = catalogue_put(catalogue, &job->change, job->body, &created, &job->error);
    job->status = created ? 201 : 200;
    return rc < 0 ? rc : show(job, catalogue);
}

static int work_patch(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    if (!job->body) return error_set(&job->error, ERR_INVALID, "the body is empty: send the members to change");
    int rc = catalogue_patch(catalogue, &job->change, job->body, &job->error);
    return rc < 0 ? rc : show(job, catalogue);
}

static int work_delete(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    job->status = 204;
    return catalogue_delete(catalogue, &job->change, &job->error);
}

static int work_kill(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    int rc = catalogue_kill(catalogue, &job->change, *(const bool *)job->input, &job->error);
    return rc < 0 ? rc : show(job, catalogue);
}

static int work_restore(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    json_t *version = json_object_get(job->body, "version");
    if (!json_is_integer(version) || json_integer_value(version) < 1 || json_object_size(job->body) != 1)
        return error_at(&job->error, "/version", "send {\"version\":n} with the number of an earlier version");
    int rc = catalogue_restore(catalogue, &job->change, json_integer_value(version), &job->error);
    return rc < 0 ? rc : show(job, catalogue);
}

struct page_input {
    struct text cursor;
    int64_t limit;
    struct catalogue_filter filter;
};

static int work_list(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    const struct page_input *page = job->input;
    catalogue_list(catalogue, job->change.kind, &page->filter, page->cursor, (size_t)page->limit, &job->writer);
    return 0;
}

static void write_version(struct json_writer *w, const struct document *document) {
    json_open_object(w);
    json_put_int(w, "version", document->version);
    json_put_time(w, "at", document->at);
    json_put_text(w, "actor", document->actor);
    json_put_int(w, "configRevision", document->revision);
    if (document->note.n) json_put_text(w, "note", document->note);
    json_key(w, TEXT("body"));
    if (document->body.at)
        json_raw(w, document->body);
    else
        json_nil(w);
    json_close_object(w);
}

static int work_versions(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    const struct page_input *page = job->input;
    struct document_page found;
    int64_t before = 0;
    if (page->cursor.n && !text_to_int(page->cursor, &before))
        return error_set(&job->error, ERR_INVALID, "?cursor= must be what `next` said");
    int rc = repository_versions(sql, &job->request->arena, text_of(definition_kinds[job->change.kind]),
                                 job->change.key, before, (size_t)page->limit, &found, &job->error);
    if (rc < 0) return rc;
    struct json_writer *w = &job->writer;
    json_open_object(w);
    json_key(w, TEXT("items"));
    json_open_array(w);
    for (size_t i = 0; i < found.n; i++) write_version(w, &found.items[i]);
    json_close_array(w);
    json_key(w, TEXT("next"));
    if (found.more)
        json_text(w, arena_printf(&job->request->arena, "%lld", (long long)found.items[found.n - 1].version));
    else
        json_nil(w);
    json_close_object(w);
    return 0;
}

/* ---- handlers ---- */

static struct admin_job *job_for_key(struct request *request,
                                     int (*work)(struct admin_job *, struct catalogue *, struct sql *)) {
    return admin_job_new(request, kind_of_path(request), request_param(request, "key"), work);
}

static void handle_get(struct request *request) {
    admin_job_go(job_for_key(request, work_get));
}

static void go_changing(struct request *request, struct admin_job *job) {
    if (request_if_match(request, &job->change.if_match)) admin_job_go(job);
}

static void handle_put(struct request *request) {
    struct admin_job *job = job_for_key(request, work_put);
    if (!text_is_key(job->change.key)) {
        reply_problem(request, ERR_INVALID, "the key must match [A-Za-z0-9][A-Za-z0-9._-]{0,63}");
        return;
    }
    job->wants_body = true;
    go_changing(request, job);
}

static void handle_patch(struct request *request) {
    struct admin_job *job = job_for_key(request, work_patch);
    job->wants_body = true;
    go_changing(request, job);
}

static void handle_delete(struct request *request) {
    go_changing(request, job_for_key(request, work_delete));
}

static void handle_restore(struct request *request) {
    struct admin_job *job = job_for_key(request, work_restore);
    job->wants_body = true;
    go_changing(request, job);
}

static void go_kill(struct request *request, bool killed) {
    static const bool states[] = {false, true};
    struct admin_job *job = job_for_key(request, work_kill);
    job->input = &states[killed];
    admin_job_go(job);
}

static void handle_kill(struct request *request) {
    go_kill(request, true);
}
static void handle_unkill(struct request *request) {
    go_kill(request, false);
}

static bool read_page(struct request *request, struct admin_job *job) {
    struct page_input *page = arena_new(&request->arena, struct page_input);
    page->cursor = request_query(request, "cursor");
    page->filter = (struct catalogue_filter){request_query(request, "state"), request_query(request, "outcome"),
                                             request_query(request, "q")};
    job->input = page;
    return request_query_int(request, "limit", 1, LIST_MOST, 100, &page->limit);
}

static void handle_list(struct request *request) {
    struct admin_job *job = admin_job_new(request, kind_of_path(request), TEXT(""), work_list);
    if (read_page(request, job)) admin_job_go(job);
}

static void handle_versions(struct request *request) {
    struct admin_job *job = job_for_key(request, work_versions);
    if (read_page(request, job)) admin_job_go(job);
}

/* Answered on the loop: the snapshot knows it all. */
static void handle_stale(struct request *request) {
    int64_t limit;
    if (!request_query_int(request, "limit", 1, LIST_MOST, 100, &limit)) return;
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    stale_write(request->app->snapshot, app_usage(request->app), clock_now(request->app->clock),
                request_query(request, "cursor"), (size_t)limit, &w);
    reply_json(request, 200, &out);
}

#define READERS (ROLE_MANAGER | ROLE_ANALYST | ROLE_AGENT)
#define DEFINITION_ROUTES(plural)                                                                                      \
    {METHOD_GET, "/admin/v1/" plural, READERS, 0, 0, handle_list},                                                     \
        {METHOD_GET, "/admin/v1/" plural "/{key}", READERS, 0, 0, handle_get},                                         \
        {METHOD_PUT, "/admin/v1/" plural "/{key}", ROLE_MANAGER, DEFINITION_BODY, 0, handle_put},                      \
        {METHOD_PATCH, "/admin/v1/" plural "/{key}", ROLE_MANAGER, DEFINITION_BODY, 0, handle_patch},                  \
        {METHOD_DELETE, "/admin/v1/" plural "/{key}", ROLE_MANAGER, 0, 0, handle_delete},                              \
        {METHOD_GET, "/admin/v1/" plural "/{key}/versions", READERS, 0, 0, handle_versions}, {                         \
        METHOD_POST, "/admin/v1/" plural "/{key}/restore", ROLE_MANAGER, 4096, 0, handle_restore                       \
    }

const struct route definition_routes[] = {
    DEFINITION_ROUTES("features"),
    DEFINITION_ROUTES("metrics"),
    DEFINITION_ROUTES("experiments"),
    DEFINITION_ROUTES("segments"),
    DEFINITION_ROUTES("layers"),
    DEFINITION_ROUTES("holdouts"),
    DEFINITION_ROUTES("pages"),
    {METHOD_GET, "/admin/v1/stale", READERS, 0, 0, handle_stale},
    {METHOD_POST, "/admin/v1/features/{key}/kill", ROLE_MANAGER, 4096, 0, handle_kill},
    {METHOD_POST, "/admin/v1/features/{key}/unkill", ROLE_MANAGER, 4096, 0, handle_unkill},
    {0},
};
