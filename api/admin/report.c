/* The report of a trial: figures of the measures, three times, then looks and audit log, then the file. */
#include "experiments/judge/report.h"

#include "api/admin/job.h"
#include "api/admin/tables.h"

enum { AUDIT_MOST = 500, LOOKS_MOST = 100 /* days */ };

struct report_request {
    struct measure_question question;
    struct lane_job log;
    struct request *request;
    struct text key;
    enum report_format format;
    struct report report;
    struct error error;
};

static void free_figures(struct report *report) {
    measure_results_free(report->results);
    measure_results_free(report->days);
    measure_results_free(report->weeks);
}

static void refuse(struct report_request *asked, const struct error *error) {
    free_figures(&asked->report);
    reply_error(asked->request, error);
}

/* Definition and steps are told apart in the log; a report tells them as one story. */
static void merge(struct audit_page *into, const struct audit_page *other, struct arena *arena) {
    struct audit_entry *all = arena_array(arena, struct audit_entry, into->n + other->n + 1);
    size_t i = 0, k = 0, n = 0;
    while (i < into->n || k < other->n)
        all[n++] = k == other->n || (i < into->n && into->items[i].id > other->items[k].id) ? into->items[i++]
                                                                                            : other->items[k++];
    *into = (struct audit_page){.items = all, .n = n};
}

static void read_log(struct lane_job *job, void *sql) {
    struct report_request *asked = (struct report_request *)((char *)job - offsetof(struct report_request, log));
    struct audit_page steps;
    int rc = audit_list(sql, &asked->request->arena, TEXT("experiment"), asked->key, 0, AUDIT_MOST,
                        &asked->report.audit, &asked->error);
    if (rc == 0)
        rc = audit_list(sql, &asked->request->arena, TEXT("experiment-state"), asked->key, 0, AUDIT_MOST, &steps,
                        &asked->error);
    if (rc == 0) merge(&asked->report.audit, &steps, &asked->request->arena);
    if (rc == 0)
        looks_daily(sql, asked->report.results->experiment->state.salt, LOOKS_MOST, &asked->report.looks,
                    &asked->request->arena, &asked->error);
}

static void on_log(struct mail *mail) {
    struct report_request *asked = (struct report_request *)((char *)mail - offsetof(struct report_request, log));
    struct request *request = asked->request;
    if (asked->error.code) {
        refuse(asked, &asked->error);
        return;
    }
    struct buffer out = {0};
    asked->report.before = looks_latest(request->app->looks, asked->report.results->experiment->state.salt);
    report_write(&asked->report, asked->format, &out);
    free_figures(&asked->report);
    reply_header(request, "Cache-Control", "no-store");
    reply_header(request, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    reply_header(request, "X-Content-Type-Options", "nosniff");
    reply_buffer(request, 200,
                 asked->format == REPORT_HTML ? "text/html; charset=utf-8" : "text/markdown; charset=utf-8", &out);
}

/* First all units, then by day, then by week. */
static void on_figures(struct mail *mail) {
    struct report_request *asked = (struct report_request *)mail;
    struct measure_question *question = &asked->question;
    struct report *report = &asked->report;
    if (!question->results) {
        refuse(asked, &question->error);
        return;
    }
    *(!report->results ? &report->results : !report->days ? &report->days : &report->weeks) = question->results;
    if (!report->weeks) {
        question->by_week = report->days != NULL;
        question->by_day = !question->by_week;
        measure_ask(asked->request->app->measure, question);
        return;
    }
    asked->log = (struct lane_job){.mail.receive = on_log, .work = read_log, .reply_to = &asked->request->app->mailbox};
    lane_do(main_db_lane(asked->request->app->db), &asked->log);
}

static bool read_format(struct request *request, enum report_format *format) {
    struct text given = request_query(request, "format");
    bool markdown = given.n ? text_is(given, "md") : text_starts(request->headers.accept, TEXT("text/markdown"));
    *format = markdown ? REPORT_MARKDOWN : REPORT_HTML;
    if (!given.n || markdown || text_is(given, "html")) return true;
    reply_problem(request, ERR_INVALID, "?format= is html or md");
    return false;
}

static void handle_report(struct request *request) {
    struct report_request *asked = arena_new(&request->arena, struct report_request);
    *asked = (struct report_request){.request = request, .key = request_param(request, "key")};
    if (!read_format(request, &asked->format)) return;
    asked->question = (struct measure_question){
        .job = {.mail.receive = on_figures, .reply_to = &request->app->mailbox},
        .experiment = asked->key,
        .frozen =
            app_frozen_caps(request->app, snapshot_experiment(request->app->snapshot, asked->key), &request->arena)};
    measure_ask(request->app->measure, &asked->question);
}

const struct route report_routes[] = {
    {METHOD_GET, "/admin/v1/experiments/{key}/report", ROLE_MANAGER | ROLE_ANALYST | ROLE_AGENT, 0, 0, handle_report},
    {0},
};
