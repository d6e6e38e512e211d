/* What a change of plugin releases means for definitions: settings must go on fitting, and the metrics that plugins bring are made,
 * changed and taken away. */
#include "experiments/model/catalogue_internal.h"

#include <stdio.h>

#define ORIGIN "plugin:"

void catalogue_set_releases(struct catalogue *c, struct releases *releases) {
    releases_release(c->releases);
    c->releases = releases;
}

int catalogue_check_releases(const struct catalogue *c, const struct releases *releases, struct error *error) {
    struct error wrong = {0};
    size_t features = 0;
    for (uint32_t i = 0; i < c->snapshot->n_features; i++) {
        const struct feature *feature = &c->snapshot->features[i].definition;
        char at[96];
        snprintf(at, sizeof at, "/features/%.*s", TEXT_ARGS(feature->key));
        features += releases_check_feature(releases, feature, at, &wrong) < 0;
    }
    if (!features) return 0;
    error_set(error, ERR_CONFLICT, "the settings of %zu feature%s do not fit the release: %s %s", features,
              features > 1 ? "s" : "", wrong.at[0].pointer, wrong.at[0].detail);
    for (int i = 0; i < wrong.places; i++) error_at(error, wrong.at[i].pointer, "%s", wrong.at[i].detail);
    return ERR_CONFLICT;
}

/* ---- metrics ---- */

struct text catalogue_origin(const struct entry *entry) {
    struct text origin = text_of(json_string_value(json_object_get(entry->body, "origin")));
    size_t prefix = sizeof ORIGIN - 1;
    return text_starts(origin, TEXT(ORIGIN)) ? text_n(origin.at + prefix, origin.n - prefix) : TEXT_NONE;
}

struct contribution {
    struct catalogue *catalogue;
    struct change change;
    void (*note)(void *user, struct text plugin, struct text sentence);
    void *user;
};

static bool experiment_names(const struct experiment *e, struct text metric) {
    bool named = text_eq(e->primary, metric);
    for (uint32_t i = 0; i < e->n_secondary; i++) named |= text_eq(e->secondary[i], metric);
    for (uint32_t i = 0; i < e->n_guardrails; i++) named |= text_eq(e->guardrails[i].metric, metric);
    return named;
}

/* A holdout's read-out is never concluded: what is over is told by its end. */
static bool is_over(const struct experiment_state *readout, int64_t now) {
    return readout->end_at && readout->end_at <= now;
}

/* The experiment, or the read-out of a holdout, that is measured by it now; NULL where there is none. */
static const struct experiment *live_experiment(const struct catalogue *c, struct text metric, int64_t now) {
    for (uint32_t i = 0; i < c->snapshot->n_experiments; i++) {
        const struct snapshot_experiment *e = &c->snapshot->experiments[i];
        bool live = snapshot_is_live(e) && !(i >= c->snapshot->n_defined && is_over(&e->state, now));
        if (live && experiment_names(&e->definition, metric)) return &e->definition;
    }
    return NULL;
}

/* What keeps the metric from becoming the plugin's new one, as a sentence; false where nothing does. */
static bool is_in_the_way(const struct contribution *to, const struct entry *entry, struct text plugin,
                          struct arena *arena, struct text *sentence) {
    struct text origin = catalogue_origin(entry);
    const struct experiment *live = live_experiment(to->catalogue, entry->key, to->change.now);
    if (!origin.n)
        *sentence = arena_printf(arena, "metric '%.*s' was written by a person and stays; the plugin's is left out",
                                 TEXT_ARGS(entry->key));
    else if (!text_eq(origin, plugin))
        *sentence =
            arena_printf(arena, "metric '%.*s' is brought by the plugin '%.*s' and stays; this one's is left out",
                         TEXT_ARGS(entry->key), TEXT_ARGS(origin));
    else if (live)
        *sentence = arena_printf(arena, "metric '%.*s' stays as it is until experiment '%.*s', which it measures, ends",
                                 TEXT_ARGS(entry->key), TEXT_ARGS(live->key));
    return sentence->n > 0;
}

static int bring(struct contribution *to, struct text plugin, const json_t *body, struct error *error) {
    struct draft draft;
    struct metric metric;
    struct text sentence = TEXT_NONE, origin;
    to->change.key = text_of(json_string_value(json_object_get(body, "key")));
    draft_begin(&draft, to->catalogue, &to->change, "");
    int rc = metric_parse(&metric, body, TEXT_NONE, &draft.arena, error);
    if (rc < 0) {
        draft_end(&draft);
        return rc;
    }
    json_t *written = metric_canonical(&metric, body);
    origin = arena_printf(&draft.arena, ORIGIN "%.*s", TEXT_ARGS(plugin));
    json_object_set_new(written, "origin", json_string(origin.at));
    const struct entry *entry = catalogue_find(to->catalogue, DEFINITION_METRIC, metric.key);
    bool same = entry && json_equal(entry->body, written);
    bool stays = same || (entry && is_in_the_way(to, entry, plugin, &draft.arena, &sentence));
    if (sentence.n) to->note(to->user, plugin, sentence);
    if (stays) {
        json_decref(written);
        draft_end(&draft);
        return 0;
    }
    draft_body(&draft, DEFINITION_METRIC, metric.key, written, DOCUMENT_ANY);
    return draft_commit(&draft, error);
}

/* A metric that no plugin brings any more goes, unless it is named somewhere: then it stays to be read, and a person may
 * delete it. */
static int take_away(struct contribution *to, struct text key, struct error *error) {
    struct draft draft;
    struct error named = {0};
    if (check_unused(DEFINITION_METRIC, key, to->catalogue->snapshot, &named) < 0) return 0;
    to->change.key = key;
    draft_begin(&draft, to->catalogue, &to->change, "");
    draft_body(&draft, DEFINITION_METRIC, key, NULL, DOCUMENT_ANY);
    return draft_commit(&draft, error);
}

/* The first metric after `after` that a plugin once brought and none brings now. */
static const struct entry *next_left_over(const struct catalogue *c, struct text after) {
    for (size_t i = 0; i < c->n; i++) {
        const struct entry *e = &c->entries[i];
        if (e->kind != DEFINITION_METRIC || text_cmp(e->key, after) <= 0 || !catalogue_origin(e).n) continue;
        if (!releases_bring(c->releases, catalogue_origin(e), e->key)) return e;
    }
    return NULL;
}

int catalogue_contribute(struct catalogue *c, const struct change *change,
                         void (*note)(void *user, struct text plugin, struct text sentence), void *user,
                         struct error *error) {
    struct contribution to = {c, *change, note, user};
    struct arena arena;
    struct text key = TEXT("");
    int rc = 0;
    to.change.kind = DEFINITION_METRIC;
    to.change.if_match = DOCUMENT_ANY;
    arena_init(&arena, 1024);
    const struct entry *left;
    while (rc == 0 && (left = next_left_over(c, key))) {
        key = arena_text(&arena, left->key);
        rc = take_away(&to, key, error);
    }
    arena_free(&arena);
    for (size_t i = 0; rc == 0 && i < releases_count(c->releases); i++) {
        const struct release_offer *offer = releases_at(c->releases, i);
        for (size_t m = 0; rc == 0 && offer->brings && m < json_array_size(offer->metrics); m++)
            rc = bring(&to, offer->plugin, json_array_get(offer->metrics, m), error);
    }
    return rc;
}
