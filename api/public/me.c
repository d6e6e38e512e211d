/* The shopper's own: who she is here, her timeline, her preferences, her data and its end. Whoever is known by the anonymous cookie alone
 * sees and erases what was said under that cookie, nothing of a customer it may have been joined to: a shared computer is not a
 * log-in. */
#include "api/erasure.h"
#include "api/export.h"
#include "api/public/features.h"
#include "api/public/tables.h"
#include "core/base/json_write.h"
#include "core/people/customers.h"

enum { PREFERENCES_BODY = 64 * 1024 };

/* ---- whose ---- */

struct whose {
    struct text *keys;
    size_t n;
};

/* A customer's keys; with the cookie she came with, where that is nobody else's. */
static void add_cookie(struct request *request, struct whose *whose) {
    struct text anonymous = request->caller.anonymous;
    if (!anonymous.n || !text_eq(app_unit(request->app, anonymous), anonymous)) return;
    for (size_t i = 0; i < whose->n; i++)
        if (text_eq(whose->keys[i], anonymous)) return;
    struct text *keys = arena_array(&request->arena, struct text, whose->n + 1);
    memcpy(keys, whose->keys, whose->n * sizeof *keys);
    keys[whose->n++] = anonymous;
    whose->keys = keys;
}

/* False: nobody is known, and it has answered. */
static bool find_whose(struct request *request, struct whose *whose) {
    struct app *app = request->app;
    struct text customer = request->caller.customer;
    forbid_caching(request);
    if (!customer.n) {
        reply_problem(
            request, ERR_UNAUTHENTICATED,
            "nobody is known: send Parley-Customer, or Parley-Act-As with a server's token, or the cookie that"
            " GET /v1/me sets");
        return false;
    }
    if (request->caller.known) {
        identity_map_keys(app->joined, customer, &request->arena, &whose->keys, &whose->n);
        add_cookie(request, whose);
        return true;
    }
    whose->keys = arena_array(&request->arena, struct text, 1);
    whose->keys[0] = customer;
    whose->n = 1;
    return true;
}

/* ---- who am I ---- */

static void handle_me(struct request *request) {
    struct app *app = request->app;
    if (request->caller.role == ROLE_BROWSER) identity_welcome(request, &app->identity, clock_now(app->clock));
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_text(&w, "customer", request->caller.customer);
    json_put_bool(&w, "known", request->caller.known);
    json_close_object(&w);
    forbid_caching(request);
    reply_json(request, 200, &out);
}

/* ---- timeline ---- */

struct timeline_job {
    struct people_page page;
    struct request *request;
};

static void on_page(struct mail *mail) {
    struct timeline_job *job = (struct timeline_job *)mail;
    struct buffer out = {0};
    struct json_writer w;
    if (job->page.error.code) {
        reply_error(job->request, &job->page.error);
        return;
    }
    const struct timeline_page *page = &job->page.page;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_key(&w, TEXT("items"));
    json_open_array(&w);
    for (size_t i = 0; i < page->n; i++) timeline_write(&w, &page->items[i], false);
    json_close_array(&w);
    json_key(&w, TEXT("next"));
    if (page->next.n)
        json_text(&w, page->next);
    else
        json_nil(&w);
    json_close_object(&w);
    reply_json(job->request, 200, &out);
}

static void handle_timeline(struct request *request) {
    struct whose whose;
    int64_t limit;
    if (!find_whose(request, &whose) || !request_query_int(request, "limit", 1, TIMELINE_MOST, 50, &limit)) return;
    struct timeline_job *job = arena_new(&request->arena, struct timeline_job);
    job->request = request;
    job->page.arena = &request->arena;
    job->page.job.mail.receive = on_page;
    job->page.job.reply_to = &request->app->mailbox;
    job->page.query = (struct timeline_query){.keys = whose.keys,
                                              .n = whose.n,
                                              .before = request_query(request, "before"),
                                              .kinds = request_query(request, "kinds"),
                                              .words = request_query(request, "q"),
                                              .limit = (size_t)limit};
    people_read_timeline(request->app->people, &job->page);
}

/* ---- preferences ---- */

struct preferences_job {
    struct lane_job job;
    struct request *request;
    struct whose whose;
    bool put;
    struct preferences preferences, before;
    struct journal_record records[2];
    struct journal_batch batch;
    struct error error;
};

static int put_preferences(struct preferences_job *job, struct sql *sql) {
    struct arena *arena = &job->request->arena;
    job->before = job->preferences;
    int rc = preferences_read(&job->preferences, job->request->body, &job->before, clock_now(job->request->app->clock),
                              arena, &job->error);
    return rc < 0 ? rc : customers_prefer(sql, job->whose.keys[0], &job->preferences, &job->error);
}

static void preferences_work(struct lane_job *lane_job, void *owner) {
    struct preferences_job *job = (struct preferences_job *)lane_job;
    int rc = sql_begin(owner, &job->error);
    if (rc < 0) return;
    rc = customers_preferences(owner, &job->request->arena, job->whose.keys, job->whose.n, &job->preferences,
                               &job->error);
    if (rc == 0 && job->put) rc = put_preferences(job, owner);
    sql_end(owner, rc, &job->error);
}

static void answer_preferences(struct preferences_job *job) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    preferences_write(&w, &job->preferences);
    reply_json(job->request, 200, &out);
}

