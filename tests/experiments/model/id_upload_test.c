#include "experiments/model/id_upload.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct error error;

/* The ids that `wanted` names, blank by blank, and no others. */
static void expect(enum id_format format, const char *body, const char *wanted) {
    struct id_list *list = NULL;
    error_clear(&error);
    cr_assert_eq(id_upload_read(text_of(body), format, &list, &error), 0, "%s: %s", body, error.detail);
    size_t n = 0;
    for (struct text rest = text_of(wanted), id; rest.n; n++) {
        text_cut(rest, '|', &id, &rest);
        cr_expect(id_list_has(list, id), "%.*s in %s", TEXT_ARGS(id), body);
    }
    cr_expect_eq(id_list_count(list), n, "%zu ids in %s", id_list_count(list), body);
    id_list_release(list);
}

static void expect_fault(enum id_format format, struct text body, const char *words) {
    struct id_list *list = NULL;
    error_clear(&error);
    cr_expect_eq(id_upload_read(body, format, &list, &error), ERR_INVALID);
    cr_expect_null(list);
    cr_expect(strstr(error.detail, words), "'%s', not '%s'", error.detail, words);
}

Test(id_upload, lines_are_ids) {
    expect(ID_LINES, "a\nb\r\n  c \n\n\na\n", "a|b|c");
    expect(ID_LINES,
           "\xEF\xBB\xBF"
           "first\nlast, with a comma",
           "first|last, with a comma");
    expect(ID_LINES, "", "");
}

Test(id_upload, the_first_column_of_csv_is_ids_quoted_or_not) {
    expect(ID_CSV, "a,1\nb\n\"c,d\",\"x\ny\",2\r\n\"e \"\"f\"\"\",\n,no id\n", "a|b|c,d|e \"f\"");
    expect(ID_CSV_HEADER, "customer,since\na,2020\nb,2021", "a|b");
    expect(ID_CSV_HEADER, "\"two\nlines\",since\na,2020\n", "a");
}

Test(id_upload, ndjson_is_strings_numbers_or_objects_with_an_id) {
    expect(ID_NDJSON, "\"a\"\n 17 \n{\"name\":\"x\",\"id\":\"b\\u00e9\"}\n\n{\"id\":9}", "a|17|b\xC3\xA9|9");
}

Test(id_upload, what_is_wrong_is_told_with_its_line_and_nothing_is_taken) {
    expect_fault(ID_NDJSON, TEXT("\"a\"\n{\"id\":\n"), "line 2: is not JSON");
    expect_fault(ID_NDJSON, TEXT("\"a\"\n\n{\"name\":\"x\"}"), "line 3: write a string");
    expect_fault(ID_NDJSON, TEXT("[\"a\"]"), "line 1: write a string");
    expect_fault(ID_CSV, TEXT("a\nb,\"open\nc"), "line 2: a quote that is opened here is not closed");
    expect_fault(ID_CSV, TEXT("\"x\ny\"\nb\n\xFF"), "line 4: is not UTF-8");
    expect_fault(ID_LINES, TEXT("a\nb\0c\n"), "line 2: is not UTF-8 text without NUL");
    char longest[1100];
    memset(longest, 'x', sizeof longest);
    expect_fault(ID_LINES, text_n(longest, sizeof longest), "line 1: an id of more than 1024 bytes");
}
