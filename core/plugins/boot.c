#include "core/plugins/boot.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "core/base/memory.h"
#include "core/plugins/plugin.h"
#include "core/plugins/plugin_data.h"

static char *join(const char *folder, const char *name) {
    struct buffer path = {0};
    buffer_printf(&path, "%s/%s", folder, name);
    return buffer_take(&path, NULL);
}

/* Calls `each` with every visible entry of a folder, in the order of their names. */
static void for_each(struct boot *boot, const char *folder, void (*each)(struct boot *boot, const char *path)) {
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        if (entries[i]->d_name[0] != '.') {
            char *path = join(folder, entries[i]->d_name);
            each(boot, path);
            free(path);
        }
        free(entries[i]);
    }
    if (n >= 0) free(entries);
}

static void warn(const struct boot *boot, const char *path, const struct error *error) {
    log_error(boot->log, "plugin cannot be read", LOG_S("path", path), LOG_S("why", error->detail));
}

static struct boot_plugin *add(struct boot *boot) {
    boot->plugins = memory_grow(boot->plugins, (boot->n + 1) * sizeof *boot->plugins);
    struct boot_plugin *plugin = &boot->plugins[boot->n++];
    *plugin = (struct boot_plugin){.releases = NULL};
    return plugin;
}

static struct boot_release *make_room(struct boot_plugin *plugin) {
    plugin->releases = memory_grow(plugin->releases, plugin->state.n * sizeof *plugin->releases);
    plugin->releases[plugin->state.n - 1] = (struct boot_release){.error = {0}};
    return &plugin->releases[plugin->state.n - 1];
}

/* ---- what is installed ---- */

static void read_release(const struct boot *boot, const char *folder, const struct plugin_state_release *known,
                         struct boot_release *release) {
    char *path = plugin_release_folder(folder, known->version, known->digest);
    *release = (struct boot_release){.error = {0}};
    if (trust_origin(&boot->trusted, &known->origin, &release->error) == 0 &&
        bundle_read_folder(&release->bundle, path, &release->error) == 0) {
        if (strcmp(release->bundle.digest, known->digest) == 0)
            bundle_drop_library(&release->bundle);
        else {
            bundle_free(&release->bundle);
            error_set(&release->error, ERR_CORRUPT, "%s was changed after it was installed", path);
        }
    }
    free(path);
}

/* Parley ended in the middle of an activation: the release before goes on with the data as it was. */
static void undo_migration(const struct boot *boot, const char *path, struct plugin_state *state) {
    struct error error = {0};
    state->migrating = false;
    if (plugin_data_restore(path, &error) != 0 || plugin_state_write(state, path, &error) != 0)
        warn(boot, path, &error);
}

static void read_installed(struct boot *boot, const char *path) {
    struct plugin_state state;
    struct error error = {0};
    int code = plugin_state_read(&state, path, &error);
    if (code) {
        if (code != ERR_NOT_FOUND) warn(boot, path, &error);
        return;
    }
    if (state.migrating) undo_migration(boot, path, &state);
    struct boot_plugin *plugin = add(boot);
    plugin->state = state;
    plugin->releases = memory_zero(state.n + 1, sizeof *plugin->releases);
    for (size_t i = 0; i < state.n; i++) {
        struct error *wrong = &plugin->releases[i].error;
        read_release(boot, path, &state.releases[i], &plugin->releases[i]);
        if (wrong->code == ERR_UNTRUSTED)
            log_error(boot->log, "a plugin's release is not trusted and does not run", LOG_S("plugin", state.name),
                      LOG_S("release", state.releases[i].version), LOG_S("why", wrong->detail));
        else if (wrong->code)
            warn(boot, path, wrong);
        else if (state.releases[i].origin.kind == ORIGIN_UNSIGNED)
            log_warn(boot->log, "a plugin's release is UNSIGNED (plugins.unsigned)", LOG_S("plugin", state.name),
                     LOG_S("release", state.releases[i].version));
    }
}

/* ---- what comes with Parley ---- */

static struct boot_plugin *find(struct boot *boot, const char *name) {
    for (size_t i = 0; i < boot->n; i++)
        if (strcmp(boot->plugins[i].state.name, name) == 0) return &boot->plugins[i];
    return NULL;
}

static struct boot_plugin *find_or_add(struct boot *boot, const struct manifest *manifest) {
    struct boot_plugin *plugin = find(boot, manifest->name);
    if (plugin) return plugin;
    plugin = add(boot);
    plugin->added = true;
    plugin->state.name = memory_copy(manifest->name);
    plugin->state.active = memory_copy(manifest->version);
    return plugin;
}

