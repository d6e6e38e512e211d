#include <criterion/criterion.h>
#include <stdlib.h>

#include "experiments/measure/units.h"

static struct unit_id id(uint64_t i) {
    return (struct unit_id){i % 7, i % 11 | i << 32}; /* few homes, and tags that are shared: long runs of neighbours */
}

Test(units, a_unit_is_found_with_its_totals_whatever_was_added_and_removed_around_it) {
    enum { N = 500 };
    static int64_t expected[N];
    struct unit_table table;
    uint32_t n = 0;
    unit_table_init(&table, 2, 1);
    srand(3);
    for (int step = 0; step < 20000; step++) {
        uint64_t i = (uint64_t)(rand() % N);
        if (expected[i]) {
            unit_table_remove(&table, id(i));
            expected[i] = 0, n--;
        } else {
            struct unit_row *row = unit_table_add(&table, id(i));
            unit_totals(&table, row)[1] = expected[i] = step + 1;
            *unit_attributes(&table, row) = (uint32_t)step, n++;
        }
        uint64_t look = (uint64_t)(rand() % N);
        const struct unit_row *found = unit_table_find(&table, id(look));
        cr_assert_eq(found != NULL, expected[look] != 0);
        if (!found) continue;
        cr_assert(unit_eq(found->unit, id(look)));
        cr_assert_eq(unit_totals(&table, found)[1], expected[look]);
        cr_assert_eq(*unit_attributes(&table, found), (uint32_t)(expected[look] - 1));
    }
    cr_expect_eq(table.n, n);
    unit_table_free(&table);
}

Test(units, rows_that_the_owner_filled_in_are_found_once_they_are_indexed) {
    struct unit_table table;
    unit_table_init(&table, 1, 0);
    unit_table_resize(&table, 1000);
    for (uint32_t i = 0; i < 1000; i++) table.rows[i] = (struct unit_row){.unit = id(i), .t0 = i};
    unit_table_reindex(&table);
    for (uint32_t i = 0; i < 1000; i++) cr_assert_eq(unit_table_find(&table, id(i))->t0, i);
    cr_expect_null(unit_table_find(&table, id(1000)));
    unit_table_free(&table);
}

/* Three metrics with CUPED: three totals, the same before entry, and the primary by six weeks. */
Test(units, a_unit_with_three_metrics_and_cuped_takes_under_200_bytes_at_any_number) {
    struct unit_table table;
    unit_table_init(&table, 3 + 3 + 6, 0);
    for (uint32_t n = 1; n <= 200000; n++) {
        unit_table_add(&table, (struct unit_id){n * 0x9e3779b97f4a7c15u, n});
        if (n >= 20000) cr_assert_lt(unit_table_bytes(&table), (size_t)n * 200, "%u units", n);
    }
    unit_table_free(&table);
}
