/* What customers will still buy: BG/NBD and Gamma-Gamma over all of them, told by the month of their first purchase. Several orders of a
 * day are one purchase; weeks count from the first one to the newest day that the journal knows. Fitting takes seconds with a million
 * customers, so a fit is kept for a day, or until a tenth more have bought. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json_write.h"
#include "core/base/memory.h"
#include "experiments/insight/insight_internal.h"

static const double MILLION = 1e6, WEEK = 7;

struct buyer {
    struct lifetime_row row;
    int month; /* of the first purchase: year * 12 + month - 1 */
};

struct group {
    int month;
    int64_t customers;
    double alive, orders, value;
};

struct buyers {
    struct buyer *of;
    size_t n, room;
    int64_t unit, first, last; /* the one under way; days */
    double value;              /* of its repeats, millionths */
};

static int month_of(int64_t day) {
    char date[CLOCK_ISO_ROOM];
    int year, month;
    insight_date(date, day);
    sscanf(date, "%d-%d", &year, &month);
    return year * 12 + month - 1;
}

static void end_buyer(struct buyers *b) {
    struct lifetime_row *row = &b->of[b->n - 1].row;
    row->recency = (double)(b->last - b->first) / WEEK;
    row->value = row->repeats > 0 ? b->value / MILLION / row->repeats : 0;
}

static void begin_buyer(struct buyers *b, int64_t unit, int64_t day, int64_t until) {
    if (b->n == b->room) {
        b->room = b->room ? 2 * b->room : 1024;
        b->of = memory_grow(b->of, b->room * sizeof *b->of);
    }
    b->of[b->n++] = (struct buyer){{.observed = (double)(until - day) / WEEK, .n = 1}, month_of(day)};
    b->unit = unit;
    b->first = day;
    b->value = 0;
}

/* Rows come by customer, then by day; a day has one for each key that she bought by. */
static void take_row(struct buyers *b, const struct sql_rows *rows, int64_t until) {
    int64_t unit = sql_int(rows, 0), day = sql_int(rows, 1);
    if (b->n && unit == b->unit) {
        b->of[b->n - 1].row.repeats += day > b->last;
        if (day > b->first) b->value += (double)sql_int(rows, 2);
    } else {
        if (b->n) end_buyer(b);
        begin_buyer(b, unit, day, until);
    }
    b->last = day;
}

static int read_buyers(struct insight *in, struct buyers *b, int64_t until, struct error *error) {
    struct sql_rows rows;
    int got,
        rc =
            sql_query(in->sql, &rows, error,
                      "SELECT who, day, revenue FROM bought WHERE known AND orders > 0 AND day <= $1 ORDER BY who, day",
                      SQL_I(until));
    while (rc == 0 && (got = sql_next(&rows, error)) != 0) {
        if (got < 0)
            rc = got;
        else
            take_row(b, &rows, until);
    }
    sql_done(&rows);
    if (b->n) end_buyer(b);
    return rc;
}

/* ---- the fit ---- */

static int by_repeats(const void *left, const void *right) {
    const struct lifetime_row *a = left, *b = right;
    return (a->repeats > b->repeats) - (a->repeats < b->repeats);
}

static void fit(struct insight_fit *fit, const struct buyers *b, int64_t day) {
    struct lifetime_row *rows = memory_zero(b->n + 1, sizeof *rows);
    for (size_t i = 0; i < b->n; i++) rows[i] = b->of[i].row;
    qsort(rows, b->n, sizeof *rows, by_repeats);
    fit->has_purchases = lifetime_fit_purchases(rows, b->n, &fit->purchases);
    fit->has_values = lifetime_fit_values(rows, b->n, &fit->values) && fit->values.q > 1;
    fit->day = day;
    fit->customers = b->n;
    free(rows);
}

static bool is_stale(const struct insight_fit *fit, size_t customers, int64_t day) {
    return !fit->has_purchases || fit->day != day || customers > fit->customers + fit->customers / 10 ||
           customers < fit->customers;
}

/* ---- by month ---- */

static int by_month(const void *left, const void *right) {
    return ((const struct buyer *)left)->month - ((const struct buyer *)right)->month;
}

