#include "core/plugins/elf.h"

#include <elf.h>
#include <inttypes.h>

#if defined __x86_64__
enum { MACHINE = EM_X86_64, PAGE = 4096 };
#elif defined __aarch64__
enum { MACHINE = EM_AARCH64, PAGE = 65536 };
#else
enum { MACHINE = EM_NONE, PAGE = 4096 }; /* say here which one this is */
#endif

enum { SEGMENTS = 64 };

struct image {
    struct text bytes;
    Elf64_Phdr load[SEGMENTS];
    size_t loads;
    Elf64_Phdr dynamic, stack; /* p_type 0 where there is none */
};

static int wrong(struct error *error, const char *what) {
    return error_set(error, ERR_INVALID, "%s", what);
}

static bool within(uint64_t at, uint64_t n, uint64_t whole) {
    return at <= whole && n <= whole - at;
}

static int read_head(Elf64_Ehdr *head, struct text bytes, struct error *error) {
    if (bytes.n < sizeof *head || memcmp(bytes.at, ELFMAG, SELFMAG) != 0) return wrong(error, "is no ELF");
    memcpy(head, bytes.at, sizeof *head);
    if (head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_ident[EI_DATA] != ELFDATA2LSB || head->e_machine != MACHINE)
        return wrong(error, "is an ELF of another machine: build it on one like this");
    if (head->e_type != ET_DYN) return wrong(error, "is no shared object: link with -shared");
    if (head->e_phentsize != sizeof(Elf64_Phdr) || !head->e_phnum || head->e_phnum > SEGMENTS ||
        !within(head->e_phoff, (uint64_t)head->e_phnum * sizeof(Elf64_Phdr), bytes.n))
        return wrong(error, "is damaged: its table of segments is not in the file; build it again");
    return 0;
}

/* ---- segments ---- */

/* Segments are mapped page by page, each over what is there: two that share a page would make what was checked
 * another thing than what is loaded. */
static int add_load(struct image *image, const Elf64_Phdr *segment, struct error *error) {
    if ((segment->p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
        return wrong(error, "has memory that is writable and executable at once: link without -Wl,-N and without "
                            "a linker script that puts code and data together");
    if (!within(segment->p_offset, segment->p_filesz, image->bytes.n) || segment->p_filesz > segment->p_memsz ||
        segment->p_vaddr > INT64_MAX || segment->p_memsz > INT64_MAX - segment->p_vaddr ||
        (segment->p_vaddr - segment->p_offset) % PAGE != 0)
        return wrong(error, "is damaged: a segment lies outside of the file; build it again");
    if (image->loads) {
        const Elf64_Phdr *before = &image->load[image->loads - 1];
        uint64_t end = before->p_vaddr + before->p_memsz;
        if (segment->p_vaddr / PAGE < (end + PAGE - 1) / PAGE)
            return wrong(error, "is damaged: its segments overlap; build it again");
    }
    image->load[image->loads++] = *segment;
    return 0;
}

static int add_once(Elf64_Phdr *place, const Elf64_Phdr *segment, struct error *error) {
    if (place->p_type) return wrong(error, "is damaged: it has the same segment twice; build it again");
    *place = *segment;
    return 0;
}

static int read_segments(struct image *image, const Elf64_Ehdr *head, struct error *error) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < head->e_phnum; i++) {
        Elf64_Phdr segment;
        memcpy(&segment, image->bytes.at + head->e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type == PT_LOAD) rc = add_load(image, &segment, error);
        if (segment.p_type == PT_DYNAMIC) rc = add_once(&image->dynamic, &segment, error);
        if (segment.p_type == PT_GNU_STACK) rc = add_once(&image->stack, &segment, error);
    }
    if (rc < 0) return rc;
    if (!image->stack.p_type || image->stack.p_flags & PF_X)
        return wrong(error, "has an executable stack: link with -Wl,-z,noexecstack (an assembler file without "
                            ".note.GNU-stack and a pointer to a nested function bring one)");
    if (!image->dynamic.p_type)
        return wrong(error, "is no shared object: it has no dynamic section; link with -shared");
    return 0;
}

/* The bytes of the file that lie at [address, address + n) once it is mapped; TEXT_NONE where not all of them do. */
static struct text at_address(const struct image *image, uint64_t address, uint64_t n) {
    for (size_t i = 0; i < image->loads; i++) {
        const Elf64_Phdr *segment = &image->load[i];
        if (address >= segment->p_vaddr && within(address - segment->p_vaddr, n, segment->p_filesz))
            return text_n(image->bytes.at + segment->p_offset + (address - segment->p_vaddr), (size_t)n);
    }
    return TEXT_NONE;
}

/* ---- the dynamic section ---- */

struct dynamic {
    struct text entries, strings;
};

