#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buffer.h"
#include "core/plugins/bundle.h"
#include "tests/core/plugins/house.h"

#define MANIFEST "{\"name\":\"polls\",\"version\":\"1.0.0\",\"abi\":[1,0],\"library\":\"polls.so\"}"

/* An archive made by hand, with whatever is wrong in it. */
struct maker {
    struct archive *archive;
    char bytes[1 << 20];
    size_t n;
};

static struct maker maker;
static struct bundle bundle;
static struct error error;

static void begin(void) {
    maker.archive = archive_write_new();
    archive_write_set_format_pax_restricted(maker.archive);
    archive_write_set_bytes_in_last_block(maker.archive, 1);
    archive_write_open_memory(maker.archive, maker.bytes, sizeof maker.bytes, &maker.n);
}

static void put(const char *name, mode_t type, struct text bytes, const char *link) {
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (int64_t)bytes.n);
    if (link && type == AE_IFLNK) archive_entry_set_symlink(entry, link);
    if (link && type == AE_IFREG) archive_entry_set_hardlink(entry, link);
    archive_write_header(maker.archive, entry);
    if (bytes.n) archive_write_data(maker.archive, bytes.at, bytes.n);
    archive_entry_free(entry);
}

static void put_file(const char *name, struct text bytes) {
    put(name, AE_IFREG, bytes, NULL);
}

static void put_library(void) {
    static char bytes[1 << 19];
    FILE *file = fopen(house_fixture("obedient.so"), "r");
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    put_file("polls.so", text_n(bytes, n));
}

static int finish(void) {
    archive_write_close(maker.archive);
    archive_write_free(maker.archive);
    error = (struct error){0};
    return bundle_read_archive(&bundle, text_n(maker.bytes, maker.n), &error);
}

static void assert_refused(int code, const char *why) {
    cr_assert_eq(finish(), code, "%s", error.detail);
    cr_assert(strstr(error.detail, why), "%s", error.detail);
}

Test(bundle, a_plain_tar_of_manifest_library_and_widget_is_read) {
    begin();
    put_file("plugin.json", TEXT(MANIFEST));
    put_library();
    put("web/", AE_IFDIR, TEXT_NONE, NULL);
    put_file("web/polls.js", TEXT("export {}"));
    cr_assert_eq(finish(), 0, "%s", error.detail);
    cr_assert_str_eq(bundle.manifest.name, "polls");
    cr_assert_str_eq(bundle.manifest.version, "1.0.0");
    cr_assert(text_is(bundle_find(&bundle, TEXT("web/polls.js"))->bytes, "export {}"));
    cr_assert_null(bundle_find(&bundle, TEXT("web/other.js")));
    cr_assert_eq(strlen(bundle.digest), 64);
    bundle_free(&bundle);
}

Test(bundle, a_file_may_not_leave_the_folder_or_have_an_odd_name) {
    static const char *const names[] = {"../evil.so", "/etc/passwd", "web/../../evil", "./plugin.json",
                                        "a//b",       "with space",  "back\\slash",    "new\nline",
                                        ".",          "web/..",      "caf\xc3\xa9.js"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        begin();
        put_file("plugin.json", TEXT(MANIFEST));
        put_library();
        put_file(names[i], TEXT("x"));
        assert_refused(ERR_INVALID, "is no name for a file of a bundle");
    }
}

Test(bundle, links_and_devices_are_refused) {
    begin();
    put_file("plugin.json", TEXT(MANIFEST));
    put("polls.so", AE_IFLNK, TEXT_NONE, "/lib/x86_64-linux-gnu/libc.so.6");
    assert_refused(ERR_INVALID, "'polls.so' is a link or a device");
    begin();
    put_file("plugin.json", TEXT(MANIFEST));
    put("polls.so", AE_IFREG, TEXT_NONE, "plugin.json");
    assert_refused(ERR_INVALID, "'polls.so' is a link or a device");
    begin();
    put("null", AE_IFCHR, TEXT_NONE, NULL);
    assert_refused(ERR_INVALID, "'null' is a link or a device");
}

Test(bundle, a_file_that_is_there_twice_is_refused) {
    begin();
    put_file("plugin.json", TEXT(MANIFEST));
    put_file("plugin.json", TEXT(MANIFEST));
    put_library();
    assert_refused(ERR_INVALID, "plugin.json is in the bundle twice");
}

