/* The Shopify connector as the shop system meets it, tested as any plugin is: <parley/test.h>. The payloads have the shape of Shopify's
 * public documentation, cut to what is read and something around it. */
#include <criterion/criterion.h>
#include <parley/test.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/plugins/build_path.h"
#include "tests/plugins/signature.h"

#define SECRET "hush: the shop's secret"

static parley_test *t;
static int deliveries;

static void start(void) {
    t = parley_test_start(&(struct parley_test_options){.library = build_path("plugins/%s/shopify.so", "shopify-1.0.0"),
                                                        .secret = SECRET,
                                                        .time = "2026-03-01T12:00:00Z"});
    cr_assert_null(parley_test_why(t), "%s", parley_test_why(t));
}
static void stop(void) {
    parley_test_stop(t);
}
TestSuite(shopify, .init = start, .fini = stop);

/* ---- sending ---- */

static int send_as(const char *id, const char *topic, const char *sign, const char *body) {
    char headers[400];
    snprintf(headers, sizeof headers,
             "{\"x-shopify-hmac-sha256\":\"%s\",\"x-shopify-webhook-id\":\"%s\",\"x-shopify-topic\":\"%s\","
             "\"x-shopify-shop-domain\":\"wolle.myshopify.com\"}",
             sign, id, topic);
    return parley_test_hook(t, "/webhooks", headers, body);
}

static void deliver(const char *topic, const char *body) {
    char id[32];
    snprintf(id, sizeof id, "delivery-%d", ++deliveries);
    int status = send_as(id, topic, signature(SECRET, body), body);
    cr_assert_eq(status, 200, "%s: %d %s %s", topic, status, parley_test_body(t), parley_test_logs(t));
}

#define LINE(id, sku, price, n)                                                                                        \
    "{\"id\":466157049,\"product_id\":" id ",\"variant_id\":39072856,\"sku\":\"" sku                                   \
    "\",\"title\":\"Wollsocken\",\"variant_title\":\"39-42\",\"vendor\":\"Wolle & Co\",\"price\":\"" price             \
    "\",\"quantity\":" n "}"
#define ORDER(id, customer, email, updated, total, cancelled)                                                          \
    "{\"id\":" id ",\"admin_graphql_api_id\":\"gid://shopify/Order/" id "\",\"name\":\"#1001\",\"email\":" email       \
    ",\"created_at\":\"2026-02-27T10:00:00+01:00\",\"updated_at\":\"" updated "\",\"cancelled_at\":" cancelled         \
    ",\"cancel_reason\":\"customer\",\"currency\":\"EUR\",\"test\":false,\"total_price\":\"" total                     \
    "\",\"subtotal_price\":\"39.80\",\"total_tax\":\"6.35\",\"total_discounts\":\"2.00\","                             \
    "\"total_shipping_price_set\":{\"shop_money\":{\"amount\":\"4.90\",\"currency_code\":\"EUR\"}},"                   \
    "\"discount_codes\":[{\"code\":\"WINTER\",\"amount\":\"2.00\",\"type\":\"fixed_amount\"}],"                        \
    "\"customer\":" customer ",\"line_items\":[" LINE("632910392", "S-1", "19.90", "2") "]}"
#define ANNA  "{\"id\":706405506930370084,\"email\":\"anna@example.com\",\"first_name\":\"Anna\"}"
#define FIRST ORDER("450789469", ANNA, "\"anna@example.com\"", "2026-02-27T10:00:05+01:00", "44.70", "null")
#define REFUND(id, order)                                                                                              \
    "{\"id\":" id ",\"order_id\":" order ",\"created_at\":\"2026-02-28T09:00:00+01:00\",\"note\":\"too small\","       \
    "\"refund_line_items\":[{\"id\":104689539,\"quantity\":1,\"line_item_id\":466157049,\"subtotal\":19.9,"            \
    "\"line_item\":" LINE(                                                                                             \
        "632910392", "S-1", "19.90",                                                                                   \
        "2") "}],"                                                                                                     \
             "\"transactions\":[{\"id\":1,\"kind\":\"refund\",\"status\":\"success\",\"amount\":\"19.90\","            \
             "\"currency\":\"EUR\"},"                                                                                  \
             "{\"id\":2,\"kind\":\"refund\",\"status\":\"failure\",\"amount\":\"500.00\",\"currency\":\"EUR\"},"       \
             "{\"id\":3,\"kind\":\"refund\",\"status\":\"success\",\"amount\":\"0.10\",\"currency\":\"EUR\"},"         \
             "{\"id\":4,\"kind\":\"sale\",\"status\":\"success\",\"amount\":\"44.70\",\"currency\":\"EUR\"}]}"