static void add(struct group *group, const struct insight_fit *fit, const struct lifetime_row *row, int weeks) {
    double orders = lifetime_purchases_expected(&fit->purchases, row, weeks);
    group->customers++;
    group->alive += lifetime_alive(&fit->purchases, row);
    group->orders += orders;
    if (fit->has_values) group->value += orders * lifetime_value_expected(&fit->values, row);
}

/* Into `groups`, which has room for one a buyer; returns how many months there are. */
static size_t group_all(const struct buyers *b, const struct insight_fit *fit, int weeks, struct group *groups,
                        struct group *all) {
    size_t n = 0;
    qsort(b->of, b->n, sizeof *b->of, by_month);
    for (size_t i = 0; i < b->n; i++) {
        if (!n || groups[n - 1].month != b->of[i].month) groups[n++] = (struct group){.month = b->of[i].month};
        add(&groups[n - 1], fit, &b->of[i].row, weeks);
        add(all, fit, &b->of[i].row, weeks);
    }
    return n;
}

/* ---- the answer ---- */

static void put_fit(struct json_writer *w, const struct insight_fit *fit) {
    const struct lifetime_purchases *p = &fit->purchases;
    const struct lifetime_values *v = &fit->values;
    json_key(w, TEXT("purchases"));
    if (fit->has_purchases) {
        json_open_object(w);
        json_put_double(w, "r", p->r);
        json_put_double(w, "alpha", p->alpha);
        json_put_double(w, "a", p->a);
        json_put_double(w, "b", p->b);
        json_close_object(w);
    } else
        json_nil(w);
    json_key(w, TEXT("values"));
    if (fit->has_values) {
        json_open_object(w);
        json_put_double(w, "p", v->p);
        json_put_double(w, "q", v->q);
        json_put_double(w, "v", v->v);
        json_close_object(w);
    } else
        json_nil(w);
}

static void put_group(struct json_writer *w, const struct group *group, bool values) {
    json_put_int(w, "customers", group->customers);
    json_put_double(w, "alive", group->alive);
    json_put_double(w, "orders", group->orders);
    json_key(w, TEXT("value"));
    if (values)
        json_double(w, group->value);
    else
        json_nil(w);
}

static void write_answer(struct insight *in, struct insight_lifetime *q, const struct group *groups, size_t n,
                         const struct group *all) {
    struct json_writer w;
    char word[CLOCK_ISO_ROOM];
    size_t end = q->from + q->limit < n ? q->from + q->limit : n;
    json_writer_init(&w, &q->out);
    json_open_object(&w);
    insight_date(word, in->newest == INT64_MIN ? 0 : in->newest);
    json_put_text(&w, "at", in->newest == INT64_MIN ? TEXT("") : text_of(word));
    json_put_int(&w, "weeks", q->weeks);
    json_put_int(&w, "position", in->position);
    json_put_bool(&w, "complete", in->complete);
    put_fit(&w, &in->fit);
    put_group(&w, all, in->fit.has_values);
    json_key(&w, TEXT("items"));
    json_open_array(&w);
    for (size_t i = q->from; i < end; i++) {
        snprintf(word, sizeof word, "%04d-%02d", groups[i].month / 12, groups[i].month % 12 + 1);
        json_open_object(&w);
        json_put_text(&w, "cohort", text_of(word));
        put_group(&w, &groups[i], in->fit.has_values);
        json_close_object(&w);
    }
    json_close_array(&w);
    snprintf(word, sizeof word, "%zu", end);
    if (end < n)
        json_put_text(&w, "next", text_of(word));
    else
        json_put_null(&w, "next");
    json_close_object(&w);
}

void insight_answer_lifetime(struct insight *in, struct insight_lifetime *q) {
    struct buyers b = {0};
    struct group all = {0}, *groups = NULL;
    size_t n = 0;
    int rc = in->newest == INT64_MIN ? 0 : read_buyers(in, &b, in->newest, &q->error);
    if (rc == 0 && is_stale(&in->fit, b.n, in->newest)) fit(&in->fit, &b, in->newest);
    groups = memory_zero(b.n + 1, sizeof *groups);
    if (rc == 0 && in->fit.has_purchases) n = group_all(&b, &in->fit, q->weeks, groups, &all);
    if (!in->fit.has_purchases) all.customers = (int64_t)b.n;
    if (rc == 0) write_answer(in, q, groups, n, &all);
    free(groups);
    free(b.of);
}
