/* A hostile shared object: whatever it says of itself, the libraries it is found to need are names within its bytes, and what is
 * refused is refused with a sentence. What is not refused has no library that was not looked at. */
#include <stdio.h>
#include <stdlib.h>

#include "core/plugins/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "elf_fuzz: %s\n", what);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct text bytes = text_n((const char *)data, n);
    struct error error = {0};
    struct elf elf;
    int code = elf_read(&elf, bytes, &error);
    require(code == error.code && (code == 0 || (code == ERR_INVALID && *error.detail)), "refused without a word");
    require(elf.n <= ELF_NEEDED, "more libraries than there is room for");
    if (code) return 0;
    for (size_t i = 0; i < elf.n; i++) {
        struct text name = elf.needed[i];
        require(name.n && name.at >= bytes.at && name.at + name.n < bytes.at + bytes.n && !name.at[name.n],
                "a library's name lies outside of the bytes");
    }
    bool allowed = elf_allow(&elf, TEXT("libopenblas.so.0"), &error) == 0;
    require(allowed || *error.detail, "a library refused without a word");
    return 0;
}
