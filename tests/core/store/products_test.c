#include "core/store/products.h"

#include "tests/core/store/main.h"

TestSuite(products, .init = main_make, .fini = main_remove);

static struct product mug(void) {
    return (struct product){.sku = TEXT("HT-101"),
                            .title = TEXT("Mug"),
                            .category = TEXT(""),
                            .url = TEXT("/products/mug"),
                            .image = TEXT(""),
                            .price = TEXT("18.90"),
                            .currency = TEXT("EUR"),
                            .available = true};
}
/* As a change of its own; its number. */
static int64_t put(struct product product) {
    int64_t revision = 0;
    cr_assert_null(product_fault(&product));
    cr_assert_eq(products_next(sql, &revision, &error), 0, "%s", error.detail);
    cr_assert_eq(products_put(sql, &product, revision, 1000, &error), 0, "%s", error.detail);
    return revision;
}
static int64_t take_out(const char *sku) {
    int64_t revision = 0;
    cr_assert_eq(products_next(sql, &revision, &error), 0, "%s", error.detail);
    cr_assert_eq(products_remove(sql, text_of(sku), revision, &error), 0, "%s", error.detail);
    return revision;
}
static struct product called(const char *sku) {
    struct product product = mug();
    product.sku = text_of(sku);
    return product;
}

Test(products, one_is_found_as_it_was_put_and_put_again_replaces_it) {
    struct product found, again = mug();
    put(mug());
    cr_assert_eq(products_get(sql, &arena, TEXT("HT-101"), &found, &error), 0);
    cr_expect(text_is(found.price, "18.90"), "to the digit");
    again.title = TEXT("Enamel mug");
    again.available = false;
    put(again);
    cr_assert_eq(products_get(sql, &arena, TEXT("HT-101"), &found, &error), 0);
    cr_expect(text_is(found.title, "Enamel mug"));
    cr_expect_not(found.available);
    take_out("HT-101");
    cr_expect_eq(products_get(sql, &arena, TEXT("HT-101"), &found, &error), ERR_NOT_FOUND);
}

Test(products, they_are_listed_by_sku_a_page_at_a_time) {
    static const char *const skus[] = {"c", "a", "b"};
    struct product_page page;
    for (int i = 0; i < 3; i++) put(called(skus[i]));
    cr_assert_eq(products_list(sql, &arena, TEXT(""), 2, &page, &error), 0);
    cr_assert_eq(page.n, 2);
    cr_expect(page.more);
    cr_expect(text_is(page.items[0].sku, "a"));
    cr_assert_eq(products_list(sql, &arena, page.items[1].sku, 2, &page, &error), 0);
    cr_assert_eq(page.n, 1);
    cr_expect_not(page.more);
    cr_expect(text_is(page.items[0].sku, "c"));
}

/* What the plugin is told next, as a text; it takes it. */
static const char *told_to(const char *plugin) {
    struct product_news news = {0};
    cr_assert_eq(products_unheard(sql, &arena, text_of(plugin), PRODUCT_NEWS_MOST, &news, &error), 0, "%s",
                 error.detail);
    const char *body = news.n ? arena_cstr(&arena, buffer_view(&news.body)) : "";
    if (news.n) cr_assert_eq(products_heard(sql, text_of(plugin), &news.upto, &error), 0, "%s", error.detail);
    buffer_free(&news.body);
    return body;
}
static const char *told(void) {
    return told_to("qa");
}
static int64_t gone(void) {
    struct sql_rows rows;
    cr_assert_eq(products_forget_gone(sql, &error), 0, "%s", error.detail);
    cr_assert_eq(sql_query(sql, &rows, &error, "SELECT count(*) FROM product_gone"), 0);
    cr_assert_gt(sql_next(&rows, &error), 0);
    int64_t n = sql_int(&rows, 0);
    sql_done(&rows);
    return n;
}

Test(products, a_plugin_hears_of_each_change_once_and_of_what_it_missed_as_it_is_now) {
    cr_expect_str_eq(told(), "");
    int64_t first = put(called("a"));
    cr_expect_gt(put(called("b")), first);
    const char *items = told();
    cr_expect(strstr(items, "{\"items\":[{\"sku\":\"a\"") && strstr(items, "{\"sku\":\"b\""), "%s", items);
    cr_expect_str_eq(told(), "");
    put(called("a"));
    put(called("c"));
    cr_expect_gt(take_out("a"), first + 1);
    put(called("d"));
    items = told();
    cr_expect(strstr(items, "\"c\"") && !strstr(items, "\"a\"") && !strstr(items, "\"d\""), "%s", items);
    cr_expect_str_eq(told(), "{\"removed\":[\"a\"]}");
    cr_expect(strstr(told(), "{\"items\":[{\"sku\":\"d\""), "in the order of the changes");
    take_out("d");
    put(called("d"));
    cr_expect(strstr(told(), "{\"items\":[{\"sku\":\"d\""), "it came back before anybody heard that it had gone");
    cr_expect_str_eq(told(), "");
}

