#include "experiments/insight/insight_internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"

enum {
    READ_ROWS = 20000,    /* of the journal in one transaction, so that questions come between */
    FEW_ROWS = 5000,      /* while events keep coming */
    STEADY_ROWS = 2000,   /* between two ticks: events keep coming */
    WAIT_NS = 1000000000, /* a question waits so long for what is not read yet */
    KEPT_DAYS = 400,      /* of who saw what; purchases are kept */
    KINDS = 1 << JOURNAL_TRACK | 1 << JOURNAL_PAGE | 1 << JOURNAL_IDENTIFY | 1 << JOURNAL_ALIAS | 1 << JOURNAL_PART,
};

/* seen: who met which item on which day. bought: what somebody paid each day, in millionths, under the key that bought and the person that
 * it belongs to (persons.c). orders: each counts once. visitor: when a person came first and last; visit_day: what came of it, dwell
 * in ms. position: dropped is the day before which rows of `seen` were let go, 0 where none were. */
static const struct sql_migration migrations[] = {
    {1, "CREATE TABLE position (seq INTEGER NOT NULL, received INTEGER NOT NULL, at INTEGER NOT NULL);"
        "INSERT INTO position VALUES (0, 0, 0);"
        "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
        "CREATE TABLE seen (kind INTEGER NOT NULL, day INTEGER NOT NULL, item INTEGER NOT NULL, unit INTEGER NOT NULL,"
        " PRIMARY KEY (kind, day, item, unit)) WITHOUT ROWID;"
        "CREATE TABLE bought (unit INTEGER NOT NULL, day INTEGER NOT NULL, orders INTEGER NOT NULL,"
        " revenue INTEGER NOT NULL, refunded INTEGER NOT NULL, PRIMARY KEY (unit, day)) WITHOUT ROWID;"
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, unit INTEGER NOT NULL, day INTEGER NOT NULL,"
        " revenue INTEGER NOT NULL, browser INTEGER NOT NULL)"},
    {2, "CREATE TABLE visitor (unit INTEGER PRIMARY KEY, first_day INTEGER NOT NULL, last_day INTEGER NOT NULL,"
        " last INTEGER NOT NULL);"
        "CREATE TABLE visit_day (day INTEGER PRIMARY KEY, visitors INTEGER NOT NULL, fresh INTEGER NOT NULL,"
        " visits INTEGER NOT NULL, dwell INTEGER NOT NULL, back1 INTEGER NOT NULL, back7 INTEGER NOT NULL,"
        " back28 INTEGER NOT NULL)"},
    /* All is read again from the journal, for who is one person was not known. */
    {3,
     "CREATE TABLE person (unit INTEGER PRIMARY KEY, leader INTEGER NOT NULL);"
     "DROP TABLE bought;"
     "CREATE TABLE bought (who INTEGER NOT NULL, day INTEGER NOT NULL, unit INTEGER NOT NULL, known INTEGER NOT NULL,"
     " orders INTEGER NOT NULL, revenue INTEGER NOT NULL, refunded INTEGER NOT NULL, PRIMARY KEY (who, day, unit))"
     " WITHOUT ROWID;"
     "DELETE FROM seen; DELETE FROM orders; DELETE FROM visitor; DELETE FROM visit_day;"
     "UPDATE position SET seq = 0, received = 0, at = 0"},
    {4, "ALTER TABLE position ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0"},
};

void insight_date(char out[static CLOCK_ISO_ROOM], int64_t day) {
    clock_iso(out, day * CLOCK_DAY);
    out[10] = 0;
}

/* --- following the journal --- */

struct page {
    struct insight *insight;
    bool some; /* something was counted */
    struct error error;
};

static int take_record(void *visitor, const struct journal_record *record) {
    struct page *page = visitor;
    page->some = true;
    return insight_gather(page->insight, record, &page->error);
}

static int save_position(struct insight *in, const struct journal_place *last, struct error *error) {
    int rc = sql_run(in->sql, error, "UPDATE position SET seq = $1, received = $2, at = $3", SQL_I(last->seq),
                     SQL_I(last->received), SQL_I(last->at));
    return rc < 0 ? rc : 0;
}

static int prune(struct insight *in, struct error *error) {
    if (in->newest == in->pruned || in->newest == INT64_MIN) return 0;
    int64_t kept = in->newest - KEPT_DAYS;
    int rc = 0, rows = 0;
    for (int kind = INSIGHT_SHOPPING; rc >= 0 && kind <= INSIGHT_PURCHASING; kind++, rows += rc)
        rc = sql_run(in->sql, error, "DELETE FROM seen WHERE kind = $1 AND day < $2", SQL_I(kind), SQL_I(kept));
    if (rc >= 0 && rows) rc = sql_run(in->sql, error, "UPDATE position SET dropped = $1", SQL_I(kept));
    if (rc >= 0) in->pruned = in->newest;
    return rc < 0 ? rc : 0;
}

