/* Customers as staff see them: finding them, what is known of one, her timeline, and which two may be one. */
#include "api/admin/job.h"
#include "api/admin/tables.h"
#include "api/erasure.h"
#include "api/export.h"
#include "core/people/customers.h"
#include "core/people/identity.h"

/* ---- one customer: what parley.db holds, then a page of her timeline ---- */

struct looking {
    struct lane_job store;
    struct people_page page;
    struct request *request;
    struct text *keys;
    size_t n;
    struct trait *traits;
    size_t traits_n;
    struct preferences preferences;
    struct text *parts; /* customers that were merged into her */
    size_t parts_n;
    struct seen_mark mark;
    int64_t day, week; /* pushes */
    void (*answer)(struct looking *looking);
    struct error error;
};

static void look_work(struct lane_job *job, void *owner) {
    struct looking *l = (struct looking *)job;
    struct arena *arena = &l->request->arena;
    struct error *e = &l->error;
    int rc = customers_traits(owner, arena, l->keys, l->n, &l->traits, &l->traits_n, e);
    if (rc == 0) rc = customers_preferences(owner, arena, l->keys, l->n, &l->preferences, e);
    if (rc == 0) rc = identity_parts(owner, arena, l->keys[0], &l->parts, &l->parts_n, e);
    if (rc == 0) rc = customers_seen(owner, arena, l->keys, l->n, &l->mark, e);
    if (rc == 0) rc = contact_counts(owner, l->keys, l->n, clock_now(l->request->app->clock), &l->day, &l->week, e);
}

static void on_page(struct mail *mail) {
    struct looking *l = (struct looking *)((char *)mail - offsetof(struct looking, page));
    if (l->page.error.code)
        reply_error(l->request, &l->page.error);
    else
        l->answer(l);
}

static void on_store(struct mail *mail) {
    struct looking *l = (struct looking *)mail;
    if (l->error.code)
        reply_error(l->request, &l->error);
    else
        people_read_timeline(l->request->app->people, &l->page);
}

static void look(struct request *request, struct timeline_query query, void (*answer)(struct looking *looking)) {
    struct app *app = request->app;
    struct looking *l = arena_new(&request->arena, struct looking);
    *l = (struct looking){.request = request, .answer = answer};
    identity_map_keys(app->joined, request_param(request, "id"), &request->arena, &l->keys, &l->n);
    query.keys = l->keys;
    query.n = l->n;
    l->page = (struct people_page){.query = query, .arena = &request->arena};
    l->page.job.mail.receive = on_page;
    l->page.job.reply_to = &app->mailbox;
    l->store = (struct lane_job){.mail.receive = on_store, .work = look_work, .reply_to = &app->mailbox};
    lane_do(main_db_lane(app->db), &l->store);
}

static void write_next(struct json_writer *w, struct text next) {
    json_key(w, TEXT("next"));
    if (next.n)
        json_text(w, next);
    else
        json_nil(w);
}

static void write_mark(struct json_writer *w, const struct seen_mark *mark, struct arena *arena) {
    json_key(w, TEXT("seen"));
    if (!mark->seq) {
        json_nil(w);
        return;
    }
    json_open_object(w);
    json_put_text(w, "id", arena_printf(arena, "%lld", (long long)mark->seq));
    json_put_time(w, "at", mark->at);
    json_put_text(w, "by", mark->by);
    json_close_object(w);
}

/* ---- her timeline ---- */

static void answer_timeline(struct looking *l) {
    struct buffer out = {0};
    struct json_writer w;
    const struct timeline_page *page = &l->page.page;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_key(&w, TEXT("items"));
    json_open_array(&w);
    for (size_t i = 0; i < page->n; i++) timeline_write(&w, &page->items[i], page->items[i].seq > l->mark.seq);
    json_close_array(&w);
    write_next(&w, page->next);
    write_mark(&w, &l->mark, &l->request->arena);
    json_close_object(&w);
    reply_json(l->request, 200, &out);
}

