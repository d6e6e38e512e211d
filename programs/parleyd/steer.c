/* When steering happens: a timer for what schedules make due, and one for the fixed checkpoints at which guardrails are looked at.
 * The steps are made on the store lane; the figures come from the measures. */
#include "experiments/steer/steer.h"

#include <stdlib.h>

#include "api/push.h"
#include "core/base/memory.h"
#include "experiments/steer/schedule.h"
#include "programs/parleyd/parleyd.h"

enum {
    LONGEST_WAIT = CLOCK_MINUTE, /* wall time may jump; and what was refused is tried again */
    NO_CHECKPOINT = 0,           /* as the time of a look: for the sake of a gate alone */
    GATE_WAIT =
        10 * CLOCK_SECOND, /* between two looks at figures that a ramp waits for; a checkpoint, where that is sooner */
};

static int make_up(void *user, struct sql *sql, struct error *error) {
    const struct app *app = user;
    return steer_schedules(app->catalogue, sql, clock_now(app->clock), app->log, error);
}

void parleyd_make_up(struct app *app) {
    struct snapshot *changed;
    struct error error = {0};
    if (catalogue_transaction(app->catalogue, make_up, app, &changed, &error) < 0)
        log_error(app->log, "what schedules asked for cannot be made up for now", LOG_S("detail", error.detail));
    snapshot_release(changed);
}

/* ---- changes on the store lane ---- */

/* Embedded in what makes the change; `work` runs in a transaction. */
struct steering {
    struct lane_job job;
    struct steer *steer;
    int (*work)(void *steering, struct sql *sql, struct error *error);
    void (*then)(struct steering *steering); /* on the loop, in any case; frees */
    struct snapshot *changed;
    struct arena arena;
    struct audit_page changes; /* in the arena */
    int64_t now;               /* when it was made */
    int64_t revision;          /* after it */
    struct error error;
};

static void on_lane(struct lane_job *job, void *owner) {
    struct steering *s = (struct steering *)job;
    struct catalogue *catalogue = s->steer->app->catalogue;
    s->now = clock_now(s->steer->app->clock);
    int64_t newest = 0;
    arena_init(&s->arena, 1024);
    int rc = audit_newest(owner, &newest, &s->error);
    if (rc == 0) rc = catalogue_transaction(catalogue, s->work, s, &s->changed, &s->error);
    if (rc >= 0) rc = audit_since(owner, &s->arena, newest, &s->changes, &s->error);
    if (rc < 0) log_error(s->steer->app->log, "steering failed", LOG_S("detail", s->error.detail));
    s->revision = catalogue_revision(catalogue);
}

static void on_done(struct mail *mail) {
    struct steering *s = (struct steering *)mail;
    if (s->changed && s->steer->stopped)
        snapshot_release(s->changed);
    else if (s->changed) {
        app_set_snapshot(s->steer->app, s->changed);
        push_changes(s->steer->app->push, &s->changes);
    }
    arena_free(&s->arena);
    s->then(s);
}

static void steering_go(struct steering *s) {
    s->job = (struct lane_job){.mail.receive = on_done, .work = on_lane, .reply_to = &s->steer->app->mailbox};
    lane_do(main_db_lane(s->steer->app->db), &s->job);
}

/* ---- schedules ---- */

static void arm(struct steer *steer);

static int make_due_steps(void *steering, struct sql *sql, struct error *error) {
    struct steering *s = steering;
    const struct app *app = s->steer->app;
    return steer_schedules(app->catalogue, sql, s->now, app->log, error);
}

static void steps_made(struct steering *s) {
    s->steer->under_way = false;
    s->steer->tried_revision = s->revision;
    s->steer->tried_at = s->now;
    if (!s->steer->stopped) arm(s->steer);
    free(s);
}

static void look_at_gates(struct steer *steer);

static void on_due(uv_timer_t *timer) {
    struct steer *steer = timer->data;
    look_at_gates(steer);
    struct steering *s = memory_new(struct steering);
    *s = (struct steering){.steer = steer, .work = make_due_steps, .then = steps_made};
    steer->under_way = true;
    steering_go(s);
}

