/* Bundles as folders: read with care, written whole. */
#include "core/plugins/bundle_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "core/base/folder.h"

enum { DEPTH = 8 };

static int read_file(struct bundle *bundle, int fd, struct text name, off_t size, struct error *error) {
    char *bytes = bundle_add(bundle, name, size, error);
    if (!bytes) return error ? error->code : ERR_INVALID;
    for (off_t done = 0; done < size;) {
        ssize_t n = read(fd, bytes + done, (size_t)(size - done));
        if (n <= 0) return error_set(error, ERR_IO, "%.*s cannot be read whole", TEXT_ARGS(name));
        done += n;
    }
    return 0;
}

static int read_folder(struct bundle *bundle, int fd, struct text prefix, int depth, struct error *error);

static int read_entry(struct bundle *bundle, int fd, struct text name, int depth, struct error *error) {
    struct stat what;
    if (fstat(fd, &what) != 0) return error_set(error, ERR_IO, "%.*s: %m", TEXT_ARGS(name));
    if (S_ISREG(what.st_mode)) return read_file(bundle, fd, name, what.st_size, error);
    if (!S_ISDIR(what.st_mode))
        return error_set(error, ERR_INVALID, "%.*s is neither a file nor a folder", TEXT_ARGS(name));
    if (depth == DEPTH) return error_set(error, ERR_INVALID, "%.*s lies too deep", TEXT_ARGS(name));
    struct buffer inside = {0};
    buffer_printf(&inside, "%.*s/", TEXT_ARGS(name));
    int code = read_folder(bundle, dup(fd), buffer_view(&inside), depth + 1, error);
    buffer_free(&inside);
    return code;
}

/* Takes `fd`. Symbolic links are refused: what they point at is not part of the release. */
static int read_folder(struct bundle *bundle, int fd, struct text prefix, int depth, struct error *error) {
    DIR *folder = fdopendir(fd);
    if (!folder) return error_set(error, ERR_IO, "%.*s cannot be listed: %m", TEXT_ARGS(prefix));
    int code = 0;
    struct buffer name = {0};
    for (struct dirent *entry; !code && (entry = readdir(folder));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        buffer_clear(&name);
        buffer_text(&name, prefix);
        buffer_cstr(&name, entry->d_name);
        int file = openat(fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (file < 0 && errno == ELOOP)
            code = error_set(error, ERR_INVALID, "%.*s is a symbolic link", TEXT_ARGS(buffer_view(&name)));
        else if (file < 0)
            code = error_set(error, ERR_IO, "%.*s cannot be opened: %m", TEXT_ARGS(buffer_view(&name)));
        else {
            code = read_entry(bundle, file, buffer_view(&name), depth, error);
            close(file);
        }
    }
    buffer_free(&name);
    closedir(folder);
    return code;
}

int bundle_read_folder(struct bundle *bundle, const char *path, struct error *error) {
    *bundle = (struct bundle){0};
    struct error ignored = {0};
    if (!error) error = &ignored;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return error_set(error, ERR_NOT_FOUND, "there is no folder %s", path);
    int code = read_folder(bundle, fd, TEXT_NONE, 0, error);
    if (!code) return bundle_check(bundle, error);
    bundle_free(bundle);
    return code;
}

static int write_failed(const char *name, struct error *error) {
    int code = errno == ENOSPC || errno == EDQUOT ? ERR_STORAGE_FULL : ERR_IO;
    return error_set(error, code, "%s cannot be written: %m", name);
}

/* Makes the folders of `name`, then the file. */
static int write_file(int root, const struct bundle_file *file, struct error *error) {
    char path[256];
    snprintf(path, sizeof path, "%s", file->name);
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdirat(root, path, 0755) != 0 && errno != EEXIST) return write_failed(path, error);
        *slash = '/';
    }
    int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) return write_failed(path, error);
    int code = 0;
    for (size_t done = 0; !code && done < file->bytes.n;) {
        ssize_t n = write(fd, file->bytes.at + done, file->bytes.n - done);
        if (n < 0)
            code = write_failed(path, error);
        else
            done += (size_t)n;
    }
    if (!code && fsync(fd) != 0) code = write_failed(path, error);
    close(fd);
    return code;
}

static int remove_one(const char *path, const struct stat *what, int kind, struct FTW *where) {
    return remove(path);
}

void bundle_remove(const char *folder) {
    nftw(folder, remove_one, DEPTH, FTW_DEPTH | FTW_PHYS);
}

static int put_in_place(const char *temporary, const char *folder) {
    if (rename(temporary, folder) == 0) return 0;
    if (errno != EEXIST && errno != ENOTEMPTY) return -1;
    return renameat2(AT_FDCWD, temporary, AT_FDCWD, folder, RENAME_EXCHANGE);
}

int bundle_unpack(const struct bundle *bundle, const char *folder, struct error *error) {
    char temporary[4096];
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", folder) >= (int)sizeof temporary)
        return error_set(error, ERR_IO, "the path of the data folder is too long");
    if (!mkdtemp(temporary)) return write_failed(temporary, error);
    int root = open(temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = 0;
    for (size_t i = 0; !code && i < bundle->n; i++) code = write_file(root, &bundle->files[i], error);
    if (!code && (fsync(root) != 0 || put_in_place(temporary, folder) != 0)) code = write_failed(folder, error);
    close(root);
    bundle_remove(temporary); /* what was there before, or what was not finished */
    if (!code) folder_sync_of(folder);
    return code;
}
