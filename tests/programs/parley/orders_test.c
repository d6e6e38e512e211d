#include <criterion/criterion.h>

#include "programs/parley/orders.h"

enum { FIELDS = 6 };
static const char map[] =
    "order=InvoiceNo,customer=CustomerID,time=InvoiceDate,sku=StockCode,quantity=Quantity,price=UnitPrice";
static struct text names[] = {{"InvoiceNo", 9},    {"StockCode", 9}, {"Quantity", 8},
                              {"InvoiceDate", 11}, {"UnitPrice", 9}, {"CustomerID", 10}};
static struct orders orders;
static struct error error;

static int columns(const char *mapping) {
    error_clear(&error);
    return orders_columns(&orders, text_of(mapping), &(struct csv_row){names, FIELDS, 1, NULL}, &error);
}

static void start(void) {
    orders_init(&orders);
    columns(map);
}
static void end(void) {
    orders_free(&orders);
}
TestSuite(orders, .init = start, .fini = end);

static void add(const char *number, const char *sku, const char *quantity, const char *time, const char *price,
                const char *customer) {
    struct text fields[] = {text_of(number), text_of(sku),   text_of(quantity),
                            text_of(time),   text_of(price), text_of(customer)};
    orders_add(&orders, &(struct csv_row){fields, FIELDS, 2, NULL});
}

static void finish(void) {
    cr_assert_eq(orders_finish(&orders, &error), 0, "%s", error.detail);
}

Test(orders, add_up_without_a_cent_lost) {
    /* Ten thousand times 0.1 is not 1000 in doubles. */
    for (int i = 0; i < 10000; i++) add("1", "A", "1", "2010-12-01 08:26:00", "0.1", "17850.0");
    add("1", "B", "3", "2010-12-01 08:26:00", "0.001", "17850.0");
    finish();
    cr_assert_eq(orders.completed, 1);
    cr_assert_eq(orders.revenue, 1000003000);
}

Test(orders, fractions_of_a_quantity_are_rounded_once_at_the_end) {
    add("1", "A", "0.333333", "2010-12-01", "0.000001", "1");
    add("1", "A", "0.333333", "2010-12-01", "0.000001", "1");
    add("1", "A", "0.333334", "2010-12-01", "0.000001", "1");
    finish();
    cr_assert_eq(orders.revenue, 1);
}

Test(orders, lines_of_one_order_need_not_stand_together) {
    add("542806", "A", "2", "2011-02-01 11:19:00", "1.00", "12836.0");
    add("542807", "A", "1", "2011-02-01 11:20:00", "5.00", "12837.0");
    add("542806", "B", "2", "2011-02-01 11:21:00", "7.95", "12836.0");
    finish();
    cr_assert_eq(orders.completed, 2);
    cr_assert_eq(orders.list[0]->sum, 17900000);
    cr_assert_eq(orders.list[0]->at, 1296559140000, "an order's time is its first line's");
}

Test(orders, are_put_into_the_order_of_their_time) {
    add("3", "A", "1", "2011-03-01", "1", "1");
    add("1", "A", "1", "2011-01-01", "1", "1");
    add("2a", "A", "1", "2011-02-01", "1", "1");
    add("2b", "A", "1", "2011-02-01", "1", "1");
    finish();
    cr_assert(text_is(orders.list[0]->number, "1"));
    cr_assert(text_is(orders.list[1]->number, "2a"));
    cr_assert(text_is(orders.list[2]->number, "2b"));
    cr_assert_eq(orders.list[0]->customer->first_order, orders.list[0]);
}

Test(orders, a_customer_with_and_without_a_spreadsheets_zero_is_one) {
    add("1", "A", "1", "2011-01-01", "1", "17850.0");
    add("2", "A", "1", "2011-01-02", "1", "17850");
    add("3", "A", "1", "2011-01-03", "1", "v1.0");
    finish();
    cr_assert_eq(orders.buyers, 2);
    cr_assert(text_is(orders.list[0]->customer->id, "17850"));
    cr_assert(text_is(orders.list[2]->customer->id, "v1.0"));
}