static void expect_effect(const char *kind, size_t i, const char *pointer, const char *expected) {
    const char *found = parley_test_json(t, parley_test_effect(t, kind, i), pointer);
    cr_expect(found && strcmp(found, expected) == 0, "%s %zu has %s at %s, not %s", kind, i, found, pointer, expected);
}
static void expect_tracked(size_t completed, size_t updated, size_t cancelled, size_t refunded) {
    cr_expect_eq(parley_test_tracked(t, "Order Completed"), completed);
    cr_expect_eq(parley_test_tracked(t, "Order Updated"), updated);
    cr_expect_eq(parley_test_tracked(t, "Order Cancelled"), cancelled);
    cr_expect_eq(parley_test_tracked(t, "Order Refunded"), refunded);
}

/* ---- who may send ---- */

Test(shopify, a_body_that_was_not_signed_with_the_secret_is_refused_and_counts_nothing) {
    char other[46];
    cr_expect_eq(send_as("a", "orders/create", signature("another secret", FIRST), FIRST), 401);
    cr_expect_eq(send_as("a", "orders/create", "", FIRST), 401);
    snprintf(other, sizeof other, "%sx", signature(SECRET, FIRST));
    cr_expect_eq(send_as("a", "orders/create", other, FIRST), 401);
    snprintf(other, sizeof other, "%s", signature(SECRET, FIRST));
    other[0] ^= 1;
    cr_expect_eq(send_as("a", "orders/create", other, FIRST), 401);
    cr_expect_eq(send_as("a", "orders/create", signature(SECRET, FIRST), FIRST " "), 401,
                 "a blank more is another body");
    cr_expect_eq(send_as("a", "orders/create", "", "no JSON at all"), 401, "a stranger is not told what is wrong");
    cr_expect_eq(parley_test_tracked(t, NULL), 0);
    cr_expect_eq(parley_test_counted(t, "refused"), 6);
    cr_expect_eq(send_as("a", "orders/create", signature(SECRET, FIRST), FIRST), 200);
    cr_expect_eq(parley_test_tracked(t, NULL), 1);
}

Test(shopify, a_signature_made_by_openssl_is_right) {
    /* printf '{"id":1}' | openssl dgst -sha256 -hmac "hush: the shop's secret" -binary | base64 */
    cr_expect_eq(send_as("a", "products/create", "XWidLIa4kvhRv+EsAHvDqes+0EAWiy7NG1KbFyMMZU4=", "{\"id\":1}"), 200);
}

Test(shopify, without_a_secret_it_says_how_to_configure_it) {
    struct parley_test_options bare = {.library = build_path("plugins/%s/shopify.so", "shopify-1.0.0")};
    parley_test_restart(t, &bare);
    cr_expect_eq(send_as("a", "orders/create", signature("", FIRST), FIRST), 409);
    cr_expect(strstr(parley_test_body(t), "plugins.shopify.secret"), "%s", parley_test_body(t));
}

Test(shopify, what_is_signed_but_no_webhook_of_use_is_answered_in_words) {
    cr_expect_eq(send_as("a", "orders/create", signature(SECRET, "no JSON"), "no JSON"), 400);
    cr_expect_eq(send_as("b", "orders/create", signature(SECRET, "[1]"), "[1]"), 400);
    cr_expect_eq(send_as("c", "orders/create", signature(SECRET, "{}"), "{}"), 422);
    cr_expect_eq(send_as("", "orders/create", signature(SECRET, FIRST), FIRST), 400);
    cr_expect_eq(send_as("d", "themes/publish", signature(SECRET, "{}"), "{}"), 200);
    cr_expect_eq(parley_test_counted(t, "ignored"), 1);
    cr_expect_eq(parley_test_tracked(t, NULL), 0);
    cr_expect_eq(send_as("c", "orders/create", signature(SECRET, FIRST), FIRST), 200,
                 "what was refused may come again");
    cr_expect_eq(parley_test_tracked(t, NULL), 1);
}

/* ---- orders ---- */

