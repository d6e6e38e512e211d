#include "core/plugins/plugin.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/plugins/alone.h"

static char *path_in(const char *folder, struct text name) {
    struct buffer path = {0};
    buffer_printf(&path, "%s/%.*s", folder, TEXT_ARGS(name));
    return buffer_take(&path, NULL);
}

struct plugin *plugin_new(struct plugin_env *env, struct text name) {
    struct plugin *plugin = memory_new(struct plugin);
    plugin->env = env;
    plugin->name = path_in("", name);
    memmove(plugin->name, plugin->name + 1, name.n + 1);
    plugin->folder = path_in(env->dir, name);
    plugin->data = path_in(plugin->folder, TEXT("data"));
    events_make_instruments(plugin);
    return plugin;
}

void plugin_free(struct plugin *plugin) {
    for (struct release *r = plugin->releases, *next; r; r = next) {
        next = r->next;
        release_free(r);
    }
    log_ring_free(&plugin->log);
    events_free(&plugin->events);
    metrics_free(&plugin->metrics);
    free(plugin->configuration);
    free(plugin->name);
    free(plugin->folder);
    free(plugin->data);
    free(plugin);
}

struct supervisor *plugin_worker(const struct plugin *plugin, int pid) {
    for (struct supervisor *s = plugin->env->workers; s; s = s->next)
        if (s->pid == pid && ((const struct release *)s->user)->plugin == plugin) return s;
    return NULL;
}

struct release *plugin_find(const struct plugin *plugin, struct text version) {
    struct release *r = plugin->releases;
    while (r && !text_is(version, r->version)) r = r->next;
    return r;
}

void plugin_add(struct plugin *plugin, struct release *release) {
    struct release **end = &plugin->releases;
    while (*end) end = &(*end)->next;
    *end = release;
}

void plugin_take(struct plugin *plugin, struct release *release) {
    struct release **at = &plugin->releases;
    while (*at != release) at = &(*at)->next;
    *at = release->next;
    release->next = NULL;
}

char *plugin_release_folder(const char *plugin_folder, const char *version, const char *digest) {
    struct buffer path = {0};
    buffer_printf(&path, "%s/releases/%s-%s", plugin_folder, version, digest);
    return buffer_take(&path, NULL);
}

void plugin_to_state(const struct plugin *plugin, struct plugin_state *state) {
    *state = (struct plugin_state){
        .name = memory_copy(plugin->name),
        .active = plugin->active ? memory_copy(plugin->active->version) : NULL,
        .previous = plugin->previous ? memory_copy(plugin->previous->version) : NULL,
        .retired = plugin->retired,
        .sequence = plugin->sequence,
        .probation_until = probation_until(plugin),
    };
    for (const struct release *r = plugin->releases; r; r = r->next)
        plugin_state_add(state, r->version, r->digest, r->installed_at, &r->origin);
}

static void add_line(struct plugin *plugin, enum log_source by, enum log_level level, const char *version,
                     struct text line) {
    log_ring_add(&plugin->log, clock_now(plugin->env->clock), by, level, version, line);
    log_at(plugin->env->log, level, "plugin", LOG_S("plugin", plugin->name), LOG_S("release", version),
           LOG_T("line", line));
    if (plugin->env->on_line) plugin->env->on_line(plugin->env->user, text_of(plugin->name), plugin->log.n);
}

void plugin_said(struct plugin *plugin, enum log_level level, const char *version, struct text line) {
    add_line(plugin, LOG_BY_PLUGIN, level, version, line);
}

void plugin_note(struct plugin *plugin, enum log_level level, const char *version, const char *format, ...) {
    char line[LOG_RING_LINE];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    add_line(plugin, LOG_BY_PARLEY, level, version, text_n(line, n < (int)sizeof line ? (size_t)n : sizeof line - 1));
}

static bool on_trial(const struct plugin *plugin, const struct release *release) {
    return plugin->busy && plugin->busy->on_trial && plugin->busy->release == release;
}

void plugin_release_serves(struct plugin *plugin, struct release *release) {
    if (on_trial(plugin, release)) operation_trial_passed(plugin->busy);
    events_review(plugin);
}

void plugin_release_died(struct plugin *plugin, struct release *release) {
    if (on_trial(plugin, release)) operation_trial_failed(plugin->busy);
}

void plugin_worker_gone(struct plugin *plugin) {
    if (plugin->alone) alone_advance(plugin->busy);
}

void plugin_review(struct plugin *plugin) {
    for (struct release *r = plugin->releases; r; r = r->next) release_review(r);
}

void plugin_stop(struct plugin *plugin) {
    plugin_review(plugin);
    events_review(plugin);
    if (!plugin->busy || !plugin->busy->on_trial) return;
    snprintf(plugin->busy->release->why, sizeof plugin->busy->release->why, "was not finished: Parley is stopping");
    operation_trial_failed(plugin->busy);
}
