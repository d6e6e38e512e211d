/* Who buys again: customers (persons that are known) by the month or week of their first purchase, and how many of them bought in each one since. One
 * pass over the days on which each customer bought; what a long one counted is kept for a minute. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json_write.h"
#include "core/base/memory.h"
#include "experiments/insight/insight_internal.h"

enum {
    PERIODS = 260,    /* the newest ones; customers who came before are counted as earlier */
    LONG = 100000000, /* ns: a pass that took longer ... */
    KEPT_S = 60       /* ... is not made again for so long */
};
static const double MILLION = 1e6;

struct cohorts {
    enum insight_period by;
    int64_t first; /* the period that index 0 is */
    int n;
    struct {
        int64_t customers;
        int64_t active[PERIODS], revenue[PERIODS]; /* by periods since */
    } * of;
    int64_t orders[PERIODS], revenue[PERIODS], refunded[PERIODS]; /* by period */
    int64_t customers, again, earlier, orders_all, revenue_all, refunded_all;
    /* the customer under way */
    int64_t unit, own_orders;
    int cohort, last; /* -1: she has not bought yet; before the first period: -2 */
};

static int64_t period_of(enum insight_period by, int64_t day) {
    if (by == INSIGHT_WEEKS) return (day + 3 - ((day + 3) % 7 + 7) % 7) / 7; /* 1970-01-01 was a Thursday */
    char date[CLOCK_ISO_ROOM];
    int year, month;
    insight_date(date, day);
    sscanf(date, "%d-%d", &year, &month);
    return year * 12 + month - 1;
}

static void period_name(char out[static CLOCK_ISO_ROOM], enum insight_period by, int64_t period) {
    if (by == INSIGHT_WEEKS)
        insight_date(out, period * 7 - 3);
    else
        snprintf(out, CLOCK_ISO_ROOM, "%04d-%02d", (int)(period / 12), (int)(period % 12) + 1);
}

/* --- one pass --- */

static void end_customer(struct cohorts *c) {
    if (c->own_orders > 0) c->customers++;
    if (c->own_orders > 1) c->again++;
}

static void begin_customer(struct cohorts *c, int64_t unit) {
    end_customer(c);
    c->unit = unit;
    c->own_orders = 0;
    c->cohort = c->last = -1;
}

static void take_purchase(struct cohorts *c, int period, int64_t orders, int64_t revenue) {
    c->own_orders += orders;
    c->orders_all += orders;
    c->revenue_all += revenue;
    if (c->cohort == -1) {
        c->cohort = period >= 0 ? period : -2;
        if (period >= 0)
            c->of[period].customers++;
        else
            c->earlier++;
    }
    if (period < 0) return;
    c->orders[period] += orders;
    c->revenue[period] += revenue;
    if (c->cohort < 0) return;
    c->of[c->cohort].revenue[period - c->cohort] += revenue;
    if (c->last != period) c->of[c->cohort].active[period - c->cohort]++;
    c->last = period;
}

static void take_row(struct cohorts *c, const struct sql_rows *rows) {
    int64_t unit = sql_int(rows, 0), orders = sql_int(rows, 2), refunded = sql_int(rows, 4);
    int64_t period = period_of(c->by, sql_int(rows, 1)) - c->first;
    int at = period < 0 ? -1 : (int)period;
    if (unit != c->unit) begin_customer(c, unit);
    c->refunded_all += refunded;
    if (at >= 0) c->refunded[at] += refunded;
    if (orders > 0) take_purchase(c, at, orders, sql_int(rows, 3));
}

static int read_span(struct insight *in, struct cohorts *c, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(in->sql, &rows, error, "SELECT MIN(day), MAX(day) FROM bought WHERE known");
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0 && !sql_is_null(&rows, 0)) {
        int64_t first = period_of(c->by, sql_int(&rows, 0)), last = period_of(c->by, sql_int(&rows, 1));
        c->n = last - first < PERIODS ? (int)(last - first + 1) : PERIODS;
        c->first = last - c->n + 1;
    }
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

static int read_rows(struct insight *in, struct cohorts *c, struct error *error) {
    struct sql_rows rows;
    int got, rc = sql_query(in->sql, &rows, error,
                            "SELECT who, day, orders, revenue, refunded FROM bought WHERE known ORDER BY who, day");
    while (rc == 0 && (got = sql_next(&rows, error)) != 0) {
        if (got < 0) {
            rc = got;
            break;
        }
        take_row(c, &rows);
    }
    sql_done(&rows);
    end_customer(c);
    return rc;
}

/* --- the answer --- */

