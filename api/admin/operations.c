/* The rest of administration: who am I, the audit log, tokens, evaluation with its trace, statistics for their own sake. */
#include <stdlib.h>

#include "api/admin/job.h"
#include "api/admin/tables.h"
#include "api/push.h"
#include "core/base/json.h"
#include "core/store/audit.h"
#include "experiments/judge/calculator.h"

static void handle_whoami(struct request *request) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_text(&w, "name", request->caller.name);
    json_put_text(&w, "role", text_of(role_name(request->caller.role)));
    json_close_object(&w);
    reply_json(request, 200, &out);
}

/* ---- the audit log ---- */

struct audit_input {
    struct text kind, key;
    int64_t before, limit;
};

static void json_or_null(struct json_writer *w, struct text json) {
    if (json.at)
        json_raw(w, json);
    else
        json_nil(w);
}

static void write_audit(struct json_writer *w, const struct audit_entry *e) {
    json_open_object(w);
    json_put_int(w, "id", e->id);
    json_put_time(w, "at", e->at);
    json_put_text(w, "actor", e->actor);
    json_put_text(w, "action", e->action);
    json_put_text(w, "kind", e->kind);
    json_put_text(w, "key", e->key);
    json_put_int(w, "version", e->version);
    json_key(w, TEXT("before"));
    json_or_null(w, e->before);
    json_key(w, TEXT("after"));
    json_or_null(w, e->after);
    if (e->note.n) json_put_text(w, "note", e->note);
    json_close_object(w);
}

static int work_audit(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    const struct audit_input *in = job->input;
    struct arena *arena = &job->request->arena;
    struct audit_page page;
    int rc = audit_list(sql, arena, in->kind, in->key, in->before, (size_t)in->limit, &page, &job->error);
    if (rc < 0) return rc;
    struct json_writer *w = &job->writer;
    json_open_object(w);
    json_key(w, TEXT("items"));
    json_open_array(w);
    for (size_t i = 0; i < page.n; i++) write_audit(w, &page.items[i]);
    json_close_array(w);
    json_key(w, TEXT("next"));
    if (page.next)
        json_text(w, arena_printf(arena, "%lld", (long long)page.next));
    else
        json_nil(w);
    json_close_object(w);
    return 0;
}

static void handle_audit(struct request *request) {
    struct audit_input *in = arena_new(&request->arena, struct audit_input);
    in->kind = request_query(request, "kind");
    in->key = request_query(request, "key");
    if (in->key.n && !in->kind.n) {
        reply_problem(request, ERR_INVALID, "?key= names a thing only together with ?kind=, such as kind=feature");
        return;
    }
    if (!request_query_int(request, "limit", 1, 1000, 100, &in->limit)) return;
    if (!request_query_int(request, "cursor", 1, INT64_MAX, 0, &in->before)) return;
    struct admin_job *job = admin_job_new(request, DEFINITION_FEATURE, TEXT_NONE, work_audit);
    job->input = in;
    admin_job_go(job);
}

/* ---- tokens ---- */

static void write_token(struct json_writer *w, const struct token *token, struct text secret) {
    json_open_object(w);
    json_put_text(w, "id", token->id);
    json_put_text(w, "name", token->name);
    json_put_text(w, "role", text_of(role_name(token->role)));
    json_put_time(w, "createdAt", token->created);
    if (token->expires) json_put_time(w, "expiresAt", token->expires);
    if (token->revoked) json_put_time(w, "revokedAt", token->revoked);
    if (secret.n) json_put_text(w, "token", secret);
    json_close_object(w);
}

/* Every change of tokens ends in a new table for the loop. */
struct token_work {
    struct token_table *table;
    int64_t limit; /* of a list */
};

static int load_table(struct admin_job *job, struct sql *sql) {
    struct token_work *work = (struct token_work *)(uintptr_t)job->input;
    return token_table_load(&work->table, sql, job->request->app->admin_token, &job->error);
}

static void set_table(struct admin_job *job) {
    struct token_work *work = (struct token_work *)(uintptr_t)job->input;
    if (!work->table) return;
    struct app *app = job->request->app;
    struct token_table *before = app->tokens;
    app_change_begin(app);
    app->tokens = work->table;
    app->last_token.of = NULL;
    app_change_end(app);
    token_table_free(before);
    push_beat(app->push);
}

