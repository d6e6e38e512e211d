/* What the host says of itself: lists, states, logs, web assets. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/json_dump.h"
#include "core/plugins/host_internal.h"
#include "core/plugins/operation.h"

bool plugins_take_unsigned(const struct plugins *plugins) {
    return plugins->env.trust.unsigned_bundles == UNSIGNED_TAKEN;
}

bool plugins_has(const struct plugins *plugins, struct text name, struct text version) {
    const struct plugin *plugin = host_find_installed(plugins, name);
    return plugin && !plugin->retired && (!version.n || plugin_find(plugin, version));
}

static void version_or_null(struct json_writer *w, struct text key, const struct release *release) {
    json_key(w, key);
    if (release)
        json_text(w, text_of(release->version));
    else
        json_nil(w);
}

const struct release *host_shown(const struct plugin *plugin) {
    return plugin->active ? plugin->active : plugin->releases;
}

static void summary(const struct plugin *plugin, struct json_writer *w) {
    const struct manifest *manifest = &host_shown(plugin)->bundle.manifest;
    json_put_text(w, "name", text_of(plugin->name));
    json_put_text(w, "title", text_of(manifest->title && *manifest->title ? manifest->title : plugin->name));
    json_put_text(w, "description", text_of(manifest->description));
    version_or_null(w, TEXT("active"), plugin->active);
    version_or_null(w, TEXT("previous"), plugin->previous);
    json_put_bool(w, "retired", plugin->retired);
    json_put_text(w, "state", text_of(release_state_name(host_shown(plugin))));
}

static void put_schema(struct json_writer *w, const char *key, const json_t *schema) {
    char *json = schema ? json_dumps(schema, JSON_COMPACT) : NULL;
    if (json) {
        json_key(w, text_of(key));
        json_raw(w, text_of(json));
    }
    free(json);
}

/* ---- who has the turn to write ---- */

const char *plugins_folder(const struct plugins *plugins, struct text name) {
    const struct plugin *plugin = host_find_installed(plugins, name);
    return plugin ? plugin->data : NULL;
}

/* The workers sign in a file, and what a plugin may write into it is believed where the process is a worker of its. */
static void put_writer(struct json_writer *w, const struct plugin *plugin, const struct writer_holder *holder) {
    const struct supervisor *worker = holder->pid > 0 ? plugin_worker(plugin, holder->pid) : NULL;
    json_key(w, TEXT("writerLock"));
    if (!worker) {
        json_nil(w);
        return;
    }
    json_open_object(w);
    json_put_int(w, "pid", holder->pid);
    json_put_text(w, "release", text_of(((const struct release *)worker->user)->version));
    json_put_double(w, "heldSeconds", holder->held_ms > 0 ? (double)holder->held_ms / 1e3 : 0);
    json_close_object(w);
}

bool plugins_status_json(const struct plugins *plugins, struct text name, const struct writer_holder *writer,
                         struct json_writer *w) {
    const struct plugin *plugin = host_find_installed(plugins, name);
    if (!plugin) return false;
    json_open_object(w);
    summary(plugin, w);
    events_json(plugin, w);
    if (plugin->busy) json_put_text(w, "busy", text_of(plugin->busy->what));
    probation_json(plugin, w);
    if (writer) put_writer(w, plugin, writer);
    put_schema(w, "settings", host_shown(plugin)->bundle.manifest.settings);
    put_schema(w, "configuration", host_shown(plugin)->bundle.manifest.configuration);
    json_put_int(w, "configurationVersion", plugin->configuration_version);
    json_key(w, TEXT("releases"));
    json_open_array(w);
    for (const struct release *r = plugin->releases; r; r = r->next) release_json(r, w);
    json_close_array(w);
    json_close_object(w);
    return true;
}

static void put_short(const struct plugin *plugin, struct json_writer *w) {
    json_open_object(w);
    summary(plugin, w);
    json_key(w, TEXT("releases"));
    json_open_array(w);
    for (const struct release *r = plugin->releases; r; r = r->next) json_text(w, text_of(r->version));
    json_close_array(w);
    json_close_object(w);
}

struct text plugins_list_json(const struct plugins *plugins, struct text after, size_t limit, struct json_writer *w) {
    const struct plugin *last = NULL, *more = NULL;
    size_t n = 0;
    json_open_array(w);
    for (size_t i = 0; i < plugins->n && !more; i++) {
        const struct plugin *plugin = plugins->list[i];
        bool counts = plugin->releases && text_cmp(text_of(plugin->name), after) > 0;
        if (counts && n == limit)
            more = plugin;
        else if (counts) {
            put_short(last = plugin, w);
            n++;
        }
    }
    json_close_array(w);
    return more ? text_of(last->name) : TEXT_NONE;
}

