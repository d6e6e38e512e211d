/* Webhooks: who outside is told of what. Rows live in the main database; telling is core/webhooks' affair. */
#include "api/admin/job.h"
#include "api/admin/tables.h"
#include "api/app.h"
#include "core/webhooks/webhook.h"
#include "core/webhooks/webhooks.h"

enum { HOOK_BODY = 16 * 1024, NOTE_BYTES = 500 };

static const char *const known[] = {"url", "events", "note", "enabled", NULL};

/* "feature.*" and "event:Order Completed": printable, a star at the end alone. */
static void check_pattern(struct reader *r, struct text pattern, size_t i) {
    bool fine = pattern.n > 0;
    for (size_t k = 0; k < pattern.n; k++)
        fine &= (unsigned char)pattern.at[k] >= ' ' && (pattern.at[k] != '*' || k + 1 == pattern.n);
    if (!fine)
        reader_fault(r, PATH_ELEMENT(PATH_MEMBER(NULL, "events"), i),
                     "a type such as experiment.start, or the beginning of one and a star, as feature.* or event:*");
}

static struct text join_lines(struct arena *arena, const struct text *lines, uint32_t n) {
    struct buffer out = {0};
    for (uint32_t i = 0; i < n; i++) {
        if (i) buffer_byte(&out, '\n');
        buffer_text(&out, lines[i]);
    }
    struct text joined = arena_text(arena, buffer_view(&out));
    buffer_free(&out);
    return joined;
}

/* The members that are there, over what the webhook has. */
static int read_webhook(struct admin_job *job, struct webhook *hook) {
    struct reader r = {&job->request->arena, &job->error, 0};
    struct text *events = NULL;
    uint32_t n = 0;
    if (!job->body || !reader_object(&r, NULL, job->body, known))
        return error_set(&job->error, ERR_INVALID, "send {\"url\":\"https://...\",\"events\":[\"experiment.*\"]}");
    if (reader_text(&r, NULL, job->body, "url", WEBHOOK_URL_BYTES, &hook->url))
        deliver_check_url(hook->url, &job->error);
    reader_text(&r, NULL, job->body, "note", NOTE_BYTES, &hook->note);
    reader_bool(&r, NULL, job->body, "enabled", &hook->enabled);
    if (reader_texts(&r, NULL, job->body, "events", WEBHOOK_PATTERNS, WEBHOOK_PATTERN_BYTES, &events, &n)) {
        for (uint32_t i = 0; i < n; i++) check_pattern(&r, events[i], i);
        hook->events = join_lines(r.arena, events, n);
    }
    if (r.faults || job->error.code) return ERR_INVALID;
    if (!hook->url.n) return error_at(&job->error, "/url", "is needed: where to send to");
    if (!hook->events.n) return error_at(&job->error, "/events", "is needed: what to tell, as [\"experiment.*\"]");
    return 0;
}

/* --- on the store lane --- */

static int show(struct admin_job *job, struct sql *sql, struct text id) {
    struct webhook hook;
    struct json_writer *w = &job->writer;
    int rc = webhook_get(sql, &job->request->arena, id, &hook, &job->error);
    if (rc < 0) return rc;
    json_open_object(w);
    webhook_write(w, &hook);
    rc = webhook_write_dead(sql, w, id, &job->error);
    json_close_object(w);
    return rc;
}

static int work_create(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    char secret[WEBHOOK_SECRET_ROOM];
    struct webhook hook = {.enabled = true};
    hook.event_position = *(const int64_t *)job->input;
    int rc = read_webhook(job, &hook);
    if (rc == 0) rc = audit_newest(sql, &hook.audit_position, &job->error);
    if (rc == 0)
        rc = webhook_create(sql, &job->request->arena, &hook, job->change.actor, job->change.now, secret, &job->error);
    if (rc < 0) return rc;
    job->status = 201;
    json_open_object(&job->writer);
    webhook_write(&job->writer, &hook);
    json_put_text(&job->writer, "secret", text_of(secret));
    json_close_object(&job->writer);
    return 0;
}

static int work_list(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    struct webhook *list;
    size_t n;
    struct json_writer *w = &job->writer;
    size_t limit = (size_t) * (const int64_t *)job->input;
    int rc =
        webhook_list(sql, &job->request->arena, request_query(job->request, "cursor"), limit, &list, &n, &job->error);
    if (rc < 0) return rc;
    json_open_object(w);
    json_key(w, TEXT("items"));
    json_open_array(w);
    for (size_t i = 0; i < n; i++) {
        json_open_object(w);
        webhook_write(w, &list[i]);
        json_close_object(w);
    }
    json_close_array(w);
    json_key(w, TEXT("next"));
    if (n == limit)
        json_text(w, list[n - 1].id);
    else
        json_nil(w);
    json_close_object(w);
    return 0;
}

static int work_get(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    return show(job, sql, job->change.key);
}

static int work_patch(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    struct webhook hook;
    struct arena *arena = &job->request->arena;
    int rc = webhook_get(sql, arena, job->change.key, &hook, &job->error);
    if (rc == 0) rc = read_webhook(job, &hook);
    if (rc == 0) rc = webhook_update(sql, arena, &hook, job->change.actor, job->change.now, &job->error);
    return rc < 0 ? rc : show(job, sql, job->change.key);
}

static int work_delete(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    job->status = 204;
    return webhook_delete(sql, &job->request->arena, job->change.key, job->change.actor, job->change.now, &job->error);
}