static int create_token(struct admin_job *job, struct sql *sql, struct token *token) {
    static const char *const known[] = {"name", "role", "expiresAt", NULL};
    struct arena *arena = &job->request->arena;
    struct reader reader = {arena, &job->error, 0};
    struct text role = TEXT_NONE;
    if (!job->body || !reader_object(&reader, NULL, job->body, known))
        return error_set(&job->error, ERR_INVALID, "send {\"name\":\"...\",\"role\":\"server\"}");
    reader_text(&reader, NULL, job->body, "name", TOKEN_NAME_ROOM - 1, &token->name);
    reader_text(&reader, NULL, job->body, "role", 16, &role);
    reader_time(&reader, NULL, job->body, "expiresAt", &token->expires);
    token->role = role_of(role);
    if (reader.faults) return reader_result(&reader);
    char secret[TOKEN_ROOM];
    int rc = tokens_create(sql, arena, token, job->change.actor, job->change.now, secret, &job->error);
    if (rc == 0) write_token(&job->writer, token, text_of(secret));
    return rc;
}

static int work_token_create(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    struct token token = {0};
    job->status = 201;
    int rc = create_token(job, sql, &token);
    return rc < 0 ? rc : load_table(job, sql);
}

static int work_token_revoke(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    job->status = 204;
    int rc = tokens_revoke(sql, &job->request->arena, job->change.key, job->change.actor, job->change.now, &job->error);
    return rc < 0 ? rc : load_table(job, sql);
}

static int work_token_list(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    struct token_page page;
    const struct token_work *work = job->input;
    int rc = tokens_list(sql, &job->request->arena, request_query(job->request, "cursor"), (size_t)work->limit, &page,
                         &job->error);
    if (rc < 0) return rc;
    struct json_writer *w = &job->writer;
    json_open_object(w);
    json_key(w, TEXT("items"));
    json_open_array(w);
    for (size_t i = 0; i < page.n; i++) write_token(w, &page.items[i], page.items[i].public);
    json_close_array(w);
    json_key(w, TEXT("next"));
    if (page.more)
        json_text(w, page.items[page.n - 1].id);
    else
        json_nil(w);
    json_close_object(w);
    return 0;
}

static struct admin_job *token_job(struct request *request, struct text id,
                                   int (*work)(struct admin_job *, struct catalogue *, struct sql *)) {
    struct admin_job *job = admin_job_new(request, DEFINITION_FEATURE, id, work);
    job->input = arena_new(&request->arena, struct token_work);
    job->then = set_table;
    return job;
}

static void handle_token_create(struct request *request) {
    struct admin_job *job = token_job(request, TEXT_NONE, work_token_create);
    job->wants_body = true;
    admin_job_go(job);
}

static void handle_token_revoke(struct request *request) {
    admin_job_go(token_job(request, request_param(request, "id"), work_token_revoke));
}

static void handle_token_list(struct request *request) {
    struct admin_job *job = token_job(request, TEXT_NONE, work_token_list);
    if (request_query_int(request, "limit", 1, 1000, 100, &((struct token_work *)(uintptr_t)job->input)->limit))
        admin_job_go(job);
}

/* ---- evaluation with its trace: on the loop, for it needs what is remembered ---- */

static bool asked_for(const struct json *json, json_at features, struct text key, struct arena *arena) {
    if (features == JSON_NONE) return true;
    for (json_at f = json_first(json, features); f != JSON_NONE; f = json_after(json, features, f))
        if (text_eq(json_unescaped(json, f, arena), key)) return true;
    return false;
}

static void write_decision(struct app *app, const struct snapshot_feature *feature, const struct context *context,
                           struct json_writer *w) {
    struct decision d;
    decide(app->snapshot, feature, context, &app->remembered, &d);
    json_open_object(w);
    json_put_text(w, "key", feature->definition.key);
    if (d.targeting_key_missing)
        json_put_text(w, "errorCode", TEXT("TARGETING_KEY_MISSING"));
    else {
        json_put_text(w, "variant", d.variant->key);
        json_put_raw(w, "value", d.variant->value);
        json_put_text(w, "reason", text_of(decision_reason(d.reason)));
        if (d.experiment) json_put_text(w, "experiment", d.experiment->definition.key);
        if (d.rule) json_put_text(w, "rule", d.rule->id);
        json_put_int(w, "bucket", d.bucket);
    }
    json_key(w, TEXT("trace"));
    decide_trace(app->snapshot, feature, context, &app->remembered, w);
    json_close_object(w);
}

