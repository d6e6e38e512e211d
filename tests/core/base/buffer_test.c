#include "core/base/buffer.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(buffer, grows_as_bytes_are_put) {
    struct buffer b = {0};
    for (int i = 0; i < 10000; i++) buffer_byte(&b, (char)('a' + i % 26));
    buffer_put(&b, "!", 1);
    cr_expect_eq(b.n, 10001);
    for (int i = 0; i < 10000; i++) cr_assert_eq(b.at[i], 'a' + i % 26);
    cr_expect_eq(b.at[10000], '!');
    buffer_free(&b);
    cr_expect_null(b.at);
}

Test(buffer, appends_texts_strings_and_formats) {
    struct buffer b = {0};
    buffer_text(&b, TEXT("a\0b"));
    buffer_text(&b, TEXT_NONE);
    buffer_cstr(&b, "cd");
    buffer_printf(&b, "%d%%", 50);
    buffer_printf(&b, "%300s", "x");
    cr_expect_eq(b.n, 8 + 300);
    cr_expect_eq(memcmp(b.at, "a\0bcd50%", 8), 0);
    cr_expect_eq(b.at[b.n - 1], 'x');
    buffer_free(&b);
}

Test(buffer, reserves_room_without_counting_it) {
    struct buffer b = {0};
    char *at = buffer_reserve(&b, 1000);
    memset(at, 'x', 1000);
    cr_expect_eq(b.n, 0);
    b.n += 1000;
    cr_expect_geq(b.room, b.n);
    buffer_free(&b);
}

Test(buffer, gives_its_bytes_away_with_a_nul_behind_them) {
    struct buffer b = {0};
    size_t n = 7;
    buffer_cstr(&b, "taken");
    char *bytes = buffer_take(&b, &n);
    cr_expect_str_eq(bytes, "taken");
    cr_expect_eq(n, 5);
    cr_expect_null(b.at);
    cr_expect_eq(b.n, 0);
    free(bytes);
    bytes = buffer_take(&b, NULL);
    cr_expect_str_eq(bytes, "", "also where nothing was put");
    free(bytes);
}
