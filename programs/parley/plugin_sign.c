/* Keys and signatures of bundles: made and checked here, without a server. The files are minisign's. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/json_write.h"
#include "core/base/secret.h"
#include "core/plugins/bundle_envelope.h"
#include "core/plugins/elf.h"
#include "core/plugins/secret_key.h"
#include "core/plugins/trust.h"
#include "programs/parley/actions.h"

enum { PASSWORD_MOST = 1024 };

static enum exit_code failed(const struct error *error) {
    fprintf(stderr, "parley: %s\n", error->detail);
    if (error->code == ERR_NOT_FOUND) return EXIT_NOT_FOUND;
    if (error->code == ERR_CONFLICT) return EXIT_CONFLICT;
    return error->code == ERR_UNTRUSTED || error->code == ERR_UNAUTHENTICATED ? EXIT_NOT_ALLOWED : EXIT_FAILED;
}

/* A new file, which must not be there yet. */
static int write_new(const char *path, struct text bytes, int mode, struct error *error) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0 && errno == EEXIST)
        return error_set(error, ERR_CONFLICT, "%s is there already; a key is not overwritten", path);
    if (fd < 0) return error_set(error, ERR_IO, "%s cannot be written: %m", path);
    bool whole = write(fd, bytes.at, bytes.n) == (ssize_t)bytes.n && fsync(fd) == 0;
    int code = whole ? 0 : error_set(error, ERR_IO, "%s cannot be written: %m", path);
    close(fd);
    if (code) unlink(path);
    return code;
}

/* Replaces the file whole. */
static int write_over(const char *path, struct text bytes, struct error *error) {
    char beside[4096];
    snprintf(beside, sizeof beside, "%s.new", path);
    unlink(beside);
    int code = write_new(beside, bytes, 0644, error);
    if (!code && rename(beside, path) != 0) code = error_set(error, ERR_IO, "%s cannot be written: %m", path);
    return code;
}

/* ---- passwords: from the terminal, unseen; where there is none, a line of standard input ---- */

