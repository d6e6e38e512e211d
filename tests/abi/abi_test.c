/* What was built for ABI 1.0 runs for ever: nothing that it had has moved, and a plugin that is built from the header of that day loads and
 * works. The header lies in tests/abi/1.0, with the plugin and the recipe in meson.build; none of them is ever changed. */
#include <criterion/criterion.h>
#include <parley/test.h>
#include <string.h>

#include "tests/abi/layout.h"
#include "tests/plugins/build_path.h"

static void compare(const char *abi, const struct layout *then, size_t n, const struct layout *now, size_t m) {
    cr_assert_eq(n, m);
    for (size_t i = 0; i < n; i++) {
        cr_expect_eq(now[i].value, then[i].value, "%s was %zu in ABI %s and is %zu now", then[i].name, then[i].value,
                     abi, now[i].value);
        cr_expect_eq(now[i].size, then[i].size, "%s had %zu bytes in ABI %s and has %zu now", then[i].name,
                     then[i].size, abi, now[i].size);
    }
}

Test(abi, nothing_of_1_0_has_moved_or_changed) {
    size_t n, m;
    const struct layout *then = layout_1_0(&n), *now = layout_1_0_today(&m);
    cr_assert_eq(n, 121);
    compare("1.0", then, n, now, m);
}

Test(abi, nothing_of_1_1_has_moved_or_changed) {
    size_t n, m;
    const struct layout *then = layout_1_1(&n), *now = layout_1_1_today(&m);
    cr_assert_eq(n, 137);
    compare("1.1", then, n, now, m);
}

static parley_test *start(const char *settings) {
    parley_test *t = parley_test_start(
        &(struct parley_test_options){.library = build_path("tests/abi/%s.so", "abi-1.0"), .settings = settings});
    cr_assert_null(parley_test_why(t), "%s", parley_test_why(t));
    return t;
}

Test(abi, a_plugin_of_1_0_serves_every_kind_of_call) {
    parley_test *t = start("{\"greeting\":\"Moin\"}");
    parley_test_as(t, "anna");
    parley_test_variant(t, "f", "v", "{\"max\":3}");
    cr_expect_eq(parley_test_call(t, "PUT", "/notes/a?mood=calm",
                                  "{\"body\":\"hello\",\"tags\":[\"x\",\"y\"],\"at\":\"2026-01-02\"}"),
                 201);
    cr_expect(parley_test_says(
        t, "",
        "{\"id\":\"a\",\"body\":\"hello\",\"mood\":\"calm\",\"tags\":[\"x\",\"y\"],\"greeting\":\"Moin\",\"max\":3,"
        "\"who\":\"anna\",\"known\":true,\"at\":\"2026-01-02T00:00:00.000Z\",\"notes\":1}"));
    cr_expect_eq(parley_test_call(t, "PUT", "/notes/a", "{\"body\":\"again\"}"), 409);
    cr_expect_eq(parley_test_call(t, "PUT", "/notes/b", "{\"colour\":1}"), 400);
    cr_expect_eq(parley_test_tracked(t, "Note Written"), 1);
    cr_expect_eq(parley_test_entries(t, "note"), 1);
    parley_test_wait(t, 1000);
    parley_test_call(t, "GET", "/notes", NULL);
    cr_expect(
        parley_test_says(t, "/items", "[{\"id\":\"a\",\"body\":\"hello\"},{\"id\":\"by timer\",\"body\":\"remind\"}]"));
    cr_expect(parley_test_event(t, "Order Completed", "anna", "{\"order_id\":\"o1\"}"));
    parley_test_restart(t, NULL);
    cr_expect_str_eq(parley_test_export(t, "anna"), "{\"notes\":2}");
    cr_expect_eq(parley_test_forget(t, "anna"), 0);
    cr_expect_str_eq(parley_test_export(t, "anna"), "{\"notes\":0}");
    parley_test_stop(t);
}
