#include "core/base/map.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct map map;
static void tear_down(void) {
    map_free(&map);
}
TestSuite(map, .fini = tear_down);

Test(map, is_empty_at_first) {
    cr_expect_null(map_get(&map, TEXT("a")));
    cr_expect_null(map_next(&map, NULL));
}

Test(map, finds_what_was_put_and_replaces_it) {
    int one, two;
    cr_expect_null(map_put(&map, TEXT("key"), &one));
    cr_expect_eq(map_get(&map, TEXT("key")), &one);
    cr_expect_null(map_get(&map, TEXT("keys")));
    cr_expect_eq(map_put(&map, TEXT("key"), &two), &one);
    cr_expect_eq(map_get(&map, TEXT("key")), &two);
    cr_expect_eq(map.n, 1);
}

Test(map, takes_the_empty_key) {
    int value;
    map_put(&map, TEXT_NONE, &value);
    cr_expect_eq(map_get(&map, TEXT("")), &value);
}

Test(map, keeps_thousands_of_keys_apart) {
    static char keys[5000][8];
    static bool seen[5000];
    for (int i = 0; i < 5000; i++) {
        snprintf(keys[i], sizeof keys[i], "k%d", i);
        cr_assert_null(map_put(&map, text_of(keys[i]), &seen[i]));
    }
    cr_expect_eq(map.n, 5000);
    for (int i = 0; i < 5000; i++) cr_assert_eq(map_get(&map, text_of(keys[i])), &seen[i]);
    size_t n = 0;
    for (struct map_entry *e = map_next(&map, NULL); e; e = map_next(&map, e), n++) {
        bool *mark = e->value;
        cr_assert_not(*mark, "each entry comes once");
        *mark = true;
    }
    cr_expect_eq(n, 5000);
}
