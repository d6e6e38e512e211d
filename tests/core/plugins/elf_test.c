#include <criterion/criterion.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "core/plugins/elf.h"

/* What is checked is what a real compiler and linker make, with one thing wrong in each; and what no linker makes, by hand. */

static struct elf elf;
static struct error error;
static char dir[] = "/tmp/parley-elf-XXXXXX";
static struct buffer object;

static void make_dir(void) {
    cr_assert_not_null(mkdtemp(dir));
}
static void remove_dir(void) {
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    cr_assert_eq(system(command), 0);
}
TestSuite(elf, .init = make_dir, .fini = remove_dir);

/* Compiles and links; `object` gets the bytes. */
static void build(const char *source, const char *flags) {
    char command[600], path[100];
    snprintf(path, sizeof path, "%s/x.c", dir);
    FILE *file = fopen(path, "w");
    fputs(source, file);
    fclose(file);
    snprintf(command, sizeof command, "cd %s && gcc -shared -fPIC -o x.so x.c %s 2>/dev/null", dir, flags);
    cr_assert_eq(system(command), 0, "%s", command);
    snprintf(path, sizeof path, "%s/x.so", dir);
    file = fopen(path, "r");
    buffer_clear(&object);
    for (size_t n = 1; n; object.n += n) n = fread(buffer_reserve(&object, 65536), 1, 65536, file);
    fclose(file);
}

static int read_it(void) {
    error_clear(&error);
    return elf_read(&elf, buffer_view(&object), &error);
}

static void assert_refused(const char *why) {
    cr_assert_eq(read_it(), ERR_INVALID, "%s", why);
    cr_assert(strstr(error.detail, why), "%s", error.detail);
}

static Elf64_Ehdr *head(void) {
    return (Elf64_Ehdr *)object.at;
}

/* The n-th segment of that type. */
static Elf64_Phdr *segment(uint32_t type, int n) {
    Elf64_Phdr *all = (Elf64_Phdr *)(object.at + head()->e_phoff);
    for (int i = 0; i < head()->e_phnum; i++)
        if (all[i].p_type == type && n-- == 0) return &all[i];
    cr_assert_fail("no such segment");
    return NULL;
}

static Elf64_Dyn *entry(int64_t tag) {
    Elf64_Dyn *at = (Elf64_Dyn *)(object.at + segment(PT_DYNAMIC, 0)->p_offset);
    while (at->d_tag != tag && at->d_tag != DT_NULL) at++;
    return at;
}

static const char needing[] =
    "#include <math.h>\n#include <stdio.h>\ndouble r(double x) { puts(\"\"); return cbrt(x); }\n";
static const char plain[] = "int answer(void) { return 42; }\n";

Test(elf, a_plain_object_is_read_and_its_libraries_are_told) {
    build(needing, "-lm");
    cr_assert_eq(read_it(), 0, "%s", error.detail);
    cr_assert_eq(elf.n, 2);
    cr_assert(text_is(elf.needed[0], "libm.so.6"));
    cr_assert(text_is(elf.needed[1], "libc.so.6"));
    cr_assert_eq(elf_allow(&elf, TEXT_NONE, &error), 0, "%s", error.detail);
}

Test(elf, a_library_that_is_not_allowed_is_named_and_the_operator_can_allow_it) {
    build("int sodium_init(void);\nint f(void) { return sodium_init(); }\n", "-lsodium");
    cr_assert_eq(read_it(), 0, "%s", error.detail);
    cr_assert_eq(elf_allow(&elf, TEXT_NONE, &error), ERR_INVALID);
    cr_assert(strstr(error.detail, "needs libsodium.so.23, which plugins may not load"), "%s", error.detail);
    cr_assert_eq(elf_allow(&elf, TEXT("libopenblas.so.0, libsodium.so.23"), NULL), 0);
    cr_assert_eq(elf_allow(&elf, TEXT("libsodium.so.2"), NULL), ERR_INVALID);
    cr_assert_eq(elf_allow(&elf, TEXT("libsodium.so.23x"), NULL), ERR_INVALID);
}

Test(elf, a_search_path_of_its_own_is_refused) {
    build(plain, "-Wl,-rpath,/tmp/evil,--enable-new-dtags");
    assert_refused("(RUNPATH /tmp/evil): link without -Wl,-rpath");
    build(plain, "-Wl,-rpath,/tmp/evil,--disable-new-dtags");
    assert_refused("(RPATH /tmp/evil): link without -Wl,-rpath");
}