static int ask_password(const char *question, char out[static PASSWORD_MOST], struct error *error) {
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    FILE *in = terminal >= 0 ? fdopen(terminal, "r+") : stdin;
    struct termios before, silent;
    bool quiet = terminal >= 0 && tcgetattr(terminal, &before) == 0;
    if (quiet) {
        silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(terminal, TCSAFLUSH, &silent);
        fputs(question, stderr);
    }
    char *got = fgets(out, PASSWORD_MOST, in);
    if (quiet) {
        tcsetattr(terminal, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    if (in != stdin) fclose(in);
    if (!got) return error_set(error, ERR_UNAUTHENTICATED, "no password was given");
    out[strcspn(out, "\r\n")] = 0;
    return 0;
}

static int new_password(char out[static PASSWORD_MOST], struct error *error) {
    char again[PASSWORD_MOST];
    int code = ask_password("Password for the new key: ", out, error);
    if (!code && !*out)
        code = error_set(error, ERR_INVALID, "the password is empty; --no-password makes a key without one");
    if (!code) code = ask_password("The same once more: ", again, error);
    if (!code && strcmp(out, again) != 0) code = error_set(error, ERR_INVALID, "the two passwords differ");
    sodium_memzero(again, sizeof again);
    return code;
}

/* ---- keygen ---- */

static int make_keys(const char *name, struct text password, struct public_key *its_public, struct error *error) {
    struct secret_key key;
    struct buffer secret = {0}, public = {0};
    char path[4096];
    secret_key_new(&key, its_public);
    int code = secret_key_write(&key, password, SECRET_KEY_COST, &secret, error);
    public_key_write(its_public, &public);
    snprintf(path, sizeof path, "%s.key", name);
    if (!code) code = write_new(path, buffer_view(&secret), 0600, error);
    snprintf(path, sizeof path, "%s.pub", name);
    if (!code) code = write_new(path, buffer_view(&public), 0644, error);
    if (secret.at) sodium_memzero(secret.at, secret.n);
    sodium_memzero(&key, sizeof key);
    buffer_free(&secret);
    buffer_free(&public);
    return code;
}

enum exit_code act_keygen(struct call *call) {
    const char *name = call_argument(call, "NAME");
    bool with_password = !call_flag(call, "--no-password");
    char password[PASSWORD_MOST] = "", id[KEY_ID_TEXT];
    struct public_key key;
    struct error error = {0};
    if (secret_init() < 0) return EXIT_FAILED;
    int code = with_password ? new_password(password, &error) : 0;
    if (!code) code = make_keys(name, text_of(password), &key, &error);
    sodium_memzero(password, sizeof password);
    if (code) return failed(&error);
    key_id_text(id, key.id);
    fprintf(stderr, "Key %s. Keep %s.key to yourself and a copy of it in a safe; servers get %s.pub (plugins.keys).\n",
            id, name, name);
    return EXIT_OK;
}

/* ---- sign ---- */

static int load_key(const char *path, struct secret_key *key, struct error *error) {
    struct buffer file = {0};
    struct error wrong = {0};
    char password[PASSWORD_MOST] = "";
    int code = bundle_load(&file, path, NULL);
    if (code)
        return error_set(error, code, "the key %s cannot be read: %m; parley plugin keygen NAME makes NAME.key", path);
    code = secret_key_read(key, buffer_view(&file), TEXT_NONE, &wrong);
    if (code == ERR_UNAUTHENTICATED) {
        error_clear(&wrong);
        code = ask_password("Password of the key: ", password, &wrong);
        if (!code) code = secret_key_read(key, buffer_view(&file), text_of(password), &wrong);
    }
    sodium_memzero(password, sizeof password);
    sodium_memzero(file.at, file.n);
    buffer_free(&file);
    return code ? error_set(error, code, "%s: %s", path, wrong.detail) : 0;
}

/* The bundle of a folder, or of a file, signed or not; and it packed anew, which gives the same bytes each time. */
static int read_and_pack(const char *path, struct bundle *bundle, struct buffer *packed, struct error *error) {
    struct buffer file = {0};
    struct envelope envelope;
    int code = bundle_load(&file, path, NULL);
    if (code)
        code = bundle_read(bundle, path, error);
    else
        code = bundle_read_archive(
            bundle, envelope_read(&envelope, buffer_view(&file), NULL) ? envelope.bundle : buffer_view(&file), error);
    buffer_free(&file);
    if (code) return code;
    if (!bundle->manifest.sequence)
        code =
            error_set(error, ERR_INVALID,
                      "plugin.json has no \"sequence\": give it a whole number, and a higher one with each release, so "
                      "that nobody can pass an old release off as a new one");
    if (!code) code = bundle_pack(bundle, packed, error);
    if (code) bundle_free(bundle);
    return code;
}

static void seal(const struct bundle *bundle, const struct secret_key *key, struct text packed, struct buffer *out) {
    struct buffer claim = {0}, signature = {0}, name = {0};
    trust_claim(&bundle->manifest, &claim);
    signature_write(&signature, key, packed, buffer_view(&claim));
    buffer_printf(&name, "%s.tar.zst", bundle->manifest.name);
    envelope_write(out, &(struct envelope){buffer_view(&name), packed, buffer_view(&signature)});
    buffer_free(&claim);
    buffer_free(&signature);
    buffer_free(&name);
}

enum exit_code act_sign(struct call *call) {
    const char *key_file = call_flag(call, "--key"), *out = call_flag(call, "--out");
    struct secret_key key;
    struct bundle bundle;
    struct buffer packed = {0}, sealed = {0};
    struct error error = {0};
    char id[KEY_ID_TEXT];
    if (!key_file) {
        fprintf(stderr, "parley: say with --key FILE which key signs; parley plugin keygen makes one\n");
        return EXIT_USAGE;
    }
    if (secret_init() < 0) return EXIT_FAILED;
    const char *path;
    enum exit_code found = bundle_of(call, call_argument(call, "FOLDER"), &path);
    if (found != EXIT_OK) return found;
    if (read_and_pack(path, &bundle, &packed, &error) != 0) return failed(&error);
    int code = load_key(key_file, &key, &error);
    if (!out) out = arena_printf(&call->arena, "%s-%s.parley", bundle.manifest.name, bundle.manifest.version).at;
    if (!code) seal(&bundle, &key, buffer_view(&packed), &sealed);
    if (!code) code = write_over(out, buffer_view(&sealed), &error);
    if (!code) {
        key_id_text(id, key.id);
        fprintf(stderr, "%s: %s %s, sequence %lld, signed by key %s\n", out, bundle.manifest.name,
                bundle.manifest.version, (long long)bundle.manifest.sequence, id);
    }
    sodium_memzero(&key, sizeof key);
    buffer_free(&packed);
    buffer_free(&sealed);
    bundle_free(&bundle);
    return code ? failed(&error) : EXIT_OK;
}

/* ---- verify ---- */

static void put_files(const struct bundle *bundle, struct json_writer *w) {
    char hex[65];
    json_key(w, TEXT("files"));
    json_open_array(w);
    for (size_t i = 0; i < bundle->n; i++) {
        const struct bundle_file *file = &bundle->files[i];
        sodium_bin2hex(hex, sizeof hex, file->sha256, sizeof file->sha256);
        json_open_object(w);
        json_put_text(w, "name", text_of(file->name));
        json_put_int(w, "bytes", (int64_t)file->bytes.n);
        json_put_text(w, "sha256", text_of(hex));
        json_close_object(w);
    }
    json_close_array(w);
}

static void put_needed(const struct bundle *bundle, struct json_writer *w) {
    struct elf elf;
    elf_read(&elf, bundle_find(bundle, text_of(bundle->manifest.library))->bytes, NULL);
    json_key(w, TEXT("needs"));
    json_open_array(w);
    for (size_t i = 0; i < elf.n; i++) json_text(w, elf.needed[i]);
    json_close_array(w);
}

static void describe(const struct bundle *bundle, const struct origin *origin, struct buffer *out) {
    const struct manifest *manifest = &bundle->manifest;
    struct json_writer w;
    char abi[32];
    snprintf(abi, sizeof abi, "%d.%d", manifest->abi_major, manifest->abi_minor);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_put_text(&w, "name", text_of(manifest->name));
    json_put_text(&w, "version", text_of(manifest->version));
    json_put_text(&w, "abi", text_of(abi));
    json_put_int(&w, "sequence", manifest->sequence);
    json_put_text(&w, "signedBy", text_of(origin->key));
    json_put_text(&w, "digest", text_of(bundle->digest));
    put_needed(bundle, &w);
    put_files(bundle, &w);
    json_close_object(&w);
}

/* False, said on stderr, where the file is something else than a bundle. What cannot be read is told later. */
static bool may_be_bundle(const char *path) {
    struct buffer file = {0};
    bool may = bundle_load(&file, path, NULL) != 0 || bundle_is_one(path, buffer_view(&file));
    buffer_free(&file);
    return may;
}

enum exit_code act_verify(struct call *call) {
    const char *path = call_argument(call, "FILE");
    struct trust_options options = {.keys = call_flag(call, "--keys"),
                                    .revoked = call_flag(call, "--revoked"),
                                    .libraries = call_flag(call, "--libraries")};
    struct trust trust;
    struct bundle bundle;
    struct origin origin;
    struct error error = {0};
    struct buffer out = {0};
    if (!options.keys) {
        fprintf(stderr, "parley: say with --keys FILE or --keys FOLDER which public keys are trusted\n");
        return EXIT_USAGE;
    }
    if (secret_init() < 0) return EXIT_FAILED;
    if (!may_be_bundle(path)) return EXIT_FAILED;
    if (trust_load(&trust, &options, &error) != 0) return failed(&error);
    int code = trust_open_path(&trust, path, &bundle, &origin, &error);
    trust_free(&trust);
    if (code) return failed(&error);
    describe(&bundle, &origin, &out);
    show(call, buffer_view(&out));
    buffer_free(&out);
    bundle_free(&bundle);
    return EXIT_OK;
}
