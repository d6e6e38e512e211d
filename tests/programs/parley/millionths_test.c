#include <criterion/criterion.h>

#include "programs/parley/millionths.h"

static const char *printed(int64_t millionths) {
    static char out[MILLIONTHS_ROOM];
    millionths_print(out, millionths);
    return out;
}

Test(millionths, are_printed_as_the_shortest_decimal) {
    cr_assert_str_eq(printed(0), "0");
    cr_assert_str_eq(printed(8911407904000), "8911407.904");
    cr_assert_str_eq(printed(2550000), "2.55");
    cr_assert_str_eq(printed(1), "0.000001");
    cr_assert_str_eq(printed(-1500000), "-1.5");
    cr_assert_str_eq(printed(10000000), "10");
    cr_assert_str_eq(printed(INT64_MIN), "-9223372036854.775808");
}

Test(millionths, are_read_back_as_they_were_printed) {
    int64_t value;
    for (int64_t i = -3000000; i <= 3000000; i += 12345) {
        cr_assert(millionths_parse(text_of(printed(i)), &value));
        cr_assert_eq(value, i);
    }
}

Test(millionths, of_what_is_no_number_are_not_there) {
    int64_t value;
    cr_assert_not(millionths_parse(TEXT("2,55"), &value));
    cr_assert_not(millionths_parse(TEXT(""), &value));
    cr_assert_not(millionths_parse(TEXT("1e30"), &value));
}

Test(millionths, are_grouped_by_three_digits) {
    struct arena arena;
    arena_init(&arena, 256);
    cr_assert(text_is(millionths_grouped(&arena, 8911407900000), "8,911,407.9"));
    cr_assert(text_is(millionths_grouped(&arena, 999000000), "999"));
    cr_assert(text_is(millionths_grouped(&arena, -1234500000), "-1,234.5"));
    cr_assert(text_is(number_grouped(&arena, TEXT("100000")), "100,000"));
    arena_free(&arena);
}
