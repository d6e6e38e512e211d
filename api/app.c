#include "api/app.h"

#include <stdlib.h>

#include "api/cors.h"
#include "api/push.h"
#include "core/base/memory.h"

/* The releases that variants name run beside the active ones while the snapshot that names them is in force. */
static void want_releases(struct app *app) {
    uint32_t n = app->snapshot->n_pinned;
    struct plugin_release_name *wanted = memory_zero(n + 1, sizeof *wanted);
    for (uint32_t i = 0; i < n; i++)
        wanted[i] = (struct plugin_release_name){app->snapshot->pinned[i]->plugin, app->snapshot->pinned[i]->release};
    plugins_set_wanted(app->plugins, wanted, n);
    free(wanted);
}

struct parting {
    struct lane_job job;
    struct snapshot *snapshot;
};

static void part(struct lane_job *job, void *owner) {
    struct parting *parting = (struct parting *)job;
    snapshot_release(parting->snapshot);
    free(parting);
}

/* Whoever lets a snapshot go last gives its memory back, which takes a big one milliseconds: not the loop. */
static void part_from(struct app *app, struct snapshot *snapshot) {
    if (!snapshot) return;
    struct parting *parting = memory_new(struct parting);
    *parting = (struct parting){.job.work = part, .snapshot = snapshot};
    lane_do(main_db_lane(app->db), &parting->job);
}

/* Nobody is in a concluded experiment any more. */
static void forget_concluded(struct app *app) {
    for (uint32_t i = 0; i < app->snapshot->n_concluded; i++)
        remembered_drop(&app->remembered, app->snapshot->concluded[i]->state.salt);
}

void app_expect(struct app *app, const struct snapshot *snapshot) {
    if (!app->remembered.shared) return;
    for (uint32_t i = 0; i < snapshot->n_experiments; i++) {
        struct text salt = snapshot->experiments[i].state.salt;
        if (remembered_of(&app->remembered, salt)) continue;
        app_change_begin(app);
        remembered_make(&app->remembered, salt);
        app_change_end(app);
    }
}

void app_set_snapshot(struct app *app, struct snapshot *snapshot) {
    uint64_t began = clock_ticks();
    if (app->snapshot &&
        snapshot->revision <= app->snapshot->revision) { /* lanes answer in order; this is for safety */
        snapshot_release(snapshot);
        return;
    }
    struct snapshot *before = app->snapshot;
    app_expect(app, snapshot);
    app_change_begin(app);
    app->snapshot = snapshot;
    app_change_end(app);
    part_from(app, before);
    forget_concluded(app);
    want_releases(app);
    settings_forget(&app->settings);
    measure_set_snapshot(app->measure, snapshot);
    if (app->on_snapshot) app->on_snapshot(app->on_snapshot_user);
    push_snapshot(app->push);
    histogram_observe(app->swap_time, clock_ticks() - began);
}

bool app_arrive(struct request *request, const struct route_match *match, bool options) {
    return cors_answer(request->app->cors_origins, request, options && match->path_known, match->allow);
}

void app_turn(struct app *app, enum server_turn turn) {
    if (turn == SERVER_TURN_BEGINS) {
        app_show_plugins(app);
        journal_gather(app->journal);
    } else
        journal_gathered(app->journal);
}

void app_make_counters(struct app *app) {
    struct telemetry *t = app->telemetry;
    app->evaluations = telemetry_counter(t, "parley_evaluations_total", "Features decided", "");
    app->sections_left_out = telemetry_counter(t, "parley_page_sections_left_out_total",
                                               "Sections of composed pages that were late or down", "");
    app->exposures_recorded = telemetry_counter(t, "parley_exposures_total", "Exposures recorded", "");
    app->exposures_refused =
        telemetry_counter(t, "parley_exposures_refused_total", "Exposures not recorded because the ring was full", "");
    app->suppressed = telemetry_counter(t, "parley_people_suppressed_total",
                                        "Events, exposures, effects and calls of erased customers, refused", "");
}

