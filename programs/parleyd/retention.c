/* Old journal files go, in steps that a crash may come between: the measures freeze what cannot be computed again and say, durably,
 * which rows nobody needs; only then the journal removes files. Asked again, each step does what is left of it. */
#include "programs/parleyd/parleyd.h"

/* The experiment that needs the oldest rows; TEXT_NONE. */
static struct text needs_most(const struct snapshot *snapshot) {
    const struct snapshot_experiment *oldest = NULL;
    for (uint32_t i = 0; i < snapshot->n_experiments; i++) {
        const struct snapshot_experiment *e = &snapshot->experiments[i];
        if (!e->state.start_at || e->state.phase == PHASE_CONCLUDED) continue;
        if (!oldest || e->state.start_at - e->definition.cuped < oldest->state.start_at - oldest->definition.cuped)
            oldest = e;
    }
    return oldest ? oldest->definition.key : TEXT_NONE;
}

static void tell_kept(struct retention *r) {
    if (r->dropping.kept && r->dropping.kept != r->kept)
        log_info(r->app->log, "old journal files stay: an experiment needs them", LOG_I("files", r->dropping.kept),
                 LOG_T("experiment", needs_most(r->app->snapshot)));
    r->kept = r->dropping.kept;
}

static void on_dropped(struct mail *mail) {
    struct retention *r = (struct retention *)((char *)mail - offsetof(struct retention, dropping.mail));
    tell_kept(r);
    if (r->dropping.error.code)
        log_warn(r->app->log, "old journal files could not be dropped", LOG_S("detail", r->dropping.error.detail));
    r->busy = false;
}

static void on_expired(struct mail *mail) {
    struct retention *r = (struct retention *)((char *)mail - offsetof(struct retention, expiry.job.mail));
    if (r->expiry.error.code)
        log_warn(r->app->log, "old journal files could not be dropped", LOG_S("detail", r->expiry.error.detail));
    if (r->expiry.error.code || r->stopped) {
        r->busy = false;
        return;
    }
    r->dropping = (struct journal_dropping){.mail.receive = on_dropped,
                                            .reply_to = &r->app->mailbox,
                                            .last = r->expiry.last,
                                            .old = r->expiry.kept_for_experiments ? r->expiry.before : INT64_MIN};
    journal_drop(r->app->journal, &r->dropping);
}

static void on_look(uv_timer_t *timer) {
    struct retention *r = timer->data;
    if (r->busy) return;
    r->busy = true;
    r->expiry = (struct measure_expiry){.job.mail.receive = on_expired,
                                        .job.reply_to = &r->app->mailbox,
                                        .before = clock_now(r->app->clock) - r->keep_ms,
                                        .most = insight_position(r->app->insight)};
    measure_expire(r->app->measure, &r->expiry);
}

void parleyd_retention(struct retention *r, struct app *app, const struct config *config) {
    enum { LEAST_MS = 1000, MOST_MS = CLOCK_HOUR };
    *r = (struct retention){.app = app, .keep_ms = config_duration(config, "journal.retention")};
    uv_timer_init(app->loop, &r->timer);
    r->timer.data = r;
    if (!r->keep_ms) return;
    int64_t every = r->keep_ms / 100 < LEAST_MS ? LEAST_MS : r->keep_ms / 100 > MOST_MS ? MOST_MS : r->keep_ms / 100;
    uv_timer_start(&r->timer, on_look, (uint64_t)every, (uint64_t)every);
}

void parleyd_retention_stop(struct retention *r) {
    if (!r->app) return;
    r->stopped = true;
    uv_close((uv_handle_t *)&r->timer, NULL);
    while (r->busy) uv_run(r->app->loop, UV_RUN_ONCE);
}
