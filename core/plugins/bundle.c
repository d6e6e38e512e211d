#include "core/plugins/bundle_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/plugins/elf.h"

void bundle_free(struct bundle *bundle) {
    for (size_t i = 0; i < bundle->n; i++) {
        free(bundle->files[i].name);
        free((char *)bundle->files[i].bytes.at);
    }
    free(bundle->files);
    manifest_free(&bundle->manifest);
    *bundle = (struct bundle){0};
}

int bundle_load(struct buffer *out, const char *path, struct error *error) {
    struct stat what;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), code = 0;
    if (fd < 0)
        return error_set(error, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "the bundle %s cannot be opened: %m", path);
    if (fstat(fd, &what) != 0 || !S_ISREG(what.st_mode))
        code = error_set(error, ERR_INVALID, "%s is neither a folder nor a file", path);
    else if (what.st_size > BUNDLE_MAX)
        code = error_set(error, ERR_TOO_LARGE, "%s is larger than 64 MiB", path);
    while (!code && out->n < (size_t)what.st_size) {
        size_t left = (size_t)what.st_size - out->n;
        ssize_t n = read(fd, buffer_reserve(out, left), left);
        if (n <= 0) code = error_set(error, ERR_IO, "%s cannot be read whole", path);
        if (n > 0) out->n += (size_t)n;
    }
    close(fd);
    return code;
}

int bundle_read(struct bundle *bundle, const char *path, struct error *error) {
    *bundle = (struct bundle){0};
    struct stat what;
    if (stat(path, &what) != 0) return error_set(error, ERR_NOT_FOUND, "there is no bundle at %s", path);
    if (S_ISDIR(what.st_mode)) return bundle_read_folder(bundle, path, error);
    struct buffer file = {0};
    int code = bundle_load(&file, path, error);
    if (!code) code = bundle_read_archive(bundle, buffer_view(&file), error);
    buffer_free(&file);
    return code;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct bundle_file *)a)->name, ((const struct bundle_file *)b)->name);
}

const struct bundle_file *bundle_find(const struct bundle *bundle, struct text name) {
    size_t low = 0, high = bundle->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = text_cmp(text_of(bundle->files[middle].name), name);
        if (order == 0) return &bundle->files[middle];
        *(order < 0 ? &low : &high) = order < 0 ? middle + 1 : middle;
    }
    return NULL;
}

char *bundle_add(struct bundle *bundle, struct text name, int64_t size, struct error *error) {
    if (!manifest_file_valid(name)) {
        error_set(error, ERR_INVALID, "'%.*s' is no name for a file of a bundle: relative, of letters, digits, ._-/",
                  name.n > 100 ? 100 : (int)name.n, name.at);
        return NULL;
    }
    if (bundle->n == BUNDLE_MAX_FILES) {
        error_set(error, ERR_TOO_LARGE, "the bundle has more than %d files", BUNDLE_MAX_FILES);
        return NULL;
    }
    if (size < 0 || size > BUNDLE_MAX - (int64_t)bundle->total) {
        error_set(error, ERR_TOO_LARGE, "the bundle is larger than 64 MiB when unpacked");
        return NULL;
    }
    if (bundle->n == bundle->room) {
        bundle->room = bundle->room ? bundle->room * 2 : 16;
        bundle->files = memory_grow(bundle->files, bundle->room * sizeof *bundle->files);
    }
    char *bytes = memory_alloc((size_t)size + 1), *copy = memory_alloc(name.n + 1);
    memcpy(copy, name.at, name.n);
    copy[name.n] = bytes[size] = 0;
    bundle->files[bundle->n++] = (struct bundle_file){copy, text_n(bytes, (size_t)size), {0}};
    bundle->total += (size_t)size;
    return bytes;
}

static int check_library(const struct bundle *bundle, struct error *error) {
    const char *name = bundle->manifest.library;
    const struct bundle_file *file = bundle_find(bundle, text_of(name));
    struct error wrong = {0};
    struct elf elf;
    if (!file) return error_set(error, ERR_INVALID, "the library %s is not in the bundle", name);
    if (elf_read(&elf, file->bytes, &wrong) == 0) return 0;
    return error_set(error, ERR_INVALID, "%s %s: the library %s %s", bundle->manifest.name, bundle->manifest.version,
                     name, wrong.detail);
}

