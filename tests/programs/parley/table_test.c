#include <criterion/criterion.h>
#include <stdlib.h>

#include "programs/parley/table.h"

static char *text;
static size_t text_n_;

static FILE *out(void) {
    return open_memstream(&text, &text_n_);
}

static void items(const char *columns, const char *json_text_) {
    struct arena arena;
    struct json json;
    FILE *file = out();
    arena_init(&arena, 4096);
    cr_assert_eq(json_scan(&json, text_of(json_text_), &arena, NULL), 0);
    table_items(&json, 0, columns, file);
    fclose(file);
    arena_free(&arena);
}

Test(table, columns_are_aligned_numbers_to_the_right_and_letters_counted_as_people_do) {
    items("name n", "[{\"name\":\"Zürich\",\"n\":7},{\"name\":\"Rom\",\"n\":1200}]");
    cr_assert_str_eq(text, "name       n\n"
                           "Zürich     7\n"
                           "Rom     1200\n");
}

Test(table, members_are_found_by_path_bytes_are_divided_and_empty_columns_left_out) {
    items("key memory:MiB latency.p99Ms gone tags on",
          "[{\"key\":\"a\",\"memory\":3984588,\"latency\":{\"p99Ms\":1.5},\"tags\":[\"x\",\"y\"],\"on\":true},"
          "{\"key\":\"b\",\"memory\":1048576,\"gone\":null,\"on\":false}]");
    cr_assert_str_eq(text, "key  memory [MiB]  latency.p99Ms  tags  on\n"
                           "a             3.8            1.5  x, y  yes\n"
                           "b             1.0                       no\n");
}

Test(table, no_text_from_outside_can_break_a_line_or_steer_the_terminal) {
    items("name last", "[{\"name\":\"a\\n\\u001b[2Jb\",\"last\":\"c\"}]");
    cr_assert_str_eq(text, "name     last\n"
                           "a  [2Jb  c\n");
}

Test(table, an_empty_list_is_a_head_alone) {
    items("key name", "[]");
    cr_assert_str_eq(text, "key  name\n");
}

Test(table, json_is_laid_out_and_its_numbers_left_as_they_came) {
    struct buffer pretty = {0};
    json_pretty(TEXT("{\"a\":19.99,\"b\":[],\"c\":{\"d\":\"x,{\\\"y\\\\\"},\"e\":[1,{}]}"), &pretty);
    buffer_byte(&pretty, '\0');
    cr_assert_str_eq(pretty.at, "{\n  \"a\": 19.99,\n  \"b\": [],\n  \"c\": {\n    \"d\": \"x,{\\\"y\\\\\"\n  },\n"
                                "  \"e\": [\n    1,\n    {}\n  ]\n}\n");
    buffer_free(&pretty);
}
