#include "api/offers.h"

#include <stdlib.h>
#include <xxhash.h>

#include "core/base/memory.h"

struct offer {
    struct text plugin, version;
    bool active, serves;
    struct plugin_web web;
};

struct offers {
    struct arena arena;
    struct offer *items;
    size_t n;
};

static const struct offer *find(const struct offers *offers, const struct variant *variant) {
    for (const struct offer *o = offers->items; o < offers->items + offers->n; o++)
        if (text_eq(o->plugin, variant->plugin) &&
            (variant->release.n ? text_eq(o->version, variant->release) : o->active))
            return o;
    return NULL;
}

bool offers_serve(const struct app *app, const struct variant *variant) {
    if (!app->offers) return plugins_serves(app->plugins, variant->plugin, variant->release);
    const struct offer *offer = find(app->offers, variant);
    return offer && offer->serves;
}

bool offers_web(const struct app *app, const struct variant *variant, struct plugin_web *web) {
    if (!app->offers) return plugins_web(app->plugins, variant->plugin, variant->release, web);
    const struct offer *offer = find(app->offers, variant);
    if (offer) *web = offer->web;
    return offer;
}

struct looking {
    const struct plugins *plugins;
    struct offers *offers;
    uint64_t state;
};

static void copy_one(void *user, struct text plugin, const struct plugin_standing *standing,
                     const struct manifest *manifest) {
    struct looking *l = user;
    struct arena *arena = &l->offers->arena;
    struct text version = text_of(manifest->version);
    l->offers->items = memory_grow(l->offers->items, (l->offers->n + 1) * sizeof *l->offers->items);
    struct offer *offer = &l->offers->items[l->offers->n++];
    *offer = (struct offer){.plugin = arena_text(arena, plugin),
                            .version = arena_text(arena, version),
                            .active = text_eq(standing->active, version),
                            .serves = plugins_serves(l->plugins, plugin, version)};
    plugins_web(l->plugins, plugin, version, &offer->web);
    offer->web.version = offer->version;
    offer->web.module = arena_text(arena, offer->web.module);
    offer->web.element = arena_text(arena, offer->web.element);
    offer->web.integrity = arena_text(arena, offer->web.integrity);
}

struct offers *offers_copy(const struct plugins *plugins) {
    struct looking looking = {.plugins = plugins, .offers = memory_new(struct offers)};
    arena_init(&looking.offers->arena, 1024);
    plugins_each_release(plugins, copy_one, &looking);
    return looking.offers;
}

void offers_free(struct offers *offers) {
    if (!offers) return;
    arena_free(&offers->arena);
    free(offers->items);
    free(offers);
}

static void mix_one(void *user, struct text plugin, const struct plugin_standing *standing,
                    const struct manifest *manifest) {
    struct looking *l = user;
    struct text version = text_of(manifest->version);
    uint64_t is = text_eq(standing->active, version) | (uint64_t)plugins_serves(l->plugins, plugin, version) << 1;
    l->state = XXH3_64bits_withSeed(plugin.at, plugin.n, l->state + is);
    l->state = XXH3_64bits_withSeed(version.at, version.n, l->state);
}

uint64_t offers_state(const struct plugins *plugins) {
    struct looking looking = {.plugins = plugins};
    plugins_each_release(plugins, mix_one, &looking);
    return looking.state;
}
