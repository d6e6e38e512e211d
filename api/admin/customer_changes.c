/* What staff change about a customer: facts, what they have seen, who is one person, her erasure; and whether something may be
 * pushed to her. All audited but the question. */
#include <jansson.h>

#include "api/admin/job.h"
#include "api/admin/tables.h"
#include "api/erasure.h"
#include "api/merges.h"
#include "core/base/json.h"
#include "core/base/json_dump.h"
#include "core/people/customers.h"
#include "core/people/identity.h"
#include "core/people/merge.h"
#include "experiments/model/reader.h"

enum { CHANGE_BODY = 64 * 1024 };

/* A job about the customer in the path; job->change.key is her id, `input` all her keys. */
struct person {
    struct text *keys;
    size_t n;
    struct identity_link link; /* made by merge and unmerge */
    int64_t lifted;
    enum contact_answer may;
};

static struct admin_job *person_job(struct request *request,
                                    int (*work)(struct admin_job *, struct catalogue *, struct sql *)) {
    struct person *person = arena_new(&request->arena, struct person);
    struct text id = request_param(request, "id");
    identity_map_keys(request->app->joined, id, &request->arena, &person->keys, &person->n);
    struct admin_job *job = admin_job_new(request, DEFINITION_FEATURE, id, work);
    job->input = person;
    return job;
}

static struct person *person_of(const struct admin_job *job) {
    return (struct person *)(uintptr_t)job->input;
}

/* ---- facts ---- */

static struct text dump(const json_t *value, struct arena *arena) {
    struct buffer out = {0};
    json_dump(&out, value);
    struct text text = arena_text(arena, buffer_view(&out));
    buffer_free(&out);
    return text;
}

/* All facts of a customer as one object, for the audit log and the answer. */
static int write_facts(struct admin_job *job, struct sql *sql, struct buffer *out) {
    const struct person *person = person_of(job);
    struct trait *traits;
    size_t n;
    struct json_writer w;
    int rc = customers_traits(sql, &job->request->arena, person->keys, person->n, &traits, &n, &job->error);
    if (rc < 0) return rc;
    json_writer_init(&w, out);
    json_open_object(&w);
    for (size_t i = 0; i < n; i++) {
        json_key(&w, traits[i].name);
        json_raw(&w, traits[i].value);
    }
    json_close_object(&w);
    return 0;
}

static int correct(struct admin_job *job, struct sql *sql, struct text name, const json_t *value) {
    struct trait trait = {name, dump(value, &job->request->arena), job->change.now, TRAIT_STAFF};
    if (!name.n || name.n > TRAIT_NAME_MOST)
        return error_at(&job->error, "/traits", "a trait's name has 1 to %d bytes", TRAIT_NAME_MOST);
    if (trait.value.n > TRAIT_VALUE_MOST)
        return error_at(&job->error, "/traits", "a value has at most %d bytes as JSON", TRAIT_VALUE_MOST);
    int rc = customers_tell(sql, person_of(job)->keys[0], &trait, &job->error);
    if (rc == 0) return error_set(&job->error, ERR_CONFLICT, "a customer has at most %d traits", TRAITS_MOST);
    return rc < 0 ? rc : 0;
}

static int change_facts(struct admin_job *job, struct sql *sql) {
    static const char *const known[] = {"traits", "automatic", NULL};
    const struct person *person = person_of(job);
    struct reader reader = {&job->request->arena, &job->error, 0};
    const char *name;
    json_t *value;
    size_t i;
    if (!reader_object(&reader, NULL, job->body, known)) return job->error.code;
    json_t *traits = json_object_get(job->body, "traits"), *automatic = json_object_get(job->body, "automatic");
    if (traits && !json_is_object(traits)) return error_at(&job->error, "/traits", "must be an object");
    if (automatic && !json_is_array(automatic)) return error_at(&job->error, "/automatic", "must be an array of names");
    int rc = 0;
    json_object_foreach(traits, name, value) {
        if (rc == 0) rc = correct(job, sql, text_of(name), value);
    }
    json_array_foreach(automatic, i, value) {
        struct text fact = text_of(json_is_string(value) ? json_string_value(value) : "");
        if (rc == 0) rc = customers_lift(sql, person->keys, person->n, fact, &job->error);
    }
    for (i = 0; i < person->n && rc == 0; i++)
        rc = customers_index(sql, &job->request->arena, person->keys[i], &job->error);
    return rc;
}

