/* plugin.json by whoever wrote it: what is taken keeps the rules, and says the same when it is read again. */
#include <stdio.h>
#include <stdlib.h>

#include "core/plugins/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "manifest_fuzz: %s\n", what);
    abort();
}

static void check_again(const struct manifest *manifest) {
    struct manifest again;
    char *text = json_dumps(manifest->root, JSON_COMPACT);
    require(text != NULL, "what was read cannot be written");
    require(manifest_read(&again, text_of(text), NULL) == 0, "what was taken is refused when it is read again");
    require(json_equal(manifest->root, again.root), "what is read again says something else");
    manifest_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct manifest manifest;
    struct error error = {0};
    if (manifest_read(&manifest, text_n((const char *)data, n), &error) != 0) {
        require(error.code == ERR_INVALID && *error.detail, "refused without a word");
        return 0;
    }
    require(error.code == 0, "taken with an error");
    require(text_is_key(text_of(manifest.name)), "a name that is none");
    require(manifest_version_valid(text_of(manifest.version)), "a version that is none");
    require(manifest_file_valid(text_of(manifest.library)), "a library outside of the bundle");
    require(!manifest.web || text_starts(text_of(manifest.web), TEXT("web/")), "a widget outside of web/");
    require(manifest.abi_major == MANIFEST_ABI_MAJOR && manifest.abi_minor >= 0, "an ABI that is none");
    require(manifest.sequence >= 0 && manifest.sequence <= MANIFEST_SEQUENCE_MOST, "a sequence that is none");
    require(!manifest.settings || json_is_object(manifest.settings), "a schema that is no object");
    check_again(&manifest);
    manifest_free(&manifest);
    return 0;
}
