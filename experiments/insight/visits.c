/* Visits: what somebody does without half an hour of silence between. By day: who came, who came for the first time, how often and
 * how long, and who came back a day, a week and four weeks after the first time. One row a person says where she stands, so that an
 * event costs one look; those of a page of the journal are held in memory and written with its position. What arrives out of order
 * changes nothing: it lies within what is known of her. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json_write.h"
#include "core/base/memory.h"
#include "experiments/insight/insight_internal.h"

enum { SILENCE = 30 * CLOCK_MINUTE };
static const int64_t returns[VISIT_RETURNS] = {1, 7, 28};

/* --- who --- */

/* Puts the person's visitor, as the database has her, behind the others; her place + 1, or a negative code. */
static int64_t load_visitor(struct insight *in, int64_t person, struct error *error) {
    struct visits *visits = &in->visits;
    struct visitor v = {.person = person};
    struct sql_rows rows;
    int rc = sql_query(in->sql, &rows, error, "SELECT first_day, last_day, last FROM visitor WHERE unit = $1",
                       SQL_I(person));
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0) {
        v.came = true;
        v.first_day = sql_int(&rows, 0);
        v.last_day = sql_int(&rows, 1);
        v.last = sql_int(&rows, 2);
    }
    sql_done(&rows);
    if (rc < 0) return rc;
    if (visits->n == visits->room) {
        visits->room = visits->room ? visits->room * 2 : 256;
        visits->of = memory_grow(visits->of, visits->room * sizeof *visits->of);
    }
    visits->of[visits->n++] = v;
    return (int64_t)visits->n;
}

static int64_t place_of(struct insight *in, int64_t person, struct error *error) {
    struct unit_map *map = &in->visits.by_person;
    struct unit_id id = {.lo = (uint64_t)person};
    int64_t at = (int64_t)unit_map_get(map, id);
    if (!at && (at = load_visitor(in, person, error)) > 0) unit_map_put(map, id, (uint64_t)at);
    return at;
}

/* The same of a key. */
static int64_t enter(struct insight *in, struct unit_id key, struct error *error) {
    int64_t person, at = (int64_t)unit_map_get(&in->visits.by_key, key);
    if (at) return at;
    int known = insight_leader(in, (int64_t)key.lo, &person, error);
    at = known < 0 ? known : place_of(in, person, error);
    if (at < 0) return at;
    in->visits.of[at - 1].known = known;
    unit_map_put(&in->visits.by_key, key, (uint64_t)at);
    return at;
}

void insight_forget_leaders(struct insight *in) {
    unit_map_free(&in->visits.by_key);
}

/* --- taking in --- */

/* What the page under way adds to a day. */
static struct visit_day *day_of(struct visits *visits, int64_t day) {
    for (size_t i = visits->days_n; i-- > 0;)
        if (visits->days[i].day == day) return &visits->days[i];
    visits->days = memory_grow(visits->days, (visits->days_n + 1) * sizeof *visits->days);
    visits->days[visits->days_n] = (struct visit_day){.day = day};
    return &visits->days[visits->days_n++];
}

static void come_first(struct visits *visits, struct visitor *v, int64_t t) {
    struct visit_day *day = day_of(visits, insight_day(t));
    v->came = true;
    v->first_day = v->last_day = day->day;
    v->last = t;
    day->visitors++, day->fresh++, day->visits++;
}

static void come_again(struct visits *visits, struct visitor *v, int64_t t) {
    if (t <= v->last) return;
    int64_t today = insight_day(t);
    struct visit_day *day = day_of(visits, today); /* good until the next day_of */
    if (t - v->last > SILENCE)
        day->visits++;
    else
        day->dwell += t - v->last;
    day->visitors += today > v->last_day;
    for (int i = 0; today > v->last_day && i < VISIT_RETURNS; i++)
        if (today - v->first_day == returns[i]) day_of(visits, v->first_day)->back[i]++;
    v->last_day = today;
    v->last = t;
}

int insight_visit(struct insight *in, const struct journal_record *r, int64_t t, struct error *error) {
    struct unit_id key = unit_of(r->unit);
    int64_t at = enter(in, key, error);
    if (at < 0) return (int)at;
    struct visitor *v = &in->visits.of[at - 1];
    (v->came ? come_again : come_first)(&in->visits, v, t);
    if (v->known || !(r->flags & JOURNAL_KNOWN)) return 0;
    v->known = true;
    return insight_know(in, (int64_t)key.lo, error);
}

int insight_move_visits(struct insight *in, struct unit_id key, int64_t to, struct error *error) {
    int64_t from = (int64_t)key.lo, source = place_of(in, from, error),
            target = source < 0 ? source : place_of(in, to, error);
    if (target < 0) return (int)target;
    unit_map_remove(&in->visits.by_key, key);
    struct visitor *x = &in->visits.of[source - 1], *y = &in->visits.of[target - 1];
    if (!x->came) return 0;
    if (!y->came || x->first_day < y->first_day) y->first_day = x->first_day;
    if (!y->came || x->last > y->last) y->last_day = x->last_day, y->last = x->last;
    y->came = true;
    *x = (struct visitor){.person = from};
    return sql_run(in->sql, error, "DELETE FROM visitor WHERE unit = $1", SQL_I(from));
}

