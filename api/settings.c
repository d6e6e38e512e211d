#include "api/settings.h"

#include <stdlib.h>

#include "api/app.h"
#include "core/base/json_dump.h"
#include "core/base/memory.h"
#include "experiments/model/catalogue.h"

/* ---- what a release is called with ---- */

struct filled {
    struct {
        const struct variant *variant;
        const struct schema *schema;
    } of; /* the key: its bytes */
    struct text json;
};

void settings_forget(struct settings *settings) {
    map_free(&settings->filled);
    settings->filled = (struct map){0};
    if (settings->open) arena_free(&settings->arena);
    settings->open = false;
}

void settings_free(struct settings *settings) {
    settings_forget(settings);
    buffer_free(&settings->said);
}

static struct text fill(struct arena *arena, const struct schema *schema, struct text settings) {
    struct buffer out = {0};
    json_t *given = settings.n ? json_loadb(settings.at, settings.n, JSON_ALLOW_NUL, NULL) : json_object();
    json_t *whole = schema_with_defaults(schema, given);
    json_dump(&out, whole);
    struct text json = arena_text(arena, buffer_view(&out));
    json_decref(whole);
    json_decref(given);
    buffer_free(&out);
    return json;
}

struct text settings_of(struct app *app, const struct variant *variant) {
    struct settings *settings = &app->settings;
    if (!variant->plugin.n) return variant->settings;
    const struct schema *schema = plugins_schema(app->plugins, variant->plugin, variant->release);
    if (!schema) return variant->settings;
    struct filled wanted = {.of = {variant, schema}};
    struct filled *found = map_get(&settings->filled, text_n((const char *)&wanted.of, sizeof wanted.of));
    if (found) return found->json;
    if (!settings->open) arena_init(&settings->arena, 4096);
    settings->open = true;
    found = arena_new(&settings->arena, struct filled);
    *found = wanted;
    found->json = fill(&settings->arena, schema, variant->settings);
    map_put(&settings->filled, text_n((const char *)&found->of, sizeof found->of), found);
    return found->json;
}

/* ---- the releases that definitions know ---- */

void settings_candidate_add(struct settings *settings, struct settings_candidate *candidate) {
    candidate->next = settings->candidates;
    settings->candidates = candidate;
}

void settings_candidate_remove(struct settings *settings, const struct settings_candidate *candidate) {
    struct settings_candidate **at = &settings->candidates;
    while (*at && *at != candidate) at = &(*at)->next;
    if (*at) *at = candidate->next;
}

struct listing {
    const struct app *app;
    struct text plugin, version; /* of the only one to list; TEXT_NONE: all */
    struct releases *releases;
};

static bool is_candidate(const struct app *app, struct text plugin, struct text version) {
    for (const struct settings_candidate *c = app->settings.candidates; c; c = c->next)
        if (text_eq(c->plugin, plugin) && text_eq(c->version, version)) return true;
    return false;
}

static void list_release(void *user, struct text plugin, const struct plugin_standing *standing,
                         const struct manifest *manifest) {
    struct listing *listing = user;
    struct text version = text_of(manifest->version);
    bool alone = listing->plugin.n;
    if (alone && !(text_eq(listing->plugin, plugin) && text_eq(listing->version, version))) return;
    bool active = text_eq(standing->active, version);
    releases_add(listing->releases, &(struct release_offer){
                                        .plugin = plugin,
                                        .version = version,
                                        .serves = alone || active || is_candidate(listing->app, plugin, version),
                                        .brings = active && !standing->retired,
                                        .schema = manifest->schema,
                                        .metrics = manifest->metrics,
                                    });
}

static struct releases *list(const struct app *app, struct text plugin, struct text version) {
    struct listing listing = {app, plugin, version, releases_new()};
    plugins_each_release(app->plugins, list_release, &listing);
    return listing.releases;
}

struct releases *settings_releases(const struct app *app) {
    return list(app, TEXT_NONE, TEXT_NONE);
}

struct releases *settings_release_alone(const struct app *app, struct text plugin, struct text version) {
    return list(app, plugin, version);
}

/* ---- telling the store lane ---- */

struct telling {
    struct lane_job job;
    struct app *app;
    struct releases *releases;
    struct change change;
    struct snapshot *snapshot;
    struct error error;
    struct buffer said; /* "plugin\tsentence\n" each */
};

static void note(void *user, struct text plugin, struct text sentence) {
    struct telling *telling = user;
    buffer_printf(&telling->said, "%.*s\t%.*s\n", TEXT_ARGS(plugin), TEXT_ARGS(sentence));
}

static int contribute(void *user, struct sql *sql, struct error *error) {
    struct telling *telling = user;
    return catalogue_contribute(telling->app->catalogue, &telling->change, note, telling, error);
}

static void tell_on_lane(struct lane_job *job, void *owner) {
    struct telling *telling = (struct telling *)job;
    struct catalogue *catalogue = telling->app->catalogue;
    struct error wrong = {0};
    catalogue_set_releases(catalogue, releases_keep(telling->releases));
    if (catalogue_check_releases(catalogue, telling->releases, &wrong) < 0)
        note(telling, TEXT_NONE, text_of(wrong.detail));
    catalogue_transaction(catalogue, contribute, telling, &telling->snapshot, &telling->error);
}

static void say(struct app *app, struct text said) {
    struct text line, plugin, sentence;
    while (said.n) {
        text_cut(said, '\n', &line, &said);
        text_cut(line, '\t', &plugin, &sentence);
        if (plugin.n)
            plugins_note(app->plugins, plugin, sentence);
        else
            log_warn(app->log, "settings", LOG_T("detail", sentence));
    }
}

static void telling_free(struct telling *telling) {
    buffer_free(&telling->said);
    releases_release(telling->releases);
    free(telling);
}

static void on_told(struct mail *mail) {
    struct telling *telling = (struct telling *)mail;
    struct app *app = telling->app;
    struct buffer *before = &app->settings.said;
    if (!app->plugins) { /* Parley has stopped: nobody is there to be told, or to use the snapshot */
        snapshot_release(telling->snapshot);
        telling_free(telling);
        return;
    }
    if (telling->snapshot) app_set_snapshot(app, telling->snapshot);
    if (telling->error.code)
        log_error(app->log, "the metrics that plugins bring were not written", LOG_S("detail", telling->error.detail));
    if (!text_eq(buffer_view(before), buffer_view(&telling->said))) say(app, buffer_view(&telling->said));
    buffer_free(before);
    *before = telling->said;
    telling->said = (struct buffer){0};
    telling_free(telling);
}

void settings_changed(void *user) {
    struct app *app = user;
    struct telling *telling = memory_new(struct telling);
    settings_forget(&app->settings);
    *telling = (struct telling){
        .job = {.mail.receive = on_told, .work = tell_on_lane, .reply_to = &app->mailbox},
        .app = app,
        .releases = settings_releases(app),
        .change = {.actor = TEXT("parleyd"), .now = clock_now(app->clock)},
    };
    lane_do(main_db_lane(app->db), &telling->job);
}

int settings_judge(const struct manifest *manifest, struct error *error) {
    return releases_check_metrics(manifest->metrics, error);
}