static void handle_timeline(struct request *request) {
    int64_t limit;
    if (!request_query_int(request, "limit", 1, TIMELINE_MOST, 50, &limit)) return;
    struct text before = request_query(request, "before");
    look(request,
         (struct timeline_query){.before = before.n ? before : request_query(request, "cursor"),
                                 .kinds = request_query(request, "kinds"),
                                 .words = request_query(request, "q"),
                                 .limit = (size_t)limit},
         answer_timeline);
}

/* ---- what is known of her ---- */

static void write_traits(struct json_writer *w, const struct looking *l) {
    json_key(w, TEXT("traits"));
    json_open_object(w);
    for (size_t i = 0; i < l->traits_n; i++) {
        json_key(w, l->traits[i].name);
        json_open_object(w);
        json_put_raw(w, "value", l->traits[i].value);
        json_put_time(w, "at", l->traits[i].at);
        json_put_text(w, "source", l->traits[i].source == TRAIT_STAFF ? TEXT("staff") : TEXT("told"));
        json_close_object(w);
    }
    json_close_object(w);
}

static void write_ids(struct json_writer *w, const struct text *ids, size_t n) {
    json_open_array(w);
    for (size_t i = 0; i < n; i++) json_text(w, ids[i]);
    json_close_array(w);
}

static void answer_customer(struct looking *l) {
    struct app *app = l->request->app;
    bool suppressed = suppression_has(&app->suppression, l->keys[0]);
    if (!l->page.page.n && !l->traits_n && !l->preferences.at && l->n == 1 && !suppressed) {
        reply_problem(l->request, ERR_NOT_FOUND, "nothing is known of a customer '%.*s'", TEXT_ARGS(l->keys[0]));
        return;
    }
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_text(&w, "id", l->keys[0]);
    json_key(&w, TEXT("keys"));
    write_ids(&w, l->keys, l->n);
    json_key(&w, TEXT("merged"));
    write_ids(&w, l->parts, l->parts_n);
    write_traits(&w, l);
    json_key(&w, TEXT("preferences"));
    preferences_write(&w, &l->preferences);
    json_key(&w, TEXT("pushes"));
    json_open_object(&w);
    json_put_int(&w, "day", l->day);
    json_put_int(&w, "week", l->week);
    json_close_object(&w);
    write_mark(&w, &l->mark, &l->request->arena);
    json_key(&w, TEXT("latest"));
    if (l->page.page.n)
        timeline_write(&w, &l->page.page.items[0], l->page.page.items[0].seq > l->mark.seq);
    else
        json_nil(&w);
    json_put_bool(&w, "suppressed", suppressed);
    json_close_object(&w);
    reply_json(l->request, 200, &out);
}

static void handle_get(struct request *request) {
    look(request, (struct timeline_query){.limit = 1}, answer_customer);
}

static void handle_export(struct request *request) {
    struct text *keys;
    size_t n;
    identity_map_keys(request->app->joined, request_param(request, "id"), &request->arena, &keys, &n);
    reply_header(request, "Cache-Control", "private, no-store");
    export_reply(request, keys, n);
}

/* ---- finding ---- */

struct search_input {
    struct text q, cursor;
    int64_t limit;
};

static int write_found(struct admin_job *job, struct sql *sql, const struct customer_found *found) {
    struct json_writer *w = &job->writer;
    struct arena *arena = &job->request->arena;
    struct text root;
    struct trait *traits;
    size_t n;
    int rc = identity_root(sql, arena, found->id, &root, &job->error);
    if (rc == 0) rc = customers_traits(sql, arena, &found->id, 1, &traits, &n, &job->error);
    if (rc < 0) return rc;
    json_open_object(w);
    json_put_text(w, "id", found->id);
    json_put_text(w, "customer", root); /* who she is, where this id was joined to another */
    json_put_text(w, "matched", found->matched);
    for (size_t i = 0; i < n; i++) {
        if (!text_is(traits[i].name, "name") && !text_is(traits[i].name, "email")) continue;
        json_key(w, traits[i].name);
        json_raw(w, traits[i].value);
    }
    json_close_object(w);
    return 0;
}

