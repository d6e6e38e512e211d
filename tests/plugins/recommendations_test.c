/* The recommendations plugin through <parley/test.h>: events become rows, rows a model, the model answers; and what must never come back. */
#include "tests/plugins/calls.h"

static void start(void) {
    t = parley_test_start(
        &(struct parley_test_options){.library = build_path("plugins/%s/recommendations.so", "recommendations-1.0.0")});
    cr_assert_null(parley_test_why(t), "%s", parley_test_why(t));
}
TestSuite(recommendations, .init = start, .fini = stop);

static int get(const char *customer, const char *path) {
    customer ? parley_test_as(t, customer) : parley_test_as_staff(t);
    status = parley_test_call(t, "GET", path, NULL);
    cr_assert_lt(status, 300, "%s: %d %s", path, status, parley_test_body(t));
    return status;
}

static void look(const char *customer, const char *sku) {
    char properties[200];
    snprintf(properties, sizeof properties, "{\"sku\":\"%s\",\"name\":\"The %s\",\"category\":\"%c\",\"price\":2.5}",
             sku, sku, *sku);
    cr_assert(parley_test_event(t, "Product Viewed", customer, properties));
}

static void buy(const char *customer, const char *order, const char *first, const char *second) {
    char properties[400];
    snprintf(properties, sizeof properties, "{\"order_id\":\"%s\",\"products\":[{\"sku\":\"%s\"},{\"sku\":\"%s\"}]}",
             order, first, second);
    cr_assert(parley_test_event(t, "Order Completed", customer, properties));
}

/* Visits to lamps (l1 l2 l3) and to mugs (m1 m2 m3), orders of a mug with a tray, and then time to train. */
static void fill_shop(void) {
    char customer[16], order[16];
    for (int i = 0; i < 40; i++) {
        snprintf(customer, sizeof customer, "c%d", i);
        snprintf(order, sizeof order, "o%d", i);
        const bool lamps = i % 2;
        look(customer, lamps ? "l1" : "m1");
        look(customer, lamps ? "l2" : "m2");
        if (i % 4 < 2) look(customer, lamps ? "l3" : "m3");
        if (!lamps) buy(customer, order, "m2", "tray");
    }
    buy("c1", "p1", "l1", "bulb");
    buy("c3", "p3", "l1", "bulb");
    buy("c5", "p5", "l1", "bulb");
    parley_test_wait(t, 10 * 1000);
}

Test(recommendations, a_shop_that_knows_nothing_yet_answers_emptily) {
    get("ann", "/recommend");
    SAYS("", "{\"list\":\"recommended\",\"items\":[],\"trainedAt\":null}");
    get(NULL, "/model");
    SAYS("/model", "null");
}

Test(recommendations, from_the_first_event_on_popular_things_are_shown_before_any_training) {
    look("ann", "m1");
    look("ben", "m1");
    look("ben", "l1");
    buy("cat", "o1", "l1", "tray");
    look("dan", "m1");
    get("eve", "/recommend");
    SAYS("/trainedAt", "null");
    SAYS("/items/0/sku", "\"m1\"");
    SAYS("/items/0/by", "\"popular\"");
    SAYS("/items/0/score", "3");
    SAYS("/items/1/sku", "\"l1\"");
    SAYS("/items/2/sku", "\"tray\"");
    get("ben", "/recommend"); /* what she has, what is named and what is sold out never come back, here neither */
    SAYS("/items/0/sku", "\"tray\"");
    cr_expect_null(parley_test_at(t, "/items/1"));
    get("eve", "/recommend?exclude=m1&category=l");
    SAYS("/items/0/sku", "\"l1\"");
    cr_expect_null(parley_test_at(t, "/items/1"));
    shopper("eve", "POST", "/session", "{\"items\":[\"m1\",\"tray\"]}");
    SAYS("/list", "\"session\"");
    SAYS("/items/0/sku", "\"l1\"");
    cr_expect_null(parley_test_at(t, "/items/1"));
    staff("POST", "/catalogue",
          "{\"items\":[{\"sku\":\"m1\",\"title\":\"Mug\",\"available\":false},{\"sku\":\"l1\",\"title\":\"Lamp\"}]}");
    get("eve", "/recommend");
    SAYS("/items/0/title", "\"Lamp\"");
    cr_expect_null(parley_test_at(t, "/items/1"));
    parley_test_variant(t, "recs", "on", "{\"fallback\":\"none\"}");
    get("eve", "/recommend");
    SAYS("/items", "[]");
}