static void write_cohort(struct json_writer *w, const struct cohorts *c, int i) {
    char name[CLOCK_ISO_ROOM];
    period_name(name, c->by, c->first + i);
    json_open_object(w);
    json_put_text(w, "cohort", text_of(name));
    json_put_int(w, "customers", c->of[i].customers);
    json_key(w, TEXT("active"));
    json_open_array(w);
    for (int k = 0; i + k < c->n; k++) json_int(w, c->of[i].active[k]);
    json_close_array(w);
    json_key(w, TEXT("revenue"));
    json_open_array(w);
    for (int k = 0; i + k < c->n; k++) json_double(w, (double)c->of[i].revenue[k] / MILLION);
    json_close_array(w);
    json_close_object(w);
}

static void write_period(struct json_writer *w, const struct cohorts *c, int i) {
    char name[CLOCK_ISO_ROOM];
    period_name(name, c->by, c->first + i);
    json_open_object(w);
    json_put_text(w, "period", text_of(name));
    json_put_int(w, "orders", c->orders[i]);
    json_put_double(w, "revenue", (double)c->revenue[i] / MILLION);
    json_put_double(w, "refunded", (double)c->refunded[i] / MILLION);
    json_close_object(w);
}

static void write_totals(struct json_writer *w, const struct cohorts *c) {
    json_put_int(w, "customers", c->customers);
    json_put_int(w, "again", c->again);
    json_key(w, TEXT("againShare"));
    if (c->customers)
        json_double(w, (double)c->again / (double)c->customers);
    else
        json_nil(w);
    json_put_int(w, "orders", c->orders_all);
    json_put_double(w, "revenue", (double)c->revenue_all / MILLION);
    json_put_double(w, "refunded", (double)c->refunded_all / MILLION);
    json_put_double(w, "net", (double)(c->revenue_all - c->refunded_all) / MILLION);
    json_put_int(w, "earlier", c->earlier);
}

static void write_cohorts(const struct insight *in, struct insight_cohorts *q) {
    const struct insight_counted *counted = &in->counted[q->by];
    const struct cohorts *c = counted->cohorts;
    struct json_writer w;
    char next[24];
    size_t n = (size_t)c->n, end = q->from + q->limit < n ? q->from + q->limit : n;
    json_writer_init(&w, &q->out);
    json_open_object(&w);
    json_put_text(&w, "by", c->by == INSIGHT_WEEKS ? TEXT("week") : TEXT("month"));
    json_put_int(&w, "position", counted->position);
    json_put_bool(&w, "complete", in->complete && counted->position == in->position);
    write_totals(&w, c);
    json_key(&w, TEXT("periods"));
    json_open_array(&w);
    for (int i = 0; i < c->n; i++) write_period(&w, c, i);
    json_close_array(&w);
    json_key(&w, TEXT("items"));
    json_open_array(&w);
    for (size_t i = q->from; i < end; i++) write_cohort(&w, c, (int)i);
    json_close_array(&w);
    snprintf(next, sizeof next, "%zu", end);
    if (end < n)
        json_put_text(&w, "next", text_of(next));
    else
        json_put_null(&w, "next");
    json_close_object(&w);
}

static void cohorts_free(struct cohorts *c) {
    if (c) free(c->of);
    free(c);
}

void insight_drop_cohorts(struct insight *in) {
    for (int by = 0; by < INSIGHT_PERIODS; by++) {
        cohorts_free(in->counted[by].cohorts);
        in->counted[by] = (struct insight_counted){0};
    }
}

static bool still_good(const struct insight *in, const struct insight_counted *counted) {
    if (!counted->cohorts) return false;
    return counted->position == in->position ||
           (counted->took > LONG && clock_ticks() - counted->at < KEPT_S * 1000000000ull);
}

static int count_anew(struct insight *in, enum insight_period by, struct error *error) {
    uint64_t began = clock_ticks();
    struct cohorts *c = memory_new(struct cohorts);
    c->by = by;
    c->cohort = c->last = -1;
    int rc = read_span(in, c, error);
    c->of = memory_zero(c->n ? (size_t)c->n : 1, sizeof *c->of);
    if (rc == 0) rc = read_rows(in, c, error);
    if (rc < 0) {
        cohorts_free(c);
        return rc;
    }
    cohorts_free(in->counted[by].cohorts);
    uint64_t now = clock_ticks();
    in->counted[by] = (struct insight_counted){c, in->position, now, now - began};
    return 0;
}

void insight_answer_cohorts(struct insight *in, struct insight_cohorts *q) {
    if (still_good(in, &in->counted[q->by]) || count_anew(in, q->by, &q->error) == 0) write_cohorts(in, q);
}
