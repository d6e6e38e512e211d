#include <criterion/criterion.h>
#include <stdlib.h>

#include "core/base/unit_map.h"

static struct unit_id id(uint64_t i) {
    return (struct unit_id){i % 7, i}; /* few homes: long runs of neighbours */
}

Test(unit_map, it_holds_what_was_put_and_not_what_was_removed) {
    enum { N = 500 };
    static uint64_t expected[N];
    struct unit_map map = {0};
    srand(3);
    for (int step = 0; step < 20000; step++) {
        uint64_t i = (uint64_t)(rand() % N);
        if (rand() % 2) {
            uint64_t value = (uint64_t)rand() + 1;
            cr_assert_eq(unit_map_put(&map, id(i), value), expected[i]);
            expected[i] = value;
        } else {
            unit_map_remove(&map, id(i));
            expected[i] = 0;
        }
        uint64_t look = (uint64_t)(rand() % N);
        cr_assert_eq(unit_map_get(&map, id(look)), expected[look]);
    }
    size_t n = 0;
    for (int i = 0; i < N; i++) {
        cr_assert_eq(unit_map_get(&map, id((uint64_t)i)), expected[i]);
        n += expected[i] != 0;
    }
    cr_expect_eq(map.n, n);
    unit_map_free(&map);
}