/* Forgets what only memory has of a transaction that was undone. */
static void forget_items(struct insight *in) {
    unit_map_free(&in->items);
    in->items_n = 0;
}

static int load_items(struct insight *in, struct error *error) {
    struct sql_rows rows;
    int got, rc = sql_query(in->sql, &rows, error, "SELECT id, name FROM item");
    while (rc == 0 && (got = sql_next(&rows, error)) != 0) {
        if (got < 0)
            rc = got;
        else {
            unit_map_put(&in->items, unit_of(sql_text(&rows, 1)), (uint64_t)sql_int(&rows, 0));
            if (sql_int(&rows, 0) > in->items_n) in->items_n = sql_int(&rows, 0);
        }
        if (rc < 0) break;
    }
    sql_done(&rows);
    return rc;
}

/* 1: there may be more, 0: all is in, or a negative code with nothing taken in. */
static int read_page(struct insight *in, struct error *error) {
    struct page page = {.insight = in};
    struct journal_place last = {.seq = in->position};
    int64_t newest = in->newest, most = in->gives_way ? FEW_ROWS : READ_ROWS;
    int more = 0, rc = in->items_n ? 0 : load_items(in, error);
    if (rc == 0) rc = sql_begin(in->sql, error);
    if (rc < 0) return rc;
    rc = more = journal_read_kinds(in->reader, in->position + 1, most, KINDS, &last, take_record, &page, &page.error);
    if (rc >= 0) rc = insight_save_visits(in, &page.error);
    insight_drop_visits(in);
    bool moved = last.seq != in->position;
    if (rc >= 0 && moved) rc = save_position(in, &last, &page.error);
    if (rc >= 0 && page.some) rc = prune(in, &page.error);
    if (rc < 0 || !moved)
        sql_rollback(in->sql);
    else
        rc = sql_commit(in->sql, &page.error);
    if (rc < 0) {
        forget_items(in);
        in->newest = newest;
        in->pruned = INT64_MIN;
        if (page.error.code && error) *error = page.error;
        return rc;
    }
    in->position = last.seq;
    gauge_set(in->position_gauge, in->position);
    return more;
}

static void complain(struct insight *in, int rc, const struct error *error) {
    if (rc < 0 && !in->warned)
        log_error(in->log, "trends cannot follow the journal; they stand still until they can",
                  LOG_S("detail", error->detail));
    in->warned = rc < 0;
}

static void follow(struct lane_job *job, void *owner) {
    struct insight *in = owner;
    struct error error = {0};
    int rc = read_page(in, &error);
    complain(in, rc, &error);
    if (rc > 0 && !in->closing && !in->gives_way)
        lane_do(in->lane, job);
    else
        in->reading_queued = false;
}

/* Taking events in goes before counting them: while they keep coming this takes in a page a tick, and catches up when they pause. Merely
 * giving way on a core (give_way) is not enough: the scheduler leaves that core to it, and what serves crowds on the others. */
void insight_tick(struct insight *in, int64_t newest_row) {
    in->gives_way = newest_row - in->newest_row > STEADY_ROWS;
    in->newest_row = newest_row;
    if (atomic_exchange(&in->reading_queued, true)) return;
    lane_do(in->lane, &in->reading);
}

int64_t insight_position(const struct insight *in) {
    return in->position;
}

/* A question is answered with all that is acknowledged by now, unless that is too much. */
static void catch_up(struct insight *in) {
    uint64_t started = clock_ticks();
    struct error error = {0};
    int rc = 1;
    while (rc > 0 && clock_ticks() - started < WAIT_NS) rc = read_page(in, &error);
    complain(in, rc, &error);
    in->complete = rc == 0;
}

/* --- questions --- */

static void ask_trends(struct lane_job *job, void *owner) {
    catch_up(owner);
    insight_answer_trends(owner, (struct insight_trends *)job);
}

void insight_ask_trends(struct insight *in, struct insight_trends *question) {
    question->job.work = ask_trends;
    lane_do(in->lane, &question->job);
}

static void ask_cohorts(struct lane_job *job, void *owner) {
    catch_up(owner);
    insight_answer_cohorts(owner, (struct insight_cohorts *)job);
}

void insight_ask_cohorts(struct insight *in, struct insight_cohorts *question) {
    question->job.work = ask_cohorts;
    lane_do(in->lane, &question->job);
}

static void ask_lifetime(struct lane_job *job, void *owner) {
    catch_up(owner);
    insight_answer_lifetime(owner, (struct insight_lifetime *)job);
}

void insight_ask_lifetime(struct insight *in, struct insight_lifetime *question) {
    question->job.work = ask_lifetime;
    lane_do(in->lane, &question->job);
}

static void ask_visits(struct lane_job *job, void *owner) {
    catch_up(owner);
    insight_answer_visits(owner, (struct insight_visits *)job);
}

