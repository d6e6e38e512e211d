#include "programs/parley/orders.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/memory.h"
#include "programs/parley/millionths.h"

enum { NUMBER_MOST = 200 };
static const int64_t ONE = 1000000, SUM_MOST = 1000000000LL * 1000000; /* intake takes values below 1e9 */

const char *const orders_left_out[] = {
#define X(name, sentence) sentence,
    ORDERS_LEFT_OUT(X)
#undef X
};

void orders_init(struct orders *orders) {
    *orders = (struct orders){0};
    arena_init(&orders->arena, 1 << 20);
}

void orders_free(struct orders *orders) {
    map_free(&orders->by_number);
    map_free(&orders->customers);
    map_free(&orders->skus);
    free(orders->list);
    arena_free(&orders->arena);
}

/* ---- columns ---- */

static const char *const columns[COLUMN_COUNT] = {"order", "customer", "time", "sku", "quantity", "price"};

static int column_of(struct text name) {
    for (int c = 0; c < COLUMN_COUNT; c++)
        if (text_is(name, columns[c])) return c;
    return -1;
}

static int field_of(const struct csv_row *header, struct text name) {
    for (size_t i = 0; i < header->n; i++)
        if (text_eq(text_trim(header->fields[i]), name)) return (int)i;
    return -1;
}

static int map_one(struct orders *orders, struct text pair, const struct csv_row *header, bool mapped[COLUMN_COUNT],
                   struct error *error) {
    struct text name, field;
    if (!text_cut(pair, '=', &name, &field))
        return error_set(error, ERR_INVALID, "--map: '%.*s' is not COLUMN=NAME", TEXT_ARGS(pair));
    int column = column_of(name), place = field_of(header, field);
    if (column < 0)
        return error_set(error, ERR_INVALID,
                         "--map: no column is called '%.*s'; they are order, customer, time, sku, quantity, price",
                         TEXT_ARGS(name));
    if (place < 0) {
        struct text first = header->n ? header->fields[0] : TEXT("");
        return error_set(error, ERR_INVALID, "--map: the first line names no '%.*s'; it has %zu names, from '%.*s'",
                         TEXT_ARGS(field), header->n, TEXT_ARGS(first));
    }
    orders->place[column] = (size_t)place;
    mapped[column] = true;
    return 0;
}

int orders_columns(struct orders *orders, struct text map, const struct csv_row *header, struct error *error) {
    bool mapped[COLUMN_COUNT] = {false};
    struct text pair;
    orders->columns = header->n;
    while (map.n) {
        text_cut(map, ',', &pair, &map);
        int rc = map_one(orders, pair, header, mapped, error);
        if (rc < 0) return rc;
    }
    for (int c = 0; c < COLUMN_COUNT; c++)
        if (!mapped[c]) return error_set(error, ERR_INVALID, "--map does not say which column is %s", columns[c]);
    return 0;
}

/* ---- rows ---- */

/* 17850.0 and 17850 are one customer. */
static struct text customer_id(struct text id) {
    if (!text_ends(id, TEXT(".0"))) return id;
    struct text whole = text_n(id.at, id.n - 2);
    for (size_t i = 0; i < whole.n; i++)
        if (whole.at[i] < '0' || whole.at[i] > '9') return id;
    return whole.n ? whole : id;
}

static bool is_refund(struct text number) {
    return number.n > 1 && number.at[0] == 'C' && number.at[1] >= '0' && number.at[1] <= '9';
}

static bool parse_time(struct text text, int64_t *ms) {
    char with_zone[CLOCK_ISO_ROOM];
    if (clock_parse(text, ms)) return true;
    int n = snprintf(with_zone, sizeof with_zone, "%.*sZ", TEXT_ARGS(text));
    return n < (int)sizeof with_zone && clock_parse(text_n(with_zone, (size_t)n), ms);
}

struct order_row {
    struct text number, customer, sku;
    int64_t at, quantity, price;
    bool refund;
};