static int check_hashes(const struct bundle *bundle, struct error *error) {
    const json_t *listed = bundle->manifest.sha256;
    if (!listed) return 0;
    size_t found = 0;
    for (size_t i = 0; i < bundle->n; i++) {
        const struct bundle_file *file = &bundle->files[i];
        if (strcmp(file->name, "plugin.json") == 0) continue;
        const char *expected = json_string_value(json_object_get(listed, file->name));
        char hex[65];
        sodium_bin2hex(hex, sizeof hex, file->sha256, sizeof file->sha256);
        if (!expected) return error_set(error, ERR_INVALID, "plugin.json /sha256 does not list %s", file->name);
        if (strcmp(expected, hex) != 0)
            return error_set(error, ERR_INVALID, "%s is not what plugin.json says: its SHA-256 is %s", file->name, hex);
        found++;
    }
    if (found != json_object_size(listed))
        return error_set(error, ERR_INVALID, "plugin.json /sha256 lists %zu files; the bundle has %zu beside it",
                         json_object_size(listed), found);
    return 0;
}

/* plugin.json counts by what it says, whatever its layout, and without the hashes that packing adds to it: they are counted
 * themselves. So the folder, the file packed from it and the folder unpacked from that have one digest. */
static void hash_manifest(const struct bundle *bundle, unsigned char out[static 32]) {
    json_t *said = json_copy(bundle->manifest.root);
    json_object_del(said, "sha256");
    char *text = json_dumps(said, JSON_SORT_KEYS | JSON_COMPACT);
    crypto_hash_sha256(out, (const unsigned char *)text, strlen(text));
    free(text);
    json_decref(said);
}

static void hash_all(struct bundle *bundle) {
    unsigned char digest[crypto_hash_sha256_BYTES], said[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    hash_manifest(bundle, said);
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < bundle->n; i++) {
        struct bundle_file *file = &bundle->files[i];
        bool is_manifest = strcmp(file->name, "plugin.json") == 0;
        crypto_hash_sha256(file->sha256, (const unsigned char *)file->bytes.at, file->bytes.n);
        crypto_hash_sha256_update(&state, (const unsigned char *)file->name, strlen(file->name) + 1);
        crypto_hash_sha256_update(&state, is_manifest ? said : file->sha256, sizeof said);
    }
    crypto_hash_sha256_final(&state, digest);
    sodium_bin2hex(bundle->digest, sizeof bundle->digest, digest, sizeof digest);
}

static void print_integrity(struct bundle *bundle) {
    static const char prefix[] = "sha256-";
    const size_t n = sizeof prefix - 1;
    memcpy(bundle->integrity, prefix, n);
    sodium_bin2base64(bundle->integrity + n, sizeof bundle->integrity - n, bundle->widget->sha256,
                      sizeof bundle->widget->sha256, sodium_base64_VARIANT_ORIGINAL);
}

static int check(struct bundle *bundle, struct error *error) {
    for (size_t i = 1; i < bundle->n; i++)
        if (strcmp(bundle->files[i - 1].name, bundle->files[i].name) == 0)
            return error_set(error, ERR_INVALID, "%s is in the bundle twice", bundle->files[i].name);
    const struct bundle_file *manifest = bundle_find(bundle, TEXT("plugin.json"));
    if (!manifest) return error_set(error, ERR_INVALID, "plugin.json is not in the bundle");
    int code = manifest_read(&bundle->manifest, manifest->bytes, error);
    if (code) return code;
    if (bundle->manifest.web) bundle->widget = bundle_find(bundle, text_of(bundle->manifest.web));
    if (bundle->manifest.web && !bundle->widget)
        return error_set(error, ERR_INVALID, "the widget %s is not in the bundle", bundle->manifest.web);
    hash_all(bundle);
    if (bundle->widget) print_integrity(bundle);
    if ((code = check_hashes(bundle, error))) return code;
    return check_library(bundle, error);
}

int bundle_check(struct bundle *bundle, struct error *error) {
    if (bundle->n) qsort(bundle->files, bundle->n, sizeof *bundle->files, by_name);
    int code = check(bundle, error);
    if (code) bundle_free(bundle);
    return code;
}

void bundle_drop_library(struct bundle *bundle) {
    struct bundle_file *file = (struct bundle_file *)bundle_find(bundle, text_of(bundle->manifest.library));
    free((char *)file->bytes.at);
    file->bytes = TEXT_NONE;
}

const char *bundle_content_type(struct text name) {
    static const struct {
        const char *ending, *type;
    } types[] = {
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".html", "text/html; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".txt", "text/plain; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".webp", "image/webp"},
        {".woff2", "font/woff2"},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (text_ends(name, text_of(types[i].ending))) return types[i].type;
    return "application/octet-stream";
}