Test(bundle, without_manifest_or_library_or_widget_it_is_refused_by_name) {
    begin();
    put_library();
    assert_refused(ERR_INVALID, "plugin.json is not in the bundle");
    begin();
    put_file("plugin.json", TEXT(MANIFEST));
    assert_refused(ERR_INVALID, "the library polls.so is not in the bundle");
    begin();
    put_file(
        "plugin.json",
        TEXT("{\"name\":\"polls\",\"version\":\"1.0.0\",\"abi\":[1,0],\"library\":\"polls.so\",\"web\":\"web/w.js\"}"));
    put_library();
    assert_refused(ERR_INVALID, "the widget web/w.js is not in the bundle");
}

Test(bundle, a_library_of_another_kind_or_machine_is_refused) {
    begin();
    put_file("plugin.json", TEXT(MANIFEST));
    put_file("polls.so", TEXT("\177ELF"));
    assert_refused(ERR_INVALID, "the library polls.so is no ELF");
    char head[64] = "\177ELF\2\1\1";
    head[16] = 3;
    head[18] = 40; /* 32-bit ARM */
    begin();
    put_file("plugin.json", TEXT(MANIFEST));
    put_file("polls.so", text_n(head, sizeof head));
    assert_refused(ERR_INVALID, "is an ELF of another machine");
    FILE *file = fopen("/proc/self/exe", "r");
    cr_assert_eq(fread(head, 1, sizeof head, file), sizeof head);
    fclose(file);
    head[16] = 1; /* ET_REL: an object file */
    begin();
    put_file("plugin.json", TEXT(MANIFEST));
    put_file("polls.so", text_n(head, sizeof head));
    assert_refused(ERR_INVALID, "is no shared object");
}

Test(bundle, what_is_no_archive_or_ends_early_is_refused) {
    cr_assert_eq(bundle_read_archive(&bundle, TEXT("PK\3\4 this is a zip"), &error), ERR_INVALID);
    cr_assert(strstr(error.detail, "is no bundle"), "%s", error.detail);
    error = (struct error){0};
    cr_assert_eq(bundle_read_archive(&bundle, TEXT_NONE, &error), ERR_INVALID);
    begin();
    put_file("plugin.json", TEXT(MANIFEST));
    put_library();
    archive_write_close(maker.archive);
    archive_write_free(maker.archive);
    for (size_t n = 0; n + 2048 < maker.n; n += 1009) {
        error = (struct error){0};
        cr_assert_eq(bundle_read_archive(&bundle, text_n(maker.bytes, n), &error), ERR_INVALID, "%zu", n);
    }
}

Test(bundle, more_than_64_mebibytes_are_refused_however_well_they_compress) {
    char out[] = "/tmp/parley-bundle-XXXXXX";
    close(mkstemp(out));
    struct archive *archive = archive_write_new();
    archive_write_set_format_ustar(archive);
    archive_write_add_filter_zstd(archive);
    cr_assert_eq(archive_write_open_filename(archive, out), ARCHIVE_OK);
    static char zeros[1 << 20];
    for (int i = 0; i < 3; i++) {
        struct archive_entry *entry = archive_entry_new();
        char name[16];
        snprintf(name, sizeof name, "web/%d", i);
        archive_entry_set_pathname(entry, name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_size(entry, 30 << 20);
        archive_write_header(archive, entry);
        for (int k = 0; k < 30; k++) archive_write_data(archive, zeros, sizeof zeros);
        archive_entry_free(entry);
    }
    archive_write_close(archive);
    archive_write_free(archive);
    struct stat what;
    stat(out, &what);
    cr_assert_lt(what.st_size, 1 << 20);
    cr_assert_eq(bundle_read(&bundle, out, &error), ERR_TOO_LARGE);
    cr_assert_str_eq(error.detail, "the bundle is larger than 64 MiB when unpacked");
    unlink(out);
}

/* Compresses what the maker made, so many times. */
static void finish_compressed(int times) {
    static char other[sizeof maker.bytes];
    archive_write_close(maker.archive);
    archive_write_free(maker.archive);
    for (int i = 0; i < times; i++) {
        size_t n = 0;
        struct archive *archive = archive_write_new();
        archive_write_set_format_raw(archive);
        archive_write_add_filter_zstd(archive);
        archive_write_set_bytes_in_last_block(archive, 1);
        archive_write_open_memory(archive, other, sizeof other, &n);
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_write_header(archive, entry);
        archive_write_data(archive, maker.bytes, maker.n);
        archive_entry_free(entry);
        archive_write_close(archive);
        archive_write_free(archive);
        memcpy(maker.bytes, other, n);
        maker.n = n;
    }
}

Test(bundle, compressed_once_is_read_and_compressed_twice_is_refused) {
    for (int times = 1; times <= 2; times++) {
        begin();
        put_file("plugin.json", TEXT(MANIFEST));
        put_library();
        finish_compressed(times);
        int code = bundle_read_archive(&bundle, text_n(maker.bytes, maker.n), &error);
        cr_assert_eq(code, times == 1 ? 0 : ERR_INVALID, "%s", error.detail);
        if (!code) bundle_free(&bundle);
    }
    cr_assert(strstr(error.detail, "compressed more than once"), "%s", error.detail);
}

Test(bundle, folders_without_end_are_refused) {
    char out[] = "/tmp/parley-bundle-XXXXXX";
    close(mkstemp(out));
    struct archive *archive = archive_write_new();
    archive_write_set_format_ustar(archive);
    archive_write_add_filter_zstd(archive);
    cr_assert_eq(archive_write_open_filename(archive, out), ARCHIVE_OK);
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, "web");
    archive_entry_set_filetype(entry, AE_IFDIR);
    for (int i = 0; i < 150000; i++) archive_write_header(archive, entry); /* 75 MB of headers */
    archive_entry_free(entry);
    archive_write_close(archive);
    archive_write_free(archive);
    cr_assert_eq(bundle_read(&bundle, out, &error), ERR_TOO_LARGE);
    cr_assert_str_eq(error.detail, "the bundle is larger than 64 MiB when unpacked");
    unlink(out);
}

