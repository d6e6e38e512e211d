#include "api/merges.h"

#include <stdlib.h>

#include "core/base/memory.h"
#include "core/people/merge.h"

/* One turn of the outbox: read, append, durable, deleted. Two at once are harmless: the journal knows the messageIds. */
struct telling {
    struct lane_job job;
    struct journal_batch batch;
    struct app *app;
    struct arena arena;
    struct journal_record *records;
    size_t n;
    int64_t last;
    struct error error;
};

static void telling_free(struct telling *t) {
    arena_free(&t->arena);
    free(t);
}

static void fail(struct telling *t, const char *why) {
    log_warn(t->app->log, "a merge of customers could not be told to the journal yet", LOG_S("reason", why));
    t->app->merges_wait = true;
    telling_free(t);
}

static void told(struct mail *mail) {
    telling_free((struct telling *)mail);
}

static void delete_work(struct lane_job *job, void *owner) {
    struct telling *t = (struct telling *)job;
    merge_told(owner, t->last, &t->error);
}

/* Those who were taken apart get back what each of them met. */
static void set_right(struct telling *t) {
    struct text *keys = arena_array(&t->arena, struct text, 2 * t->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (t->records[i].kind != JOURNAL_PART) continue;
        keys[n++] = t->records[i].unit;
        keys[n++] = t->records[i].other;
    }
    if (n) app_remember_again(t->app, keys, n);
}

static void on_durable(struct mail *mail) {
    struct telling *t = (struct telling *)((char *)mail - offsetof(struct telling, batch));
    if (t->batch.code) {
        fail(t, error_title(t->batch.code));
        return;
    }
    set_right(t);
    t->job = (struct lane_job){.mail.receive = told, .work = delete_work, .reply_to = &t->app->mailbox};
    lane_do(main_db_lane(t->app->db), &t->job);
}

static void read_work(struct lane_job *job, void *owner) {
    struct telling *t = (struct telling *)job;
    merge_untold(owner, &t->arena, &t->records, &t->n, &t->last, &t->error);
}

static void on_read(struct mail *mail) {
    struct telling *t = (struct telling *)mail;
    if (t->error.code) {
        fail(t, t->error.detail);
        return;
    }
    if (!t->n || t->app->draining) { /* what is left is told after the next start */
        telling_free(t);
        return;
    }
    t->batch = (struct journal_batch){
        .mail.receive = on_durable, .reply_to = &t->app->mailbox, .records = t->records, .n = t->n};
    if (journal_append(t->app->journal, &t->batch) != 0) fail(t, "the journal's queue is full");
}

void merges_tell(struct app *app) {
    struct telling *t = memory_new(struct telling);
    t->app = app;
    arena_init(&t->arena, 1024);
    t->job = (struct lane_job){.mail.receive = on_read, .work = read_work, .reply_to = &app->mailbox};
    lane_do(main_db_lane(app->db), &t->job);
}

void merges_tick(struct app *app) {
    if (!app->merges_wait || app->draining) return;
    app->merges_wait = false;
    merges_tell(app);
}
