#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/json_write.h"
#include "programs/parley/catalogue.h"

enum { SKU, TITLE, CATEGORY, URL, IMAGE, PRICE, CURRENCY, AVAILABLE, NAMES = 4 };

/* The API's member, and what feeds and exports call it. */
static const struct {
    const char *member, *names[NAMES];
} columns_known[CATALOGUE_COLUMNS] = {
    [SKU] = {"sku", {"sku", "id", "variant sku"}},
    [TITLE] = {"title", {"title", "name"}},
    [CATEGORY] = {"category", {"category", "product_type", "type"}},
    [URL] = {"url", {"url", "link"}},
    [IMAGE] = {"image", {"image", "image_link", "image src", "image_src"}},
    [PRICE] = {"price", {"price", "variant price"}},
    [CURRENCY] = {"currency", {"currency"}},
    [AVAILABLE] = {"available", {"available", "availability", "in_stock"}},
};

static bool is_one_of(struct text text, const char *const *words, size_t n) {
    for (size_t i = 0; i < n && words[i]; i++)
        if (text_eq_nocase(text, text_of(words[i]))) return true;
    return false;
}

bool catalogue_header(const struct csv_row *header, struct catalogue_columns *columns) {
    for (size_t c = 0; c < CATALOGUE_COLUMNS; c++) {
        size_t *place = &columns->place[c];
        for (*place = 0; *place < header->n; ++*place)
            if (is_one_of(text_trim(header->fields[*place]), columns_known[c].names, NAMES)) break;
        if (*place == header->n) *place = CSV_FIELDS;
    }
    return columns->place[SKU] < CSV_FIELDS && columns->place[TITLE] < CSV_FIELDS;
}

/* ---- what stands in a field ---- */

/* NULL where the word is none. Not said: it can be bought. */
static const char *availability(struct text word) {
    static const char *const yes[] = {"yes", "true", "1", "in stock", "in_stock", "available"},
                             *const no[] = {"no", "false", "0", "out of stock", "out_of_stock", "sold out", "sold_out"};
    if (!word.n || is_one_of(word, yes, sizeof yes / sizeof *yes)) return "true";
    return is_one_of(word, no, sizeof no / sizeof *no) ? "false" : NULL;
}

/* "12.90 EUR", as feeds write it, is a price and a currency. */
static void split_price(struct text *price, struct text *currency) {
    struct text amount, code;
    text_cut(*price, ' ', &amount, &code);
    *price = amount;
    if (!currency->n) *currency = text_trim(code);
}

const char *catalogue_row(const struct csv_row *row, const struct catalogue_columns *columns, struct buffer *out,
                          struct arena *arena) {
    struct text fields[CATALOGUE_COLUMNS];
    struct json_writer w;
    if (row->fault) return row->fault;
    for (size_t c = 0; c < CATALOGUE_COLUMNS; c++)
        fields[c] = columns->place[c] < row->n ? text_trim(row->fields[columns->place[c]]) : TEXT("");
    const char *available = availability(fields[AVAILABLE]);
    if (!available)
        return arena_printf(arena, "\"%.*s\" is neither yes nor no, in stock nor sold out",
                            TEXT_ARGS(fields[AVAILABLE]))
            .at;
    split_price(&fields[PRICE], &fields[CURRENCY]);
    json_writer_init(&w, out);
    json_open_object(&w);
    for (size_t c = 0; c < AVAILABLE; c++) {
        if (!fields[c].n) continue;
        json_key(&w, text_of(columns_known[c].member));
        json_text(&w, fields[c]);
    }
    json_put_raw(&w, "available", text_of(available));
    json_close_object(&w);
    return NULL;
}

/* ---- Shopify ---- */

static struct text text_at(const struct json *json, json_at object, const char *member, struct arena *arena) {
    json_at at = json_get(json, object, text_of(member));
    if (at != JSON_NONE && json_kind(json, at) == JSON_KIND_NUMBER) return json_source(json, at);
    return json_unescaped(json, at, arena);
}

/* {"available"}, or what the stock says; what is sold on back order can be bought. */
static bool is_available(const struct json *json, json_at variant, struct arena *arena) {
    int64_t stock;
    json_at said = json_get(json, variant, TEXT("available"));
    if (json_kind(json, said) == JSON_KIND_TRUE || json_kind(json, said) == JSON_KIND_FALSE)
        return json_kind(json, said) == JSON_KIND_TRUE;
    if (text_is(text_at(json, variant, "inventory_policy", arena), "continue")) return true;
    return !json_whole(json, json_get(json, variant, TEXT("inventory_quantity")), &stock) || stock > 0;
}

static struct text image_of(const struct json *json, json_at product, struct arena *arena) {
    json_at image = json_get(json, product, TEXT("image"));
    if (image == JSON_NONE || json_kind(json, image) != JSON_KIND_OBJECT)
        image = json_first(json, json_get(json, product, TEXT("images")));
    return text_at(json, image, "src", arena);
}

static struct text title_of(const struct json *json, json_at product, json_at variant, struct arena *arena) {
    struct text title = text_at(json, product, "title", arena), kind = text_at(json, variant, "title", arena);
    if (!kind.n || text_is(kind, "Default Title")) return title;
    return arena_printf(arena, "%.*s, %.*s", TEXT_ARGS(title), TEXT_ARGS(kind));
}

static void put_some(struct json_writer *w, const char *member, struct text text) {
    if (!text.n) return;
    json_key(w, text_of(member));
    json_text(w, text);
}

void catalogue_variant(const struct json *json, json_at product, json_at variant, struct text currency,
                       struct buffer *out, struct arena *arena) {
    struct text sku = text_at(json, variant, "sku", arena), handle = text_at(json, product, "handle", arena);
    struct text price = text_at(json, variant, "price", arena);
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    put_some(&w, "sku", sku.n ? sku : text_at(json, variant, "id", arena));
    put_some(&w, "title", title_of(json, product, variant, arena));
    put_some(&w, "category", text_at(json, product, "product_type", arena));
    if (handle.n) put_some(&w, "url", arena_printf(arena, "/products/%.*s", TEXT_ARGS(handle)));
    put_some(&w, "image", image_of(json, product, arena));
    put_some(&w, "price", price);
    if (price.n) put_some(&w, "currency", currency);
    json_put_bool(&w, "available", is_available(json, variant, arena));
    json_close_object(&w);
}