struct measure_frozen_caps app_frozen_caps(const struct app *app, const struct snapshot_experiment *experiment,
                                           struct arena *arena) {
    const struct look *look = experiment ? looks_latest(app->looks, experiment->state.salt) : NULL;
    if (!look) return (struct measure_frozen_caps){0};
    struct measure_frozen_caps caps = look->caps;
    struct measure_frozen *items = arena_array(arena, struct measure_frozen, caps.n + 1);
    for (size_t i = 0; i < caps.n; i++) {
        items[i] = look->caps.items[i];
        items[i].metric = arena_text(arena, items[i].metric);
    }
    caps.items = items;
    return caps;
}

struct text app_unit(const struct app *app, struct text key) {
    return identity_map_root(app->joined, key);
}

/* The first exposure wins: the customer keeps what the key met, unless the customer met something earlier. Within one millisecond the key was
 * first: one visits, then one signs in. */
static void inherit(struct remembered *remembered, struct unit_id key, struct unit_id root) {
    struct remembered_unit from, own;
    if (!remembered_find(remembered, key, &from)) return;
    if (remembered_find(remembered, root, &own)) {
        if (own.t0 < from.t0) return;
        remembered_remove(remembered, root);
    }
    from.unit = root;
    remembered_put(remembered, &from);
}

/* ---- after an un-merge: what the keys met is asked of the measures, which know it of each ---- */

struct remembering {
    struct measure_memory memory;
    struct app *app;
    struct arena arena; /* takes the keys */
    struct unit_id *units;
    size_t n;
};

static void replace(struct remembered *remembered, const struct remembering *r, const struct remembered_unit *units,
                    size_t units_n) {
    for (size_t i = 0; i < r->n; i++) remembered_remove(remembered, r->units[i]);
    for (size_t k = 0; k < units_n; k++)
        for (size_t i = 0; i < r->n; i++)
            if (unit_eq(units[k].unit, r->units[i])) remembered_put(remembered, &units[k]);
}

static void on_recalled(struct mail *mail) {
    struct remembering *r = (struct remembering *)mail;
    app_change_begin(r->app);
    for (uint32_t i = 0; i < r->memory.n; i++)
        replace(remembered_make(&r->app->remembered, r->memory.experiments[i].salt), r, r->memory.experiments[i].units,
                r->memory.experiments[i].n);
    app_change_end(r->app);
    arena_free(&r->memory.arena);
    arena_free(&r->arena);
    free(r);
}

void app_remember_again(struct app *app, const struct text *keys, size_t n) {
    struct remembering *r = memory_new(struct remembering);
    *r = (struct remembering){.app = app, .n = n};
    arena_init(&r->arena, 1024);
    r->units = arena_array(&r->arena, struct unit_id, n + 1);
    for (size_t i = 0; i < n; i++) r->units[i] = unit_of(keys[i]);
    r->memory.job.mail.receive = on_recalled;
    r->memory.job.reply_to = &app->mailbox;
    measure_recall(app->measure, &r->memory);
}

bool app_suppressed(struct app *app, struct text key) {
    if (!suppression_has(&app->suppression, key)) return false;
    count(app->suppressed, 1);
    return true;
}

bool app_muted(const struct app *app, struct text customer, struct text feature, struct arena *arena) {
    struct text *keys;
    size_t n;
    if (!app->muted.by_key.n) return false;
    identity_map_keys(app->joined, customer, arena, &keys, &n);
    return muted_has(&app->muted, keys, n, feature);
}

void app_join(struct app *app, struct text key, struct text parent) {
    app_change_begin(app);
    identity_map_set(app->joined, key, parent);
    struct unit_id unit = unit_of(key), root = unit_of(app_unit(app, key));
    for (struct map_entry *e = map_next(&app->remembered.by_salt, NULL); e; e = map_next(&app->remembered.by_salt, e))
        for (int set = 0; set < REMEMBERED_SETS; set++) inherit((struct remembered *)e->value + set, unit, root);
    app_change_end(app);
}

struct text app_origin(struct request *request) {
    struct text origin = request->app->public_url;
    while (origin.n && origin.at[origin.n - 1] == '/') origin.n--;
    if (origin.n) return origin;
    return arena_printf(&request->arena, "http://%.*s", TEXT_ARGS(request->headers.host));
}