void insight_ask_visits(struct insight *in, struct insight_visits *question) {
    question->job.work = ask_visits;
    lane_do(in->lane, &question->job);
}

static void forget(struct lane_job *job, void *owner) {
    struct insight *in = owner;
    struct insight_forgetting *f = (struct insight_forgetting *)job;
    int rc = sql_begin(in->sql, &f->error);
    if (rc < 0) return;
    insight_drop_cohorts(in);
    for (size_t i = 0; rc == 0 && i < f->n; i++) rc = insight_forget_person(in, f->units[i], &f->error);
    rc = sql_end(in->sql, rc, &f->error);
    if (rc == 0) sql_script(in->sql, "PRAGMA wal_checkpoint(TRUNCATE)", NULL);
}

void insight_forget(struct insight *in, struct insight_forgetting *forgetting) {
    forgetting->job.work = forget;
    lane_do(in->lane, &forgetting->job);
}

/* --- opening and closing --- */

struct row_times {
    int64_t received, at;
};

static int take_times(void *visitor, const struct journal_record *record) {
    *(struct row_times *)visitor = (struct row_times){record->received, record->at};
    return 0;
}

/* Whether the database was made from this journal: the row that it ends with is the same, or was dropped since. */
static int load_position(struct insight *in, int64_t last, bool *fits, struct error *error) {
    struct sql_rows rows;
    struct row_times stored = {0}, found;
    int rc = sql_query(in->sql, &rows, error, "SELECT seq, received, at FROM position");
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0) {
        in->position = sql_int(&rows, 0);
        stored = (struct row_times){sql_int(&rows, 1), sql_int(&rows, 2)};
    }
    sql_done(&rows);
    if (rc < 0) return rc;
    found = stored;
    if (in->position) journal_get(in->reader, in->position, take_times, &found, NULL);
    *fits = in->position <= last && found.received == stored.received && found.at == stored.at;
    rc = sql_query(in->sql, &rows, error, "SELECT MAX(day) FROM seen");
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0 && !sql_is_null(&rows, 0)) in->newest = sql_int(&rows, 0);
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

static int begin_anew(struct insight *in, struct error *error) {
    log_warn(in->log, "trends are computed again from the journal", LOG_I("position", in->position));
    in->position = 0;
    in->newest = INT64_MIN;
    return sql_script(in->sql,
                      "BEGIN; DELETE FROM seen; DELETE FROM bought; DELETE FROM orders; DELETE FROM item;"
                      " DELETE FROM visitor; DELETE FROM visit_day; DELETE FROM person;"
                      " UPDATE position SET seq = 0, received = 0, at = 0, dropped = 0; COMMIT",
                      error);
}

static void make_instruments(struct insight *in, struct telemetry *t) {
    if (!t) t = in->own_telemetry = telemetry_new();
    in->position_gauge = telemetry_gauge(t, "parley_insight_position", "The journal's row that trends include", "");
    in->items_dropped =
        telemetry_counter(t, "parley_insight_items_dropped_total", "Events about items beyond the first million", "");
}

static void insight_free(struct insight *in) {
    sql_close(in->sql);
    journal_reader_close(in->reader);
    insight_drop_visits(in);
    insight_drop_cohorts(in);
    unit_map_free(&in->items);
    arena_free(&in->arena);
    telemetry_free(in->own_telemetry);
    free(in);
}

/* Under load intake and figures come first; what this falls behind it makes up for afterwards. A nice thread would not do: it is
 * not preempted when the loop or the journal's writer wakes, and costs single events a quarter of their rate. */
static void give_way(struct lane_job *job, void *owner) {
    pthread_setschedparam(pthread_self(), SCHED_IDLE, &(struct sched_param){0});
}

int insight_open(struct insight **out, const struct insight_options *o, struct error *error) {
    struct insight *in = memory_new(struct insight);
    bool fits = false;
    in->clock = o->clock;
    in->log = o->log;
    in->newest = in->pruned = INT64_MIN;
    in->reading.work = follow;
    arena_init(&in->arena, 64 * 1024);
    make_instruments(in, o->telemetry);
    *out = NULL;
    int rc = sql_open(&in->sql, o->path, SQL_WRITER, error);
    if (rc == 0) rc = sql_migrate(in->sql, "insight", migrations, sizeof migrations / sizeof *migrations, error);
    if (rc == 0) rc = journal_reader_open(&in->reader, o->journal_folder, error);
    if (rc == 0) rc = load_position(in, o->journal_last, &fits, error);
    if (rc == 0 && !fits) rc = begin_anew(in, error);
    if (rc < 0) {
        insight_free(in);
        return rc;
    }
    in->lane = lane_start("insight", in);
    in->giving_way.work = give_way;
    lane_do(in->lane, &in->giving_way);
    *out = in;
    return 0;
}

void insight_close(struct insight *in) {
    if (!in) return;
    in->closing = true;
    lane_stop(in->lane);
    insight_free(in);
}
