/* A release out of a plugin's folder: plugin.json, the library that was built, web/. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "programs/parley/plugin_project.h"

static int failed(const char *path, struct error *error) {
    return error_set(error, ERR_IO, "%s cannot be written: %m", path);
}

static int make_folders(const char *path, struct error *error) {
    char part[PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(part, 0755) != 0 && errno != EEXIST) return failed(part, error);
        *slash = '/';
    }
    return 0;
}

static int copy_bytes(int from, int to) {
    struct stat what;
    if (fstat(from, &what) != 0) return -1;
    for (off_t done = 0; done < what.st_size;) {
        ssize_t n = sendfile(to, from, NULL, (size_t)(what.st_size - done));
        if (n <= 0) return -1;
        done += n;
    }
    return 0;
}

static int copy(const char *from_path, const char *to_path, struct error *error) {
    int from = open(from_path, O_RDONLY | O_CLOEXEC);
    if (from < 0) return error_set(error, ERR_NOT_FOUND, "%s is not there", from_path);
    int code = make_folders(to_path, error);
    int to = code ? -1 : open(to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (!code && (to < 0 || copy_bytes(from, to) != 0)) code = failed(to_path, error);
    if (to >= 0) close(to);
    close(from);
    return code;
}

/* What lies in a folder and in the folders below; hidden files, and what editors leave, aside. */
static int copy_folder(const char *from, const char *to, struct error *error) {
    struct dirent **entries;
    char inner_from[PATH_MAX], inner_to[PATH_MAX];
    int n = scandir(from, &entries, NULL, alphasort), code = 0;
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        struct stat what;
        bool fits = snprintf(inner_from, sizeof inner_from, "%s/%s", from, name) < (int)sizeof inner_from &&
                    snprintf(inner_to, sizeof inner_to, "%s/%s", to, name) < (int)sizeof inner_to;
        if (!code && fits && *name != '.' && !text_ends(text_of(name), TEXT("~")) && stat(inner_from, &what) == 0)
            code = (S_ISDIR(what.st_mode) ? copy_folder : copy)(inner_from, inner_to, error);
        free(entries[i]);
    }
    if (n >= 0) free(entries);
    return code;
}

static int write_manifest(const struct project *project, const char *path, const char *version, struct error *error) {
    json_t *root = json_deep_copy(project->manifest.root);
    if (version) json_object_set_new(root, "version", json_string(version));
    int code = make_folders(path, error);
    if (!code && json_dump_file(root, path, JSON_INDENT(2)) != 0) code = failed(path, error);
    json_decref(root);
    return code;
}

int project_bundle(const struct project *project, const char *version, struct arena *arena, struct bundle *bundle,
                   struct error *error) {
    const char *staged = arena_printf(arena, "%s/bundle", project->build).at, *library = project->manifest.library;
    bundle_remove(staged);
    int code = write_manifest(project, arena_printf(arena, "%s/plugin.json", staged).at, version, error);
    if (!code)
        code = copy(arena_printf(arena, "%s/%s", project->build, library).at,
                    arena_printf(arena, "%s/%s", staged, library).at, error);
    if (!code)
        code = copy_folder(arena_printf(arena, "%s/web", project->folder).at, arena_printf(arena, "%s/web", staged).at,
                           error);
    return code ? code : bundle_read_folder(bundle, staged, error);
}

const char *project_packed(const struct project *project, struct arena *arena) {
    return arena_printf(arena, "%s/%s-%s.parley", project->build, project->manifest.name, project->manifest.version).at;
}
