#include <criterion/criterion.h>

#include "programs/parley/sums.h"

static const char results[] = "{\"srm\":{\"verdict\":\"ok\"},\"variants\":[{\"key\":\"off\",\"units\":2170,\"control\":"
                              "true},{\"key\":\"top\",\"units\":2168}],"
                              "\"metrics\":[{\"metric\":\"revenue\",\"variants\":[{\"variant\":\"off\",\"sum\":4455703."
                              "952},{\"variant\":\"top\",\"sum\":4455703.952}]},"
                              "{\"metric\":\"aov\",\"variants\":[{\"variant\":\"off\",\"mean\":3.5}]}]}";

Test(sums, are_added_up_exactly_over_the_variants) {
    struct arena arena;
    struct json json;
    struct sums sums;
    arena_init(&arena, 4096);
    cr_assert_eq(json_scan(&json, text_of(results), &arena, NULL), 0);
    sums_read(&sums, &json, &arena);
    cr_assert_eq(sums.n, 2, "customers and revenue; a ratio has no sum");
    cr_assert_eq(sums.all[0], 4338000000);
    cr_assert(text_is(sums.name[1], "revenue"));
    cr_assert_eq(sums.all[1], 8911407904000);
    cr_assert_eq(sums.of[1][1], 4455703952000);
    cr_assert(text_is(sums.srm, "ok"));
    arena_free(&arena);
}

Test(sums, an_expectation_must_name_numbers) {
    struct error error = {0};
    cr_assert_eq(sums_check_expectations("customers=4338,revenue=8911407.90", &error), 0);
    cr_assert_eq(sums_check_expectations(NULL, &error), 0);
    cr_assert_eq(sums_check_expectations("customers=many", &error), ERR_INVALID);
    error_clear(&error);
    cr_assert_eq(sums_check_expectations("4338", &error), ERR_INVALID);
}
