/* A shop's order lines become orders: grouped by their number, freed of what is no sale, in the order of their
 * time, with sums that are exact. The whole file is kept in memory (about 40 bytes a line), since the lines of an
 * order need not stand together. Knows nothing of servers. */
#ifndef PARLEY_PROGRAMS_PARLEY_ORDERS_H
#define PARLEY_PROGRAMS_PARLEY_ORDERS_H

#include "core/base/arena.h"
#include "core/base/map.h"
#include "programs/parley/csv.h"

enum orders_column {
    COLUMN_ORDER,
    COLUMN_CUSTOMER,
    COLUMN_TIME,
    COLUMN_SKU,
    COLUMN_QUANTITY,
    COLUMN_PRICE,
    COLUMN_COUNT
};

/* Why a row is left out, in the order in which it is asked. X(name, sentence) */
#define ORDERS_LEFT_OUT(X)                                                                                             \
    X(MALFORMED, "not as many fields as the first line, or badly quoted")                                              \
    X(NO_CUSTOMER, "without a customer")                                                                               \
    X(NO_NUMBER, "without an order number, or with one of over 200 bytes")                                             \
    X(BAD_TIME, "with a time that is none")                                                                            \
    X(BAD_NUMBER, "with a quantity or a price that is no number")                                                      \
    X(REFUND_ADDS, "of a refund, with a quantity that is not below zero or a price that is not above")                 \
    X(NOT_ABOVE_ZERO, "with a quantity or a price that is not above zero")                                             \
    X(OTHER_CUSTOMER, "of an order that is another customer's")

enum orders_left_out {
#define X(name, sentence) LEFT_OUT_##name,
    ORDERS_LEFT_OUT(X)
#undef X
        LEFT_OUT_COUNT
};
extern const char *const orders_left_out[LEFT_OUT_COUNT]; /* the sentences */

struct order_line {
    struct order_line *next;
    struct text sku;
    int64_t quantity, price; /* millionths; price above zero, quantity below zero in a refund */
};

struct order {
    struct text number;
    struct customer *customer;
    int64_t at; /* ms, of its first line */
    bool refund;
    size_t place;   /* in the file, for orders of one time */
    int64_t sum;    /* millionths, above zero in refunds too */
    __int128 exact; /* while lines are added: 1e-12 */
    struct order_line *lines, **last;
};

struct customer {
    struct text id;
    size_t orders; /* without refunds */
    struct order *first_order;
    void *user; /* the reader's own */
};

struct orders {
    struct arena arena;
    struct map by_number, customers, skus;
    struct order **list; /* by time once orders_finish was called */
    size_t n, room;
    size_t completed, refunds, buyers; /* buyers: customers with an order that is no refund */
    int64_t revenue, refunded;         /* millionths */
    size_t rows, kept, left_out[LEFT_OUT_COUNT];
    size_t columns;             /* fields of the first line */
    size_t place[COLUMN_COUNT]; /* which field is which column */
};

void orders_init(struct orders *orders);
void orders_free(struct orders *orders);
/* `map` is "order=InvoiceNo,customer=CustomerID,time=...,sku=...,quantity=...,price=..." and names all six;
 * `header` is the file's first row. ERR_INVALID names what is missing and what there is. */
int orders_columns(struct orders *orders, struct text map, const struct csv_row *header, struct error *error);
/* Takes a row, or counts it as left out. A refund is an order whose number is C and a digit, as in C536379. A time
 * without an offset is UTC. Customers lose the ".0" that a spreadsheet gives numbers: 17850.0 is 17850. */
void orders_add(struct orders *orders, const struct csv_row *row);
/* Sums up and sorts by time. ERR_INVALID where a sum does not fit (a thousand million and more for one order). */
int orders_finish(struct orders *orders, struct error *error);

#endif
