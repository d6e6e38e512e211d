#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/plugins/bundle.h"
#include "programs/parley/watch.h"

static char folder[] = "/tmp/parley-watch-XXXXXX";
static struct watch watch;
static uint64_t at;

static const char *in(const char *name) {
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *name) {
    FILE *file = fopen(in(name), "w");
    cr_assert(file && fputs("x", file) >= 0 && fclose(file) == 0);
}

static void open_all(void) {
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(mkdir(in("web"), 0755), 0);
    cr_assert_eq(mkdir(in("build"), 0755), 0);
    cr_assert_eq(watch_open(&watch, folder, NULL), 0);
}

static void close_all(void) {
    watch_close(&watch);
    bundle_remove(folder);
}

TestSuite(watch, .init = open_all, .fini = close_all);

static bool changed(int ms) {
    poll(&(struct pollfd){.fd = watch.fd, .events = POLLIN}, 1, ms);
    return watch_take(&watch, &at);
}

Test(watch, sees_a_file_that_is_written_and_when) {
    cr_expect_not(changed(0));
    uint64_t before = clock_ticks();
    put("hello.c");
    cr_expect(changed(1000));
    cr_expect(at >= before && at <= clock_ticks());
    cr_expect_not(changed(0));
}

Test(watch, sees_one_change_where_an_editor_takes_several_steps) {
    char saved[200];
    put("hello.c~");
    snprintf(saved, sizeof saved, "%s", in("hello.c"));
    cr_assert_eq(rename(in("hello.c~"), saved), 0);
    put("hello.c");
    put("hello.c");
    cr_expect(changed(1000));
    cr_expect_not(changed(0));
}

Test(watch, sees_what_lies_deeper_also_in_folders_that_come_later) {
    put("web/hello.js");
    cr_expect(changed(1000));
    cr_assert_eq(mkdir(in("more"), 0755), 0);
    cr_expect(changed(1000));
    put("more/part.c");
    cr_expect(changed(1000));
    unlink(in("more/part.c"));
    cr_expect(changed(1000));
}

Test(watch, sees_nothing_in_what_is_built_hidden_or_left_by_an_editor) {
    put("build/hello.so");
    put(".hidden");
    put("hello.c~");
    put("4913");
    cr_expect_not(changed(50));
}