Test(recommendations, a_visit_leads_to_what_visits_like_it_led_to_and_says_why) {
    fill_shop();
    parley_test_as_anonymous(t, "visitor");
    cr_assert_eq(parley_test_call(t, "POST", "/session", "{\"items\":[\"l1\"]}"), 200);
    SAYS("/items/0/sku", "\"l2\"");
    SAYS("/items/0/reason", "\"Because you looked at The l1\"");
    SAYS("/items/0/about", "\"l1\"");
    SAYS("/items/0/aboutTitle", "\"The l1\"");
    SAYS("/items/1/sku", "\"l3\"");
    parley_test_call(t, "POST", "/session", "{\"items\":[\"l1\",\"m1\"]}"); /* the latest counts most */
    SAYS("/items/0/sku", "\"m2\"");
}

Test(recommendations, where_only_orders_were_told_a_visit_leads_to_what_is_bought_with_its_items) {
    for (int i = 0; i < 8; i++) {
        char customer[16], order[16];
        snprintf(customer, sizeof customer, "c%d", i);
        snprintf(order, sizeof order, "o%d", i);
        buy(customer, order, i < 5 ? "mug" : "cup", i < 5 ? "tray" : "lid");
    }
    parley_test_wait(t, 10 * 1000);
    shopper("new", "POST", "/session", "{\"items\":[\"cup\"]}");
    SAYS("/items/0/sku", "\"lid\"");
    SAYS("/items/0/by", "\"together\"");
    SAYS("/items/0/about", "\"cup\"");
    SAYS("/items/1/by", "\"popular\"");
}

Test(recommendations, what_a_shopper_looked_at_just_now_counts_before_the_next_training) {
    fill_shop();
    look("new", "l2");
    get("new", "/recommend");
    SAYS("/items/0/sku", "\"l1\"");
    expect_has("Because you looked at The l2");
    expect_lacks("{\"sku\":\"l2\"");
}

Test(recommendations, a_known_customer_is_known_by_what_she_has_after_her_visit_too) {
    fill_shop();
    look("old", "l2");
    parley_test_wait(t, 24 * 3600 * 1000L);
    get("old", "/recommend?n=1");
    SAYS("/items/0/sku", "\"l1\"");
    SAYS("/items/0/by", "\"looked\"");
    parley_test_as_anonymous(t, "nobody");
    parley_test_call(t, "GET", "/recommend?n=1", NULL);
    SAYS("/items/0/by", "\"popular\"");
}

Test(recommendations, popular_lists_too_leave_out_what_was_seen_bought_or_named) {
    fill_shop();
    get("stranger", "/recommend?n=50");
    expect_has("\"sku\":\"m1\"");
    SAYS("/items/0/by", "\"popular\"");
    SAYS("/items/0/sku", "\"l1\""); /* l1, l2, m1, m2, tray: 20 people each */
    SAYS("/items/1/sku", "\"l2\"");
    get("stranger", "/recommend?n=50&exclude=l1,m1,nothing");
    expect_lacks("\"sku\":\"l1\"");
    expect_lacks("\"sku\":\"m1\"");
    get("c0", "/recommend?n=50"); /* looked at m1 m2 m3, bought m2 and a tray */
    for (size_t i = 0; i < 4; i++) {
        static const char *const had[] = {"\"sku\":\"m1\"", "\"sku\":\"m2\"", "\"sku\":\"m3\"", "\"sku\":\"tray\""};
        expect_lacks(had[i]);
    }
    get("c0", "/items/m1/similar");
    expect_lacks("\"sku\":\"m2\"");
    get("c0", "/items/m2/ensemble");
    SAYS("/items", "[]");
}

Test(recommendations, a_variant_without_a_fallback_shows_less) {
    fill_shop();
    parley_test_variant(t, "home", "on", "{\"fallback\":\"none\",\"n\":3}");
    get("stranger", "/recommend");
    SAYS("/items", "[]");
    parley_test_variant(t, "home", "on", "{\"fallback\":\"popular\",\"n\":3}");
    get("stranger", "/recommend");
    cr_expect_not_null(parley_test_at(t, "/items/2"));
    cr_expect_null(parley_test_at(t, "/items/3"));
}

