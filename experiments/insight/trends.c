/* Which products more customers than usual turn to. Trending is not popular: what everybody buys at Christmas has a high base.
 * z is the Pearson residual of a Poisson count x against what the base period lets expect, one more than that so that a
 * product nobody knew needs several customers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json_write.h"
#include "core/base/memory.h"
#include "experiments/insight/insight_internal.h"

struct trend {
    struct text item;
    int64_t x, y;
    double expected, z;
};

struct trends {
    struct arena arena;
    struct trend *items;
    size_t n, room;
};

static int by_name(const struct trend *a, const struct trend *b) {
    return text_cmp(a->item, b->item);
}
static int by_z(const void *a, const void *b) {
    const struct trend *x = a, *y = b;
    return x->z > y->z ? -1 : x->z < y->z ? 1 : by_name(x, y);
}
static int by_customers(const void *a, const void *b) {
    const struct trend *x = a, *y = b;
    return x->x > y->x ? -1 : x->x < y->x ? 1 : by_name(x, y);
}

static void take_row(struct trends *trends, const struct sql_rows *rows, const struct insight_trends *q) {
    if (trends->n == trends->room) {
        trends->room = trends->room ? trends->room * 2 : 64;
        trends->items = memory_grow(trends->items, trends->room * sizeof *trends->items);
    }
    struct trend *t = &trends->items[trends->n++];
    *t = (struct trend){.item = sql_copy(rows, 0, &trends->arena), .x = sql_int(rows, 1), .y = sql_int(rows, 2)};
    t->expected = (double)t->y * q->window / q->base + 1;
    t->z = ((double)t->x - t->expected) / sqrt(t->expected);
}

/* The days' sets of customers, united over each of the two periods; keys of one person are one customer. */
static int read_rows(struct insight *in, struct trends *trends, const struct insight_trends *q, int64_t last,
                     struct error *error) {
    struct sql_rows rows;
    int64_t first = last - q->window + 1;
    int got,
        rc = sql_query(in->sql, &rows, error,
                       "SELECT item.name, x.n, COALESCE(y.n, 0) FROM"
                       " (SELECT item, COUNT(DISTINCT COALESCE(leader, seen.unit)) AS n FROM seen LEFT JOIN person"
                       "   USING (unit) WHERE kind = $1 AND day >= $2 AND day <= $3 GROUP BY item HAVING n >= $4) AS x"
                       " JOIN item ON item.id = x.item LEFT JOIN"
                       " (SELECT item, COUNT(DISTINCT COALESCE(leader, seen.unit)) AS n FROM seen LEFT JOIN person"
                       "   USING (unit) WHERE kind = $1 AND day >= $5 AND day < $2 GROUP BY item) AS y"
                       " ON y.item = x.item",
                       SQL_I(q->kind), SQL_I(first), SQL_I(last), SQL_I(q->least), SQL_I(first - q->base));
    while (rc == 0 && (got = sql_next(&rows, error)) != 0) {
        if (got < 0)
            rc = got;
        else
            take_row(trends, &rows, q);
        if (rc < 0) break;
    }
    sql_done(&rows);
    return rc;
}

static void write_item(struct json_writer *w, const struct trend *t) {
    json_open_object(w);
    json_put_text(w, "item", t->item);
    json_put_int(w, "customers", t->x);
    json_put_int(w, "before", t->y);
    json_put_double(w, "expected", t->expected);
    json_put_double(w, "z", t->z);
    json_close_object(w);
}

static void write_trends(struct insight *in, struct insight_trends *q, const struct trends *trends, int64_t last) {
    struct json_writer w;
    char date[CLOCK_ISO_ROOM], next[24];
    size_t end = q->from + q->limit < trends->n ? q->from + q->limit : trends->n;
    insight_date(date, last);
    json_writer_init(&w, &q->out);
    json_open_object(&w);
    json_put_text(&w, "kind", q->kind == INSIGHT_SHOPPING ? TEXT("shopping") : TEXT("purchasing"));
    json_put_text(&w, "at", text_of(date));
    json_put_int(&w, "windowDays", q->window);
    json_put_int(&w, "baseDays", q->base);
    json_put_int(&w, "min", q->least);
    json_put_int(&w, "position", in->position);
    json_put_bool(&w, "complete", in->complete);
    json_key(&w, TEXT("items"));
    json_open_array(&w);
    for (size_t i = q->from; i < end; i++) write_item(&w, &trends->items[i]);
    json_close_array(&w);
    snprintf(next, sizeof next, "%zu", end);
    if (end < trends->n)
        json_put_text(&w, "next", text_of(next));
    else
        json_put_null(&w, "next");
    json_close_object(&w);
}

/* A base of which a part was dropped would let everything trend. */
static int check_kept(struct insight *in, struct insight_trends *q, int64_t last) {
    struct sql_rows rows;
    int64_t first = last - q->window - q->base + 1, kept = 0;
    char from[CLOCK_ISO_ROOM], oldest[CLOCK_ISO_ROOM];
    int rc = sql_query(in->sql, &rows, &q->error, "SELECT dropped FROM position");
    if (rc == 0 && (rc = sql_next(&rows, &q->error)) > 0) kept = sql_int(&rows, 0);
    sql_done(&rows);
    if (rc < 0 || !kept || first >= kept) return rc < 0 ? rc : 0;
    insight_date(from, first);
    insight_date(oldest, kept);
    return error_set(&q->error, ERR_INVALID, "window and base begin on %s; who turned to what is kept from %s on", from,
                     oldest);
}

void insight_answer_trends(struct insight *in, struct insight_trends *q) {
    struct trends trends = {0};
    int64_t last = insight_day(q->at ? q->at : clock_now(in->clock));
    if (check_kept(in, q, last) < 0) return;
    arena_init(&trends.arena, 4096);
    if (read_rows(in, &trends, q, last, &q->error) == 0) {
        if (trends.n)
            qsort(trends.items, trends.n, sizeof *trends.items, q->order == INSIGHT_POPULAR ? by_customers : by_z);
        write_trends(in, q, &trends, last);
    }
    free(trends.items);
    arena_free(&trends.arena);
}
