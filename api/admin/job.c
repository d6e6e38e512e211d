#include "api/admin/job.h"

#include <stdio.h>

#include "api/push.h"
#include "core/base/json.h"
#include "core/store/idempotency.h"

bool request_if_match(struct request *request, int64_t *version) {
    struct text value = request->headers.if_match;
    *version = DOCUMENT_ANY;
    if (!value.n || text_is(value, "*")) return true;
    if (value.n > 2 && value.at[0] == '"' && value.at[value.n - 1] == '"') value = text_n(value.at + 1, value.n - 2);
    if (text_to_int(value, version) && *version > 0) return true;
    reply_problem(request, ERR_PRECONDITION, "If-Match must be the ETag of a version, as \"7\"");
    return false;
}

int admin_body(struct request *request, json_t **out, struct error *error) {
    struct text body = request->body;
    struct json scanned;
    *out = NULL;
    if (!body.n) return 0;
    if (json_scan(&scanned, body, &request->arena, error) != 0) return error->code;
    json_error_t why;
    *out = json_loadb(body.at, body.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    return *out ? 0 : error_set(error, ERR_INVALID, "line %d, column %d: %s", why.line, why.column, why.text);
}

static bool keyed(const struct request *r) {
    return r->method == METHOD_POST && r->headers.idempotency_key.n;
}

static struct idempotency idempotency_of(struct request *r, int64_t now) {
    return (struct idempotency){.actor = r->caller.id,
                                .key = r->headers.idempotency_key,
                                .request = arena_printf(&r->arena, "%s %.*s\n%.*s", method_names[r->method],
                                                        TEXT_ARGS(r->path), TEXT_ARGS(r->body)),
                                .now = now};
}

int admin_answered(struct request *request, int64_t now, struct sql *sql, struct idempotency_answer *answer,
                   struct error *error) {
    if (!keyed(request)) return 0;
    struct idempotency id = idempotency_of(request, now);
    return idempotency_find(sql, &request->arena, &id, answer, error);
}

/* With an Idempotency-Key, a request that was answered before is answered alike and not done again. */
static int once(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    struct idempotency_answer answer;
    int found = admin_answered(job->request, job->change.now, sql, &answer, &job->error);
    if (found < 0) return found;
    if (found) {
        job->status = answer.status;
        buffer_text(&job->out, answer.body);
        job->then = NULL;
        return 0;
    }
    int rc = job->work(job, catalogue, sql);
    if (rc < 0 || !keyed(job->request)) return rc;
    struct idempotency id = idempotency_of(job->request, job->change.now);
    return idempotency_keep(sql, &id, (struct idempotency_answer){job->status, buffer_view(&job->out)}, &job->error);
}

/* The change, its audit row and the remembered answer are one transaction; what it wrote into the audit log is what it
 * changed. */
static int in_transaction(void *user, struct sql *sql, struct error *error) {
    struct admin_job *job = user;
    int64_t newest;
    int rc = audit_newest(sql, &newest, error);
    if (rc == 0) rc = once(job, job->request->app->catalogue, sql);
    if (rc < 0) return rc;
    return audit_since(sql, &job->request->arena, newest, &job->changes, error);
}

static void on_lane(struct lane_job *lane_job, void *owner) {
    struct admin_job *job = (struct admin_job *)lane_job;
    struct catalogue *catalogue = job->request->app->catalogue;
    int rc = job->wants_body ? admin_body(job->request, &job->body, &job->error) : 0;
    if (rc == 0) rc = catalogue_transaction(catalogue, in_transaction, job, &job->snapshot, &job->error);
    if (rc < 0 && !job->error.code) error_set(&job->error, rc, "the store answered %s", error_name(rc));
    json_decref(job->body);
}

static void on_done(struct mail *mail) {
    struct admin_job *job = (struct admin_job *)mail;
    struct request *request = job->request;
    if (job->snapshot) app_set_snapshot(request->app, job->snapshot);
    if (job->end) job->end(job);
    if (job->error.code) {
        buffer_free(&job->out);
        reply_error(request, &job->error);
        return;
    }
    push_changes(request->app->push, &job->changes);
    if (job->then) job->then(job);
    if (job->version)
        reply_header(request, "ETag", arena_printf(&request->arena, "\"%lld\"", (long long)job->version).at);
    if (job->status == 204) {
        buffer_free(&job->out);
        reply_empty(request, 204);
    } else
        reply_json(request, job->status, &job->out);
}

struct admin_job *admin_job_new(struct request *request, enum definition_kind kind, struct text key,
                                int (*work)(struct admin_job *, struct catalogue *, struct sql *)) {
    struct admin_job *job = arena_new(&request->arena, struct admin_job);
    *job = (struct admin_job){
        .request = request,
        .work = work,
        .status = 200,
        .change = {.kind = kind,
                   .key = key,
                   .if_match = DOCUMENT_ANY,
                   .actor = request->caller.name,
                   .now = clock_now(request->app->clock)},
    };
    job->job.mail.receive = on_done;
    job->job.work = on_lane;
    job->job.reply_to = &request->app->mailbox;
    json_writer_init(&job->writer, &job->out);
    return job;
}

void admin_job_go(struct admin_job *job) {
    lane_do(main_db_lane(job->request->app->db), &job->job);
}
