#include "api/admin/apply_plugins.h"

#include <stdio.h>

#include "core/plugins/configuration.h"

enum { PLUGINS_MOST = 256 };

/* ---- form ---- */

static bool named_before(const struct apply_plugins *p, struct text name) {
    for (size_t i = 0; i < p->n; i++)
        if (text_eq(p->items[i].change.name, name)) return true;
    return false;
}

static void read_item(struct apply_plugins *p, struct reader *r, const struct path *path, const json_t *item) {
    static const char *const members[] = {"key", "configuration", NULL};
    struct text name;
    struct error size = {0};
    if (!reader_object(r, path, item, members)) return;
    const json_t *sent = json_object_get(item, "configuration");
    if (!json_object_get(item, "key")) reader_missing(r, path, "key", "the plugin's name");
    if (!json_is_object(sent))
        reader_fault(r, PATH_MEMBER(path, "configuration"), "must be an object, as {\"shop\":\"example.com\"}");
    else if (configuration_check_size(sent, &size) < 0)
        reader_fault(r, PATH_MEMBER(path, "configuration"), "%s", size.at[0].detail);
    if (!reader_key(r, path, item, "key", &name) || !json_is_object(sent)) return;
    if (named_before(p, name)) reader_fault(r, PATH_MEMBER(path, "key"), "stands here twice; keep one");
    p->items[p->n++] = (struct apply_plugin){.change.name = name, .sent = sent};
}

void apply_plugins_read(struct apply_plugins *p, struct reader *r, const json_t *list) {
    const struct path *path = PATH_MEMBER(NULL, "plugins");
    *p = (struct apply_plugins){0};
    if (!list || !reader_array(r, path, list, 0, PLUGINS_MOST, "configurations of plugins")) return;
    p->items = arena_array(r->arena, struct apply_plugin, json_array_size(list));
    for (size_t i = 0; i < json_array_size(list); i++) read_item(p, r, PATH_ELEMENT(path, i), json_array_get(list, i));
}

/* ---- held against what there is ---- */

static void add_fault(struct apply_plugins *p, size_t i, const struct error *why) {
    char pointer[sizeof why->at[0].pointer];
    if (why->code != ERR_INVALID) error_set(&p->error, why->code, "%s", why->detail);
    for (int k = 0; k < why->places; k++) {
        snprintf(pointer, sizeof pointer, "/plugins/%zu/configuration%s", i, why->at[k].pointer);
        error_at(&p->error, pointer, "%s", why->at[k].detail);
    }
    if (why->places) return;
    snprintf(pointer, sizeof pointer, "/plugins/%zu/configuration", i);
    error_at(&p->error, pointer, "%s", why->detail);
}

static void hold_against(struct apply_plugins *p, size_t i) {
    const struct plugins *plugins = p->request->app->plugins;
    struct apply_plugin *item = &p->items[i];
    struct plugin_configuration now;
    struct error why = {0};
    if (!plugins_configuration(plugins, item->change.name, &now)) {
        error_set(&why, ERR_INVALID, "there is no plugin '%.*s' here; install it first, or leave its configuration out",
                  TEXT_ARGS(item->change.name));
        add_fault(p, i, &why);
        return;
    }
    json_t *there = json_loadb(now.json.at, now.json.n, JSON_ALLOW_NUL, NULL);
    item->value = configuration_with_secrets(now.schema, item->sent, there);
    item->changes = !json_equal(item->value, there);
    item->change.expected = now.version;
    config_change_of(&item->change, &p->request->arena, &now, item->value);
    json_decref(there);
    if (item->changes && plugins_check_configuration(plugins, item->change.name, item->value, &why) < 0)
        add_fault(p, i, &why);
}

/* ---- tried, one after the other ---- */

static void end(struct apply_plugins *p) {
    for (size_t i = 0; i < p->n; i++) json_decref(p->items[i].value);
    if (p->error.code)
        for (size_t i = 0; i < p->next; i++)
            if (p->items[i].changes) plugins_unconfigure(p->request->app->plugins, p->items[i].change.name);
    p->done(p->user, p->error.code ? &p->error : NULL);
}

static void try_next(struct apply_plugins *p);

static void on_tried(void *user, const struct plugin_result *result) {
    struct apply_plugins *p = user;
    if (result->error.code) add_fault(p, p->next, &result->error);
    p->next++;
    try_next(p);
}

static void try_next(struct apply_plugins *p) {
    while (p->next < p->n && !p->items[p->next].changes) p->next++;
    if (p->next == p->n || p->error.code) {
        end(p);
        return;
    }
    const struct apply_plugin *item = &p->items[p->next];
    plugins_configure(p->request->app->plugins, item->change.name, item->value, on_tried, p);
}

void apply_plugins_try(struct apply_plugins *p, struct request *request, enum apply_mode mode,
                       void (*done)(void *user, const struct error *error), void *user) {
    p->request = request;
    p->done = done;
    p->user = user;
    for (size_t i = 0; i < p->n; i++) hold_against(p, i);
    if (mode == APPLY_CHECK || p->error.code)
        end(p);
    else
        try_next(p);
}

/* ---- stored and told ---- */

int apply_plugins_store(struct apply_plugins *p, struct admin_job *job, struct sql *sql) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < p->n; i++)
        if (p->items[i].changes) rc = config_change_store(&p->items[i].change, job, sql);
    return rc;
}

static void write_body(struct json_writer *out, const char *name, struct text key, struct text configuration) {
    json_key(out, text_of(name));
    json_open_object(out);
    json_put_text(out, "key", key);
    json_key(out, TEXT("configuration"));
    json_raw(out, configuration.n ? configuration : TEXT("{}"));
    json_close_object(out);
}

void apply_plugins_write(const struct apply_plugins *p, bool told, struct json_writer *out) {
    for (size_t i = 0; i < p->n; i++) {
        const struct config_change *change = &p->items[i].change;
        json_open_object(out);
        json_put_text(out, "kind", TEXT("plugin"));
        json_put_text(out, "key", change->name);
        json_put_text(out, "outcome", p->items[i].changes ? TEXT("changed") : TEXT("unchanged"));
        if (told && p->items[i].changes) {
            write_body(out, "before", change->name, change->before);
            write_body(out, "after", change->name, change->after);
        }
        json_close_object(out);
    }
}

void apply_plugins_end(const struct apply_plugins *p, struct admin_job *job) {
    for (size_t i = 0; i < p->n; i++)
        if (p->items[i].changes) config_change_end(&p->items[i].change, job);
}
