/* Products as Shopify's API gives them: {id, handle, title, product_type, images: [{src}], variants: [{id, sku, title, price, available or
 * inventory_quantity}]}. Each variant is an item. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/recommendations/recommendations.h"

/* A text, or a whole number as text; {NULL, 0} where it is neither. */
static parley_text id_of(parley_call *c, parley_json value) {
    int64_t number;
    if (parley->kind(value) == PARLEY_STRING) return parley->text(value);
    if (!parley->integer(value, &number)) return (parley_text){0};
    const char *text = parley_format(c, "{}", number);
    return (parley_text){text, strlen(text)};
}

/* Shopify writes prices as texts. Below 0: not said; NAN: none. */
static double price_of(parley_call *c, parley_json value) {
    double price = -1;
    if (parley->number(value, &price)) return price >= 0 ? price : NAN;
    const parley_text text = parley->text(value);
    if (text.n == 0 || text.n > 32) return text.n ? NAN : -1;
    char *copy = parley->alloc(c, text.n + 1), *end;
    memcpy(copy, text.at, text.n);
    price = strtod(copy, &end);
    return *end == 0 && price >= 0 ? price : NAN;
}

static bool is_available(parley_json variant) {
    int64_t stock;
    if (parley->kind(parley->get(variant, "available")) == PARLEY_BOOL) return parley->truth(parley->get(variant, "available"));
    if (parley_same(parley->text(parley->get(variant, "inventory_policy")), PARLEY_TEXT("continue"))) return true;
    return !parley->integer(parley->get(variant, "inventory_quantity"), &stock) || stock > 0;
}

static parley_text title_of(parley_call *c, parley_json given, parley_json variant) {
    const parley_text title = parley->text(parley->get(given, "title")), kind = parley->text(parley->get(variant, "title"));
    if (kind.n == 0 || parley_same(kind, PARLEY_TEXT("Default Title"))) return title;
    const char *both = parley_format(c, "{}, {}", title, kind);
    return (parley_text){both, strlen(both)};
}

static parley_text image_of(parley_json given) {
    parley_json image = parley->get(given, "image");
    if (parley->kind(image) != PARLEY_OBJECT) image = parley->first(parley->get(given, "images"));
    return parley->text(parley->get(image, "src"));
}

static const char *read_variant(parley_call *c, parley_json given, parley_json variant, struct product *product) {
    const parley_text handle = parley->text(parley->get(given, "handle"));
    *product = (struct product){.sku = parley->text(parley->get(variant, "sku")), .title = title_of(c, given, variant),
                                .category = parley->text(parley->get(given, "product_type")), .image = image_of(given),
                                .price = price_of(c, parley->get(variant, "price")), .available = is_available(variant)};
    if (product->sku.n == 0) product->sku = id_of(c, parley->get(variant, "id"));
    if (handle.n) {
        product->url.at = parley_format(c, "/products/{}", handle);
        product->url.n = strlen(product->url.at);
    }
    return catalogue_fault(product);
}

int import_shopify(parley_call *c, parley_json products, parley_json rejected, int64_t *imported, int64_t *refused) {
    struct product product;
    size_t place = 0;
    for (parley_json p = parley->first(products); parley_is(p); p = parley->after(products, p), place++) {
        parley_json variants = parley->get(p, "variants");
        if (parley->length(variants) == 0) import_reject(c, rejected, refused, place, "the product has no variants");
        for (parley_json v = parley->first(variants); parley_is(v); v = parley->after(variants, v)) {
            const char *fault = read_variant(c, p, v, &product);
            int rc = fault ? 0 : catalogue_put(c, &product);
            if (rc < 0) return rc;
            if (fault)
                import_reject(c, rejected, refused, place, fault);
            else
                (*imported)++;
        }
    }
    return 0;
}