/* Keys that were asked for and are no features. */
static void write_unknown(const struct app *app, const struct json *json, json_at features, struct arena *arena,
                          struct json_writer *w) {
    if (features == JSON_NONE) return;
    for (json_at f = json_first(json, features); f != JSON_NONE; f = json_after(json, features, f)) {
        struct text key = json_unescaped(json, f, arena);
        if (snapshot_feature(app->snapshot, key)) continue;
        json_open_object(w);
        json_put_text(w, "key", key);
        json_put_text(w, "errorCode", TEXT("FLAG_NOT_FOUND"));
        json_close_object(w);
    }
}

static void handle_evaluate(struct request *request) {
    struct app *app = request->app;
    struct arena *arena = &request->arena;
    struct error error = {0};
    struct json json;
    if (json_scan(&json, request->body, arena, &error) != 0) {
        reply_error(request, &error);
        return;
    }
    json_at root = json_get(&json, 0, TEXT("context")), features = json_get(&json, 0, TEXT("features"));
    json_at unit = json_get(&json, root, TEXT("targetingKey"));
    if (json_kind(&json, root) != JSON_KIND_OBJECT) error_at(&error, "/context", "must be an object");
    if (unit != JSON_NONE && json_kind(&json, unit) != JSON_KIND_STRING)
        error_at(&error, "/context/targetingKey", "must be a string");
    if (features != JSON_NONE && json_kind(&json, features) != JSON_KIND_ARRAY)
        error_at(&error, "/features", "must be an array of keys");
    if (error.code) {
        reply_error(request, &error);
        return;
    }
    struct context context = {.json = &json,
                              .root = root,
                              .targeting_key = json_unescaped(&json, unit, arena),
                              .now = clock_now(app->clock),
                              .arena = arena};
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_int(&w, "configRevision", app->snapshot->revision);
    json_key(&w, TEXT("features"));
    json_open_array(&w);
    for (uint32_t i = 0; i < app->snapshot->n_features; i++)
        if (asked_for(&json, features, app->snapshot->features[i].definition.key, arena))
            write_decision(app, &app->snapshot->features[i], &context, &w);
    write_unknown(app, &json, features, arena, &w);
    json_close_array(&w);
    json_close_object(&w);
    reply_json(request, 200, &out);
}

/* ---- statistics: long ones must not hold the loop ---- */

struct stats_work {
    uv_work_t work;
    struct request *request;
    struct buffer answer;
    bool answered;
};

static void stats_work(uv_work_t *work) {
    struct stats_work *job = work->data;
    job->answered = calculator_answer(job->request->body, &job->answer);
}

static void stats_done(uv_work_t *work, int status) {
    struct stats_work *job = work->data;
    reply_json(job->request, job->answered ? 200 : 400, &job->answer);
}

static void handle_stats(struct request *request) {
    struct stats_work *job = arena_new(&request->arena, struct stats_work);
    *job = (struct stats_work){.request = request, .work.data = job};
    uv_queue_work(request->app->loop, &job->work, stats_work, stats_done);
}

enum { READERS = ROLE_MANAGER | ROLE_ANALYST | ROLE_AGENT, ANYBODY = READERS | ROLE_PUBLISHER | ROLE_SERVER };
const struct route operation_routes[] = {
    {METHOD_GET, "/admin/v1/whoami", ANYBODY, 0, 0, handle_whoami},
    {METHOD_GET, "/admin/v1/audit", ROLE_MANAGER | ROLE_ANALYST, 0, 0, handle_audit},
    {METHOD_GET, "/admin/v1/tokens", ROLE_ADMIN, 0, 0, handle_token_list},
    {METHOD_POST, "/admin/v1/tokens", ROLE_ADMIN, 4096, 0, handle_token_create},
    {METHOD_DELETE, "/admin/v1/tokens/{id}", ROLE_ADMIN, 0, 0, handle_token_revoke},
    {METHOD_POST, "/admin/v1/evaluate", ROLE_MANAGER | ROLE_ANALYST | ROLE_SERVER, 1024 * 1024, 0, handle_evaluate},
    {METHOD_POST, "/admin/v1/stats", ROLE_MANAGER | ROLE_ANALYST, 1024 * 1024, 0, handle_stats},
    {0},
};