Test(shopify, webhooks_of_a_shop_that_it_is_not_configured_for_are_refused) {
    cr_assert_eq(parley_test_configure(t, "{\"shops\":[\"garn.myshopify.com\"]}"), 204);
    cr_assert_eq(send_as("one", "orders/create", signature(SECRET, FIRST), FIRST), 403);
    cr_assert(strstr(parley_test_body(t), "wolle.myshopify.com is none of the shops"), "%s", parley_test_body(t));
    cr_assert_eq(parley_test_tracked(t, NULL), 0);
    cr_assert_eq(parley_test_configure(t, "{\"shops\":[\"garn.myshopify.com\",\"wolle.myshopify.com\"]}"), 204);
    deliver("orders/create", FIRST);
    cr_assert_eq(parley_test_tracked(t, "Order Completed"), 1);
}

Test(shopify, an_order_is_what_the_e_commerce_specification_says) {
    deliver("orders/create", FIRST);
    cr_expect_str_eq(
        parley_test_properties(t, "Order Completed", 0),
        "{\"order_id\":\"450789469\",\"order_number\":\"#1001\",\"affiliation\":\"wolle.myshopify.com\",\"total\":44."
        "70,"
        "\"revenue\":39.80,\"subtotal\":39.80,\"shipping\":4.90,\"tax\":6.35,\"discount\":2.00,\"coupon\":\"WINTER\","
        "\"currency\":\"EUR\","
        "\"products\":[{\"product_id\":\"632910392\",\"sku\":\"S-1\",\"name\":\"Wollsocken\",\"variant\":\"39-42\","
        "\"brand\":\"Wolle & Co\",\"price\":19.90,\"quantity\":2}],\"products_left_out\":0}");
    expect_effect("track", 0, "/customer", "\"706405506930370084\"");
    expect_effect("track", 0, "/known", "true");
    expect_effect("track", 0, "/own", "true");
    expect_effect("track", 0, "/at", "1772182800000"); /* 2026-02-27T10:00:00+01:00 */
}

Test(shopify, an_order_counts_once_however_often_and_by_whichever_topic_it_comes) {
    deliver("orders/paid", FIRST);
    deliver("orders/create", FIRST);
    deliver("orders/updated", FIRST);
    expect_tracked(1, 0, 0, 0);
    cr_expect_eq(send_as("delivery-1", "orders/paid", signature(SECRET, FIRST), FIRST), 200);
    cr_expect(parley_test_says(t, "/taken", "false"));
    cr_expect_eq(parley_test_counted(t, "repeated"), 1);
    parley_test_restart(t, NULL);
    deliver("orders/create", FIRST);
    expect_tracked(1, 0, 0, 0);
}

Test(shopify, only_a_newer_word_with_another_total_is_a_change) {
    const char *dearer = ORDER("450789469", ANNA, "\"anna@example.com\"", "2026-02-27T12:00:00+01:00", "64.60", "null");
    const char *same = ORDER("450789469", ANNA, "\"anna@example.com\"", "2026-02-27T13:00:00+01:00", "64.60", "null");
    deliver("orders/create", FIRST);
    deliver("orders/updated", dearer);
    deliver("orders/updated", same);
    deliver("orders/updated", FIRST); /* late */
    expect_tracked(1, 1, 0, 0);
    cr_expect_str_eq(parley_test_json(t, parley_test_properties(t, "Order Updated", 0), "/total"), "64.60");
}

Test(shopify, an_order_ends_once_even_where_its_end_is_heard_of_first) {
    const char *ended = ORDER("450789469", ANNA, "\"anna@example.com\"", "2026-02-27T18:00:00+01:00", "44.70",
                              "\"2026-02-27T18:00:00+01:00\"");
    deliver("orders/cancelled", ended);
    deliver("orders/create", FIRST);
    deliver("orders/updated", ended);
    expect_tracked(1, 0, 1, 0);
    expect_effect("track", 1, "/properties/reason", "\"customer\"");
    expect_effect("track", 1, "/at", "1772211600000");
}

Test(shopify, a_test_order_is_none) {
    deliver("orders/create", "{\"id\":1,\"test\":true,\"total_price\":\"1.00\",\"customer\":{\"id\":1}}");
    expect_tracked(0, 0, 0, 0);
    cr_expect_eq(parley_test_counted(t, "test_orders"), 1);
}