static int work_search(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    const struct search_input *in = job->input;
    struct customer_page page;
    int rc = customers_search(sql, &job->request->arena, in->q, in->cursor, (size_t)in->limit, &page, &job->error);
    if (rc < 0) return rc;
    json_open_object(&job->writer);
    json_key(&job->writer, TEXT("items"));
    json_open_array(&job->writer);
    for (size_t i = 0; i < page.n && rc == 0; i++) rc = write_found(job, sql, &page.items[i]);
    json_close_array(&job->writer);
    write_next(&job->writer, page.next);
    json_close_object(&job->writer);
    return rc;
}

static void handle_search(struct request *request) {
    struct search_input *in = arena_new(&request->arena, struct search_input);
    in->q = text_trim(request_query(request, "q"));
    in->cursor = request_query(request, "cursor");
    if (!request_query_int(request, "limit", 1, 200, 50, &in->limit)) return;
    struct admin_job *job = admin_job_new(request, DEFINITION_FEATURE, TEXT_NONE, work_search);
    job->input = in;
    admin_job_go(job);
}

/* ---- which two may be one ---- */

static int work_merges(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    const struct search_input *in = job->input;
    struct arena *arena = &job->request->arena;
    struct identity_proposal after, *items;
    size_t n;
    bool goes_on = text_cut(in->cursor, '\n', &after.one, &after.other);
    int rc = identity_proposals(sql, arena, goes_on ? &after : NULL, (size_t)in->limit, &items, &n, &job->error);
    if (rc < 0) return rc;
    struct json_writer *w = &job->writer;
    json_open_object(w);
    json_key(w, TEXT("items"));
    json_open_array(w);
    for (size_t i = 0; i < n; i++) {
        json_open_object(w);
        json_put_text(w, "one", items[i].one);
        json_put_text(w, "other", items[i].other);
        json_put_text(w, "because", items[i].because); /* the key that both were seen with */
        json_put_time(w, "at", items[i].at);
        json_close_object(w);
    }
    json_close_array(w);
    bool more = n == (size_t)in->limit;
    write_next(w, more ? arena_printf(arena, "%.*s\n%.*s", TEXT_ARGS(items[n - 1].one), TEXT_ARGS(items[n - 1].other))
                       : TEXT_NONE);
    json_close_object(w);
    return 0;
}

static void handle_merges(struct request *request) {
    struct search_input *in = arena_new(&request->arena, struct search_input);
    in->cursor = request_query(request, "cursor");
    if (!request_query_int(request, "limit", 1, 200, 50, &in->limit)) return;
    struct admin_job *job = admin_job_new(request, DEFINITION_FEATURE, TEXT_NONE, work_merges);
    job->input = in;
    admin_job_go(job);
}

/* ---- how far an erasure is: its id is long and random, so whoever has the receipt may ask ---- */

static int work_erasure(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    struct erasure erasure;
    int rc = erasure_get(sql, &job->request->arena, job->change.key, &erasure, &job->error);
    if (rc == 0) erasure_write(&job->writer, &erasure);
    return rc;
}

static void handle_erasure(struct request *request) {
    admin_job_go(admin_job_new(request, DEFINITION_FEATURE, request_param(request, "id"), work_erasure));
}

enum { STAFF = ROLE_MANAGER | ROLE_AGENT, SHOPPERS = ROLE_BROWSER | ROLE_SERVER };
const struct route customer_routes[] = {
    {METHOD_GET, "/admin/v1/customers", STAFF, 0, 0, handle_search},
    {METHOD_GET, "/admin/v1/customers/{id}", STAFF, 0, 0, handle_get},
    {METHOD_GET, "/admin/v1/customers/{id}/timeline", STAFF, 0, 0, handle_timeline},
    {METHOD_GET, "/admin/v1/customers/{id}/export", STAFF, 0, 0, handle_export},
    {METHOD_GET, "/admin/v1/merges", STAFF, 0, 0, handle_merges},
    {METHOD_GET, "/v1/me/erasures/{id}", SHOPPERS | STAFF, 0, 0, handle_erasure},
    {0},
};