Test(recommendations, what_is_sold_out_or_not_in_the_catalogue_goes_at_once_and_comes_back) {
    fill_shop();
    cr_assert_eq(staff("POST", "/catalogue",
                       "{\"items\":[{\"sku\":\"l1\",\"title\":\"Lamp one\",\"available\":true},"
                       "{\"sku\":\"l2\",\"title\":\"Lamp two\",\"available\":false},"
                       "{\"sku\":\"l3\",\"title\":\"Lamp, \\\"three\\\"\"}]}"),
                 200, "%s", parley_test_body(t));
    SAYS("", "{\"imported\":3,\"refused\":0,\"rejected\":[]}");
    get("stranger", "/recommend?n=50");
    SAYS("/items/0/title", "\"Lamp one\"");
    SAYS("/items/1/title", "\"Lamp, \\\"three\\\"\"");
    cr_expect_null(parley_test_at(t, "/items/2"));
    staff("POST", "/catalogue", "{\"items\":[{\"sku\":\"l2\",\"title\":\"Lamp two\"}]}");
    get("stranger", "/recommend?n=50");
    expect_has("Lamp two");
    cr_assert_eq(staff("DELETE", "/catalogue/l1", NULL), 204);
    get("stranger", "/recommend?n=50");
    expect_lacks("Lamp one");
}

Test(recommendations, once_there_is_a_catalogue_nobody_makes_a_product_up) {
    staff("POST", "/catalogue", "{\"items\":[{\"sku\":\"real\",\"title\":\"Real\"}]}");
    look("mallory", "made-up");
    look("mallory", "real");
    get(NULL, "/catalogue");
    expect_lacks("made-up");
    cr_expect_eq(parley_test_counted(t, "unlisted_passed_over"), 1);
    parley_test_export(t, "mallory");
    expect_lacks("made-up");
}

Test(recommendations, keep_to_a_category) {
    fill_shop();
    get("stranger", "/recommend?n=50&category=l");
    expect_has("\"sku\":\"l1\"");
    expect_lacks("\"sku\":\"m1\"");
    get("stranger", "/recommend?category=nothing");
    SAYS("/items", "[]");
}

Test(recommendations, an_ensemble_is_what_is_bought_together_with_support_and_lift_for_the_staff) {
    fill_shop();
    get("stranger", "/items/m2/ensemble");
    SAYS("/items/0/sku", "\"tray\"");
    SAYS("/items/0/reason", "\"Often bought with The m2\"");
    expect_lacks("lift");
    get(NULL, "/items/l1/ensemble");
    SAYS("/items/0/together", "3");
    SAYS("/items/0/lift", parley_test_at(t, "/items/0/lift"));
    cr_expect_float_eq(atof(parley_test_at(t, "/items/0/lift")), 23.0 / 3, 1e-9); /* 3 * 23 orders / (3 * 3) */
    parley_test_as(t, "stranger");
    cr_expect_eq(parley_test_call(t, "GET", "/items/none/ensemble", NULL), 404);
}

Test(recommendations, an_order_told_twice_counts_once) {
    buy("ann", "o1", "a", "b");
    buy("ann", "o1", "a", "b");
    get(NULL, "/model");
    SAYS("/rows/orders", "1");
}

Test(recommendations, half_an_hour_without_a_look_ends_a_visit) {
    look("ann", "a");
    parley_test_wait(t, 29 * 60 * 1000);
    look("ann", "b");
    parley_test_wait(t, 31 * 60 * 1000);
    look("ann", "c");
    get(NULL, "/model");
    SAYS("/rows/visits", "2");
}

Test(recommendations, a_restart_serves_the_stored_model_at_once) {
    fill_shop();
    get("stranger", "/recommend?n=5");
    char before[8192];
    snprintf(before, sizeof before, "%s", parley_test_body(t));
    get(NULL, "/model");
    SAYS("/model/stored", "true");
    parley_test_restart(t, NULL);
    cr_assert_null(parley_test_why(t));
    get("stranger", "/recommend?n=5");
    cr_expect_str_eq(parley_test_body(t), before);
    parley_test_wait(t, 3000);
    get(NULL, "/model");
    SAYS("/model/method", "\"ease\"");
    cr_expect_gt(atoi(parley_test_at(t, "/model/ageSeconds")), 2);
    SAYS("/model/people", "40");
}

Test(recommendations, the_staff_train_with_another_lambda) {
    fill_shop();
    cr_assert_eq(staff("POST", "/retrain", "{\"lambda\":450,\"keep\":100}"), 202, "%s", parley_test_body(t));
    get(NULL, "/model");
    SAYS("/model/lambda", "450");
    SAYS("/model/keep", "100");
    cr_expect_eq(staff("POST", "/retrain", "{\"lambda\":0}"), 400);
    expect_has("/lambda");
    cr_expect_eq(staff("POST", "/retrain", "{\"speed\":1}"), 400);
}