Test(bundle, more_than_1024_files_are_refused) {
    begin();
    for (int i = 0; i < 1025; i++) {
        char name[16];
        snprintf(name, sizeof name, "web/%d", i);
        put_file(name, TEXT_NONE);
    }
    assert_refused(ERR_TOO_LARGE, "more than 1024 files");
}

Test(bundle, a_hash_that_does_not_fit_is_named) {
    begin();
    put_file(
        "plugin.json",
        TEXT(
            "{\"name\":\"polls\",\"version\":\"1.0.0\",\"abi\":[1,0],\"library\":\"polls.so\",\"sha256\":{\"polls.so\":"
            "\"0000000000000000000000000000000000000000000000000000000000000000\"}}"));
    put_library();
    assert_refused(ERR_INVALID, "polls.so is not what plugin.json says: its SHA-256 is ");
}

Test(bundle, a_file_that_the_hashes_do_not_list_is_refused_and_so_is_a_listed_one_that_is_missing) {
    begin();
    put_file("plugin.json",
             TEXT("{\"name\":\"polls\",\"version\":\"1.0.0\",\"abi\":[1,0],\"library\":\"polls.so\",\"sha256\":{}}"));
    put_library();
    assert_refused(ERR_INVALID, "plugin.json /sha256 does not list polls.so");
}

/* ---- folders, packing, unpacking: with a real folder ---- */

static struct house house;

static void make_house(void) {
    snprintf(house.dir, sizeof house.dir, "/tmp/parley-bundle-XXXXXX");
    cr_assert_not_null(mkdtemp(house.dir));
}

static void remove_house(void) {
    bundle_remove(house.dir);
}

TestSuite(packing, .init = make_house, .fini = remove_house);

static char out_path[100];

static const char *in_dir(const char *name) {
    snprintf(out_path, sizeof out_path, "%s/%s", house.dir, name);
    return out_path;
}

Test(packing, a_folder_becomes_one_file_that_lists_its_hashes_and_is_the_same_each_time) {
    const char *folder = house_bundle(&house, "polls", "1.0.0", "obedient");
    cr_assert_eq(bundle_write(folder, in_dir("one.tar.zst"), &error), 0, "%s", error.detail);
    cr_assert_eq(bundle_read(&bundle, in_dir("one.tar.zst"), &error), 0, "%s", error.detail);
    cr_assert_eq(json_object_size(bundle.manifest.sha256), 2);
    cr_assert(text_is(bundle_find(&bundle, TEXT("web/widget.js"))->bytes, "export const version = '1.0.0';\n"));
    bundle_free(&bundle);
    cr_assert_eq(bundle_write(folder, in_dir("two.tar.zst"), &error), 0, "%s", error.detail);
    char command[200];
    snprintf(command, sizeof command, "cmp %s/one.tar.zst %s/two.tar.zst", house.dir, house.dir);
    cr_assert_eq(system(command), 0);
}

