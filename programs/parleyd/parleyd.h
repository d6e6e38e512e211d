/* The server as a whole: what is opened in which order, and how it ends. */
#ifndef PARLEY_PROGRAMS_PARLEYD_PARLEYD_H
#define PARLEY_PROGRAMS_PARLEYD_PARLEYD_H

#include "api/app.h"
#include "core/journal/journal.h"
#include "experiments/insight/insight.h"
#include "experiments/measure/measure.h"
#include "experiments/steer/steer.h"
#include "programs/parleyd/options.h"

/* Serves until SIGTERM or SIGINT. Returns the exit status: 0 after a drain, 1 where something could not be opened. */
int parleyd_run(const struct config *config, const struct log *log, const char *program);

/* A data folder's own secret, made at the first start, in 64 hex digits: DIR/secret, mode 0600. */
int parleyd_secret(const char *folder, char out[static 65], struct error *error);

/* Opens everything from the data folder up to the measures, in the order in which each needs what is before it. */
int parleyd_open(struct app *app, const struct config *config, struct error *error);
/* Ends what parleyd_open opened, in reverse; whatever was not opened is passed over. */
void parleyd_close(struct app *app);

/* Opens the measures on what the journal and the definitions say, and fills what the loop remembers of units. */
int parleyd_measure(struct app *app, const struct config *config, struct error *error);

/* On the store lane: who is who, who was erased, what was muted. */
int parleyd_people_load(struct app *app, struct sql *sql, struct error *error);
/* Follows the journal and reads timelines; when the journal is open and nothing is appended yet. */
int parleyd_people(struct app *app, const struct config *config, struct error *error);
/* After the journal and the measures were closed, while the store lane runs. */
void parleyd_people_close(struct app *app);
void parleyd_people_free(struct app *app); /* what parleyd_people_load loaded */

/* Schedules and looks, while the server runs. All of it is the loop's. */
struct steer {
    struct app *app;
    uv_timer_t due, checkpoint;
    int64_t checkpoint_ms, checkpoint_at; /* at: the next one; ms */
    struct steer_rules rules;
    int looking;                      /* looks of a checkpoint under way */
    int64_t gates_looked;             /* ms: figures that ramps wait for were asked for then */
    int64_t tried_revision, tried_at; /* what was due then (ms) has been tried, and was made or refused */
    bool under_way;                   /* due steps are being made */
    bool stopped;
};
/* On the store lane, before anybody is served: every step that came due while the server was down. */
void parleyd_make_up(struct app *app);
/* Metrics to begin with, where nothing was ever defined. On the store lane. */
int parleyd_defaults(struct app *app, struct error *error);
/* Starts; when everything is open and the plugins run. */
void parleyd_steer(struct steer *steer, struct app *app, const struct config *config);
/* No step is begun any more; `steer` must last until the mailbox is closed. Nothing where it was not started. */
void parleyd_steer_stop(struct steer *steer);

/* How plugins are held, and who is told what happens to them; the options' `user` is the app, `config` outlives them. */
void parleyd_plugins(struct plugins_options *options, const struct config *config);

/* Hands each plugin its configuration, as it was stored. Before plugins_start. */
int parleyd_plugins_configured(struct app *app, struct error *error);

/* Old journal files, while the server runs. All of it is the loop's. */
struct retention {
    struct app *app;
    uv_timer_t timer;
    int64_t keep_ms; /* 0: for ever */
    bool busy, stopped;
    struct measure_expiry expiry;
    struct journal_dropping dropping;
    int64_t kept; /* old files that stayed when it was last looked */
};
void parleyd_retention(struct retention *retention, struct app *app, const struct config *config);
/* Waits for what is under way. Nothing where it was not started. */
void parleyd_retention_stop(struct retention *retention);

/* Effects of plugins become journal records; the plugin is told when they are durable. */
void parleyd_on_effect(void *user, const struct plugin_effect *effect);
/* Answers what a plugin asks about a customer. */
void parleyd_on_ask(void *user, const struct plugin_ask *ask);

#endif