/* What she refuses, or takes back, is an event of hers, so that any trial can be judged by it; nothing where it is nothing. */
static void add_event(struct preferences_job *job, const char *event, const struct preferences *is,
                      const struct preferences *was) {
    struct request *request = job->request;
    struct text *of;
    size_t n;
    preferences_refused(is, was, &request->arena, &of, &n);
    if (n == 0) return;
    struct buffer body = {0};
    struct json_writer w;
    json_writer_init(&w, &body);
    json_open_object(&w);
    json_put_text(&w, "type", TEXT("track"));
    json_put_text(&w, "event", text_of(event));
    json_key(&w, TEXT("properties"));
    json_open_object(&w);
    json_key(&w, TEXT("of"));
    json_open_array(&w);
    for (size_t i = 0; i < n; i++) json_text(&w, of[i]);
    json_close_array(&w);
    json_close_object(&w);
    json_close_object(&w);
    job->records[job->batch.n++] = (struct journal_record){.received = job->preferences.at,
                                                           .at = job->preferences.at,
                                                           .kind = JOURNAL_TRACK,
                                                           .actor = JOURNAL_CUSTOMER,
                                                           .flags = request->caller.known ? JOURNAL_KNOWN : 0,
                                                           .name = text_of(event),
                                                           .unit = request->caller.customer,
                                                           .body = arena_text(&request->arena, buffer_view(&body))};
    buffer_free(&body);
}

/* Her wish holds, whether or not the journal could take the event. */
static void on_told(struct mail *mail) {
    struct preferences_job *job =
        (struct preferences_job *)((char *)mail - offsetof(struct preferences_job, batch.mail));
    if (job->batch.code)
        log_warn(job->request->app->log, "an opt-out could not be kept as an event; it holds all the same",
                 LOG_S("reason", error_title(job->batch.code)));
    answer_preferences(job);
}

static void on_preferences(struct mail *mail) {
    struct preferences_job *job = (struct preferences_job *)mail;
    struct app *app = job->request->app;
    if (job->error.code) {
        reply_error(job->request, &job->error);
        return;
    }
    if (job->put) {
        app_change_begin(app);
        muted_set(&app->muted, job->whose.keys[0], &job->preferences);
        app_change_end(app);
        job->batch =
            (struct journal_batch){.mail.receive = on_told, .reply_to = &app->mailbox, .records = job->records};
        add_event(job, "Opted Out", &job->preferences, &job->before);
        add_event(job, "Opted In", &job->before, &job->preferences);
    }
    if (job->batch.n == 0) {
        answer_preferences(job);
        return;
    }
    int rc = journal_append(app->journal, &job->batch);
    if (rc == 0) return; /* the batch is the journal's until it answers */
    job->batch.code = rc;
    on_told(&job->batch.mail);
}

static void start_preferences(struct request *request, bool put) {
    struct preferences_job *job = arena_new(&request->arena, struct preferences_job);
    *job = (struct preferences_job){.request = request, .put = put};
    if (!find_whose(request, &job->whose)) return;
    if (put && app_suppressed(request->app, request->caller.customer)) {
        reply_problem_named(request, 403, "erased", "this customer was erased: nothing of hers is collected again");
        return;
    }
    job->job =
        (struct lane_job){.mail.receive = on_preferences, .work = preferences_work, .reply_to = &request->app->mailbox};
    lane_do(main_db_lane(request->app->db), &job->job);
}

static void handle_preferences(struct request *request) {
    start_preferences(request, false);
}

static void handle_prefer(struct request *request) {
    if (request->caller.role == ROLE_BROWSER)
        identity_welcome(request, &request->app->identity, clock_now(request->app->clock));
    start_preferences(request, true);
}

/* ---- export and erasure ---- */

static void handle_export(struct request *request) {
    struct whose whose;
    if (find_whose(request, &whose)) export_reply(request, whose.keys, whose.n);
}

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
    /* Who comes again is somebody new. */
    if (request->caller.anonymous.n)
        reply_header(request, "Set-Cookie", "parley_anon=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    reply_json(request, erasure->done_at ? 200 : 202, &out);
}

static void handle_erase(struct request *request) {
    struct whose whose;
    if (find_whose(request, &whose))
        erasures_start(request->app->erasures, whose.keys, whose.n, request->caller.name, on_erased, request);
}

enum { SHOPPERS = ROLE_BROWSER | ROLE_SERVER };
const struct route me_routes[] = {
    {METHOD_GET, "/v1/me", SHOPPERS, 0, ROUTE_SHOPPER, handle_me},
    {METHOD_DELETE, "/v1/me", SHOPPERS, 0, ROUTE_SHOPPER, handle_erase},
    {METHOD_GET, "/v1/me/timeline", SHOPPERS, 0, ROUTE_SHOPPER, handle_timeline},
    {METHOD_GET, "/v1/me/export", SHOPPERS, 0, ROUTE_SHOPPER, handle_export},
    {METHOD_GET, "/v1/me/preferences", SHOPPERS, 0, ROUTE_SHOPPER, handle_preferences},
    {METHOD_PUT, "/v1/me/preferences", SHOPPERS, PREFERENCES_BODY, ROUTE_SHOPPER, handle_prefer},
    {0},
};