static int64_t between_looks(const struct steer *steer) {
    return steer->checkpoint_ms < GATE_WAIT ? steer->checkpoint_ms : GATE_WAIT;
}

/* How long until the figures of a ramp's gate are to be looked at: when the step is due, and again and again from then on. */
static int64_t gate_wait(const struct steer *steer, const struct snapshot_experiment *experiment, int64_t now) {
    struct schedule_due gated = schedule_gated(&experiment->definition, &experiment->state);
    if (gated.step == SCHEDULE_NOTHING) return LONGEST_WAIT;
    int64_t at = gated.at > steer->gates_looked ? gated.at : steer->gates_looked + between_looks(steer);
    return at > now ? at - now : 0;
}

static int64_t wait_for_next(const struct steer *steer) {
    const struct snapshot *snapshot = steer->app->snapshot;
    int64_t now = clock_now(steer->app->clock), wait = LONGEST_WAIT;
    for (uint32_t i = 0; i < snapshot->n_timed; i++) {
        struct schedule_due due = schedule_next(&snapshot->timed[i]->definition, &snapshot->timed[i]->state);
        int64_t gate = gate_wait(steer, snapshot->timed[i], now);
        if (gate < wait) wait = gate;
        if (due.step == SCHEDULE_NOTHING || due.at - now >= wait) continue;
        if (due.at > now)
            wait = due.at - now;
        else if (due.at > steer->tried_at || snapshot->revision > steer->tried_revision) /* else it was refused */
            wait = 0;
    }
    return wait;
}

/* Not while steps are being made: what they leave is seen when they are done. */
static void arm(struct steer *steer) {
    if (steer->under_way) return;
    uv_update_time(steer->app->loop);
    uv_timer_start(&steer->due, on_due, (uint64_t)wait_for_next(steer), 0);
}

static void on_snapshot(void *user) {
    arm(user);
}

/* ---- looks ---- */

/* One experiment's look: asked of the measures, judged on the loop, kept and acted upon on the store lane. */
struct look_taken {
    struct steering steering;
    struct measure_question question;
    struct steer_seen seen; /* at NO_CHECKPOINT only a gate is looked at, and nothing is kept */
    struct buffer document;
    struct arena arena; /* the judgement's, the caps', and the key's */
};

static void look_free(struct look_taken *look) {
    look->steering.steer->looking -= look->seen.at != NO_CHECKPOINT;
    measure_results_free(look->question.results);
    buffer_free(&look->document);
    arena_free(&look->arena);
    free(look);
}

/* Guardrails first: what they stop does not go on. */
static int act_on(void *steering, struct sql *sql, struct error *error) {
    struct look_taken *look = steering;
    const struct steer *steer = look->steering.steer;
    const struct app *app = steer->app;
    int rc = 0;
    if (look->seen.at != NO_CHECKPOINT)
        rc = steer_look(app->catalogue, sql, &look->seen, &steer->rules, look->steering.now, app->log, error);
    if (rc >= 0) rc = steer_gate(app->catalogue, sql, look->seen.judgement, look->steering.now, app->log, error);
    return rc < 0 ? rc : 0;
}

static void acted(struct steering *s) {
    struct look_taken *look = (struct look_taken *)s;
    struct error error = {0};
    if (!s->error.code && look->seen.at != NO_CHECKPOINT)
        looks_set(s->steer->app->looks, look->question.results->experiment->state.salt, buffer_view(&look->document),
                  &error);
    look_free(look);
}

/* Figures are incomplete while old records are being read: then the next checkpoint decides. */
static void on_figures(struct mail *mail) {
    struct measure_question *question = (struct measure_question *)mail;
    struct look_taken *look = (struct look_taken *)((char *)question - offsetof(struct look_taken, question));
    struct measure_results *results = question->results;
    if (look->steering.steer->stopped || !results || !results->complete) {
        look_free(look);
        return;
    }
    const struct look *before = looks_latest(look->steering.steer->app->looks, results->experiment->state.salt);
    struct json_writer w;
    json_writer_init(&w, &look->document);
    look->seen.judgement = judge(results, &results->groups[0], look_past(before, results), &look->arena);
    if (before) look->seen.call = arena_text(&look->arena, before->call);
    look->seen.changed_at = look_changed_at(look->seen.judgement, before, look->seen.at);
    look_write(look->seen.judgement, before, look->seen.at, &w);
    look->seen.document = buffer_view(&look->document);
    steering_go(&look->steering);
}

