#include "api/erasure.h"

#include <stdlib.h>

#include "api/merges.h"
#include "core/base/memory.h"
#include "core/plugins/rights.h"
#include "experiments/insight/insight.h"

enum { TICK_MS = 1000, RETRY_TICKS = 5, TELL_AFTER_TICKS = 10 };

struct run {
    struct lane_job job;           /* first: steps on the store lane ... */
    void (*then)(struct run *run); /* ... and what comes behind each, on the loop */
    struct journal_batch last_in;  /* of no rows */
    struct measure_forgetting forgetting;
    struct journal_erasure rows;
    struct insight_forgetting insight;
    struct journal_heads heads;
    struct mail heads_found; /* from the journal's thread to the loop */
    struct erasures *erasures;
    struct arena arena;     /* keys, actor, id */
    struct erasure erasure; /* the store lane's while a step of it is there */
    struct erasure shown;   /* as it was at the last step's end, for the receipt */
    struct text actor;
    size_t key;        /* plugins: which key they are forgetting */
    int64_t plugins;   /* asked for this key */
    bool failed;       /* plugins: one of them could not */
    int ticks, wait;   /* since its start; until the step is tried again */
    erasure_told told; /* NULL: nobody waits any more */
    void *user;
    struct error error;
    struct run *next;
};

struct erasures {
    struct app *app;
    bool stopped;
    uv_timer_t tick;
    struct run *runs;
    struct lane_job resume;
    struct arena arena; /* of resuming */
    struct erasure *open;
    size_t open_n;
    struct error error;
};

static void advance(struct run *run);

/* ---- ends ---- */

static void tell(struct run *run, const struct error *error) {
    erasure_told told = run->told;
    run->told = NULL;
    if (told) told(run->user, &run->shown, error);
}

static void run_free(struct run *run) {
    struct run **link = &run->erasures->runs;
    while (*link != run) link = &(*link)->next;
    *link = run->next;
    arena_free(&run->arena);
    free(run);
}

static void try_later(struct run *run, const char *what, const char *why) {
    log_warn(run->erasures->app->log, "a step of an erasure is tried again", LOG_T("erasure", run->erasure.id),
             LOG_S("step", what), LOG_S("reason", why));
    run->wait = RETRY_TICKS;
}

/* What the loop remembers of her. */
static void forget_here(struct app *app, const struct erasure *erasure) {
    app_change_begin(app);
    for (size_t i = 0; i < erasure->n; i++) {
        struct unit_id unit = unit_of(erasure->keys[i]);
        struct map_entry *e = NULL;
        while ((e = map_next(&app->remembered.by_salt, e)))
            for (int set = 0; set < REMEMBERED_SETS; set++)
                remembered_remove((struct remembered *)e->value + set, unit);
        identity_map_set(app->joined, erasure->keys[i], erasure->keys[i]);
        muted_set(&app->muted, erasure->keys[i], NULL);
    }
    app_change_end(app);
}

/* ---- steps on the store lane ---- */

static void ask_work(struct lane_job *job, void *owner) {
    struct run *run = (struct run *)job;
    struct app *app = run->erasures->app;
    int rc = sql_begin(owner, &run->error);
    if (rc < 0) return;
    rc = erasure_ask(owner, &run->arena, &app->suppression, &run->erasure, run->actor, clock_now(app->clock),
                     &run->error);
    sql_end(owner, rc, &run->error);
}

static void asked(struct run *run) {
    struct app *app = run->erasures->app;
    if (run->error.code) {
        tell(run, &run->error);
        run_free(run);
        return;
    }
    app_change_begin(app);
    for (size_t i = 0; i < run->erasure.n; i++) suppression_add(&app->suppression, run->erasure.keys[i]);
    app_change_end(app);
    advance(run);
}

static void keep_work(struct lane_job *job, void *owner) {
    struct run *run = (struct run *)job;
    int rc = sql_begin(owner, &run->error);
    if (rc == 0) rc = sql_end(owner, erasure_keep(owner, &run->erasure, &run->error), &run->error);
}

static void kept(struct run *run) {
    advance(run); /* where it could not be written, a crash repeats a step, which is harmless */
}

static void finish_work(struct lane_job *job, void *owner) {
    struct run *run = (struct run *)job;
    struct app *app = run->erasures->app;
    erasure_finish(owner, &app->suppression, &run->erasure, clock_now(app->clock), &run->error);
}

static void finished(struct run *run) {
    if (run->erasure.step != ERASURE_DONE) {
        try_later(run, "parley.db", run->error.detail);
        return;
    }
    if (run->error.code)
        log_warn(run->erasures->app->log, "what is left of deleted rows could not be looked for",
                 LOG_T("erasure", run->erasure.id), LOG_S("detail", run->error.detail));
    run->shown = run->erasure;
    forget_here(run->erasures->app, &run->erasure);
    log_info(run->erasures->app->log, "a customer was erased", LOG_T("erasure", run->erasure.id),
             LOG_I("events", run->erasure.events));
    tell(run, NULL);
    run_free(run);
}