Test(shopify, guests_are_told_apart_by_their_e_mail_which_is_not_passed_on) {
    deliver("orders/create", ORDER("1", "null", "\"Gast@Example.com\"", "2026-02-27T10:00:00Z", "5.00", "null"));
    deliver("orders/create", ORDER("2", "null", "\"gast@example.com\"", "2026-02-27T10:00:00Z", "5.00", "null"));
    deliver("orders/create", ORDER("3", "null", "\"other@example.com\"", "2026-02-27T10:00:00Z", "5.00", "null"));
    deliver("orders/create", ORDER("4", "null", "null", "2026-02-27T10:00:00Z", "5.00", "null"));
    const char *who[4];
    for (size_t i = 0; i < 4; i++) {
        who[i] = parley_test_json(t, parley_test_effect(t, "track", i), "/customer");
        expect_effect("track", i, "/known", "false");
        cr_expect(!strstr(parley_test_effect(t, "track", i), "example.com"));
    }
    cr_expect(strncmp(who[0], "\"guest:", 7) == 0 && strlen(who[0]) == 40, "%s", who[0]);
    cr_expect_str_eq(who[0], who[1]);
    cr_expect_str_neq(who[0], who[2]);
    cr_expect_str_eq(who[3], "\"order:4\"");
}

Test(shopify, an_order_of_thousands_of_lines_says_how_many_it_leaves_out) {
    size_t room = 4000000, n = 0;
    char *body = malloc(room);
    n += (size_t)snprintf(body, room, "{\"id\":9,\"customer\":{\"id\":7},\"total_price\":\"9.00\",\"line_items\":[");
    for (int i = 0; i < 2000; i++)
        n += (size_t)snprintf(body + n, room - n, "%s" LINE("%d", "S", "1.00", "1"), i ? "," : "", i);
    snprintf(body + n, room - n, "]}");
    deliver("orders/create", body);
    free(body);
    const char *properties = parley_test_properties(t, "Order Completed", 0);
    int left_out = atoi(parley_test_json(t, properties, "/products_left_out"));
    cr_expect(left_out > 1500 && left_out < 2000, "%d", left_out);
    cr_expect_not_null(parley_test_json(t, properties, "/products/50"));
}

/* ---- refunds ---- */

Test(shopify, a_refund_is_the_money_that_went_back) {
    deliver("orders/create", FIRST);
    deliver("refunds/create", REFUND("509562969", "450789469"));
    deliver("refunds/create", REFUND("509562969", "450789469"));
    expect_tracked(1, 0, 0, 1);
    const char *properties = parley_test_properties(t, "Order Refunded", 0);
    cr_expect_str_eq(parley_test_json(t, properties, "/total"), "20");
    cr_expect_str_eq(parley_test_json(t, properties, "/order_id"), "\"450789469\"");
    cr_expect_str_eq(parley_test_json(t, properties, "/products/0/quantity"), "1");
    expect_effect("track", 1, "/customer", "\"706405506930370084\"");
}

Test(shopify, a_refund_that_comes_before_its_order_waits_for_it) {
    deliver("refunds/create", REFUND("509562969", "450789469"));
    deliver("refunds/create", REFUND("509562970", "450789469"));
    expect_tracked(0, 0, 0, 0);
    parley_test_restart(t, NULL);
    deliver("orders/create", FIRST);
    expect_tracked(1, 0, 0, 2);
    expect_effect("track", 2, "/customer", "\"706405506930370084\"");
}

Test(shopify, a_refund_whose_order_never_comes_is_given_up_and_counted) {
    deliver("refunds/create", REFUND("1", "2"));
    parley_test_wait(t, INT64_C(62) * 86400000);
    cr_expect_eq(parley_test_counted(t, "refunds_without_order"), 1);
    deliver("orders/create", ORDER("2", ANNA, "null", "2026-05-27T10:00:00Z", "5.00", "null"));
    expect_tracked(1, 0, 0, 0);
}

/* ---- customers ---- */

#define CUSTOMER(name, updated)                                                                                        \
    "{\"id\":706405506930370084,\"email\":\"anna@example.com\",\"first_name\":\"" name                                 \
    "\",\"last_name\":\"Beck\",\"phone\":null,\"created_at\":\"2025-01-01T00:00:00Z\",\"updated_at\":\"" updated       \
    "\",\"orders_count\":3,\"state\":\"enabled\",\"note\":\"internal\"}"

