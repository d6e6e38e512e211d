/* A plugin release as files: plugin.json, one shared object, web assets. Read from a folder or from one file (a tar,
 * plain or zstd-compressed), with everything in it taken for hostile, and written to either. Knows nothing of workers. */
#ifndef PARLEY_CORE_PLUGINS_BUNDLE_H
#define PARLEY_CORE_PLUGINS_BUNDLE_H

#include "core/base/buffer.h"
#include "core/plugins/manifest.h"

enum {
    BUNDLE_MAX = 64 << 20, /* bytes, packed and unpacked alike */
    BUNDLE_MAX_FILES = 1024,
    BUNDLE_DIGEST = 65,    /* hexadecimal and a NUL */
    BUNDLE_INTEGRITY = 52, /* with its NUL */
};

struct bundle_file {
    char *name;
    struct text bytes; /* owned */
    unsigned char sha256[32];
};

struct bundle {
    struct manifest manifest;
    struct bundle_file *files; /* by name; plugin.json is among them */
    size_t n, room, total;
    const struct bundle_file *widget; /* the manifest's `web`; NULL: it has none */
    /* The widget's, as browsers check it (W3C Subresource Integrity): "sha256-", then the hash in base64. */
    char integrity[BUNDLE_INTEGRITY];
    char digest[BUNDLE_DIGEST]; /* SHA-256 over names and hashes of all files (plugin.json by what it says, but for its
                                 * "sha256"): what the release is known by, be it a folder or packed */
};

/* Each fills `*bundle`, checked whole: names, sizes, manifest, hashes, and that the library is what elf.h asks for. 0 and the caller frees it; or ERR_INVALID, ERR_TOO_LARGE, ERR_NOT_FOUND, ERR_IO with a sentence and nothing to
 * free. Any thread, but they read files or megabytes: not a loop's. */
int bundle_read(struct bundle *bundle, const char *path, struct error *error); /* a folder or a file */
int bundle_read_folder(struct bundle *bundle, const char *folder, struct error *error);
int bundle_read_archive(struct bundle *bundle, struct text bytes, struct error *error);
void bundle_free(struct bundle *bundle);
/* Appends a file's bytes. ERR_NOT_FOUND, ERR_IO, ERR_INVALID (no plain file), ERR_TOO_LARGE. */
int bundle_load(struct buffer *out, const char *path, struct error *error);

/* The file of that name; NULL where there is none. */
const struct bundle_file *bundle_find(const struct bundle *bundle, struct text name);
/* By the name's ending: "text/javascript; charset=utf-8". */
const char *bundle_content_type(struct text name);
/* Lets the library's bytes go (it is mapped from elsewhere); name and hash stay. */
void bundle_drop_library(struct bundle *bundle);

/* Appends the bundle as a tar with zstd; the manifest inside lists the SHA-256 of every other file. The same bundle gives the
 * same bytes. 0 or ERR_NO_MEMORY. */
int bundle_pack(const struct bundle *bundle, struct buffer *out, struct error *error);
/* Packs a folder into one file. 0, or the errors of bundle_read and ERR_IO; `out` is then not there. */
int bundle_write(const char *folder, const char *out, struct error *error);
/* Writes all files below `folder`, whose parent exists, and syncs them. What was there before is replaced; on ERR_IO or
 * ERR_STORAGE_FULL it is as it was. */
int bundle_unpack(const struct bundle *bundle, const char *folder, struct error *error);
/* Removes such a folder. */
void bundle_remove(const char *folder);

#endif
