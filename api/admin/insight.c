/* Trends in shopping and in purchasing, cohorts of customers, visits: asked of the insight lane. */
#include "api/admin/tables.h"
#include "api/app.h"
#include "api/request.h"
#include "experiments/insight/insight.h"

enum { DAYS_MOST = 366, PAGE = 50, PAGE_MOST = 1000, WEEKS = 52, WEEKS_MOST = 520 };

/* "7d" or "P7D". False (answered with 400) where it is neither, or not 1 to 366 days. */
static bool query_days(struct request *request, const char *name, int otherwise, int *out) {
    struct text value = request_query(request, name);
    int64_t n, ms;
    *out = otherwise;
    if (!value.at) return true;
    bool days = value.n > 1 && value.at[value.n - 1] == 'd' && text_to_int(text_n(value.at, value.n - 1), &n);
    if (!days && clock_parse_duration(value, &ms)) days = ms % CLOCK_DAY == 0, n = ms / CLOCK_DAY;
    if (days && n >= 1 && n <= DAYS_MOST) {
        *out = (int)n;
        return true;
    }
    reply_problem(request, ERR_INVALID, "?%s= is a number of days, 1d to %dd", name, DAYS_MOST);
    return false;
}

/* The index of the value among `words`, which NULL ends; 0 where it is not there. False (answered) where it is another word. */
static bool query_choice(struct request *request, const char *name, const char *const *words, int *out) {
    struct text value = request_query(request, name);
    *out = 0;
    if (!value.at) return true;
    for (int i = 0; words[i]; i++)
        if (text_is(value, words[i])) {
            *out = i;
            return true;
        }
    reply_problem(request, ERR_INVALID, "?%s= is %s or %s", name, words[0], words[1]);
    return false;
}

static bool query_time(struct request *request, const char *name, int64_t *out) {
    struct text value = request_query(request, name);
    *out = 0;
    if (!value.at || clock_parse(value, out)) return true;
    reply_problem(request, ERR_INVALID, "?%s= is a day or a time, as 2026-11-30", name);
    return false;
}

static void answer(struct request *request, const struct error *error, struct buffer *out) {
    if (error->code) {
        buffer_free(out);
        reply_error(request, error);
        return;
    }
    reply_header(request, "Cache-Control", "no-store");
    reply_json(request, 200, out);
}

struct trends_request {
    struct insight_trends question;
    struct request *request;
};

static void on_trends(struct mail *mail) {
    struct trends_request *asked = (struct trends_request *)mail;
    answer(asked->request, &asked->question.error, &asked->question.out);
}

static void handle_trends(struct request *request) {
    static const char *const kinds[] = {"shopping", "purchasing", NULL}, *const orders[] = {"trending", "popular",
                                                                                            NULL};
    struct trends_request *asked = arena_new(&request->arena, struct trends_request);
    struct insight_trends *q = &asked->question;
    int kind, order;
    int64_t from, limit;
    if (!query_choice(request, "kind", kinds, &kind) || !query_choice(request, "order", orders, &order) ||
        !query_days(request, "window", 7, &q->window) || !query_days(request, "base", 28, &q->base) ||
        !query_time(request, "at", &q->at) || !request_query_int(request, "min", 1, INT32_MAX, 20, &q->least) ||
        !request_query_int(request, "cursor", 0, INT32_MAX, 0, &from) ||
        !request_query_int(request, "limit", 1, PAGE_MOST, PAGE, &limit))
        return;
    q->kind = kind ? INSIGHT_PURCHASING : INSIGHT_SHOPPING;
    q->order = order ? INSIGHT_POPULAR : INSIGHT_TRENDING;
    q->from = (size_t)from;
    q->limit = (size_t)limit;
    q->job.mail.receive = on_trends;
    q->job.reply_to = &request->app->mailbox;
    asked->request = request;
    insight_ask_trends(request->app->insight, q);
}

struct cohorts_request {
    struct insight_cohorts question;
    struct request *request;
};

static void on_cohorts(struct mail *mail) {
    struct cohorts_request *asked = (struct cohorts_request *)mail;
    answer(asked->request, &asked->question.error, &asked->question.out);
}

static void handle_cohorts(struct request *request) {
    static const char *const periods[] = {"month", "week", NULL};
    struct cohorts_request *asked = arena_new(&request->arena, struct cohorts_request);
    struct insight_cohorts *q = &asked->question;
    int by;
    int64_t from, limit;
    if (!query_choice(request, "by", periods, &by) || !request_query_int(request, "cursor", 0, INT32_MAX, 0, &from) ||
        !request_query_int(request, "limit", 1, PAGE_MOST, PAGE, &limit))
        return;
    q->by = by ? INSIGHT_WEEKS : INSIGHT_MONTHS;
    q->from = (size_t)from;
    q->limit = (size_t)limit;
    q->job.mail.receive = on_cohorts;
    q->job.reply_to = &request->app->mailbox;
    asked->request = request;
    insight_ask_cohorts(request->app->insight, q);
}

struct lifetime_request {
    struct insight_lifetime question;
    struct request *request;
};

static void on_lifetime(struct mail *mail) {
    struct lifetime_request *asked = (struct lifetime_request *)mail;
    answer(asked->request, &asked->question.error, &asked->question.out);
}

static void handle_lifetime(struct request *request) {
    struct lifetime_request *asked = arena_new(&request->arena, struct lifetime_request);
    struct insight_lifetime *q = &asked->question;
    int64_t weeks, from, limit;
    if (!request_query_int(request, "weeks", 1, WEEKS_MOST, WEEKS, &weeks) ||
        !request_query_int(request, "cursor", 0, INT32_MAX, 0, &from) ||
        !request_query_int(request, "limit", 1, PAGE_MOST, PAGE, &limit))
        return;
    q->weeks = (int)weeks;
    q->from = (size_t)from;
    q->limit = (size_t)limit;
    q->job.mail.receive = on_lifetime;
    q->job.reply_to = &request->app->mailbox;
    asked->request = request;
    insight_ask_lifetime(request->app->insight, q);
}

struct visits_request {
    struct insight_visits question;
    struct request *request;
};

static void on_visits(struct mail *mail) {
    struct visits_request *asked = (struct visits_request *)mail;
    answer(asked->request, &asked->question.error, &asked->question.out);
}

static void handle_visits(struct request *request) {
    struct visits_request *asked = arena_new(&request->arena, struct visits_request);
    struct insight_visits *q = &asked->question;
    int64_t limit;
    if (!request_query_int(request, "cursor", INT32_MIN, INT32_MAX, INT32_MAX, &q->before) ||
        !request_query_int(request, "limit", 1, PAGE_MOST, PAGE, &limit))
        return;
    q->limit = (size_t)limit;
    q->job.mail.receive = on_visits;
    q->job.reply_to = &request->app->mailbox;
    asked->request = request;
    insight_ask_visits(request->app->insight, q);
}

enum { READERS = ROLE_MANAGER | ROLE_ANALYST };
const struct route insight_routes[] = {
    {METHOD_GET, "/admin/v1/trends", READERS, 0, 0, handle_trends},
    {METHOD_GET, "/admin/v1/cohorts", READERS, 0, 0, handle_cohorts},
    {METHOD_GET, "/admin/v1/visits", READERS, 0, 0, handle_visits},
    {METHOD_GET, "/admin/v1/lifetime", READERS, 0, 0, handle_lifetime},
    {0},
};