Test(orders, whose_number_is_c_and_digits_are_refunds_and_count_apart) {
    add("536379", "A", "2", "2010-12-01", "10", "1");
    add("C536379", "A", "-1", "2010-12-02", "10", "1");
    add("CUST-7", "A", "1", "2010-12-03", "3", "2");
    add("C536380", "A", "-1", "2010-12-03", "4", "3");
    finish();
    cr_assert_eq(orders.completed, 2);
    cr_assert_eq(orders.revenue, 23000000);
    cr_assert_eq(orders.refunds, 2);
    cr_assert_eq(orders.refunded, 14000000);
    cr_assert_eq(orders.buyers, 2, "a refund alone makes no customer");
}

Test(orders, every_row_left_out_is_counted_under_its_reason) {
    add("1", "A", "1", "2010-12-01", "1", "");
    add("", "A", "1", "2010-12-01", "1", "1");
    add("1", "A", "1", "yesterday", "1", "1");
    add("1", "A", "one", "2010-12-01", "1", "1");
    add("1", "A", "0", "2010-12-01", "1", "1");
    add("1", "A", "1", "2010-12-01", "-0.01", "1");
    add("C1", "A", "1", "2010-12-01", "1", "1");
    add("2", "A", "1", "2010-12-01", "1", "1");
    add("2", "A", "1", "2010-12-01", "1", "other");
    orders_add(&orders, &(struct csv_row){names, FIELDS - 1, 9, NULL});
    orders_add(&orders, &(struct csv_row){names, FIELDS, 10, "something follows a closing quote"});
    finish();
    static const size_t expected[LEFT_OUT_COUNT] = {
        [LEFT_OUT_MALFORMED] = 2,      [LEFT_OUT_NO_CUSTOMER] = 1,   [LEFT_OUT_NO_NUMBER] = 1,
        [LEFT_OUT_BAD_TIME] = 1,       [LEFT_OUT_BAD_NUMBER] = 1,    [LEFT_OUT_REFUND_ADDS] = 1,
        [LEFT_OUT_NOT_ABOVE_ZERO] = 2, [LEFT_OUT_OTHER_CUSTOMER] = 1};
    for (int i = 0; i < LEFT_OUT_COUNT; i++)
        cr_assert_eq(orders.left_out[i], expected[i], "%zu rows %s", orders.left_out[i], orders_left_out[i]);
    cr_assert_eq(orders.rows, 11);
    cr_assert_eq(orders.kept, 1);
}

Test(orders, of_a_thousand_million_are_refused) {
    add("1", "A", "1000000", "2010-12-01", "1000", "1");
    cr_assert_eq(orders_finish(&orders, &error), ERR_INVALID);
    cr_assert_str_eq(error.detail, "order 1 comes to a thousand million or more");
}

Test(orders, times_without_an_offset_are_utc) {
    add("1", "A", "1", "2010-12-01 08:26:00", "1", "1");
    add("2", "A", "1", "2010-12-01T08:26:00Z", "1", "1");
    add("3", "A", "1", "2010-12-01T09:26:00+01:00", "1", "1");
    finish();
    for (int i = 0; i < 3; i++) cr_assert_eq(orders.list[i]->at, 1291191960000);
}

Test(orders, a_mapping_says_what_is_wrong_with_it) {
    cr_assert_eq(columns("order=InvoiceNo"), ERR_INVALID);
    cr_assert_str_eq(error.detail, "--map does not say which column is customer");
    cr_assert_eq(columns("order=Invoice"), ERR_INVALID);
    cr_assert_str_eq(error.detail, "--map: the first line names no 'Invoice'; it has 6 names, from 'InvoiceNo'");
    cr_assert_eq(columns("basket=InvoiceNo"), ERR_INVALID);
    cr_assert(strstr(error.detail, "no column is called 'basket'"));
}