Test(recommendations, a_customer_gets_all_and_is_forgotten_in_rows_and_model) {
    fill_shop();
    buy("ann", "x1", "secret", "tray");
    look("ann", "m1");
    staff("POST", "/retrain", NULL);
    get("stranger", "/recommend?n=50");
    expect_has("secret");
    parley_test_export(t, "ann");
    expect_has("\"reference\":\"x1\"");
    expect_has("{\"sku\":\"secret\",\"title\":null,\"bought\":true,\"at\":\"2026-");
    expect_has("\"visits\":[{\"reference\":null,\"at\":\"2026-01-01T12:00:10.000Z\",\"items\":[\"m1\"]}]");
    cr_expect_eq(parley_test_forget(t, "ann"), 0);
    cr_expect_str_eq(parley_test_export(t, "ann"), "{\"items\":[],\"visits\":[],\"orders\":[]}");
    get("stranger", "/recommend?n=50"); /* nobody has it any more */
    expect_lacks("secret");
    get(NULL, "/model");
    SAYS("/model/people", "40");
    cr_expect_eq(parley_test_forget(t, "nobody"), 0);
}

Test(recommendations, an_evaluation_of_the_shops_own_past_names_every_algorithm) {
    fill_shop();
    parley_test_wait(t, 24 * 3600 * 1000L);
    for (int i = 0; i < 40; i += 4) {
        char customer[16];
        snprintf(customer, sizeof customer, "c%d", i + 3);
        look(customer, "l3");
    }
    look("c2", "m3");
    cr_assert_eq(staff("POST", "/evaluation", "{}"), 202);
    get(NULL, "/evaluation");
    SAYS("/running", "false");
    SAYS("/items/0/algorithm", "\"popularity\"");
    SAYS("/items/4/algorithm", "\"ease\"");
    SAYS("/items/4/hitRate", "1");
    SAYS("/items/6/algorithm", "\"v-sknn\"");
}

Test(recommendations, a_catalogue_takes_what_is_right_and_says_what_is_not) {
    cr_expect_eq(staff("POST", "/catalogue", "{}"), 400);
    expect_has("\\\"items\\\"");
    staff("POST", "/catalogue",
          "{\"items\":[{\"sku\":\"a\",\"title\":\"A\",\"url\":\"javascript:alert(1)\"},{\"sku\":\"b\"},"
          "{\"sku\":\"c\",\"title\":\"C\",\"url\":\"//evil.example\"},{\"sku\":\"h,i\",\"title\":\"H\"},"
          "{\"sku\":\"MUG\",\"title\":\"Mug\",\"category\":\"Cups\",\"url\":\"/products/mug\",\"price\":12.9,"
          "\"currency\":\"EUR\"}]}");
    SAYS("/imported", "1");
    SAYS("/refused", "4");
    for (int i = 0; i < 4; i++) {
        char pointer[40], index[4];
        snprintf(pointer, sizeof pointer, "/rejected/%d/index", i);
        snprintf(index, sizeof index, "%d", i);
        SAYS(pointer, index);
    }
    get(NULL, "/catalogue?limit=1");
    SAYS("/items/0",
         "{\"sku\":\"MUG\",\"title\":\"Mug\",\"category\":\"Cups\",\"url\":\"/products/mug\",\"image\":null,"
         "\"price\":12.9,\"currency\":\"EUR\",\"available\":true,\"listed\":true}");
    staff("POST", "/catalogue", "{\"removed\":[\"MUG\"]}");
    get(NULL, "/catalogue");
    SAYS("/items/0/listed", "false");
}

Test(recommendations, a_request_that_cannot_be_is_refused) {
    parley_test_as(t, "ann");
    static const char *const queries[] = {"/recommend?n=0", "/recommend?n=51", "/recommend?n=x"};
    for (int i = 0; i < 3; i++) cr_expect_eq(parley_test_call(t, "GET", queries[i], NULL), 400);
    static const char *const bodies[] = {"[]", "{}", "{\"items\":\"a\"}", "{\"items\":[1]}",
                                         "{\"items\":[],\"more\":1}"};
    for (int i = 0; i < 5; i++) cr_expect_eq(parley_test_call(t, "POST", "/session", bodies[i]), 400, "%s", bodies[i]);
}

Test(recommendations, an_event_without_a_product_or_with_a_hostile_one_leaves_nothing) {
    char properties[800];
    cr_expect(parley_test_event(t, "Product Viewed", "ann", "{}"));
    cr_expect(parley_test_event(t, "Product Viewed", "ann", "{\"sku\":7}"));
    cr_expect(parley_test_event(t, "Order Completed", "ann", "{\"products\":\"all\"}"));
    snprintf(properties, sizeof properties, "{\"sku\":\"%0600d\"}", 1);
    cr_expect(parley_test_event(t, "Product Viewed", "ann", properties));
    get(NULL, "/model");
    SAYS("/rows/items", "0");
}