static void stored(struct mail *mail) {
    struct run *run = (struct run *)mail;
    if (!run->erasures->stopped) run->then(run);
}

static void on_store(struct run *run, void (*work)(struct lane_job *, void *), void (*then)(struct run *)) {
    struct app *app = run->erasures->app;
    if (run->erasures->stopped) return;
    error_clear(&run->error);
    run->then = then;
    run->job = (struct lane_job){.mail.receive = stored, .work = work, .reply_to = &app->mailbox};
    lane_do(main_db_lane(app->db), &run->job);
}

static void reach(struct run *run, enum erasure_step step) {
    run->erasure.step = step;
    on_store(run, keep_work, kept);
}

/* ---- figures, journal, what is derived from it ---- */

static void measured(struct mail *mail);

/* What was let in before she was suppressed is durable, and the figures were told of it: nothing of hers comes after they forget her. */
static void all_in(struct mail *mail) {
    struct run *run = (struct run *)((char *)mail - offsetof(struct run, last_in));
    struct app *app = run->erasures->app;
    if (app->draining) return;
    if (run->last_in.code) {
        try_later(run, "journal", error_title(run->last_in.code));
        return;
    }
    run->forgetting = (struct measure_forgetting){.units = run->erasure.keys, .n = run->erasure.n};
    run->forgetting.job.mail.receive = measured;
    run->forgetting.job.reply_to = &app->mailbox;
    measure_forget(app->measure, &run->forgetting);
}

static void let_the_last_in(struct run *run) {
    struct app *app = run->erasures->app;
    run->last_in = (struct journal_batch){.mail.receive = all_in, .reply_to = &app->mailbox};
    if (journal_append(app->journal, &run->last_in) != 0)
        try_later(run, "journal", "more events are waiting than can be kept");
}

static void measured(struct mail *mail) {
    struct run *run = (struct run *)((char *)mail - offsetof(struct run, forgetting));
    if (run->forgetting.error.code)
        try_later(run, "figures", run->forgetting.error.detail);
    else
        reach(run, ERASURE_MEASURED);
}

static void insight_forgot(struct mail *mail) {
    struct run *run = (struct run *)((char *)mail - offsetof(struct run, insight));
    if (run->insight.error.code)
        try_later(run, "trends", run->insight.error.detail);
    else
        reach(run, ERASURE_JOURNAL);
}

static void rows_erased(struct mail *mail) {
    struct run *run = (struct run *)((char *)mail - offsetof(struct run, rows));
    run->erasure.events += run->rows.rows;
    if (run->rows.code)
        try_later(run, "journal", run->rows.error.detail);
    else if (!run->erasures->app->draining) {
        run->insight = (struct insight_forgetting){.units = run->erasure.keys, .n = run->erasure.n};
        run->insight.job.mail.receive = insight_forgot;
        run->insight.job.reply_to = &run->erasures->app->mailbox;
        insight_forget(run->erasures->app->insight, &run->insight);
    }
}

/* ---- plugins: key by key, all plugins at once ---- */

static void forget_next_key(struct run *run);

static void on_forgotten(void *user, const struct plugin_rights *rights) {
    struct run *run = user;
    run->failed |= rights->failed > 0;
    if ((int64_t)rights->n > run->plugins) run->plugins = (int64_t)rights->n;
    run->key++;
    forget_next_key(run);
}

/* Rows that were on their way when she was suppressed may have come after her others were erased: then once more. */
static void heads_known(struct mail *mail) {
    struct run *run = (struct run *)((char *)mail - offsetof(struct run, heads_found));
    bool left = false;
    for (size_t i = 0; i < run->heads.n; i++) left |= run->heads.heads[i] != 0;
    run->erasure.plugins = run->plugins;
    reach(run, left ? ERASURE_ASKED : ERASURE_PLUGINS);
}

static void on_heads(struct mail *mail) {
    struct run *run = (struct run *)((char *)mail - offsetof(struct run, heads));
    run->heads_found.receive = heads_known;
    mailbox_post(&run->erasures->app->mailbox, &run->heads_found);
}

static void forget_next_key(struct run *run) {
    struct app *app = run->erasures->app;
    if (!app->plugins) {
        try_later(run, "plugins", "Parley is stopping");
        return;
    }
    if (run->key < run->erasure.n) {
        plugins_forget_all(app->plugins, run->erasure.keys[run->key], on_forgotten, run);
        return;
    }
    if (run->failed)
        try_later(run, "plugins", "a plugin does not answer");
    else if (!app->draining)
        journal_find_heads(app->journal, &run->heads);
}

