/* Bundles as one file: a tar, plain or compressed with zstd. libarchive reads the format and nothing else: names, sizes and
 * kinds are judged here, and nothing is written to disk while reading. */
#include "core/plugins/bundle_internal.h"

#include <archive.h>
#include <archive_entry.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "core/base/memory.h"

enum { TAR_OVERHEAD = 4 << 20 }; /* bytes of headers, folders and padding */

static int damaged(struct archive *archive, struct error *error) {
    const char *why = archive_error_string(archive);
    return error_set(error, ERR_INVALID, "the file is no bundle (a tar, plain or zstd): %.200s",
                     why ? why : "it ends too early");
}

static int read_entry(struct bundle *bundle, struct archive *archive, struct archive_entry *entry,
                      struct error *error) {
    const char *path = archive_entry_pathname(entry);
    struct text name = text_of(path ? path : "");
    if (archive_entry_filetype(entry) == AE_IFDIR && !archive_entry_hardlink(entry)) {
        while (text_ends(name, TEXT("/"))) name.n--;
        if (manifest_file_valid(name)) return 0;
    } else if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
        return error_set(error, ERR_INVALID, "'%.100s' is a link or a device; a bundle has plain files alone", path);
    int64_t size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : -1;
    char *bytes = bundle_add(bundle, name, size, error);
    if (!bytes) return error->code;
    for (int64_t done = 0; done < size;) {
        la_ssize_t n = archive_read_data(archive, bytes + done, (size_t)(size - done));
        if (n <= 0) return damaged(archive, error);
        done += n;
    }
    return 0;
}

/* zstd of zstd of ... is libarchive's to take and nobody's to send: a few bytes would keep it busy for hours. And a tar can be
 * large without any file in it: folders and headers count too. */
static int read_all(struct bundle *bundle, struct archive *archive, struct text bytes, struct error *error) {
    struct archive_entry *entry;
    int code = 0, got = archive_read_open_memory(archive, bytes.at, bytes.n);
    if (got == ARCHIVE_OK && archive_filter_count(archive) > 2) /* zstd, and the memory it is read from */
        return error_set(error, ERR_INVALID, "the file is compressed more than once; a bundle is a tar, plain or zstd");
    while (!code && got == ARCHIVE_OK && (got = archive_read_next_header(archive, &entry)) == ARCHIVE_OK) {
        code = read_entry(bundle, archive, entry, error);
        if (!code && archive_filter_bytes(archive, 0) > BUNDLE_MAX + TAR_OVERHEAD)
            code = error_set(error, ERR_TOO_LARGE, "the bundle is larger than 64 MiB when unpacked");
    }
    return code || got == ARCHIVE_EOF ? code : damaged(archive, error);
}

int bundle_read_archive(struct bundle *bundle, struct text bytes, struct error *error) {
    *bundle = (struct bundle){0};
    struct error ignored = {0};
    if (!error) error = &ignored;
    if (bytes.n > BUNDLE_MAX) return error_set(error, ERR_TOO_LARGE, "the bundle is larger than 64 MiB");
    struct archive *archive = archive_read_new();
    if (!archive) return error_set(error, ERR_NO_MEMORY, "no memory to read a bundle");
    archive_read_support_format_tar(archive);
    archive_read_support_filter_zstd(archive);
    int code = read_all(bundle, archive, bytes, error);
    archive_read_free(archive);
    if (!code) return bundle_check(bundle, error);
    bundle_free(bundle);
    return code;
}

/* plugin.json with the hashes of all other files. Caller frees. */
static char *manifest_with_hashes(const struct bundle *bundle) {
    json_t *hashes = json_object(), *root = json_deep_copy(bundle->manifest.root);
    for (size_t i = 0; i < bundle->n; i++) {
        char hex[65];
        sodium_bin2hex(hex, sizeof hex, bundle->files[i].sha256, sizeof bundle->files[i].sha256);
        if (strcmp(bundle->files[i].name, "plugin.json") != 0)
            json_object_set_new(hashes, bundle->files[i].name, json_string(hex));
    }
    json_object_set_new(root, "sha256", hashes);
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return text;
}

static int write_entry(struct archive *archive, const char *name, struct text bytes) {
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 0, 0); /* no owner, no time: the same folder gives the same file */
    archive_entry_set_size(entry, (int64_t)bytes.n);
    bool whole = archive_write_header(archive, entry) == ARCHIVE_OK &&
                 archive_write_data(archive, bytes.at ? bytes.at : "", bytes.n) == (la_ssize_t)bytes.n;
    archive_entry_free(entry);
    return whole ? 0 : ERR_IO;
}

static int write_all(struct archive *archive, const struct bundle *bundle) {
    char *manifest = manifest_with_hashes(bundle);
    int code = write_entry(archive, "plugin.json", text_of(manifest));
    free(manifest);
    for (size_t i = 0; !code && i < bundle->n; i++)
        if (strcmp(bundle->files[i].name, "plugin.json") != 0)
            code = write_entry(archive, bundle->files[i].name, bundle->files[i].bytes);
    return code;
}

static la_ssize_t put_packed(struct archive *archive, void *out, const void *bytes, size_t n) {
    buffer_put(out, bytes, n);
    return (la_ssize_t)n;
}

int bundle_pack(const struct bundle *bundle, struct buffer *out, struct error *error) {
    struct archive *archive = archive_write_new();
    archive_write_set_format_ustar(archive);
    archive_write_add_filter_zstd(archive);
    archive_write_set_bytes_in_last_block(archive, 1);
    int code = 0;
    if (archive_write_open(archive, out, NULL, put_packed, NULL) != ARCHIVE_OK || write_all(archive, bundle) != 0 ||
        archive_write_close(archive) != ARCHIVE_OK)
        code = error_set(error, ERR_NO_MEMORY, "the bundle cannot be packed: %.200s", archive_error_string(archive));
    archive_write_free(archive);
    return code;
}

int bundle_write(const char *folder, const char *out, struct error *error) {
    struct bundle bundle;
    struct buffer packed = {0};
    int code = bundle_read_folder(&bundle, folder, error);
    if (code) return code;
    code = bundle_pack(&bundle, &packed, error);
    FILE *file = code ? NULL : fopen(out, "we");
    if (!code && !file) code = error_set(error, ERR_IO, "%s cannot be written: %m", out);
    if (file) {
        bool whole = fwrite(packed.at, 1, packed.n, file) == packed.n;
        if (fclose(file) != 0 || !whole) {
            code = error_set(error, ERR_IO, "%s cannot be written: %m", out);
            unlink(out);
        }
    }
    buffer_free(&packed);
    bundle_free(&bundle);
    return code;
}
