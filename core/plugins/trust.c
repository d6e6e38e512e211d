#include "core/plugins/trust.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/plugins/bundle_envelope.h"
#include "core/plugins/elf.h"

enum { KEY_FILE_MOST = 64 << 10, FOLDER_DEPTH = 16 };

/* ---- reading keys ---- */

static int read_file(const char *path, struct buffer *out, struct error *error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, buffer_reserve(out, KEY_FILE_MOST), KEY_FILE_MOST);
    int code = n < 0 ? error_set(error, ERR_IO, "%s cannot be read: %m", path) : 0;
    if (fd >= 0) close(fd);
    if (n == KEY_FILE_MOST)
        code = error_set(error, ERR_INVALID, "%s is larger than 64 KiB: it is no file of keys", path);
    if (!code) out->n = (size_t)n;
    return code;
}

static struct text first_word(struct text line) {
    size_t n = 0;
    while (n < line.n && line.at[n] != ' ' && line.at[n] != '\t') n++;
    return text_n(line.at, n);
}

/* Calls `add` with the first word of every line that is neither empty nor a comment. */
static int each_line(struct trust *trust, const char *path, int (*add)(struct trust *, struct text, struct error *),
                     struct error *error) {
    struct buffer file = {0};
    int code = read_file(path, &file, error), number = 0;
    struct text line, rest = buffer_view(&file);
    for (bool more = true; !code && more;) {
        struct error wrong = {0};
        more = text_cut(rest, '\n', &line, &rest);
        number++;
        line = text_trim(line);
        if (!line.n || line.at[0] == '#' || text_starts(line, TEXT("untrusted comment:"))) continue;
        if (add(trust, first_word(line), &wrong) < 0)
            code = error_set(error, ERR_INVALID, "%s, line %d: %s", path, number, wrong.detail);
    }
    buffer_free(&file);
    return code;
}

static int add_key(struct trust *trust, struct text word, struct error *error) {
    struct public_key key;
    int code = public_key_read(&key, word, error);
    if (code) return code;
    trust->keys = memory_grow(trust->keys, (trust->n + 1) * sizeof *trust->keys);
    trust->keys[trust->n++] = key;
    return 0;
}

static bool id_read(unsigned char id[static KEY_ID], struct text word) {
    char digits[3] = "", *end;
    for (size_t i = 0; word.n == KEY_ID_TEXT - 1 && i < KEY_ID; i++) {
        memcpy(digits, word.at + 2 * i, 2);
        id[KEY_ID - 1 - i] = (unsigned char)strtoul(digits, &end, 16);
        if (*end || digits[0] == '+' || digits[0] == '-' || digits[0] == ' ') return false;
    }
    return word.n == KEY_ID_TEXT - 1;
}

static int add_revoked(struct trust *trust, struct text word, struct error *error) {
    struct public_key key;
    if (!id_read(key.id, word) && public_key_read(&key, word, NULL) < 0)
        return error_set(error, ERR_INVALID, "'%.*s' is neither a key's id (16 digits) nor a public key",
                         word.n > 60 ? 60 : (int)word.n, word.at);
    trust->revoked = memory_grow(trust->revoked, (trust->n_revoked + 1) * sizeof *trust->revoked);
    memcpy(trust->revoked[trust->n_revoked++], key.id, KEY_ID);
    return 0;
}

static int is_key_file(const struct dirent *entry) {
    return entry->d_name[0] != '.' && text_ends(text_of(entry->d_name), TEXT(".pub"));
}

static int load_folder(struct trust *trust, struct error *error) {
    struct dirent **entries;
    int n = scandir(trust->options.keys, &entries, is_key_file, alphasort), code = 0;
    if (n < 0) return error_set(error, ERR_IO, "%s cannot be listed: %m", trust->options.keys);
    for (int i = 0; i < n; i++) {
        struct buffer path = {0};
        buffer_printf(&path, "%s/%s%c", trust->options.keys, entries[i]->d_name, 0);
        if (!code) code = each_line(trust, path.at, add_key, error);
        buffer_free(&path);
        free(entries[i]);
    }
    free(entries);
    return code;
}

static bool given(const char *option) {
    return option && *option;
}