static void look_at(struct steer *steer, const struct snapshot_experiment *e, int64_t at) {
    struct look_taken *look = memory_new(struct look_taken);
    *look = (struct look_taken){.steering = {.steer = steer, .work = act_on, .then = acted}, .seen.at = at};
    arena_init(&look->arena, 16 * 1024);
    look->question.experiment = arena_text(&look->arena, e->definition.key);
    look->question.frozen = app_frozen_caps(steer->app, e, &look->arena);
    look->question.job.mail.receive = on_figures;
    look->question.job.reply_to = &steer->app->mailbox;
    steer->looking += at != NO_CHECKPOINT;
    measure_ask(steer->app->measure, &look->question);
}

static void arm_checkpoint(struct steer *steer);

/* ---- use ---- */

struct use_saved {
    struct steering steering;
    struct usage_row *rows;
    size_t n;
    struct arena arena;
};

static int save_rows(void *steering, struct sql *sql, struct error *error) {
    const struct use_saved *use = steering;
    return usage_save(sql, use->rows, use->n, error);
}

static void use_free(struct steering *s) {
    struct use_saved *use = (struct use_saved *)s;
    arena_free(&use->arena);
    free(use);
}

static void save_usage(struct steer *steer) {
    struct use_saved *use = memory_new(struct use_saved);
    *use = (struct use_saved){.steering = {.steer = steer, .work = save_rows, .then = use_free}};
    arena_init(&use->arena, 4096);
    use->n = usage_changes(app_usage(steer->app), steer->app->snapshot, clock_now(steer->app->clock), &use->rows,
                           &use->arena);
    if (use->n)
        steering_go(&use->steering);
    else
        use_free(&use->steering);
}

/* A look builds on the one before it: while some are under way, no others are taken. */
static void on_checkpoint(uv_timer_t *timer) {
    struct steer *steer = timer->data;
    const struct snapshot *snapshot = steer->app->snapshot;
    for (uint32_t i = 0; !steer->looking && i < snapshot->n_timed; i++)
        if (snapshot_is_live(snapshot->timed[i])) look_at(steer, snapshot->timed[i], steer->checkpoint_at);
    save_usage(steer);
    arm_checkpoint(steer);
}

static void look_at_gates(struct steer *steer) {
    const struct snapshot *snapshot = steer->app->snapshot;
    int64_t now = clock_now(steer->app->clock);
    for (uint32_t i = 0; i < snapshot->n_timed; i++)
        if (gate_wait(steer, snapshot->timed[i], now) == 0) look_at(steer, snapshot->timed[i], NO_CHECKPOINT);
    steer->gates_looked = now;
}

/* Checkpoints are at whole multiples of the interval since 1970, so that a restart does not move them. */
static void arm_checkpoint(struct steer *steer) {
    int64_t now = clock_now(steer->app->clock), wait = steer->checkpoint_ms - now % steer->checkpoint_ms;
    steer->checkpoint_at = now + wait;
    uv_update_time(steer->app->loop);
    uv_timer_start(&steer->checkpoint, on_checkpoint, (uint64_t)wait, 0);
}

/* ---- starting and stopping ---- */

void parleyd_steer(struct steer *steer, struct app *app, const struct config *config) {
    *steer = (struct steer){.app = app, .checkpoint_ms = config_duration(config, "steer.checkpoint")};
    options_steer(config, &steer->rules, NULL); /* main has checked it */
    uv_timer_init(app->loop, &steer->due);
    uv_timer_init(app->loop, &steer->checkpoint);
    steer->due.data = steer->checkpoint.data = steer;
    app->on_snapshot = on_snapshot;
    app->on_snapshot_user = steer;
    arm(steer);
    arm_checkpoint(steer);
}

void parleyd_steer_stop(struct steer *steer) {
    if (!steer->app) return;
    steer->stopped = true;
    steer->app->on_snapshot = NULL;
    uv_close((uv_handle_t *)&steer->due, NULL);
    uv_close((uv_handle_t *)&steer->checkpoint, NULL);
}
