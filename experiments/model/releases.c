#include "experiments/model/releases.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"

struct releases {
    _Atomic int32_t references;
    struct arena arena;
    struct release_offer *offers;
    size_t n;
};

struct releases *releases_new(void) {
    struct releases *releases = memory_new(struct releases);
    releases->references = 1;
    arena_init(&releases->arena, 1024);
    return releases;
}

void releases_add(struct releases *releases, const struct release_offer *offer) {
    releases->offers = memory_grow(releases->offers, (releases->n + 1) * sizeof *releases->offers);
    struct release_offer *own = &releases->offers[releases->n++];
    *own = *offer;
    own->plugin = arena_text(&releases->arena, offer->plugin);
    own->version = arena_text(&releases->arena, offer->version);
    if (own->schema) schema_keep(own->schema);
    json_incref(own->metrics);
}

struct releases *releases_keep(struct releases *releases) {
    atomic_fetch_add_explicit(&releases->references, 1, memory_order_relaxed);
    return releases;
}

void releases_release(struct releases *releases) {
    if (!releases || atomic_fetch_sub_explicit(&releases->references, 1, memory_order_acq_rel) > 1) return;
    for (size_t i = 0; i < releases->n; i++) {
        schema_release(releases->offers[i].schema);
        json_decref(releases->offers[i].metrics);
    }
    free(releases->offers);
    arena_free(&releases->arena);
    free(releases);
}

size_t releases_count(const struct releases *releases) {
    return releases ? releases->n : 0;
}

const struct release_offer *releases_at(const struct releases *releases, size_t i) {
    return &releases->offers[i];
}

/* ---- settings ---- */

static bool may_serve(const struct release_offer *offer, const struct variant *variant) {
    if (!text_eq(offer->plugin, variant->plugin)) return false;
    return variant->release.n ? text_eq(offer->version, variant->release) : offer->serves;
}

static json_t *settings_json(struct text settings) {
    return settings.n ? json_loadb(settings.at, settings.n, JSON_ALLOW_NUL, NULL) : json_object();
}

/* The variant's settings, with the members of `over` (TEXT_NONE: none) laid over them. */
static int check_settings(const struct release_offer *offer, const struct variant *variant, struct text over,
                          const char *at, struct error *error) {
    json_t *settings = settings_json(variant->settings), *laid = settings_json(over);
    json_object_update(settings, laid);
    json_t *filled = schema_with_defaults(offer->schema, settings);
    int rc = schema_check(offer->schema, filled, at, error);
    json_decref(filled);
    json_decref(laid);
    json_decref(settings);
    return rc;
}

int releases_check_feature(const struct releases *releases, const struct feature *feature, const char *at,
                           struct error *error) {
    int code = 0;
    for (uint32_t v = 0; v < feature->n_variants; v++) {
        const struct variant *variant = &feature->variants[v];
        char pointer[200];
        snprintf(pointer, sizeof pointer, "%s/variants/%.*s/settings", at, TEXT_ARGS(variant->key));
        for (size_t i = 0; variant->plugin.n && i < releases_count(releases); i++) {
            const struct release_offer *offer = releases_at(releases, i);
            if (offer->schema && may_serve(offer, variant) &&
                check_settings(offer, variant, TEXT_NONE, pointer, error) < 0)
                code = ERR_INVALID;
        }
    }
    return code;
}

int releases_check_section(const struct releases *releases, const struct feature *feature, struct text settings,
                           const char *at, struct error *error) {
    for (uint32_t v = 0; v < feature->n_variants; v++) {
        const struct variant *variant = &feature->variants[v];
        for (size_t i = 0; variant->plugin.n && i < releases_count(releases); i++) {
            const struct release_offer *offer = releases_at(releases, i);
            if (offer->schema && may_serve(offer, variant) && check_settings(offer, variant, settings, at, error) < 0)
                return ERR_INVALID; /* one of them is enough to say what does not fit */
        }
    }
    return 0;
}

/* ---- metrics ---- */

bool releases_bring(const struct releases *releases, struct text plugin, struct text metric) {
    for (size_t i = 0; plugin.n && i < releases_count(releases); i++) {
        const struct release_offer *offer = releases_at(releases, i);
        if (!offer->brings || !text_eq(offer->plugin, plugin)) continue;
        for (size_t m = 0; m < json_array_size(offer->metrics); m++)
            if (text_is(metric, json_string_value(json_object_get(json_array_get(offer->metrics, m), "key"))))
                return true;
    }
    return false;
}

int releases_check_metrics(const json_t *metrics, struct error *error) {
    struct arena arena;
    int code = 0;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < json_array_size(metrics); i++) {
        struct metric metric;
        struct error why = {0};
        char pointer[192];
        if (metric_parse(&metric, json_array_get(metrics, i), TEXT_NONE, &arena, &why) == 0) continue;
        snprintf(pointer, sizeof pointer, "/metrics/%zu%s", i, why.at[0].pointer);
        code = error_at(error, pointer, "plugin.json %s: %s", pointer, why.at[0].detail);
    }
    arena_free(&arena);
    return code;
}
