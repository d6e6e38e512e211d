/* An uploaded file, by anybody: as parleyd opens it (envelope, signature, then the bundle), and the bundle by itself, as it would
 * be behind a good signature. What is taken keeps the rules, packs to the same digest, and says so each time. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/secret.h"
#include "core/plugins/bundle_envelope.h"
#include "core/plugins/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "bundle_fuzz: %s\n", what);
    abort();
}

static bool within(struct text part, struct text whole) {
    return part.n == 0 || (part.at >= whole.at && part.at + part.n <= whole.at + whole.n);
}

static void check_refusal(int code, const struct error *error) {
    require(code == error->code && *error->detail, "refused without a word");
    require(code == ERR_INVALID || code == ERR_TOO_LARGE || code == ERR_UNTRUSTED, "refused for an odd reason");
}

static void check_envelope(struct text file) {
    struct envelope envelope;
    struct signature signature;
    struct error error = {0};
    if (!envelope_read(&envelope, file, &error)) return;
    require(error.code == 0, "an envelope with an error");
    require(within(envelope.name, file) && within(envelope.bundle, file) && within(envelope.signature, file),
            "a part lies outside of the file");
    if (signature_read(&signature, envelope.signature, &error) == 0)
        require(within(signature.comment, envelope.signature), "a comment lies outside of the signature");
}

static void check_bundle(struct bundle *bundle) {
    struct bundle again;
    struct buffer packed = {0};
    size_t total = 0;
    for (size_t i = 0; i < bundle->n; i++) {
        require(manifest_file_valid(text_of(bundle->files[i].name)), "a file outside of the bundle");
        require(i == 0 || strcmp(bundle->files[i - 1].name, bundle->files[i].name) < 0, "files out of order");
        total += bundle->files[i].bytes.n;
    }
    require(total <= BUNDLE_MAX && bundle->n <= BUNDLE_MAX_FILES, "more than is allowed");
    require(bundle_find(bundle, text_of(bundle->manifest.library)) != NULL, "no library");
    require(bundle_pack(bundle, &packed, NULL) == 0, "it cannot be packed");
    require(bundle_read_archive(&again, buffer_view(&packed), NULL) == 0, "what was packed cannot be read");
    require(strcmp(bundle->digest, again.digest) == 0, "packing changes the digest");
    bundle_free(&again);
    buffer_free(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct text file = text_n((const char *)data, n);
    struct trust trust = {.options.unsigned_bundles = UNSIGNED_TAKEN};
    struct bundle bundle;
    struct origin origin;
    struct error error = {0};
    if (secret_init() != 0) return 0;
    check_envelope(file);
    int code = trust_open(&trust, file, &bundle, &origin, &error);
    require(code || origin.kind == ORIGIN_UNSIGNED, "signed by a key where no key is trusted");
    if (code) check_refusal(code, &error);
    if (!code) bundle_free(&bundle);
    error_clear(&error);
    code = bundle_read_archive(&bundle, file, &error);
    if (code) check_refusal(code, &error);
    if (code) return 0;
    check_bundle(&bundle);
    bundle_free(&bundle);
    return 0;
}