int trust_load(struct trust *trust, const struct trust_options *options, struct error *error) {
    struct stat what;
    *trust = (struct trust){.options = *options};
    int code = 0;
    if (given(options->keys) && stat(options->keys, &what) != 0)
        code = error_set(error, ERR_IO, "plugins.keys: %s: %m", options->keys);
    else if (given(options->keys))
        code = S_ISDIR(what.st_mode) ? load_folder(trust, error) : each_line(trust, options->keys, add_key, error);
    if (!code && given(options->revoked)) code = each_line(trust, options->revoked, add_revoked, error);
    if (code) trust_free(trust);
    return code;
}

void trust_free(struct trust *trust) {
    free(trust->keys);
    free(trust->revoked);
    *trust = (struct trust){.n = 0};
}

/* ---- judging ---- */

const char *origin_name(enum origin_kind kind) {
    static const char *const names[] = {"unsigned", "signed", "bundled"};
    return names[kind];
}

enum origin_kind origin_of_name(const char *name) {
    enum origin_kind kind = ORIGIN_BUNDLED;
    while (kind != ORIGIN_UNSIGNED && (!name || strcmp(name, origin_name(kind)) != 0)) kind--;
    return kind;
}

/* The trusted key of that id, in NULL the reason why there is none. */
static const struct public_key *find_key(const struct trust *trust, const char *id, struct error *error) {
    char other[KEY_ID_TEXT];
    for (size_t i = 0; i < trust->n_revoked; i++) {
        key_id_text(other, trust->revoked[i]);
        if (strcmp(id, other) != 0) continue;
        error_set(error, ERR_UNTRUSTED,
                  "is signed by key %s, which was revoked (plugins.revoked): have it signed with another key and push "
                  "it again",
                  id);
        return NULL;
    }
    for (size_t i = 0; i < trust->n; i++) {
        key_id_text(other, trust->keys[i].id);
        if (strcmp(id, other) == 0) return &trust->keys[i];
    }
    error_set(
        error, ERR_UNTRUSTED,
        "is signed by key %s, which is not trusted here: put its public key where plugins.keys says, if it is yours",
        id);
    return NULL;
}

int trust_origin(const struct trust *trust, const struct origin *origin, struct error *error) {
    if (origin->kind == ORIGIN_BUNDLED) return 0;
    if (origin->kind == ORIGIN_SIGNED) return find_key(trust, origin->key, error) ? 0 : ERR_UNTRUSTED;
    if (trust->options.unsigned_bundles == UNSIGNED_TAKEN) return 0;
    return error_set(error, ERR_UNTRUSTED,
                     "is not signed: sign it (parley plugin sign) with a key that this server trusts (plugins.keys); "
                     "only a server for development takes unsigned bundles (plugins.unsigned = yes)");
}

int trust_library(const struct trust *trust, const struct bundle *bundle, struct error *error) {
    struct elf elf;
    struct error wrong = {0};
    const struct manifest *manifest = &bundle->manifest;
    int code = elf_read(&elf, bundle_find(bundle, text_of(manifest->library))->bytes, &wrong);
    if (!code) code = elf_allow(&elf, text_of(trust->options.libraries), &wrong);
    if (!code) return 0;
    return error_set(error, code, "%s %s: the library %s %s", manifest->name, manifest->version, manifest->library,
                     wrong.detail);
}

void trust_claim(const struct manifest *manifest, struct buffer *out) {
    buffer_printf(out, "plugin:%s version:%s abi:%d.%d sequence:%lld", manifest->name, manifest->version,
                  manifest->abi_major, manifest->abi_minor, (long long)manifest->sequence);
}

/* The comment may say more behind the claim, as minisign's own does: a time, a file's name. */
static int check_claim(struct text comment, const struct bundle *bundle, struct error *error) {
    const struct manifest *manifest = &bundle->manifest;
    struct buffer claim = {0};
    trust_claim(manifest, &claim);
    bool fits = text_starts(comment, buffer_view(&claim)) &&
                (comment.n == claim.n || comment.at[claim.n] == ' ' || comment.at[claim.n] == '\t');
    int code = 0;
    if (!fits)
        code = error_set(error, ERR_INVALID, "the signature is for '%.*s', but the bundle is '%.*s': sign it again",
                         comment.n > 120 ? 120 : (int)comment.n, comment.at, TEXT_ARGS(buffer_view(&claim)));
    else if (!manifest->sequence)
        code = error_set(error, ERR_INVALID,
                         "%s %s has no sequence: plugin.json of what is signed must have one, raised with each release",
                         manifest->name, manifest->version);
    else if (!manifest->sha256)
        code = error_set(error, ERR_INVALID,
                         "%s %s does not list the SHA-256 of its files: pack it with parley plugin sign",
                         manifest->name, manifest->version);
    buffer_free(&claim);
    return code;
}

