/* Every event that Segment's e-commerce specification v2 names, as the timeline tells it. */
#include <criterion/criterion.h>

#include "core/people/timeline.h"

static const struct told {
    const char *event, *properties, *kind, *body, *refs;
} events[] = {
    {"Products Searched", "{\"query\":\"blue mug\"}", "search", "Searched for blue mug", "{\"query\":\"blue mug\"}"},
    {"Product List Viewed", "{\"list_id\":\"l1\",\"category\":\"Mugs\"}", "product", "Looked at the list Mugs",
     "{\"list_id\":\"l1\"}"},
    {"Product List Filtered", "{\"list_id\":\"l1\"}", "product", "Filtered the list l1", "{\"list_id\":\"l1\"}"},
    {"Promotion Viewed", "{\"promotion_id\":\"x\",\"name\":\"Summer\"}", "promotion", "Saw the promotion Summer",
     "{\"promotion_id\":\"x\"}"},
    {"Promotion Clicked", "{\"promotion_id\":\"x\"}", "promotion", "Opened the promotion x",
     "{\"promotion_id\":\"x\"}"},
    {"Product Clicked", "{\"product_id\":\"p1\",\"name\":\"Mug\"}", "product", "Opened Mug", "{\"product_id\":\"p1\"}"},
    {"Product Viewed", "{\"product_id\":\"p1\"}", "product", "Looked at p1", "{\"product_id\":\"p1\"}"},
    {"Product Added", "{\"product_id\":1,\"name\":\"Mug\",\"cart_id\":\"c\"}", "cart", "Put into the cart: Mug",
     "{\"product_id\":1,\"cart_id\":\"c\"}"},
    {"Product Removed", "{\"sku\":\"HT-1\"}", "cart", "Took out of the cart: HT-1", "{\"sku\":\"HT-1\"}"},
    {"Cart Viewed", "{\"cart_id\":\"c\",\"products\":[{\"product_id\":\"p1\"}]}", "cart", "Looked at the cart",
     "{\"cart_id\":\"c\",\"products\":[\"p1\"]}"},
    {"Cart Shared", "{\"cart_id\":\"c\"}", "cart", "Shared the cart", "{\"cart_id\":\"c\"}"},
    {"Product Shared", "{\"product_id\":\"p1\",\"name\":\"Mug\",\"url\":\"u\"}", "product", "Shared Mug",
     "{\"product_id\":\"p1\",\"url\":\"u\"}"},
    {"Checkout Started",
     "{\"order_id\":\"o1\",\"revenue\":25,\"currency\":\"EUR\",\"products\":[{\"product_id\":\"p1\"},"
     "{\"product_id\":2}]}",
     "checkout", "Began to check out 2 items for 25.00 EUR", "{\"order_id\":\"o1\",\"products\":[\"p1\",2]}"},
    {"Checkout Step Viewed", "{\"checkout_id\":\"k\",\"step\":2}", "checkout", "Saw a step of the check-out",
     "{\"checkout_id\":\"k\"}"},
    {"Checkout Step Completed", "{\"checkout_id\":\"k\",\"step\":2}", "checkout", "Completed a step of the check-out",
     "{\"checkout_id\":\"k\"}"},
    {"Payment Info Entered", "{\"checkout_id\":\"k\"}", "checkout", "Entered how to pay", "{\"checkout_id\":\"k\"}"},
    {"Order Completed",
     "{\"order_id\":\"o1\",\"total\":27.5,\"currency\":\"EUR\",\"products\":[{\"sku\":\"s\",\"quantity\":3}]}", "order",
     "Ordered 3 items for 27.50 EUR", "{\"order_id\":\"o1\",\"products\":[\"s\"]}"},
    {"Order Updated", "{\"order_id\":\"o1\",\"total\":30}", "order", "Changed an order for 30.00",
     "{\"order_id\":\"o1\"}"},
    {"Order Refunded", "{\"order_id\":\"o1\",\"total\":30,\"currency\":\"USD\"}", "refund", "Was refunded 30.00 USD",
     "{\"order_id\":\"o1\"}"},
    {"Order Cancelled", "{\"order_id\":\"o1\",\"total\":30}", "order", "Cancelled an order for 30.00",
     "{\"order_id\":\"o1\"}"},
    {"Coupon Entered", "{\"coupon_id\":\"may20\"}", "coupon", "Entered the coupon may20", "{\"coupon_id\":\"may20\"}"},
    {"Coupon Applied", "{\"coupon_id\":\"may20\",\"coupon_name\":\"May deals\",\"discount\":2}", "coupon",
     "Used the coupon May deals", "{\"coupon_id\":\"may20\"}"},
    {"Coupon Denied", "{\"coupon\":\"may20\",\"reason\":\"expired\"}", "coupon", "Was denied the coupon may20",
     "{\"coupon\":\"may20\"}"},
    {"Coupon Removed", "{}", "coupon", "Took back the coupon", "{}"},
    {"Product Added to Wishlist", "{\"wishlist_id\":\"w\",\"name\":\"Mug\"}", "wishlist", "Put on the wish list: Mug",
     "{\"wishlist_id\":\"w\"}"},
    {"Product Removed from Wishlist", "{\"wishlist_id\":\"w\",\"name\":\"Mug\"}", "wishlist",
     "Took off the wish list: Mug", "{\"wishlist_id\":\"w\"}"},
    {"Wishlist Product Added to Cart", "{\"wishlist_id\":\"w\",\"name\":\"Mug\"}", "wishlist",
     "Put from the wish list into the cart: Mug", "{\"wishlist_id\":\"w\"}"},
    {"Product Reviewed", "{\"rating\":4.5}", "review", "Reviewed a product, rating 4.5", "{}"},
    {"Product Reviewed", "{\"product_id\":\"p1\",\"review_id\":\"r\",\"review_body\":\"Too small.\",\"rating\":\"2\"}",
     "review", "Reviewed p1, rating 2: Too small.", "{\"product_id\":\"p1\",\"review_id\":\"r\"}"},
};

