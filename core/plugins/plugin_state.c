#include "core/plugins/plugin_state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/folder.h"
#include "core/base/memory.h"

void plugin_state_saw(struct plugin_state *state, const struct origin *origin) {
    if (origin->kind != ORIGIN_UNSIGNED && origin->sequence > state->sequence) state->sequence = origin->sequence;
}

void plugin_state_add(struct plugin_state *state, const char *version, const char *digest, int64_t installed_at,
                      const struct origin *origin) {
    state->releases = memory_grow(state->releases, (state->n + 1) * sizeof *state->releases);
    struct plugin_state_release *release = &state->releases[state->n++];
    *release =
        (struct plugin_state_release){.version = memory_copy(version), .installed_at = installed_at, .origin = *origin};
    snprintf(release->digest, sizeof release->digest, "%s", digest);
}

void plugin_state_free(struct plugin_state *state) {
    for (size_t i = 0; i < state->n; i++) free(state->releases[i].version);
    free(state->releases);
    free(state->name);
    free(state->active);
    free(state->previous);
    *state = (struct plugin_state){0};
}

/* What an earlier Parley wrote says nothing of it: then it is unsigned, until the same comes again signed or with Parley. */
static struct origin read_origin(const json_t *item) {
    struct origin origin = {.kind = origin_of_name(json_string_value(json_object_get(item, "origin"))),
                            .sequence = json_integer_value(json_object_get(item, "sequence"))};
    const char *key = json_string_value(json_object_get(item, "key"));
    if (key) snprintf(origin.key, sizeof origin.key, "%s", key);
    return origin;
}

int plugin_state_read(struct plugin_state *state, const char *folder, struct error *error) {
    *state = (struct plugin_state){0};
    char path[4096];
    snprintf(path, sizeof path, "%s/state.json", folder);
    if (access(path, F_OK) != 0) return error_set(error, ERR_NOT_FOUND, "%s is not there", path);
    json_error_t where;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where), *item;
    if (!root) return error_set(error, ERR_CORRUPT, "%s: line %d: %.200s", path, where.line, where.text);
    state->name = memory_copy(json_string_value(json_object_get(root, "name")));
    state->active = memory_copy(json_string_value(json_object_get(root, "active")));
    state->previous = memory_copy(json_string_value(json_object_get(root, "previous")));
    state->retired = json_is_true(json_object_get(root, "retired"));
    state->sequence = json_integer_value(json_object_get(root, "sequence"));
    state->probation_until = json_integer_value(json_object_get(root, "probationUntil"));
    state->migrating = json_is_true(json_object_get(root, "migrating"));
    bool whole = state->name != NULL;
    size_t i;
    json_array_foreach(json_object_get(root, "releases"), i, item) {
        const char *version = json_string_value(json_object_get(item, "version"));
        const char *digest = json_string_value(json_object_get(item, "digest"));
        struct origin origin = read_origin(item);
        whole = whole && version && digest && strlen(digest) == BUNDLE_DIGEST - 1;
        if (whole)
            plugin_state_add(state, version, digest, json_integer_value(json_object_get(item, "installedAt")), &origin);
    }
    json_decref(root);
    if (whole) return 0;
    plugin_state_free(state);
    return error_set(error, ERR_CORRUPT, "%s does not say which releases there are", path);
}

static json_t *to_json(const struct plugin_state *state) {
    json_t *releases = json_array();
    for (size_t i = 0; i < state->n; i++) {
        const struct plugin_state_release *r = &state->releases[i];
        const struct origin *origin = &r->origin;
        json_array_append_new(releases,
                              json_pack("{s:s, s:s, s:I, s:s, s:s, s:I}", "version", r->version, "digest", r->digest,
                                        "installedAt", (json_int_t)r->installed_at, "origin", origin_name(origin->kind),
                                        "key", origin->key, "sequence", (json_int_t)origin->sequence));
    }
    return json_pack("{s:s, s:s?, s:s?, s:b, s:b, s:I, s:I, s:o}", "name", state->name, "active", state->active,
                     "previous", state->previous, "retired", state->retired, "migrating", state->migrating, "sequence",
                     (json_int_t)state->sequence, "probationUntil", (json_int_t)state->probation_until, "releases",
                     releases);
}

static int failed(const char *path, struct error *error) {
    int code = errno == ENOSPC || errno == EDQUOT ? ERR_STORAGE_FULL : ERR_IO;
    return error_set(error, code, "%s cannot be written: %m", path);
}

int plugin_state_write(const struct plugin_state *state, const char *folder, struct error *error) {
    char path[4096], temporary[4100];
    snprintf(path, sizeof path, "%s/state.json", folder);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) return failed(folder, error);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return failed(temporary, error);
    json_t *root = to_json(state);
    char *text = json_dumps(root, JSON_INDENT(2)); /* json_dumpfd makes a write of each token */
    size_t n = strlen(text);
    bool written = write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
    free(text);
    json_decref(root);
    close(fd);
    if (!written || rename(temporary, path) != 0) {
        failed(path, error);
        unlink(temporary);
        return error ? error->code : ERR_IO;
    }
    folder_sync(folder);
    return 0;
}