static int open_signed(const struct trust *trust, const struct envelope *envelope, struct bundle *bundle,
                       struct origin *origin, struct error *error) {
    struct signature signature;
    struct error wrong = {0};
    int code = signature_read(&signature, envelope->signature, error);
    if (code) return code;
    origin->kind = ORIGIN_SIGNED;
    key_id_text(origin->key, signature.id);
    const struct public_key *key = find_key(trust, origin->key, &wrong);
    if (!key) return error_set(error, wrong.code, "the bundle %s", wrong.detail);
    code = signature_verify(&signature, key, envelope->bundle, error);
    if (!code) code = bundle_read_archive(bundle, envelope->bundle, error);
    if (code) return code;
    code = check_claim(signature.comment, bundle, error);
    if (code) bundle_free(bundle);
    return code;
}

static int finish(const struct trust *trust, struct bundle *bundle, struct origin *origin, struct error *error) {
    int code = trust_library(trust, bundle, error);
    origin->sequence = bundle->manifest.sequence;
    if (code) bundle_free(bundle);
    return code;
}

static int check_unsigned(const struct trust *trust, const struct origin *origin, struct error *error) {
    struct error wrong = {0};
    int code = trust_origin(trust, origin, &wrong);
    return code ? error_set(error, code, "the bundle %s", wrong.detail) : 0;
}

int trust_open(const struct trust *trust, struct text file, struct bundle *bundle, struct origin *origin,
               struct error *error) {
    struct envelope envelope;
    struct error damaged = {0};
    *bundle = (struct bundle){.n = 0};
    *origin = (struct origin){.kind = ORIGIN_UNSIGNED};
    int code;
    if (envelope_read(&envelope, file, &damaged))
        code = open_signed(trust, &envelope, bundle, origin, error);
    else if (damaged.code)
        code = error_set(error, damaged.code, "%s", damaged.detail);
    else if (!(code = check_unsigned(trust, origin, error)))
        code = bundle_read_archive(bundle, file, error);
    return code ? code : finish(trust, bundle, origin, error);
}

int trust_open_path(const struct trust *trust, const char *path, struct bundle *bundle, struct origin *origin,
                    struct error *error) {
    struct stat what;
    struct buffer file = {0};
    *origin = (struct origin){.kind = ORIGIN_UNSIGNED};
    int code;
    if (stat(path, &what) == 0 && S_ISDIR(what.st_mode)) {
        code = check_unsigned(trust, origin, error);
        if (!code) code = bundle_read_folder(bundle, path, error);
        return code ? code : finish(trust, bundle, origin, error);
    }
    code = bundle_load(&file, path, error);
    if (!code) code = trust_open(trust, buffer_view(&file), bundle, origin, error);
    buffer_free(&file);
    return code;
}

/* ---- what comes with Parley ---- */

static int writable_by_others(const char *path, const struct stat *what, int kind, struct FTW *where) {
    struct stat program;
    bool ours = what->st_uid == 0 || what->st_uid == geteuid() ||
                (stat("/proc/self/exe", &program) == 0 && what->st_uid == program.st_uid);
    return kind == FTW_NS || kind == FTW_DNR || !ours || (what->st_mode & S_IWOTH && !S_ISLNK(what->st_mode));
}

int trust_folder(const char *folder, struct error *error) {
    struct buffer above = {0};
    struct stat what;
    buffer_printf(&above, "%s/..%c", folder, 0); /* who may write there could put another folder in its place */
    bool safe = stat(above.at, &what) == 0 && !writable_by_others(above.at, &what, FTW_D, NULL) &&
                nftw(folder, writable_by_others, FOLDER_DEPTH, FTW_PHYS) == 0;
    buffer_free(&above);
    if (safe) return 0;
    return error_set(
        error, ERR_UNTRUSTED,
        "%s comes with Parley, but others than its owner may write there: chmod -R o-w, and chown it to whom "
        "parleyd belongs",
        folder);
}
