/* What a plugin's shared object must be before anything maps it: a whole ELF of this machine that brings no executable stack, no
 * memory that is writable and executable, no relocations in its code, no search path, and no library that is not allowed. A pure
 * function over hostile bytes; it finds everything where ld.so would find it, by addresses and not by section headers. */
#ifndef PARLEY_CORE_PLUGINS_ELF_H
#define PARLEY_CORE_PLUGINS_ELF_H

#include "core/base/error.h"
#include "core/base/text.h"

enum { ELF_NEEDED = 32 };

struct elf {
    struct text needed[ELF_NEEDED]; /* the libraries it asks for (DT_NEEDED), in its order; borrowed from the bytes */
    size_t n;
};

/* 0, or ERR_INVALID with the rest of a sentence whose subject is the object: "has an executable stack: link with ...". Any
 * thread. */
int elf_read(struct elf *elf, struct text bytes, struct error *error);
/* Whether it needs nothing but glibc, libgcc_s and the libraries in `also` (their names, with commas between). 0, or
 * ERR_INVALID as above, naming the one that is not allowed. */
int elf_allow(const struct elf *elf, struct text also, struct error *error);

#endif