bool plugins_logs_json(const struct plugins *plugins, struct text name, size_t after, struct json_writer *w) {
    const struct plugin *plugin = host_find_installed(plugins, name);
    if (plugin) log_ring_json(&plugin->log, after > plugin->log.n ? 0 : after, w);
    return plugin;
}

/* TEXT_NONE: the active one. NULL where there is none. */
static const struct release *find_release(const struct plugins *plugins, struct text name, struct text version) {
    const struct plugin *plugin = host_find_installed(plugins, name);
    if (!plugin) return NULL;
    return version.n ? plugin_find(plugin, version) : plugin->active;
}

static struct text version_of(const struct release *release) {
    return release ? text_of(release->version) : TEXT_NONE;
}

static struct plugin_standing standing_of(const struct plugin *plugin) {
    return (struct plugin_standing){version_of(plugin->active), version_of(plugin->previous), plugin->retired};
}

bool plugins_standing(const struct plugins *plugins, struct text name, struct plugin_standing *standing) {
    const struct plugin *plugin = host_find_installed(plugins, name);
    if (plugin) *standing = standing_of(plugin);
    return plugin;
}

void plugins_each_release(const struct plugins *plugins,
                          void (*each)(void *user, struct text plugin, const struct plugin_standing *standing,
                                       const struct manifest *manifest),
                          void *user) {
    for (size_t i = 0; i < plugins->n; i++) {
        struct plugin_standing standing = standing_of(plugins->list[i]);
        for (const struct release *r = plugins->list[i]->releases; r; r = r->next)
            if (!r->damaged) each(user, text_of(plugins->list[i]->name), &standing, &r->bundle.manifest);
    }
}

struct schema *plugins_schema(const struct plugins *plugins, struct text name, struct text version) {
    const struct release *release = find_release(plugins, name, version);
    return release ? release->bundle.manifest.schema : NULL;
}

bool plugins_settings_json(const struct plugins *plugins, struct text name, struct text version, struct buffer *out) {
    const struct release *release = find_release(plugins, name, version);
    if (!release || release->damaged) return false;
    const json_t *settings = release->bundle.manifest.settings;
    if (settings)
        json_dump(out, settings);
    else
        buffer_cstr(out, "{}");
    return true;
}

void plugins_note(struct plugins *plugins, struct text name, struct text line) {
    struct plugin *plugin = host_find_installed(plugins, name);
    if (plugin) plugin_note(plugin, LOG_WARN, "", "%.*s", TEXT_ARGS(line));
}

bool plugins_serves(const struct plugins *plugins, struct text name, struct text version) {
    const struct release *release = find_release(plugins, name, version);
    return release && release_serves(release);
}

const json_t *plugins_hooks(const struct plugins *plugins, struct text name) {
    const struct release *release = find_release(plugins, name, TEXT_NONE);
    return release && !release->damaged ? release->bundle.manifest.hooks : NULL;
}

bool plugins_social(const struct plugins *plugins, struct text name, struct text version) {
    const struct release *release = find_release(plugins, name, version);
    return release && !release->damaged && release->bundle.manifest.social;
}

bool plugins_web(const struct plugins *plugins, struct text name, struct text version, struct plugin_web *web) {
    const struct release *release = find_release(plugins, name, version);
    if (!release || release->damaged) return false;
    const struct bundle *bundle = &release->bundle;
    *web = (struct plugin_web){.version = text_of(release->version), .element = text_of(bundle->manifest.element)};
    if (!bundle->widget) return true;
    web->module = text_of(bundle->widget->name + strlen("web/"));
    web->integrity = text_of(bundle->integrity);
    return true;
}

bool plugins_asset(const struct plugins *plugins, struct text name, struct text version, struct text path,
                   struct text *bytes, const char **content_type) {
    const struct release *release = find_release(plugins, name, version);
    char file[256];
    if (!release || snprintf(file, sizeof file, "web/%.*s", TEXT_ARGS(path)) >= (int)sizeof file) return false;
    const struct bundle_file *found = bundle_find(&release->bundle, text_of(file));
    if (!found) return false;
    *bytes = found->bytes;
    *content_type = bundle_content_type(path);
    return true;
}
