#include <criterion/criterion.h>
#include <jansson.h>

#include "programs/parley/replay.h"

static struct customer anna = {.id = {"17850", 5}}, berta = {.id = {"17851", 5}};
static struct order_line mugs = {.sku = {"MUG", 3}, .quantity = 2000000, .price = 2550000};
static struct order_line returned = {.sku = {"MUG", 3}, .quantity = -1000000, .price = 2550000};
static struct order refund = {
    .number = {"C9", 2}, .customer = &anna, .at = 1291104000000, .refund = true, .sum = 2550000, .lines = &returned};
static struct order first = {
    .number = {"1", 1}, .customer = &anna, .at = 1291191960000, .sum = 5100000, .lines = &mugs};
static struct order second = {
    .number = {"2", 1}, .customer = &anna, .at = 1291191970000, .sum = 5100000, .lines = &mugs};
static struct order other = {
    .number = {"3", 1}, .customer = &berta, .at = 1291191980000, .sum = 5100000, .lines = &mugs};
static struct order *list[] = {&refund, &first, &second, &other};

static struct replay_events events;
static size_t without_products;
static char variant[] = "top";

static void start(void) {
    events = (struct replay_events){list, 4, 0, false};
    anna.first_order = &first;
    anna.user = variant;
    berta.first_order = &other;
}

static json_t *read_so_far[16];
static size_t read_n;
static void end(void) {
    while (read_n) json_decref(read_so_far[--read_n]);
}
TestSuite(replay_batch, .init = start, .fini = end);

static json_t *next_batch(size_t most) {
    struct buffer body = {0};
    json_error_t why;
    size_t n = replay_batch(&events, TEXT("trial"), TEXT("GBP"), most, &body, &without_products);
    json_t *json = json_loadb(body.at, body.n, JSON_REJECT_DUPLICATES, &why);
    cr_assert(json, "%s", why.text);
    buffer_free(&body);
    read_so_far[read_n++] = json;
    json_t *batch = json_object_get(json, "batch");
    cr_assert_eq(json_array_size(batch), n);
    return batch;
}

static const char *text_in(const json_t *event, const char *member) {
    const char *text = json_string_value(json_object_get(event, member));
    return text ? text : json_string_value(json_object_get(json_object_get(event, "properties"), member));
}

Test(replay_batch, the_exposure_comes_at_the_first_order_and_before_it) {
    json_t *batch = next_batch(10);
    cr_assert_eq(json_array_size(batch), 5);
    cr_assert_str_eq(text_in(json_array_get(batch, 0), "event"), "Order Refunded");
    json_t *viewed = json_array_get(batch, 1), *order = json_array_get(batch, 2);
    cr_assert_str_eq(text_in(viewed, "event"), "Experiment Viewed");
    cr_assert_str_eq(text_in(viewed, "experiment_id"), "trial");
    cr_assert_str_eq(text_in(viewed, "variation_id"), "top");
    cr_assert_str_eq(text_in(viewed, "userId"), "17850");
    cr_assert_str_eq(text_in(viewed, "timestamp"), "2010-12-01T08:26:00.000Z");
    cr_assert_str_eq(text_in(order, "timestamp"), "2010-12-01T08:26:00.000Z");
    cr_assert_str_eq(text_in(order, "order_id"), "1");
    cr_assert_str_eq(text_in(order, "currency"), "GBP");
}

Test(replay_batch, a_customer_outside_the_experiment_has_no_exposure) {
    json_t *batch = next_batch(10);
    cr_assert_str_eq(text_in(json_array_get(batch, 4), "order_id"), "3");
    cr_assert_str_eq(text_in(json_array_get(batch, 3), "order_id"), "2");
}

Test(replay_batch, cut_anywhere_tells_the_same_events_with_the_same_ids) {
    char whole[1024] = "", pieces[1024] = "";
    json_t *batch = next_batch(10), *event;
    size_t i;
    json_array_foreach(batch, i, event) strcat(strcat(whole, text_in(event, "messageId")), " ");
    start();
    for (int piece = 0; piece < 5; piece++)
        strcat(strcat(pieces, text_in(json_array_get(next_batch(1), 0), "messageId")), " ");
    cr_assert_str_eq(pieces, whole);
    cr_assert_str_eq(whole,
                     "replay:order:C9: replay:viewed:trial:17850 replay:order:1: replay:order:2: replay:order:3: ");
    cr_assert_eq(json_array_size(next_batch(10)), 0);
}

Test(replay_batch, amounts_are_decimals_and_a_refunds_quantity_is_what_came_back) {
    struct buffer body = {0};
    replay_batch(&events, TEXT("trial"), TEXT(""), 3, &body, &without_products);
    buffer_byte(&body, '\0');
    cr_assert(strstr(body.at, "\"revenue\":5.1,\"total\":5.1"), "%s", body.at);
    cr_assert(strstr(body.at, "{\"sku\":\"MUG\",\"quantity\":2,\"price\":2.55}"), "%s", body.at);
    cr_assert(strstr(body.at, "{\"sku\":\"MUG\",\"quantity\":1,\"price\":2.55}"), "%s", body.at);
    cr_assert_not(strstr(body.at, "currency"));
    buffer_free(&body);
}

Test(replay_batch, an_order_too_long_for_an_event_is_told_without_its_products) {
    enum { LINES = 2000 };
    static struct order_line lines[LINES];
    for (int i = 0; i < LINES; i++) {
        lines[i] = mugs;
        lines[i].next = i + 1 < LINES ? &lines[i + 1] : NULL;
    }
    other.lines = lines;
    json_t *batch = next_batch(10), *last = json_array_get(batch, 4);
    cr_assert_eq(without_products, 1);
    cr_assert_null(json_object_get(json_object_get(last, "properties"), "products"));
    cr_assert_str_eq(text_in(last, "order_id"), "3");
}