static struct timeline_entry describe(struct arena *arena, const char *event, const char *properties) {
    struct timeline_entry entry;
    struct journal_record record = {.seq = 1, .kind = JOURNAL_TRACK, .name = text_of(event), .unit = TEXT("u")};
    record.body = arena_printf(arena, "{\"properties\":%s}", properties);
    timeline_describe(&record, arena, &entry);
    return entry;
}

Test(timeline_words, every_event_of_the_e_commerce_specification_has_its_kind_its_sentence_and_what_it_leads_to) {
    struct arena arena;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        struct timeline_entry entry = describe(&arena, events[i].event, events[i].properties);
        cr_expect(text_is(entry.kind, events[i].kind), "%s: %.*s", events[i].event, TEXT_ARGS(entry.kind));
        cr_expect(text_is(entry.body, events[i].body), "%s: %.*s", events[i].event, TEXT_ARGS(entry.body));
        cr_expect(text_is(entry.refs, events[i].refs), "%s: %.*s", events[i].event, TEXT_ARGS(entry.refs));
    }
    arena_free(&arena);
}

Test(timeline_words, a_long_review_is_cut_between_two_characters) {
    struct arena arena;
    char properties[1024] = "{\"product_id\":\"p\",\"review_body\":\"x";
    arena_init(&arena, 4096);
    for (int i = 0; i < 150; i++) strcat(properties, "ä"); /* two bytes each, the first at an odd place */
    strcat(properties, "\"}");
    struct timeline_entry entry = describe(&arena, "Product Reviewed", properties);
    cr_expect_eq(entry.body.n, strlen("Reviewed p: ") + 1 + 2 * 99 + strlen("..."), "%.*s", TEXT_ARGS(entry.body));
    arena_free(&arena);
}
