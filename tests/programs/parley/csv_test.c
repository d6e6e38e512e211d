#include <criterion/criterion.h>
#include <stdio.h>
#include <zlib.h>

#include "programs/parley/csv.h"
#include "tests/core/store/folder.h"

TestSuite(csv, .init = folder_make, .fini = folder_remove);

static struct csv *csv;
static struct csv_row row;
static struct error error;

static const char *write_file(const char *bytes, size_t n) {
    const char *path = in_folder("rows.csv");
    FILE *file = fopen(path, "wb");
    fwrite(bytes, 1, n, file);
    fclose(file);
    return path;
}

static void open_text(const char *text) {
    cr_assert_eq(csv_open(&csv, write_file(text, strlen(text)), &error), 0);
}

/* The next row's fields with | between them; "END" at the end, "ERROR" where reading failed. */
static const char *next(void) {
    static char line[512];
    int rc = csv_next(csv, &row, &error);
    if (rc <= 0) return rc == 0 ? "END" : "ERROR";
    line[0] = '\0';
    for (size_t i = 0; i < row.n; i++) sprintf(line + strlen(line), "%s%.*s", i ? "|" : "", TEXT_ARGS(row.fields[i]));
    return line;
}

Test(csv, reads_rows_that_end_in_lf_or_crlf_or_with_the_file) {
    open_text("a,b\r\nc,d\ne,f");
    cr_assert_str_eq(next(), "a|b");
    cr_assert_str_eq(next(), "c|d");
    cr_assert_str_eq(next(), "e|f");
    cr_assert_str_eq(next(), "END");
}

Test(csv, takes_commas_quotes_and_line_ends_inside_quotes) {
    open_text("1,\"one, two\",\"say \"\"hi\"\"\"\n2,\"first\r\nsecond\",\"\"\n");
    cr_assert_str_eq(next(), "1|one, two|say \"hi\"");
    cr_assert_str_eq(next(), "2|first\r\nsecond|");
    cr_assert_str_eq(next(), "END");
}

Test(csv, a_quote_within_an_unquoted_field_is_a_quote) {
    open_text("1,HEART 6\" TALL,x\n");
    cr_assert_str_eq(next(), "1|HEART 6\" TALL|x");
    cr_assert_null(row.fault);
}

Test(csv, keeps_empty_fields_and_passes_over_empty_lines) {
    open_text("a,,c\n\n\r\n,,\n");
    cr_assert_str_eq(next(), "a||c");
    cr_assert_str_eq(next(), "||");
    cr_assert_eq(row.line, 4);
    cr_assert_str_eq(next(), "END");
}

Test(csv, passes_over_a_byte_order_mark) {
    open_text("\xef\xbb\xbfInvoiceNo,Quantity\n");
    cr_assert_str_eq(next(), "InvoiceNo|Quantity");
}

Test(csv, tells_the_line_on_which_a_row_begins) {
    open_text("a\n\"b\nb\"\nc\n");
    next(), next();
    cr_assert_eq(row.line, 2);
    next();
    cr_assert_eq(row.line, 4);
}

Test(csv, marks_a_row_with_something_behind_a_closing_quote_and_reads_on) {
    open_text("\"a\"x,b\nc,d\n");
    next();
    cr_assert_str_eq(row.fault, "something follows a closing quote");
    cr_assert_str_eq(next(), "c|d");
    cr_assert_null(row.fault);
}

Test(csv, a_quote_that_is_never_closed_is_an_error_with_its_line) {
    open_text("a,b\nc,\"d\ne,f\n");
    cr_assert_str_eq(next(), "a|b");
    cr_assert_str_eq(next(), "ERROR");
    cr_assert_str_eq(error.detail, "the quote on line 2 is never closed");
}

Test(csv, an_empty_file_has_no_rows) {
    open_text("");
    cr_assert_str_eq(next(), "END");
}

Test(csv, reads_through_gzip_beyond_one_buffer) {
    const char *path = in_folder("rows.csv.gz");
    gzFile file = gzopen(path, "wb");
    for (int i = 0; i < 100000; i++) gzprintf(file, "%d,\"x\"\"%d\"\r\n", i, i);
    gzclose(file);
    cr_assert_eq(csv_open(&csv, path, &error), 0);
    char expected[64];
    for (int i = 0; i < 100000; i++) {
        sprintf(expected, "%d|x\"%d", i, i);
        cr_assert_str_eq(next(), expected);
    }
    cr_assert_str_eq(next(), "END");
    cr_assert_float_eq(csv_share(csv), 1, 1e-9);
}

Test(csv, a_gzip_file_that_was_cut_off_is_an_error_and_no_end) {
    const char *path = in_folder("rows.csv.gz");
    gzFile file = gzopen(path, "wb");
    for (int i = 0; i < 100000; i++) gzprintf(file, "%d,%d\n", i, i * 7919 % 10007);
    gzclose(file);
    cr_assert_eq(truncate(path, 50000), 0);
    cr_assert_eq(csv_open(&csv, path, &error), 0);
    const char *read;
    while (strcmp(read = next(), "END") && strcmp(read, "ERROR")) {
    }
    cr_assert_str_eq(read, "ERROR");
    cr_assert_eq(error.code, ERR_IO);
}

Test(csv, a_file_that_is_not_there_is_not_found) {
    cr_assert_eq(csv_open(&csv, in_folder("none.csv"), &error), ERR_NOT_FOUND);
}
