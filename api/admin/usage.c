/* How old each feature is and how much it is asked for: what managers weigh against what it costs to run. Age is the feature's
 * first version, on the store lane; use is what the loop has counted. */
#include "api/admin/job.h"
#include "api/admin/tables.h"

enum { USAGE_MOST = 1000 };

struct usage_page {
    struct text after;
    int64_t limit;
    struct document_page features;
    int64_t *since; /* ms, of each */
};

static int work_usage(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    struct usage_page *page = (struct usage_page *)job->input;
    struct arena *arena = &job->request->arena;
    int rc =
        repository_list(sql, arena, TEXT("feature"), page->after, (size_t)page->limit, &page->features, &job->error);
    if (rc < 0) return rc;
    page->since = arena_array(arena, int64_t, page->features.n + 1);
    for (size_t i = 0; rc == 0 && i < page->features.n; i++) {
        struct document first = {0};
        rc = repository_get(sql, arena, TEXT("feature"), page->features.items[i].key, 1, &first, &job->error);
        page->since[i] = first.at;
    }
    return rc;
}

static void write_usage(struct admin_job *job) {
    const struct usage_page *page = job->input;
    const struct usage *usage = app_usage(job->request->app);
    struct json_writer *w = &job->writer;
    json_open_object(w);
    json_key(w, TEXT("items"));
    json_open_array(w);
    for (size_t i = 0; i < page->features.n; i++) {
        struct text key = page->features.items[i].key;
        struct usage_of use = usage_get(usage, key);
        json_open_object(w);
        json_put_text(w, "feature", key);
        json_put_time(w, "since", page->since[i]);
        if (use.last) json_put_time(w, "lastEvaluatedAt", use.last);
        json_put_int(w, "evaluations", (int64_t)usage_recent(usage, key, job->change.now));
        json_close_object(w);
    }
    json_close_array(w);
    if (page->features.more)
        json_put_text(w, "next", page->features.items[page->features.n - 1].key);
    else
        json_put_null(w, "next");
    json_close_object(w);
}

static void handle_usage(struct request *request) {
    struct usage_page *page = arena_new(&request->arena, struct usage_page);
    page->after = request_query(request, "cursor");
    if (!request_query_int(request, "limit", 1, USAGE_MOST, 100, &page->limit)) return;
    struct admin_job *job = admin_job_new(request, DEFINITION_FEATURE, TEXT(""), work_usage);
    job->input = page;
    job->then = write_usage;
    admin_job_go(job);
}

const struct route usage_routes[] = {
    {METHOD_GET, "/admin/v1/usage", ROLE_MANAGER | ROLE_ANALYST | ROLE_AGENT, 0, 0, handle_usage},
    {0},
};