Test(products, many_are_told_a_page_at_a_time_and_none_is_left_out) {
    int64_t revision;
    char sku[16];
    cr_assert_eq(products_next(sql, &revision, &error), 0);
    for (int i = 0; i < 1200; i++) { /* of one change */
        snprintf(sku, sizeof sku, "s%04d", i);
        struct product product = called(sku);
        cr_assert_eq(products_put(sql, &product, revision, 1000, &error), 0);
    }
    int n = 0, pages = 0;
    for (const char *items; *(items = told()); pages++)
        for (const char *at = items; (at = strstr(at, "{\"sku\":\"s")); at++, n++) cr_assert_eq(atoi(at + 9), n);
    cr_expect_eq(n, 1200);
    cr_expect_eq(pages, 3);
}

Test(products, what_was_taken_out_is_forgotten_once_all_have_heard_of_it) {
    put(called("a"));
    put(called("b"));
    told();
    told_to("boards");
    int64_t removal = take_out("b");
    cr_expect_eq(gone(), 1);
    cr_expect_str_eq(told(), "{\"removed\":[\"b\"]}");
    cr_expect_eq(gone(), 1, "one has not heard of it");
    cr_expect_str_eq(told_to("boards"), "{\"removed\":[\"b\"]}");
    cr_expect_eq(gone(), 0);
    cr_expect_gt(put(called("c")), removal, "its number does not come again");
    cr_expect(strstr(told(), "{\"items\":[{\"sku\":\"c\""), "or this would never be told");
}

Test(products, fewer_are_told_where_fewer_are_asked_for) {
    struct product_news news = {0};
    put(called("a"));
    int64_t second = put(called("b"));
    put(called("c"));
    cr_assert_eq(products_unheard(sql, &arena, TEXT("qa"), 2, &news, &error), 0, "%s", error.detail);
    cr_expect_eq(news.n, 2);
    cr_expect_eq(news.first, second - 1);
    cr_expect_eq(news.upto.revision, second);
    cr_assert_eq(products_heard(sql, TEXT("qa"), &news.upto, &error), 0);
    cr_assert_eq(products_unheard(sql, &arena, TEXT("qa"), 2, &news, &error), 0, "%s", error.detail);
    cr_expect_eq(news.n, 1);
    cr_expect(text_is(news.upto.sku, "c"));
    buffer_free(&news.body);
}

Test(products, what_is_none_is_said_by_its_member) {
    static const struct {
        const char *price, *currency, *fault;
    } prices[] = {{"18.90", "EUR", NULL},
                  {"0", "EUR", NULL},
                  {"", "", NULL},
                  {"18.90", "", "currency"},
                  {"18,90", "EUR", "price"},
                  {"1e3", "EUR", "price"},
                  {"-1", "EUR", "price"},
                  {"1.", "EUR", "price"},
                  {".5", "EUR", "price"},
                  {"1.00001", "EUR", "price"},
                  {"1234567890", "EUR", "price"},
                  {"1", "euro", "currency"}};
    for (size_t i = 0; i < sizeof prices / sizeof *prices; i++) {
        struct product product = mug();
        product.price = text_of(prices[i].price);
        product.currency = text_of(prices[i].currency);
        const char *fault = product_fault(&product);
        if (prices[i].fault)
            cr_expect(fault && strstr(fault, prices[i].fault), "%s %s: %s", prices[i].price, prices[i].currency, fault);
        else
            cr_expect_null(fault, "%s: %s", prices[i].price, fault);
    }
    struct product product = mug();
    product.sku = TEXT("a/b");
    cr_expect_not_null(strstr(product_fault(&product), "\"sku\""));
    product = mug();
    product.url = TEXT("javascript:alert(1)");
    cr_expect_not_null(strstr(product_fault(&product), "\"url\""));
    product = mug();
    product.title = TEXT("");
    cr_expect_not_null(strstr(product_fault(&product), "\"title\""));
}