Test(elf, an_executable_stack_is_refused) {
    build(plain, "-Wl,-z,execstack");
    assert_refused("has an executable stack: link with -Wl,-z,noexecstack");
}

Test(elf, memory_that_is_writable_and_executable_is_refused) {
    build(plain, "");
    segment(PT_LOAD, 3)->p_flags |= PF_X;
    assert_refused("has memory that is writable and executable at once");
}

#if defined __x86_64__
Test(elf, relocations_in_the_code_are_refused) {
    build("__asm__(\".text\\n.globl f\\nf: .quad f\\n\");\n", "-Wl,-z,notext");
    assert_refused("has relocations in its code (TEXTREL): compile every file with -fPIC");
}
#endif

Test(elf, a_filter_for_another_library_is_refused) {
    build(plain, "-Wl,-f,libevil.so");
    assert_refused("is a filter for another library");
    build(plain, "-Wl,-F,libevil.so");
    assert_refused("is a filter for another library");
    build(plain, "-Wl,--audit,libevil.so");
    assert_refused("is a filter for another library");
}

/* ---- by hand ---- */

Test(elf, what_is_no_object_of_this_machine_is_refused) {
    buffer_cstr(&object, "\177ELF");
    assert_refused("is no ELF");
    build(plain, "");
    head()->e_machine = EM_ARM;
    assert_refused("is an ELF of another machine");
    build(plain, "");
    head()->e_type = ET_REL;
    assert_refused("is no shared object");
    build(plain, "");
    head()->e_phnum = 0;
    assert_refused("its table of segments is not in the file");
    build(plain, "");
    head()->e_phoff = UINT64_MAX - 8;
    assert_refused("its table of segments is not in the file");
}

Test(elf, segments_outside_of_the_file_or_over_each_other_are_refused) {
    build(plain, "");
    segment(PT_LOAD, 0)->p_filesz = object.n + 1;
    assert_refused("a segment lies outside of the file");
    build(plain, "");
    segment(PT_LOAD, 0)->p_memsz = 0;
    assert_refused("a segment lies outside of the file");
    build(plain, "");
    segment(PT_LOAD, 1)->p_vaddr = segment(PT_LOAD, 0)->p_vaddr;
    segment(PT_LOAD, 1)->p_offset = 0;
    assert_refused("its segments overlap");
    build(plain, "");
    segment(PT_LOAD, 0)->p_memsz = UINT64_MAX / 2;
    assert_refused("its segments overlap");
}

/* ld.so takes the dynamic section from where p_vaddr points, whatever p_offset says. */
Test(elf, the_dynamic_section_is_the_one_that_is_loaded) {
    build(plain, "-Wl,-rpath,/tmp/evil");
    segment(PT_DYNAMIC, 0)->p_offset = 0;
    assert_refused("RUNPATH /tmp/evil");
    segment(PT_DYNAMIC, 0)->p_vaddr = 1ull << 40;
    assert_refused("its dynamic section is not in the file");
}

Test(elf, what_loaders_read_differently_is_refused) {
    build(plain, "");
    segment(PT_GNU_EH_FRAME, 0)->p_type = PT_GNU_STACK;
    assert_refused("the same segment twice");
    build(plain, "");
    segment(PT_GNU_STACK, 0)->p_type = PT_NULL;
    assert_refused("has an executable stack");
    build(plain, "");
    entry(DT_INIT)->d_tag = DT_STRTAB;
    assert_refused("its names are not in the file");
}

Test(elf, names_beyond_their_table_are_refused) {
    build(needing, "-lm");
    entry(DT_NEEDED)->d_un.d_val = 1 << 20;
    assert_refused("a library that it needs has no name");
    build(plain, "");
    entry(DT_STRSZ)->d_un.d_val = 1 << 20;
    assert_refused("its names are not in the file");
    build(plain, "");
    entry(DT_STRSZ)->d_un.d_val -= 1;
    assert_refused("its names are not in the file");
}

Test(elf, cut_anywhere_it_is_refused_or_whole_and_never_read_beyond) {
    build(plain, "");
    struct text whole = buffer_view(&object);
    size_t loaded = segment(PT_LOAD, 3)->p_offset + segment(PT_LOAD, 3)->p_filesz;
    for (size_t n = 0; n < loaded; n += 7) {
        char *part = malloc(n + 1);
        memcpy(part, whole.at, n);
        cr_assert_eq(elf_read(&elf, text_n(part, n), NULL), ERR_INVALID, "%zu", n);
        free(part);
    }
}