/* LEFT_OUT_COUNT where the row is to be kept. */
static enum orders_left_out read_row(const struct orders *orders, const struct csv_row *row, struct order_row *out) {
    if (row->fault || row->n != orders->columns) return LEFT_OUT_MALFORMED;
    struct text field[COLUMN_COUNT];
    for (int c = 0; c < COLUMN_COUNT; c++) field[c] = text_trim(row->fields[orders->place[c]]);
    *out = (struct order_row){.number = field[COLUMN_ORDER],
                              .customer = customer_id(field[COLUMN_CUSTOMER]),
                              .sku = field[COLUMN_SKU],
                              .refund = is_refund(field[COLUMN_ORDER])};
    if (!out->customer.n || out->customer.n > NUMBER_MOST) return LEFT_OUT_NO_CUSTOMER;
    if (!out->number.n || out->number.n > NUMBER_MOST) return LEFT_OUT_NO_NUMBER;
    if (!parse_time(field[COLUMN_TIME], &out->at)) return LEFT_OUT_BAD_TIME;
    if (!millionths_parse(field[COLUMN_QUANTITY], &out->quantity) ||
        !millionths_parse(field[COLUMN_PRICE], &out->price))
        return LEFT_OUT_BAD_NUMBER;
    if (out->refund) return out->quantity < 0 && out->price > 0 ? LEFT_OUT_COUNT : LEFT_OUT_REFUND_ADDS;
    return out->quantity > 0 && out->price > 0 ? LEFT_OUT_COUNT : LEFT_OUT_NOT_ABOVE_ZERO;
}

static struct customer *customer_named(struct orders *orders, struct text id) {
    struct customer *customer = map_get(&orders->customers, id);
    if (customer) return customer;
    customer = arena_new(&orders->arena, struct customer);
    customer->id = arena_text(&orders->arena, id);
    map_put(&orders->customers, customer->id, customer);
    return customer;
}

/* A few thousand codes name half a million lines: each is kept once. */
static struct text sku_named(struct orders *orders, struct text sku) {
    struct text *known = map_get(&orders->skus, sku);
    if (known) return *known;
    known = arena_new(&orders->arena, struct text);
    *known = arena_text(&orders->arena, sku);
    map_put(&orders->skus, *known, known);
    return *known;
}

static struct order *order_of(struct orders *orders, const struct order_row *row) {
    struct order *order = map_get(&orders->by_number, row->number);
    if (order) return order;
    if (orders->n == orders->room) {
        orders->room = orders->room ? 2 * orders->room : 4096;
        orders->list = memory_grow(orders->list, orders->room * sizeof *orders->list);
    }
    order = arena_new(&orders->arena, struct order);
    *order = (struct order){.number = arena_text(&orders->arena, row->number),
                            .customer = customer_named(orders, row->customer),
                            .at = row->at,
                            .refund = row->refund,
                            .place = orders->n,
                            .last = &order->lines};
    map_put(&orders->by_number, order->number, order);
    orders->list[orders->n++] = order;
    return order;
}

void orders_add(struct orders *orders, const struct csv_row *row) {
    struct order_row read;
    orders->rows++;
    enum orders_left_out why = read_row(orders, row, &read);
    struct order *order = why == LEFT_OUT_COUNT ? order_of(orders, &read) : NULL;
    if (order && !text_eq(order->customer->id, read.customer)) why = LEFT_OUT_OTHER_CUSTOMER;
    if (why != LEFT_OUT_COUNT) {
        orders->left_out[why]++;
        return;
    }
    struct order_line *line = arena_new(&orders->arena, struct order_line);
    *line = (struct order_line){.sku = sku_named(orders, read.sku), .quantity = read.quantity, .price = read.price};
    order->exact += (__int128)read.quantity * read.price;
    *order->last = line;
    order->last = &line->next;
    orders->kept++;
}

/* ---- sums ---- */

static int by_time(const void *left, const void *right) {
    const struct order *a = *(struct order *const *)left, *b = *(struct order *const *)right;
    if (a->at != b->at) return a->at < b->at ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

static int sum_up(struct order *order, struct error *error) {
    __int128 exact = order->refund ? -order->exact : order->exact;
    __int128 sum = (exact + ONE / 2) / ONE;
    if (sum >= SUM_MOST)
        return error_set(error, ERR_INVALID, "order %.*s comes to a thousand million or more",
                         TEXT_ARGS(order->number));
    order->sum = (int64_t)sum;
    return 0;
}

static void count_order(struct orders *orders, struct order *order) {
    if (order->refund) {
        orders->refunds++;
        orders->refunded += order->sum;
        return;
    }
    orders->completed++;
    orders->revenue += order->sum;
    if (!order->customer->orders++) {
        orders->buyers++;
        order->customer->first_order = order;
    }
}

int orders_finish(struct orders *orders, struct error *error) {
    if (orders->n) qsort(orders->list, orders->n, sizeof *orders->list, by_time);
    for (size_t i = 0; i < orders->n; i++) {
        int rc = sum_up(orders->list[i], error);
        if (rc < 0) return rc;
        count_order(orders, orders->list[i]);
    }
    return 0;
}