/* A plugin that was there keeps the release that somebody chose. */
static void begin_with_newest(struct boot_plugin *plugin, const char *version) {
    if (!plugin->added || strverscmp(version, plugin->state.active) <= 0) return;
    free(plugin->state.active);
    plugin->state.active = memory_copy(version);
}

static size_t place_of(const struct boot_plugin *plugin, const char *version) {
    size_t i = 0;
    while (i < plugin->state.n && strcmp(plugin->state.releases[i].version, version) != 0) i++;
    return i;
}

/* Puts `bundle` where the state says. */
static int put(const char *folder, const struct bundle *bundle, const struct plugin_state *state, struct error *error) {
    char *releases = join(folder, "releases");
    char *path = plugin_release_folder(folder, bundle->manifest.version, bundle->digest);
    int code = 0;
    if ((mkdir(folder, 0755) != 0 && errno != EEXIST) || (mkdir(releases, 0755) != 0 && errno != EEXIST))
        code = error_set(error, ERR_IO, "%s cannot be made: %m", releases);
    if (!code) code = bundle_unpack(bundle, path, error);
    if (!code) code = plugin_state_write(state, folder, error);
    free(releases);
    free(path);
    return code;
}

/* Takes `bundle`. A release of that version that differs is replaced: it came with an earlier build of Parley. */
static void install(struct boot *boot, const char *folder, struct bundle *bundle, struct error *error) {
    const char *version = bundle->manifest.version;
    struct boot_plugin *plugin = find_or_add(boot, &bundle->manifest);
    begin_with_newest(plugin, version);
    size_t i = place_of(plugin, version);
    struct boot_release *release = NULL;
    struct origin origin = {.kind = ORIGIN_BUNDLED, .sequence = bundle->manifest.sequence};
    char *replaced = NULL;
    if (i == plugin->state.n) {
        plugin_state_add(&plugin->state, version, bundle->digest, boot->now, &origin);
        release = make_room(plugin);
    } else {
        release = &plugin->releases[i];
        char *digest = plugin->state.releases[i].digest;
        struct origin *before = &plugin->state.releases[i].origin;
        bool same_origin = before->kind == origin.kind && before->sequence == origin.sequence;
        *before = origin;
        if (!release->error.code && same_origin && strcmp(digest, bundle->digest) == 0) {
            bundle_free(bundle);
            return;
        }
        if (strcmp(digest, bundle->digest) != 0) replaced = plugin_release_folder(folder, version, digest);
        snprintf(digest, BUNDLE_DIGEST, "%s", bundle->digest);
    }
    plugin_state_saw(&plugin->state, &origin);
    put(folder, bundle, &plugin->state, error);
    if (error->code)
        bundle_free(bundle);
    else {
        bundle_drop_library(bundle);
        if (replaced) bundle_remove(replaced);
    }
    free(replaced);
    bundle_free(&release->bundle);
    *release = (struct boot_release){*bundle, *error};
}

static void install_bundled(struct boot *boot, const char *path) {
    struct bundle bundle;
    struct error error = {0};
    char *manifest = join(path, "plugin.json");
    bool is_one = access(manifest, F_OK) == 0; /* a build folder has other things beside */
    free(manifest);
    if (!is_one) return;
    if (trust_folder(path, &error) == 0 && bundle_read_folder(&bundle, path, &error) == 0) {
        char *folder = join(boot->dir, bundle.manifest.name);
        if (trust_library(&boot->trusted, &bundle, &error) == 0)
            install(boot, folder, &bundle, &error);
        else
            bundle_free(&bundle);
        free(folder);
    }
    if (error.code) warn(boot, path, &error);
}

void boot_read(struct lane_job *job, void *owner) {
    struct boot *boot = (struct boot *)job;
    struct error error = {0};
    if (trust_load(&boot->trusted, &boot->trust, &error) != 0) /* then no key is trusted */
        log_error(boot->log, "the keys that plugins are signed with cannot be read", LOG_S("why", error.detail));
    for_each(boot, boot->dir, read_installed);
    if (boot->bundled) for_each(boot, boot->bundled, install_bundled);
    trust_free(&boot->trusted);
}

void boot_free(struct boot *boot) {
    for (size_t i = 0; i < boot->n; i++) {
        for (size_t k = 0; k < boot->plugins[i].state.n; k++) bundle_free(&boot->plugins[i].releases[k].bundle);
        free(boot->plugins[i].releases);
        plugin_state_free(&boot->plugins[i].state);
    }
    free(boot->plugins);
}
