#include "core/base/memory.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

Test(memory, of_no_bytes_is_memory_all_the_same) {
    void *none = memory_alloc(0), *zeroed = memory_zero(0, 8), *grown = memory_grow(NULL, 0);
    cr_expect_not_null(none);
    cr_expect_not_null(zeroed);
    cr_expect_not_null(grown);
    free(none);
    free(zeroed);
    free(grown);
}

Test(memory, is_zeroed_where_asked) {
    int *numbers = memory_zero(1000, sizeof *numbers);
    for (int i = 0; i < 1000; i++) cr_assert_eq(numbers[i], 0);
    free(numbers);
}

Test(memory, copies_strings_and_the_lack_of_one) {
    char *copy = memory_copy("polls");
    cr_expect_str_eq(copy, "polls");
    free(copy);
    cr_expect_null(memory_copy(NULL));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* these end the process in their own way */
Test(memory, ends_the_process_where_there_is_not_enough, .signal = SIGABRT) {
    memory_alloc((size_t)1 << 62);
}

Test(memory, does_not_wrap_around, .signal = SIGABRT) {
    memory_zero((size_t)1 << 63, 2);
}
#endif
