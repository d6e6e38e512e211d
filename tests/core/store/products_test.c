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
static void put(struct product product) {
    cr_assert_null(product_fault(&product));
    cr_assert_eq(products_put(sql, &product, 1000, &error), 0, "%s", error.detail);
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
    cr_expect_eq(products_remove(sql, TEXT("HT-101"), &error), 0);
    cr_expect_eq(products_get(sql, &arena, TEXT("HT-101"), &found, &error), ERR_NOT_FOUND);
}

Test(products, they_are_listed_by_sku_a_page_at_a_time) {
    static const char *const skus[] = {"c", "a", "b"};
    struct product_page page;
    for (int i = 0; i < 3; i++) {
        struct product product = mug();
        product.sku = text_of(skus[i]);
        put(product);
    }
    cr_assert_eq(products_list(sql, &arena, TEXT(""), 2, &page, &error), 0);
    cr_assert_eq(page.n, 2);
    cr_expect(page.more);
    cr_expect(text_is(page.items[0].sku, "a"));
    cr_assert_eq(products_list(sql, &arena, page.items[1].sku, 2, &page, &error), 0);
    cr_assert_eq(page.n, 1);
    cr_expect_not(page.more);
    cr_expect(text_is(page.items[0].sku, "c"));
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