/* ---- the row of steps ---- */

static void advance(struct run *run) {
    struct app *app = run->erasures->app;
    struct erasure *e = &run->erasure;
    run->shown = *e;
    if (app->draining) return; /* the next start goes on with it */
    switch (e->step) {
    case ERASURE_ASKED: let_the_last_in(run); break;
    case ERASURE_MEASURED:
        run->rows = (struct journal_erasure){
            .mail.receive = rows_erased, .reply_to = &app->mailbox, .units = e->keys, .n = e->n};
        journal_erase(app->journal, &run->rows);
        break;
    case ERASURE_JOURNAL:
        run->key = 0;
        run->failed = false;
        forget_next_key(run);
        break;
    case ERASURE_PLUGINS: on_store(run, finish_work, finished); break;
    case ERASURE_DONE: break;
    }
}

static struct run *run_new(struct erasures *erasures, const struct text *keys, size_t n) {
    struct run *run = memory_new(struct run);
    run->erasures = erasures;
    arena_init(&run->arena, 4096);
    run->erasure.keys = arena_array(&run->arena, struct text, n);
    run->erasure.n = n;
    for (size_t i = 0; i < n; i++) run->erasure.keys[i] = arena_text(&run->arena, keys[i]);
    run->heads = (struct journal_heads){
        .mail.receive = on_heads, .units = run->erasure.keys, .n = n, .heads = arena_array(&run->arena, int64_t, n)};
    run->next = erasures->runs;
    erasures->runs = run;
    return run;
}

void erasures_start(struct erasures *erasures, const struct text *keys, size_t n, struct text actor, erasure_told told,
                    void *user) {
    struct run *run = run_new(erasures, keys, n);
    run->actor = arena_text(&run->arena, actor);
    run->told = told;
    run->user = user;
    on_store(run, ask_work, asked);
}

/* ---- time ---- */

static void on_tick(uv_timer_t *timer) {
    struct erasures *erasures = timer->data;
    for (struct run *run = erasures->runs, *next; run; run = next) {
        next = run->next;
        if (run->told && run->shown.id.n && (++run->ticks >= TELL_AFTER_TICKS || erasures->app->draining))
            tell(run, NULL);
        if (run->wait && --run->wait == 0) advance(run);
    }
    merges_tick(erasures->app);
}

struct erasures *erasures_open(struct app *app) {
    struct erasures *erasures = memory_new(struct erasures);
    erasures->app = app;
    uv_timer_init(app->loop, &erasures->tick);
    erasures->tick.data = erasures;
    uv_timer_start(&erasures->tick, on_tick, TICK_MS, TICK_MS);
    return erasures;
}

static void resume_work(struct lane_job *job, void *owner) {
    struct erasures *erasures = (struct erasures *)((char *)job - offsetof(struct erasures, resume));
    erasure_open_ones(owner, &erasures->arena, &erasures->open, &erasures->open_n, &erasures->error);
}

static void resumed(struct mail *mail) {
    struct erasures *erasures = (struct erasures *)((char *)mail - offsetof(struct erasures, resume));
    for (size_t i = 0; i < erasures->open_n; i++) {
        const struct erasure *open = &erasures->open[i];
        struct run *run = run_new(erasures, open->keys, open->n);
        struct text *keys = run->erasure.keys;
        run->erasure = *open;
        run->erasure.keys = keys;
        run->erasure.id = arena_text(&run->arena, open->id);
        log_info(erasures->app->log, "an erasure is taken up again", LOG_T("erasure", open->id));
        advance(run);
    }
    if (erasures->error.code)
        log_error(erasures->app->log, "erasures under way could not be read", LOG_S("detail", erasures->error.detail));
    arena_free(&erasures->arena);
}

void erasures_resume(struct erasures *erasures) {
    arena_init(&erasures->arena, 4096);
    erasures->resume =
        (struct lane_job){.mail.receive = resumed, .work = resume_work, .reply_to = &erasures->app->mailbox};
    lane_do(main_db_lane(erasures->app->db), &erasures->resume);
    merges_tell(erasures->app);
}

void erasures_stop(struct erasures *erasures) {
    if (!erasures) return;
    erasures->stopped = true;
    uv_timer_stop(&erasures->tick);
}

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void erasures_close(struct erasures *erasures) {
    struct error error = {0};
    if (!erasures) return;
    error_set(&error, ERR_UNAVAILABLE, "Parley is stopping");
    while (erasures->runs) {
        tell(erasures->runs, &error);
        run_free(erasures->runs);
    }
    uv_close((uv_handle_t *)&erasures->tick, on_closed);
}
