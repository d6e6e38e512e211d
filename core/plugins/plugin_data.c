#include "core/plugins/plugin_data.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/folder.h"
#include "core/plugins/bundle.h"

struct paths {
    char data[4096], before[4096], temporary[4096];
};

static struct paths paths_of(const char *folder) {
    struct paths paths;
    snprintf(paths.data, sizeof paths.data, "%s/data", folder);
    snprintf(paths.before, sizeof paths.before, "%s/data.before", folder);
    snprintf(paths.temporary, sizeof paths.temporary, "%s/data.temporary", folder);
    return paths;
}

static int failed(const char *what, struct error *error) {
    int code = errno == ENOSPC || errno == EDQUOT ? ERR_STORAGE_FULL : ERR_IO;
    return error_set(error, code, "the plugin's data cannot be put aside: %s: %m", what);
}

static int copy_bytes(int from, int to) {
    struct stat what;
    if (fstat(from, &what) != 0) return -1;
    for (off_t done = 0; done < what.st_size;) {
        ssize_t n = sendfile(to, from, NULL, (size_t)(what.st_size - done));
        if (n <= 0) return -1;
        done += n;
    }
    return fsync(to);
}

/* Plain files alone: a worker can make nothing else. */
static int copy_file(int from_folder, int to_folder, const char *name) {
    int from = openat(from_folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int to = openat(to_folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int code = from < 0 || to < 0 ? -1 : copy_bytes(from, to);
    if (from >= 0) close(from);
    if (to >= 0) close(to);
    return code;
}

static int copy_files(const struct paths *paths, struct error *error) {
    int to = open(paths->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = 0;
    DIR *from = opendir(paths->data);
    for (struct dirent *entry; !code && from && to >= 0 && (entry = readdir(from));)
        if (entry->d_type == DT_REG && copy_file(dirfd(from), to, entry->d_name) != 0)
            code = failed(entry->d_name, error);
    if (!code && (!from || to < 0 || fsync(to) != 0)) code = failed(paths->data, error);
    if (from) closedir(from);
    if (to >= 0) close(to);
    return code;
}

int plugin_data_copy(const char *folder, struct error *error) {
    const struct paths paths = paths_of(folder);
    bundle_remove(paths.temporary);
    bundle_remove(paths.before);
    if (mkdir(paths.temporary, 0700) != 0) return failed(paths.temporary, error);
    int code = copy_files(&paths, error);
    if (!code && rename(paths.temporary, paths.before) != 0) code = failed(paths.before, error);
    if (code) bundle_remove(paths.temporary);
    folder_sync(folder);
    return code;
}

int plugin_data_restore(const char *folder, struct error *error) {
    const struct paths paths = paths_of(folder);
    if (access(paths.before, F_OK) != 0) return 0;
    bundle_remove(paths.temporary);
    if ((rename(paths.data, paths.temporary) != 0 && errno != ENOENT) || rename(paths.before, paths.data) != 0)
        return error_set(error, ERR_IO, "%s cannot be put back: %m", paths.data);
    folder_sync(folder);
    bundle_remove(paths.temporary);
    return 0;
}

void plugin_data_forget(const char *folder) {
    const struct paths paths = paths_of(folder);
    bundle_remove(paths.before);
}