static int work_traits(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    struct buffer was = {0}, is = {0};
    int rc = write_facts(job, sql, &was);
    if (rc == 0) rc = change_facts(job, sql);
    if (rc == 0) rc = write_facts(job, sql, &is);
    struct audit_entry entry = {.at = job->change.now,
                                .actor = job->change.actor,
                                .action = TEXT("correct"),
                                .kind = TEXT("customer"),
                                .key = person_of(job)->keys[0],
                                .before = buffer_view(&was),
                                .after = buffer_view(&is)};
    if (rc == 0) rc = audit_write(sql, &entry, &job->error);
    json_open_object(&job->writer);
    json_put_text(&job->writer, "id", person_of(job)->keys[0]);
    json_put_raw(&job->writer, "traits", buffer_view(&is));
    json_close_object(&job->writer);
    buffer_free(&was);
    buffer_free(&is);
    return rc;
}

/* What was erased does not come back by the staff's hand either. */
static bool refuse_if(struct request *request, struct text id) {
    if (!app_suppressed(request->app, id)) return false;
    reply_problem_named(request, 403, "erased",
                        "this customer was erased; DELETE .../suppression lets her be known again");
    return true;
}

static bool refuse_suppressed(struct request *request) {
    return refuse_if(request, request_param(request, "id"));
}

static void handle_traits(struct request *request) {
    if (refuse_suppressed(request)) return;
    struct admin_job *job = person_job(request, work_traits);
    job->wants_body = true;
    admin_job_go(job);
}

/* ---- seen ---- */

static int work_seen(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    struct seen_mark mark = {.at = job->change.now, .by = job->change.actor};
    const char *id = json_string_value(json_object_get(job->body, "id"));
    if (!id || !text_to_int(text_of(id), &mark.seq) || mark.seq <= 0)
        return error_at(&job->error, "/id", "the id of the newest entry that was seen, as \"1207\"");
    job->status = 204;
    return customers_see(sql, person_of(job)->keys[0], &mark, &job->error);
}

static void handle_seen(struct request *request) {
    if (refuse_suppressed(request)) return;
    struct admin_job *job = person_job(request, work_seen);
    job->wants_body = true;
    admin_job_go(job);
}

/* ---- one person or two ---- */

static void write_link(struct admin_job *job) {
    const struct identity_link *link = &person_of(job)->link;
    json_open_object(&job->writer);
    json_put_text(&job->writer, "id", link->id);
    json_put_text(&job->writer, "customer", link->parent);
    json_close_object(&job->writer);
}

static int work_merge(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    const char *other = json_string_value(json_object_get(job->body, "other"));
    if (!other || !*other || strlen(other) > 256)
        return error_at(&job->error, "/other", "the id of the customer who is the same person, 1 to 256 bytes");
    int rc =
        merge_customers(sql, &job->request->arena, job->change.key, arena_text(&job->request->arena, text_of(other)),
                        job->change.actor, job->change.now, &person_of(job)->link, &job->error);
    if (rc == 0) write_link(job);
    return rc;
}

static int work_unmerge(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    int rc = merge_undo(sql, &job->request->arena, job->change.key, job->change.actor, job->change.now,
                        &person_of(job)->link, &job->error);
    if (rc == 0) write_link(job);
    return rc;
}

static void merged(struct admin_job *job) {
    const struct person *person = person_of(job);
    app_join(job->request->app, person->link.id, person->link.parent);
    merges_tell(job->request->app);
}

/* The other one, where the body names her; what is wrong with a body is the job's to say. */
static struct text find_other(struct request *request) {
    struct json json;
    if (json_scan(&json, request->body, &request->arena, NULL) != 0) return TEXT_NONE;
    return json_unescaped(&json, json_get(&json, 0, TEXT("other")), &request->arena);
}

static void handle_merge(struct request *request) {
    if (refuse_suppressed(request) || refuse_if(request, find_other(request))) return;
    struct admin_job *job = person_job(request, work_merge);
    job->wants_body = true;
    job->then = merged;
    admin_job_go(job);
}

static void handle_unmerge(struct request *request) {
    struct admin_job *job = person_job(request, work_unmerge);
    job->then = merged;
    admin_job_go(job);
}

/* ---- erasure, and letting her be known again ---- */

static void on_erased(void *user, const struct erasure *erasure, const struct error *error) {
    struct request *request = user;
    if (error) {
        reply_error(request, error);
        return;
    }
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    erasure_write(&w, erasure);
    reply_json(request, erasure->done_at ? 200 : 202, &out);
}