static int work_replay(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    static const char *const members[] = {"auditPosition", "eventPosition", NULL};
    struct reader r = {&job->request->arena, &job->error, 0};
    int64_t audit = -1, event = -1;
    if (!job->body || !reader_object(&r, NULL, job->body, members))
        return error_set(&job->error, ERR_INVALID, "send {\"auditPosition\":n}: what comes after it is told again");
    reader_integer(&r, NULL, job->body, "auditPosition", 0, INT64_MAX, &audit);
    reader_integer(&r, NULL, job->body, "eventPosition", 0, INT64_MAX, &event);
    if (r.faults) return reader_result(&r);
    int rc = webhook_replay(sql, &job->request->arena, job->change.key, audit, event, job->change.actor,
                            job->change.now, &job->error);
    return rc < 0 ? rc : show(job, sql, job->change.key);
}

/* --- on the loop --- */

static struct admin_job *hook_job(struct request *request, const char *param,
                                  int (*work)(struct admin_job *, struct catalogue *, struct sql *)) {
    struct text id = param ? request_param(request, param) : TEXT_NONE;
    struct admin_job *job = admin_job_new(request, DEFINITION_FEATURE, id, work);
    job->wants_body = request->method != METHOD_GET && request->method != METHOD_DELETE;
    return job;
}

static void handle_create(struct request *request) {
    struct journal_stats stats;
    int64_t *last = arena_new(&request->arena, int64_t);
    journal_stats(request->app->journal, &stats);
    *last = stats.last;
    struct admin_job *job = hook_job(request, NULL, work_create);
    job->input = last;
    admin_job_go(job);
}
static void handle_list(struct request *request) {
    int64_t *limit = arena_new(&request->arena, int64_t);
    struct admin_job *job = hook_job(request, NULL, work_list);
    job->input = limit;
    if (request_query_int(request, "limit", 1, 1000, 100, limit)) admin_job_go(job);
}
static void handle_get(struct request *request) {
    admin_job_go(hook_job(request, "id", work_get));
}
static void handle_patch(struct request *request) {
    admin_job_go(hook_job(request, "id", work_patch));
}
static void handle_delete(struct request *request) {
    admin_job_go(hook_job(request, "id", work_delete));
}
static void handle_replay(struct request *request) {
    admin_job_go(hook_job(request, "id", work_replay));
}

/* --- a message to see whether it arrives --- */

struct hook_test {
    struct webhooks_test test;
    struct delivery_message message;
    struct request *request;
    struct lane_job find;
    struct webhook hook;
    struct error error;
};

static void on_tested(struct mail *mail) {
    struct hook_test *t = (struct hook_test *)mail;
    const struct delivery *d = &t->test.delivery;
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_bool(&w, "delivered", d->done == 1);
    json_put_int(&w, "status", d->status);
    json_put_int(&w, "milliseconds", t->test.milliseconds);
    if (d->detail[0]) json_put_text(&w, "detail", text_of(d->detail));
    json_close_object(&w);
    reply_json(t->request, 200, &out);
}

static void find_hook(struct lane_job *job, void *owner) {
    struct hook_test *t = (struct hook_test *)((char *)job - offsetof(struct hook_test, find));
    webhook_get(owner, &t->request->arena, request_param(t->request, "id"), &t->hook, &t->error);
}

static void on_found(struct mail *mail) {
    struct hook_test *t = (struct hook_test *)((char *)mail - offsetof(struct hook_test, find.mail));
    struct app *app = t->request->app;
    struct arena *arena = &t->request->arena;
    char id[ID_ROOM], now[CLOCK_ISO_ROOM];
    if (t->error.code) {
        reply_error(t->request, &t->error);
        return;
    }
    id_new(id, clock_now(app->clock));
    clock_iso(now, clock_now(app->clock));
    t->message = (struct delivery_message){
        .id = arena_printf(arena, "test-%s", id),
        .type = TEXT("webhook.test"),
        .body = arena_printf(arena, "{\"type\":\"webhook.test\",\"timestamp\":\"%s\",\"data\":{\"webhook\":\"%.*s\"}}",
                             now, TEXT_ARGS(t->hook.id)),
    };
    t->test.delivery = (struct delivery){.url = t->hook.url, .secret = t->hook.secret, .messages = &t->message, .n = 1};
    t->test.job.mail.receive = on_tested;
    t->test.job.reply_to = &app->mailbox;
    webhooks_send(app->webhooks, &t->test);
}

static void handle_test(struct request *request) {
    struct hook_test *t = arena_new(&request->arena, struct hook_test);
    t->request = request;
    t->find = (struct lane_job){.mail.receive = on_found, .work = find_hook, .reply_to = &request->app->mailbox};
    lane_do(main_db_lane(request->app->db), &t->find);
}

const struct route webhook_routes[] = {
    {METHOD_GET, "/admin/v1/webhooks", ROLE_ADMIN, 0, 0, handle_list},
    {METHOD_POST, "/admin/v1/webhooks", ROLE_ADMIN, HOOK_BODY, 0, handle_create},
    {METHOD_GET, "/admin/v1/webhooks/{id}", ROLE_ADMIN, 0, 0, handle_get},
    {METHOD_PATCH, "/admin/v1/webhooks/{id}", ROLE_ADMIN, HOOK_BODY, 0, handle_patch},
    {METHOD_DELETE, "/admin/v1/webhooks/{id}", ROLE_ADMIN, 0, 0, handle_delete},
    {METHOD_POST, "/admin/v1/webhooks/{id}/test", ROLE_ADMIN, HOOK_BODY, 0, handle_test},
    {METHOD_POST, "/admin/v1/webhooks/{id}/replay", ROLE_ADMIN, HOOK_BODY, 0, handle_replay},
    {0},
};
