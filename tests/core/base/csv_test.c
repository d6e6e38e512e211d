#include "core/base/csv.h"

#include <criterion/criterion.h>

static const char *field(const char *text) {
    static struct buffer out;
    buffer_clear(&out);
    csv_field(&out, text_of(text));
    buffer_byte(&out, '\0');
    return out.at;
}

Test(csv, a_field_is_quoted_where_it_must_be) {
    cr_expect_str_eq(field("Order Completed"), "Order Completed");
    cr_expect_str_eq(field(""), "");
    cr_expect_str_eq(field("a,b"), "\"a,b\"");
    cr_expect_str_eq(field("say \"no\""), "\"say \"\"no\"\"\"");
    cr_expect_str_eq(field("a\rb"), "\"a\rb\"");
    cr_expect_str_eq(field("Grüße\nvon 😀"), "\"Grüße\nvon 😀\"");
}

Test(csv, what_a_spreadsheet_would_compute_is_a_text) {
    cr_expect_str_eq(field("=1+1"), "\"'=1+1\"");
    cr_expect_str_eq(field("@SUM(A1)"), "\"'@SUM(A1)\"");
    cr_expect_str_eq(field("+49 30"), "\"'+49 30\"");
    cr_expect_str_eq(field("-1\"|x"), "\"'-1\"\"|x\"");
    cr_expect_str_eq(field("\t=1"), "\"'\t=1\"");
    cr_expect_str_eq(field("\r=1"), "\"'\r=1\"");
    cr_expect_str_eq(field("1=1"), "1=1");
}