static void handle_erase(struct request *request) {
    struct text *keys;
    size_t n;
    identity_map_keys(request->app->joined, request_param(request, "id"), &request->arena, &keys, &n);
    erasures_start(request->app->erasures, keys, n, request->caller.name, on_erased, request);
}

static int work_lift(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    const struct suppression *suppression = &job->request->app->suppression; /* its key never changes */
    struct person *person = person_of(job);
    char whose[SUPPRESSION_HEX];
    int rc = suppression_lift(suppression, sql, job->change.key, &job->error);
    if (rc < 0) return rc;
    if (rc == 0)
        return error_set(&job->error, ERR_NOT_FOUND, "no customer '%.*s' was erased", TEXT_ARGS(job->change.key));
    person->lifted = rc;
    suppression_hex(suppression, job->change.key, whose);
    struct audit_entry entry = {.at = job->change.now,
                                .actor = job->change.actor,
                                .action = TEXT("lift-suppression"),
                                .kind = TEXT("customer"),
                                .key = text_of(whose)};
    job->status = 204;
    return audit_write(sql, &entry, &job->error);
}

static void lifted(struct admin_job *job) {
    struct app *app = job->request->app;
    app_change_begin(app);
    suppression_remove(&app->suppression, job->change.key);
    app_change_end(app);
}

static void handle_lift(struct request *request) {
    struct admin_job *job = person_job(request, work_lift);
    job->then = lifted;
    admin_job_go(job);
}

/* ---- may something be pushed to her? ---- */

static int work_contact(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    static const char *const known[] = {"plugin", "feature", "channel", "kind", NULL};
    struct person *person = person_of(job);
    struct contact contact = {.keys = person->keys, .n = person->n};
    struct reader reader = {&job->request->arena, &job->error, 0};
    struct text kind = TEXT("push");
    if (!reader_object(&reader, NULL, job->body, known)) return job->error.code;
    reader_text(&reader, NULL, job->body, "plugin", 64, &contact.plugin);
    reader_text(&reader, NULL, job->body, "feature", 64, &contact.feature);
    reader_text(&reader, NULL, job->body, "channel", 64, &contact.channel);
    reader_text(&reader, NULL, job->body, "kind", 16, &kind);
    if (!text_is(kind, "push") && !text_is(kind, "answer"))
        error_at(&job->error, "/kind", "must be \"push\" or \"answer\"");
    if (job->error.code) return job->error.code;
    contact.kind = text_is(kind, "push") ? CONTACT_PUSH : CONTACT_ANSWER;
    int rc = may_contact(sql, &job->request->arena, &contact, &job->request->app->contact_caps, job->change.now,
                         &job->error);
    if (rc < 0) return rc;
    person->may = (enum contact_answer)rc;
    json_open_object(&job->writer);
    json_put_bool(&job->writer, "allowed", rc == CONTACT_YES);
    json_put_text(&job->writer, "reason", text_of(contact_word(person->may)));
    json_close_object(&job->writer);
    return 0;
}

static void asked_contact(struct admin_job *job) {
    count(job->request->app->contacts[person_of(job)->may], 1);
}

static void handle_contact(struct request *request) {
    if (refuse_suppressed(request)) return;
    struct admin_job *job = person_job(request, work_contact);
    job->wants_body = true;
    job->then = asked_contact;
    admin_job_go(job);
}

enum { STAFF = ROLE_MANAGER | ROLE_AGENT };
const struct route customer_change_routes[] = {
    {METHOD_PATCH, "/admin/v1/customers/{id}/traits", STAFF, CHANGE_BODY, 0, handle_traits},
    {METHOD_PUT, "/admin/v1/customers/{id}/seen", STAFF, CHANGE_BODY, 0, handle_seen},
    {METHOD_POST, "/admin/v1/customers/{id}/merge", STAFF, CHANGE_BODY, 0, handle_merge},
    {METHOD_POST, "/admin/v1/customers/{id}/unmerge", STAFF, CHANGE_BODY, 0, handle_unmerge},
    {METHOD_POST, "/admin/v1/customers/{id}/contacts", STAFF | ROLE_SERVER, CHANGE_BODY, 0, handle_contact},
    {METHOD_DELETE, "/admin/v1/customers/{id}", ROLE_MANAGER, 0, 0, handle_erase},
    {METHOD_DELETE, "/admin/v1/customers/{id}/suppression", ROLE_MANAGER, 0, 0, handle_lift},
    {0},
};
