#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/plugins/plugin_state.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char dir[64], path[100];
static struct error error;

static void make_folder(void) {
    snprintf(dir, sizeof dir, "/tmp/parley-state-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/state.json", dir);
}

static void remove_folder(void) {
    bundle_remove(dir);
}

TestSuite(plugin_state, .init = make_folder, .fini = remove_folder);

Test(plugin_state, reads_back_what_was_written) {
    struct plugin_state state = {.name = memory_copy("polls"), .active = memory_copy("1.1.0"), .retired = true}, read;
    struct origin is_unsigned = {.kind = ORIGIN_UNSIGNED, .sequence = 99},
                  is_signed = {.kind = ORIGIN_SIGNED, .key = "58A6E3E1F1D0C2B4", .sequence = 7};
    plugin_state_add(&state, "1.0.0", DIGEST, 1700000000000, &is_unsigned);
    plugin_state_add(&state, "1.1.0", DIGEST, 1700000000001, &is_signed);
    plugin_state_saw(&state, &is_unsigned);
    plugin_state_saw(&state, &is_signed);
    cr_assert_eq(plugin_state_write(&state, dir, &error), 0, "%s", error.detail);
    cr_assert_eq(plugin_state_write(&state, dir, &error), 0, "%s", error.detail);
    cr_assert_eq(plugin_state_read(&read, dir, &error), 0, "%s", error.detail);
    cr_assert_str_eq(read.name, "polls");
    cr_assert_str_eq(read.active, "1.1.0");
    cr_assert_null(read.previous);
    cr_assert(read.retired);
    cr_assert_eq(read.n, 2);
    cr_assert_str_eq(read.releases[1].version, "1.1.0");
    cr_assert_str_eq(read.releases[1].digest, DIGEST);
    cr_assert_eq(read.releases[1].installed_at, 1700000000001);
    cr_assert_eq(read.releases[0].origin.kind, ORIGIN_UNSIGNED);
    cr_assert_eq(read.releases[1].origin.kind, ORIGIN_SIGNED);
    cr_assert_str_eq(read.releases[1].origin.key, "58A6E3E1F1D0C2B4");
    cr_assert_eq(read.sequence, 7, "what anybody may claim does not count");
    plugin_state_free(&state);
    plugin_state_free(&read);
}

Test(plugin_state, what_is_missing_or_damaged_is_told_apart) {
    struct plugin_state state;
    cr_assert_eq(plugin_state_read(&state, dir, &error), ERR_NOT_FOUND);
    static const char *const damaged[] = {
        "", "{\"name\":\"polls\",\"rel", "{}", "[]",
        "{\"name\":\"polls\",\"releases\":[{\"version\":\"1.0.0\",\"digest\":\"ab\"}]}"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        FILE *file = fopen(path, "w");
        fputs(damaged[i], file);
        fclose(file);
        error = (struct error){0};
        cr_assert_eq(plugin_state_read(&state, dir, &error), ERR_CORRUPT, "%s", damaged[i]);
    }
}

Test(plugin_state, a_write_that_fails_leaves_what_was_there) {
    struct plugin_state state = {.name = memory_copy("polls")}, read;
    cr_assert_eq(plugin_state_write(&state, dir, &error), 0);
    char blocked[120];
    snprintf(blocked, sizeof blocked, "mkdir %s/state.json.new", dir);
    cr_assert_eq(system(blocked), 0);
    state.retired = true;
    cr_assert_eq(plugin_state_write(&state, dir, &error), ERR_IO);
    cr_assert_eq(plugin_state_read(&read, dir, &error), 0);
    cr_assert_not(read.retired);
    plugin_state_free(&state);
    plugin_state_free(&read);
}
