/* Following the journal: what `identify` told of a customer goes into parley.db, with the journal's position in the same
 * transaction, so that nothing is told twice or left out after a crash. All of it on the store lane. */
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/memory.h"
#include "core/people/customers.h"
#include "core/people/people_internal.h"

enum {
    READ_ROWS = 5000,   /* of the files in one job, so that others come between */
    KEEP_ROWS = 100000, /* the position is written at least so often, that a start reads little */
};

/* --- one record --- */

struct telling {
    struct people *people;
    struct sql *sql;
    struct arena arena;
    struct error error;
    bool begun;
    int64_t last;
};

static int begin(struct telling *t) {
    if (t->begun) return 0;
    int rc = sql_begin(t->sql, &t->error);
    t->begun = rc == 0;
    return rc;
}

static int tell_trait(struct telling *t, const struct journal_record *r, struct text name, struct text value) {
    struct trait trait = {name, value, r->at, TRAIT_TOLD};
    if (name.n > TRAIT_NAME_MOST || !name.n || value.n > TRAIT_VALUE_MOST) {
        count(t->people->refused_traits, 1);
        return 0;
    }
    int rc = customers_tell(t->sql, r->unit, &trait, &t->error);
    return rc < 0 ? rc : 0;
}

static int tell(void *visitor, const struct journal_record *r) {
    struct telling *t = visitor;
    t->last = r->seq;
    if (r->kind != JOURNAL_IDENTIFY || !r->unit.n || r->seq <= t->people->following.position) return 0;
    struct json json;
    arena_reset(&t->arena);
    if (json_scan(&json, r->body, &t->arena, NULL) != 0) return 0;
    int rc = begin(t);
    json_at traits = json_get(&json, 0, TEXT("traits"));
    if (json_kind(&json, traits) != JSON_KIND_OBJECT) traits = JSON_NONE;
    for (json_at at = json_first(&json, traits); rc == 0 && at != JSON_NONE; at = json_after(&json, traits, at))
        rc = tell_trait(t, r, json_unescaped(&json, at, &t->arena), json_source(&json, at + 1));
    return rc == 0 ? customers_index(t->sql, &t->arena, r->unit, &t->error) : rc;
}

/* --- a group of records --- */

static int keep_position(struct telling *t) {
    struct following *f = &t->people->following;
    if (!t->begun && t->last - f->kept < KEEP_ROWS) return 0;
    int rc = begin(t);
    if (rc == 0) rc = sql_run(t->sql, &t->error, "UPDATE position SET seq = $1 WHERE name = 'people'", SQL_I(t->last));
    return rc < 0 ? rc : 0;
}

/* Ends what `tell` began: everything up to t->last, or nothing of it. */
static int settle(struct telling *t, int rc) {
    struct following *f = &t->people->following;
    if (rc == 0) rc = keep_position(t);
    if (t->begun) rc = sql_end(t->sql, rc, &t->error);
    if (rc == 0 && t->last > f->position) f->position = t->last;
    if (rc == 0 && t->begun) f->kept = f->position;
    if (rc < 0 && !f->warned)
        log_error(t->people->log, "what is told of customers cannot be kept now; it is tried again",
                  LOG_S("detail", t->error.detail));
    f->warned = rc < 0;
    arena_free(&t->arena);
    return rc;
}

static struct telling telling_new(struct people *people, struct sql *sql) {
    struct telling t = {.people = people, .sql = sql, .last = people->following.position};
    arena_init(&t.arena, 4096);
    return t;
}

/* --- the files --- */

static int read_position(struct following *f, struct sql *sql, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT seq FROM position WHERE name = 'people'");
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) f->position = f->kept = sql_int(&rows, 0);
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

static void keep_reading(struct people *people) {
    struct following *f = &people->following;
    if (f->reading || f->closing) return;
    f->reading = true;
    lane_do(people->store, &f->job);
}

static void read_files(struct lane_job *job, void *owner) {
    struct people *people = (struct people *)((char *)job - offsetof(struct people, following.job));
    struct following *f = &people->following;
    struct error error = {0};
    f->reading = false;
    int rc = f->position < 0 ? read_position(f, owner, &error) : 0;
    if (rc < 0 || f->position >= f->target) return;
    struct telling t = telling_new(people, owner);
    int64_t to = f->position + READ_ROWS < f->target ? f->position + READ_ROWS : f->target;
    rc = journal_read(f->reader, f->position + 1, to, tell, &t, &t.error);
    if (rc == 0) t.last = to; /* rows whose file is gone count as read */
    if (settle(&t, rc) == 0 && f->position < f->target) keep_reading(people);
}

/* --- blocks --- */

struct block_job {
    struct lane_job job;
    struct people *people;
    struct journal_block *block;
};

static void take_block(struct lane_job *job, void *owner) {
    struct people *people = ((struct block_job *)job)->people;
    struct journal_block *block = ((struct block_job *)job)->block;
    struct following *f = &people->following;
    if (f->position < 0 || block->first > f->position + 1) {
        f->target = block->last; /* behind the files: it is read from them in its turn */
        keep_reading(people);
    } else {
        struct telling t = telling_new(people, owner);
        int rc = 0;
        for (size_t i = 0; rc == 0 && i < block->n; i++) rc = tell(&t, &block->records[i]);
        settle(&t, rc);
    }
    journal_block_free(block);
    free(job);
}

static void committed(void *subscriber, struct journal_block *block) {
    struct people *people = subscriber;
    struct block_job *job = memory_new(struct block_job);
    *job = (struct block_job){.job.work = take_block, .people = people, .block = block};
    lane_do(people->store, &job->job);
}

void people_follow(struct people *people) {
    struct following *f = &people->following;
    f->position = -1;
    f->job.work = read_files;
    f->target = journal_subscribe(people->journal, committed, people);
    keep_reading(people);
}

struct last_job {
    struct lane_job job;
    sem_t done;
};

static void tell_done(struct lane_job *job, void *owner) {
    sem_post(&((struct last_job *)job)->done);
}

void people_stop_following(struct people *people) {
    struct last_job last = {.job.work = tell_done};
    people->following.closing = true;
    sem_init(&last.done, 0, 0);
    lane_do(people->store, &last.job);
    while (sem_wait(&last.done) != 0) continue;
    sem_destroy(&last.done);
    journal_reader_close(people->following.reader);
}