static bool entry_at(const struct dynamic *dynamic, size_t i, Elf64_Dyn *entry) {
    if ((i + 1) * sizeof *entry > dynamic->entries.n) return false;
    memcpy(entry, dynamic->entries.at + i * sizeof *entry, sizeof *entry);
    return entry->d_tag != DT_NULL;
}

static int find_strings(const struct image *image, struct dynamic *dynamic, struct error *error) {
    uint64_t at = 0, n = 0;
    int tables = 0, sizes = 0;
    Elf64_Dyn entry;
    for (size_t i = 0; entry_at(dynamic, i, &entry); i++) {
        if (entry.d_tag == DT_STRTAB) at = entry.d_un.d_ptr, tables++;
        if (entry.d_tag == DT_STRSZ) n = entry.d_un.d_val, sizes++;
    }
    dynamic->strings = at_address(image, at, n);
    if (tables == 1 && sizes == 1 && dynamic->strings.n && !dynamic->strings.at[dynamic->strings.n - 1]) return 0;
    return wrong(error, "is damaged: its names are not in the file; build it again");
}

/* The name at that place of the table, which ends with a NUL; TEXT_NONE beyond it. */
static struct text name_at(const struct dynamic *dynamic, uint64_t at) {
    return at < dynamic->strings.n ? text_of(dynamic->strings.at + at) : TEXT_NONE;
}

static int check_entry(struct elf *elf, const struct dynamic *dynamic, const Elf64_Dyn *entry, struct error *error) {
    struct text name = name_at(dynamic, entry->d_un.d_val);
    switch (entry->d_tag) {
    case DT_RPATH:
    case DT_RUNPATH:
        return error_set(error, ERR_INVALID,
                         "looks for libraries in a folder of its own (%s %.100s): link without -Wl,-rpath",
                         entry->d_tag == DT_RPATH ? "RPATH" : "RUNPATH", name.n ? name.at : "");
    case DT_TEXTREL: break;
    case DT_FLAGS:
        if (!(entry->d_un.d_val & DF_TEXTREL)) return 0;
        break;
    case DT_AUXILIARY:
    case DT_FILTER:
    case DT_AUDIT:
    case DT_DEPAUDIT: return wrong(error, "is a filter for another library: link without -Wl,-f, -F and --audit");
    case DT_NEEDED:
        if (!name.n) return wrong(error, "is damaged: a library that it needs has no name; build it again");
        if (elf->n == ELF_NEEDED) return error_set(error, ERR_INVALID, "needs more than %d libraries", ELF_NEEDED);
        elf->needed[elf->n++] = name;
        return 0;
    default: return 0;
    }
    return wrong(error,
                 "has relocations in its code (TEXTREL): compile every file with -fPIC and link with -Wl,-z,text");
}

int elf_read(struct elf *elf, struct text bytes, struct error *error) {
    struct image image = {.bytes = bytes};
    struct dynamic dynamic;
    Elf64_Ehdr head;
    *elf = (struct elf){.n = 0};
    int rc = read_head(&head, bytes, error);
    if (rc == 0) rc = read_segments(&image, &head, error);
    if (rc < 0) return rc;
    dynamic.entries = at_address(&image, image.dynamic.p_vaddr, image.dynamic.p_filesz);
    if (!dynamic.entries.n) return wrong(error, "is damaged: its dynamic section is not in the file; build it again");
    rc = find_strings(&image, &dynamic, error);
    Elf64_Dyn entry;
    for (size_t i = 0; rc == 0 && entry_at(&dynamic, i, &entry); i++) rc = check_entry(elf, &dynamic, &entry, error);
    return rc;
}

/* ---- what it may need ---- */

static bool listed(struct text name, struct text list) {
    struct text one;
    for (bool more = true; more;) {
        more = text_cut(list, ',', &one, &list);
        if (text_eq(text_trim(one), name)) return true;
    }
    return false;
}

int elf_allow(const struct elf *elf, struct text also, struct error *error) {
    static const char always[] = "libc.so.6,libm.so.6,libgcc_s.so.1,libpthread.so.0,libdl.so.2,librt.so.1,"
                                 "ld-linux-x86-64.so.2,ld-linux-aarch64.so.1"
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ /* builds for tests, plugins included */
                                 ",libasan.so.8,libubsan.so.1,libtsan.so.2"
#endif
        ;
    for (size_t i = 0; i < elf->n; i++)
        if (!listed(elf->needed[i], text_of(always)) && !listed(elf->needed[i], also))
            return error_set(error, ERR_INVALID,
                             "needs %.100s, which plugins may not load: link without it or link it in statically, or "
                             "have the operator allow it (plugins.libraries)",
                             elf->needed[i].at);
    return 0;
}