Test(shopify, the_latest_word_on_a_customer_becomes_her_traits) {
    deliver("customers/create", CUSTOMER("Ann", "2026-02-01T00:00:00Z"));
    deliver("customers/update", CUSTOMER("Anna", "2026-02-03T00:00:00Z"));
    deliver("customers/update", CUSTOMER("Anne", "2026-02-02T00:00:00Z")); /* late */
    cr_expect_eq(parley_test_effects(t, "identify"), 2);
    expect_effect("identify", 1, "/traits",
                  "{\"email\":\"anna@example.com\",\"phone\":null,\"firstName\":\"Anna\",\"lastName\":\"Beck\","
                  "\"createdAt\":\"2025-01-01T00:00:00Z\",\"orders\":3}");
    expect_effect("identify", 1, "/customer", "\"706405506930370084\"");
}

/* ---- privacy ---- */

#define PRIVACY                                                                                                        \
    "{\"shop_id\":954889,\"shop_domain\":\"wolle.myshopify.com\",\"orders_requested\":[450789469],"                    \
    "\"orders_to_redact\":[450789469,4],\"customer\":{\"id\":706405506930370084,\"email\":\"anna@example.com\","       \
    "\"phone\":\"555-625-1199\"},\"data_request\":{\"id\":9999}}"

Test(shopify, a_request_for_data_is_on_the_staffs_list_until_it_is_done) {
    deliver("customers/data_request", PRIVACY);
    cr_expect_eq(parley_test_entries(t, "privacy"), 1);
    parley_test_as_staff(t);
    cr_expect_eq(parley_test_call(t, "GET", "/requests", NULL), 200);
    cr_expect(parley_test_says(t, "/items/0/request", "\"9999\""));
    cr_expect(parley_test_says(t, "/items/0/export", "\"/admin/v1/customers/706405506930370084/export\""));
    cr_expect(parley_test_says(t, "/items/0/done", "false"));
    cr_expect_eq(parley_test_call(t, "POST", "/requests/1/done", "{}"), 204);
    cr_expect_eq(parley_test_call(t, "POST", "/requests/2/done", "{}"), 404);
    parley_test_call(t, "GET", "/requests", NULL);
    cr_expect(parley_test_says(t, "/items/0/done", "true"));
    parley_test_as(t, "anna");
    cr_expect_eq(parley_test_call(t, "GET", "/requests", NULL), 404, "no shopper's business");
}

Test(shopify, whoever_is_redacted_is_erased_by_each_name_she_had) {
    deliver("orders/create", FIRST);
    deliver("orders/create", ORDER("3", "null", "\"anna@example.com\"", "2026-02-27T10:00:00Z", "5.00", "null"));
    deliver("orders/create", ORDER("4", "null", "null", "2026-02-27T10:00:00Z", "5.00", "null"));
    deliver("customers/redact", PRIVACY);
    cr_expect_eq(parley_test_effects(t, "erase"), 4);
    expect_effect("erase", 0, "/customer", "\"706405506930370084\"");
    const char *guest = parley_test_json(t, parley_test_effect(t, "erase", 1), "/customer");
    cr_expect_str_eq(guest, parley_test_json(t, parley_test_effect(t, "track", 1), "/customer"));
    expect_effect("erase", 3, "/customer", "\"order:4\"");
}

Test(shopify, when_a_shop_leaves_all_its_customers_are_erased_piece_by_piece) {
    char body[300];
    for (int i = 0; i < 250; i++) {
        snprintf(body, sizeof body, "{\"id\":%d,\"customer\":{\"id\":%d},\"total_price\":\"1.00\"}", i + 1, i + 1);
        deliver("orders/create", body);
    }
    deliver("shop/redact", "{\"shop_id\":954889,\"shop_domain\":\"wolle.myshopify.com\"}");
    cr_expect_eq(parley_test_effects(t, "erase"), 0);
    parley_test_wait(t, 500);
    cr_expect_eq(parley_test_effects(t, "erase"), 100);
    parley_test_wait(t, 5000);
    cr_expect_eq(parley_test_effects(t, "erase"), 250);
}

Test(shopify, a_customer_sees_what_it_holds_and_can_have_it_forgotten) {
    deliver("orders/create", FIRST);
    deliver("refunds/create", REFUND("1", "450789469"));
    deliver("customers/data_request", PRIVACY);
    cr_expect(strstr(
        parley_test_export(t, "706405506930370084"),
        "{\"orders\":[{\"id\":\"450789469\",\"shop\":\"wolle.myshopify.com\",\"total\":\"44.70\",\"cancelled\":false}],"
        "\"requests\":[{\"request\":\"9999\""));
    cr_expect_eq(parley_test_forget(t, "706405506930370084"), 0);
    cr_expect_str_eq(parley_test_export(t, "706405506930370084"), "{\"orders\":[],\"requests\":[]}");
}
