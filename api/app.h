/* What the handlers work with: one struct, made and wired in programs/parleyd, borrowed by every request. All of it is
 * the first loop's, except what its own header says is safe from any thread. Further loops have an app of their own (loops.c): handlers of
 * routes with ROUTE_ANY_LOOP read from it what is marked "shared", which changes between app_change_begin and app_change_end
 * alone, and use what each loop has for itself. */
#ifndef PARLEY_API_APP_H
#define PARLEY_API_APP_H

#include "api/crawlers.h"
#include "api/identity.h"
#include "api/server.h"
#include "api/settings.h"
#include "core/base/clock.h"
#include "core/base/mailbox.h"
#include "core/journal/journal.h"
#include "core/people/contact.h"
#include "core/people/identity_map.h"
#include "core/people/muted.h"
#include "core/people/people.h"
#include "core/people/suppression.h"
#include "core/people/tokens.h"
#include "core/plugins/host.h"
#include "core/store/main_db.h"
#include "experiments/decide/evaluate.h"
#include "experiments/judge/looks.h"
#include "experiments/measure/measure.h"
#include "experiments/steer/usage.h"

struct push;
struct erasures;
struct hooks;
struct product_feed;
struct loops;
struct offers;

struct app {
    uv_loop_t *loop;
    struct mailbox mailbox; /* of this loop: lanes answer here */
    const struct log *log;
    struct telemetry *telemetry;
    const struct clock *clock;

    struct loops *loops;   /* while they serve; loops.h. NULL on further ones */
    struct offers *offers; /* shared; offers.h. NULL on the first loop, which asks `plugins` */
    struct main_db *db;
    struct catalogue *catalogue;      /* the store lane's: never touched on the loop */
    struct snapshot *snapshot;        /* shared: in force; one reference is the app's */
    struct remembered_all remembered; /* shared, and written by all loops */
    struct token_table *tokens;       /* shared: immutable; replaced by a change */
    struct {
        struct token_table *of; /* the table that said so; another one forgets it */
        char token[128];
        size_t n;
        int64_t until; /* ms: expiry is looked at again each second */
        struct principal who;
    } last_token;                /* most requests come with the token of the request before: no hash for those */
    struct text admin_token;     /* PARLEY_ADMIN_TOKEN; read only on the store lane and at start */
    struct identity_map *joined; /* shared: which keys are one unit */
    struct people *people;
    struct suppression suppression; /* shared: who was erased and is not collected */
    struct muted muted;             /* shared: features that shoppers muted */
    struct contact_caps contact_caps;
    struct counter *contacts[CONTACT_ANSWERS_N], *suppressed;
    struct erasures *erasures; /* under way; erasure.h */
    bool merges_wait;          /* merges.h: the journal is to be told again */
    struct identity_keys identity;
    struct crawlers crawlers;
    struct text cors_origins; /* cors.h; checked */
    struct text public_url;   /* where shoppers reach Parley; empty where it was not told */
    struct text demo_key;     /* the demo shop's public key, put into its pages */
    struct journal *journal;
    struct journal_ring *exposures; /* this loop's way into the journal */
    struct measure *measure;
    struct looks *looks; /* the latest look at each experiment */
    struct usage *usage; /* when each feature was last decided, on this loop; all: app_usage */
    struct insight *insight;
    struct webhooks *webhooks;
    struct plugins *plugins;
    struct product_feed *product_feed; /* the catalogue's changes, to plugins; product_feed.h */
    struct hooks *hooks;               /* how many webhooks come; api/public/hooks.h */
    struct settings settings;          /* of the variants that plugins serve */
    struct push *push;                 /* tells listeners what changes */

    void (*on_snapshot)(void *user); /* a new snapshot is in force; NULL: nobody wants to know */
    void *on_snapshot_user;

    bool draining;
    struct counter *evaluations, *exposures_recorded, *exposures_refused, *effects_dropped, *sections_left_out,
        *hooks_refused;
    struct histogram *swap_time;
};

/* The tables that together are the API, for router_new; and how many. */
extern const struct route *const api_tables[];
extern const size_t api_tables_n;

/* server_options.admit: the token's role against the route's, then the shopper's identity where the route needs one. */
bool app_admit(struct request *request);
/* Whether the token that it came with is still in force: what goes on for long asks again. First loop. */
bool app_still_admits(struct request *request);
/* server_options.arrive: tells browsers what pages of other origins may do, and answers their preflights. */
bool app_arrive(struct request *request, const struct route_match *match, bool options);
/* server_options.turn: events of one turn become one group of the journal. */
void app_turn(struct app *app, enum server_turn turn);
/* Between these two nothing that is shared is read on other loops, and may be changed; then they have it all as it is now. First
 * loop; not one within another. Waits for what each other loop does for one request. */
void app_change_begin(struct app *app);
void app_change_end(struct app *app);
/* Other loops see of plugins what the host says by now: before an answer leaves that may tell of a change. First loop. */
void app_show_plugins(struct app *app);
/* app->usage with what other loops have marked. First loop. */
struct usage *app_usage(struct app *app);
/* What each loop counts, in app->telemetry. */
void app_make_counters(struct app *app);
/* Makes what units of the snapshot's experiments are remembered in, where several loops look: evaluations find it made. First loop. */
void app_expect(struct app *app, const struct snapshot *snapshot);
/* Puts a new snapshot in force (takes over the reference) and tells those who listen. First loop. */
void app_set_snapshot(struct app *app, struct snapshot *snapshot);
/* The caps of an experiment that its looks have frozen; in `arena`. */
struct measure_frozen_caps app_frozen_caps(const struct app *app, const struct snapshot_experiment *experiment,
                                           struct arena *arena);
/* `key` belongs to `parent` from now on: what either was exposed to, both are. */
void app_join(struct app *app, struct text key, struct text parent);
/* What app_join remembered of these keys is wrong (they were taken apart): the measures say it anew. Loop thread. */
void app_remember_again(struct app *app, const struct text *keys, size_t n);
/* The customer was erased, and nothing of hers may be collected: counted where it is so. */
bool app_suppressed(struct app *app, struct text key);
/* Whether the shopper muted the feature, under whichever of her keys she spoke last. `arena` is for the keys. */
bool app_muted(const struct app *app, struct text customer, struct text feature, struct arena *arena);
/* Where this request's client reaches Parley, without a slash at the end: "https://parley.example". */
struct text app_origin(struct request *request);
/* The text that a shopper's unit is bucketed by: the key that names the customer, where keys were joined. */
struct text app_unit(const struct app *app, struct text key);

#endif
