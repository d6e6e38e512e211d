/* GET /admin/v1/{kind}/{key}/impact: what a change would touch. Followed on the store lane; units are counted on the loop, which
 * remembers them. */
#include "api/admin/job.h"
#include "api/admin/tables.h"
#include "experiments/model/impact.h"

enum { ITEMS_MOST = 1000 };

struct impact {
    struct impact_item *items;
    size_t n, limit;
    struct text after; /* "kind:key"; empty: from the first */
};

static int work_impact(struct admin_job *job, struct catalogue *catalogue, struct sql *sql) {
    struct impact *impact = (struct impact *)job->input;
    struct arena *arena = &job->request->arena;
    struct buffer shown = {0};
    struct json_writer w;
    json_writer_init(&w, &shown);
    int rc = catalogue_show(catalogue, job->change.kind, job->change.key, &w, NULL, &job->error);
    buffer_free(&shown);
    if (rc < 0) return rc;
    struct snapshot *snapshot = catalogue_snapshot(catalogue);
    impact->n = impact_of(snapshot, job->change.kind, job->change.key, arena, &impact->items);
    for (size_t i = 0; i < impact->n; i++) { /* they outlive the snapshot */
        impact->items[i].key = arena_text(arena, impact->items[i].key);
        impact->items[i].of_key = arena_text(arena, impact->items[i].of_key);
    }
    snapshot_release(snapshot);
    return 0;
}

/* ---- the answer ---- */

struct totals {
    int64_t trials, units, features, pages;
};

static const struct snapshot_experiment *live_experiment(const struct app *app, const struct impact_item *item) {
    const struct snapshot_experiment *e =
        item->kind == DEFINITION_EXPERIMENT ? snapshot_experiment(app->snapshot, item->key) : NULL;
    return e && e->state.phase >= PHASE_RUNNING && e->state.phase <= PHASE_MATURING ? e : NULL;
}

static int64_t units_in(const struct app *app, const struct snapshot_experiment *experiment) {
    const struct remembered *units = remembered_of(&app->remembered, experiment->state.salt);
    return units ? (int64_t)remembered_count(units) : 0;
}

static void write_item(const struct app *app, const struct impact_item *item, struct json_writer *w) {
    const struct snapshot_experiment *e =
        item->kind == DEFINITION_EXPERIMENT ? snapshot_experiment(app->snapshot, item->key) : NULL;
    json_open_object(w);
    json_put_text(w, "kind", text_of(definition_kinds[item->kind]));
    json_put_text(w, "key", item->key);
    json_put_text(w, "as", text_of(item->as));
    json_key(w, TEXT("of"));
    json_open_object(w);
    json_put_text(w, "kind", text_of(definition_kinds[item->of_kind]));
    json_put_text(w, "key", item->of_key);
    json_close_object(w);
    if (e) json_put_text(w, "state", text_of(experiment_phases[e->state.phase]));
    if (live_experiment(app, item)) json_put_int(w, "units", units_in(app, e));
    json_close_object(w);
}

static struct totals add_up(const struct app *app, const struct impact *impact) {
    struct totals totals = {0};
    for (size_t i = 0; i < impact->n; i++) {
        const struct snapshot_experiment *e = live_experiment(app, &impact->items[i]);
        totals.trials += e != NULL;
        totals.units += e ? units_in(app, e) : 0;
        totals.features += impact->items[i].kind == DEFINITION_FEATURE;
        totals.pages += impact->items[i].kind == DEFINITION_PAGE;
    }
    return totals;
}

static struct text name_of(const struct impact_item *item, struct arena *arena) {
    return arena_printf(arena, "%s:%.*s", definition_kinds[item->kind], TEXT_ARGS(item->key));
}

static size_t first_after(const struct impact *impact, struct arena *arena) {
    for (size_t i = 0; impact->after.n && i < impact->n; i++)
        if (text_eq(name_of(&impact->items[i], arena), impact->after)) return i + 1;
    return 0;
}

static void write_impact(struct admin_job *job) {
    const struct impact *impact = job->input;
    const struct app *app = job->request->app;
    struct arena *arena = &job->request->arena;
    struct json_writer *w = &job->writer;
    struct totals totals = add_up(app, impact);
    size_t i = first_after(impact, arena), end = impact->n - i > impact->limit ? i + impact->limit : impact->n;
    json_open_object(w);
    json_key(w, TEXT("items"));
    json_open_array(w);
    for (; i < end; i++) write_item(app, &impact->items[i], w);
    json_close_array(w);
    if (end < impact->n)
        json_put_text(w, "next", name_of(&impact->items[end - 1], arena));
    else
        json_put_null(w, "next");
    json_key(w, TEXT("totals"));
    json_open_object(w);
    json_put_int(w, "runningTrials", totals.trials);
    json_put_int(w, "units", totals.units);
    json_put_int(w, "features", totals.features);
    json_put_int(w, "pages", totals.pages);
    json_close_object(w);
    json_close_object(w);
}

static void handle(struct request *request, enum definition_kind kind) {
    int64_t limit;
    if (!request_query_int(request, "limit", 1, ITEMS_MOST, 100, &limit)) return;
    struct impact *impact = arena_new(&request->arena, struct impact);
    *impact = (struct impact){.limit = (size_t)limit, .after = request_query(request, "cursor")};
    struct admin_job *job = admin_job_new(request, kind, request_param(request, "key"), work_impact);
    job->input = impact;
    job->then = write_impact;
    admin_job_go(job);
}

#define HANDLER(name, kind)                                                                                            \
    static void handle_##name(struct request *request) {                                                               \
        handle(request, kind);                                                                                         \
    }
HANDLER(feature, DEFINITION_FEATURE)
HANDLER(experiment, DEFINITION_EXPERIMENT)
HANDLER(metric, DEFINITION_METRIC)
HANDLER(segment, DEFINITION_SEGMENT)
HANDLER(layer, DEFINITION_LAYER)
HANDLER(holdout, DEFINITION_HOLDOUT)
HANDLER(page, DEFINITION_PAGE)

enum { READERS = ROLE_MANAGER | ROLE_ANALYST | ROLE_AGENT };
const struct route impact_routes[] = {
    {METHOD_GET, "/admin/v1/features/{key}/impact", READERS, 0, 0, handle_feature},
    {METHOD_GET, "/admin/v1/experiments/{key}/impact", READERS, 0, 0, handle_experiment},
    {METHOD_GET, "/admin/v1/metrics/{key}/impact", READERS, 0, 0, handle_metric},
    {METHOD_GET, "/admin/v1/segments/{key}/impact", READERS, 0, 0, handle_segment},
    {METHOD_GET, "/admin/v1/layers/{key}/impact", READERS, 0, 0, handle_layer},
    {METHOD_GET, "/admin/v1/holdouts/{key}/impact", READERS, 0, 0, handle_holdout},
    {METHOD_GET, "/admin/v1/pages/{key}/impact", READERS, 0, 0, handle_page},
    {0},
};