static int save_visitor(struct insight *in, const struct visitor *v, struct error *error) {
    if (!v->came) return 0;
    return sql_run(in->sql, error,
                   "INSERT INTO visitor (unit, first_day, last_day, last) VALUES ($1, $2, $3, $4)"
                   " ON CONFLICT (unit) DO UPDATE SET first_day = excluded.first_day, last_day = excluded.last_day,"
                   " last = excluded.last",
                   SQL_I(v->person), SQL_I(v->first_day), SQL_I(v->last_day), SQL_I(v->last));
}

static int save_day(struct insight *in, const struct visit_day *d, struct error *error) {
    return sql_run(in->sql, error,
                   "INSERT INTO visit_day (day, visitors, fresh, visits, dwell, back1, back7, back28)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (day) DO UPDATE SET"
                   " visitors = visitors + excluded.visitors, fresh = fresh + excluded.fresh,"
                   " visits = visits + excluded.visits, dwell = dwell + excluded.dwell, back1 = back1 + excluded.back1,"
                   " back7 = back7 + excluded.back7, back28 = back28 + excluded.back28",
                   SQL_I(d->day), SQL_I(d->visitors), SQL_I(d->fresh), SQL_I(d->visits), SQL_I(d->dwell),
                   SQL_I(d->back[0]), SQL_I(d->back[1]), SQL_I(d->back[2]));
}

int insight_save_visits(struct insight *in, struct error *error) {
    struct visits *visits = &in->visits;
    int rc = 0;
    for (size_t i = 0; rc >= 0 && i < visits->n; i++) rc = save_visitor(in, &visits->of[i], error);
    for (size_t i = 0; rc >= 0 && i < visits->days_n; i++) rc = save_day(in, &visits->days[i], error);
    return rc < 0 ? rc : 0;
}

void insight_drop_visits(struct insight *in) {
    unit_map_free(&in->visits.by_key);
    unit_map_free(&in->visits.by_person);
    free(in->visits.of);
    free(in->visits.days);
    in->visits = (struct visits){0};
}

/* --- the answer --- */

/* Who came back so long after: not known before that day is over. */
static void write_back(struct json_writer *w, struct text days, int64_t n, bool over) {
    json_key(w, days);
    if (over)
        json_int(w, n);
    else
        json_nil(w);
}

static void write_day(struct json_writer *w, const struct sql_rows *rows, int64_t today) {
    char date[CLOCK_ISO_ROOM];
    int64_t day = sql_int(rows, 0), visitors = sql_int(rows, 1), fresh = sql_int(rows, 2), visits = sql_int(rows, 3);
    insight_date(date, day);
    json_open_object(w);
    json_put_text(w, "day", text_of(date));
    json_put_int(w, "visitors", visitors);
    json_put_int(w, "new", fresh);
    json_put_int(w, "returning", visitors - fresh);
    json_put_int(w, "visits", visits);
    json_put_double(w, "dwell", visits ? (double)sql_int(rows, 4) / 1000 / (double)visits : 0);
    json_key(w, TEXT("back"));
    json_open_object(w);
    write_back(w, TEXT("1"), sql_int(rows, 5), day + 1 < today);
    write_back(w, TEXT("7"), sql_int(rows, 6), day + 7 < today);
    write_back(w, TEXT("28"), sql_int(rows, 7), day + 28 < today);
    json_close_object(w);
    json_close_object(w);
}

void insight_answer_visits(struct insight *in, struct insight_visits *q) {
    struct sql_rows rows;
    struct json_writer w;
    char next[24] = "";
    int64_t today = insight_day(clock_now(in->clock));
    size_t n = 0;
    json_writer_init(&w, &q->out);
    json_open_object(&w);
    json_put_int(&w, "position", in->position);
    json_put_bool(&w, "complete", in->complete);
    json_key(&w, TEXT("items"));
    json_open_array(&w);
    int got, rc = sql_query(in->sql, &rows, &q->error,
                            "SELECT day, visitors, fresh, visits, dwell, back1, back7, back28 FROM visit_day"
                            " WHERE day < $1 ORDER BY day DESC LIMIT $2",
                            SQL_I(q->before), SQL_I((int64_t)q->limit + 1));
    while (rc == 0 && (got = sql_next(&rows, &q->error)) != 0) {
        if (got < 0 || n == q->limit) break;
        write_day(&w, &rows, today);
        snprintf(next, sizeof next, "%lld", (long long)sql_int(&rows, 0));
        n++;
    }
    bool more = rc == 0 && n == q->limit && !q->error.code && got > 0;
    sql_done(&rows);
    json_close_array(&w);
    if (more)
        json_put_text(&w, "next", text_of(next));
    else
        json_put_null(&w, "next");
    json_close_object(&w);
}