Test(packing, a_folder_a_tar_and_what_is_packed_are_one_release) {
    char digest[BUNDLE_DIGEST], command[400];
    const char *folder = house_bundle(&house, "polls", "1.0.0", "obedient");
    cr_assert_eq(bundle_read(&bundle, folder, &error), 0, "%s", error.detail);
    memcpy(digest, bundle.digest, sizeof digest);
    bundle_free(&bundle);
    cr_assert_eq(bundle_write(folder, in_dir("packed"), &error), 0, "%s", error.detail);
    snprintf(command, sizeof command, "cd %s && tar cf plain -C %s web polls.so plugin.json", house.dir, folder);
    cr_assert_eq(system(command), 0);
    snprintf(command, sizeof command, "cd %s && zstd -q -19 plain -o again || cp packed again", house.dir);
    cr_assert_eq(system(command), 0);
    static const char *const forms[] = {"packed", "plain", "again"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        cr_assert_eq(bundle_read(&bundle, in_dir(forms[i]), &error), 0, "%s: %s", forms[i], error.detail);
        cr_assert_str_eq(bundle.digest, digest, "%s", forms[i]);
        bundle_free(&bundle);
    }
}

Test(packing, another_word_in_the_manifest_is_another_release) {
    char digest[BUNDLE_DIGEST], path[200];
    const char *folder = house_bundle(&house, "polls", "1.0.0", "obedient");
    cr_assert_eq(bundle_read(&bundle, folder, &error), 0, "%s", error.detail);
    memcpy(digest, bundle.digest, sizeof digest);
    bundle_free(&bundle);
    snprintf(path, sizeof path, "%s/plugin.json", folder);
    FILE *file = fopen(path, "w");
    fputs(MANIFEST, file);
    fclose(file);
    cr_assert_eq(bundle_read(&bundle, folder, &error), 0, "%s", error.detail);
    cr_assert_str_neq(bundle.digest, digest);
    bundle_free(&bundle);
}

Test(packing, one_changed_byte_in_the_file_is_noticed) {
    const char *folder = house_bundle(&house, "polls", "1.0.0", "obedient");
    cr_assert_eq(bundle_write(folder, in_dir("b.tar.zst"), &error), 0);
    int fd = open(in_dir("b.tar.zst"), O_RDWR);
    off_t n = lseek(fd, 0, SEEK_END);
    int noticed = 0, tried = 0;
    for (off_t at = 100; at < n; at += n / 40, tried++) {
        char before, after;
        cr_assert_eq(pread(fd, &before, 1, at), 1);
        after = (char)(before ^ 0x10);
        cr_assert_eq(pwrite(fd, &after, 1, at), 1);
        if (bundle_read(&bundle, in_dir("b.tar.zst"), &error) == 0)
            bundle_free(&bundle);
        else
            noticed++;
        cr_assert_eq(pwrite(fd, &before, 1, at), 1);
    }
    close(fd);
    cr_assert_eq(noticed, tried);
}

Test(packing, a_folder_with_a_symbolic_link_is_refused) {
    const char *folder = house_bundle(&house, "polls", "1.0.0", "obedient");
    char link[300];
    snprintf(link, sizeof link, "%s/web/passwords.js", folder);
    cr_assert_eq(symlink("/etc/passwd", link), 0);
    cr_assert_eq(bundle_write(folder, in_dir("b.tar.zst"), &error), ERR_INVALID);
    cr_assert_str_eq(error.detail, "web/passwords.js is a symbolic link");
    cr_assert_neq(access(in_dir("b.tar.zst"), F_OK), 0);
}

Test(packing, unpacking_replaces_what_was_there_and_leaves_nothing_beside_it) {
    const char *folder = house_bundle(&house, "polls", "1.0.0", "obedient");
    cr_assert_eq(bundle_read(&bundle, folder, &error), 0, "%s", error.detail);
    char digest[BUNDLE_DIGEST];
    memcpy(digest, bundle.digest, sizeof digest);
    for (int i = 0; i < 2; i++) cr_assert_eq(bundle_unpack(&bundle, in_dir("there"), &error), 0, "%s", error.detail);
    bundle_free(&bundle);
    cr_assert_eq(bundle_read(&bundle, in_dir("there"), &error), 0, "%s", error.detail);
    cr_assert_str_eq(bundle.digest, digest);
    bundle_free(&bundle);
    char command[200];
    snprintf(command, sizeof command, "test $(ls %s | wc -l) = 2", house.dir);
    cr_assert_eq(system(command), 0);
}

Test(packing, what_is_not_there_is_not_found) {
    cr_assert_eq(bundle_read(&bundle, "/nowhere/polls", &error), ERR_NOT_FOUND);
}
