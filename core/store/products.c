#include "core/store/products.h"

#include "core/base/html.h"

enum { SKU_MOST = 64, TEXT_MOST = 300, LINK_MOST = 1000, PRICE_DIGITS = 9, PRICE_PLACES = 4 };

/* ---- what is one ---- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Digits, perhaps a point and digits. */
static bool is_price(struct text price) {
    size_t digits = 0, i = 0;
    while (i < price.n && is_digit(price.at[i])) i++;
    digits = i;
    if (digits == 0 || digits > PRICE_DIGITS) return false;
    if (i == price.n) return true;
    size_t places = price.n - ++i;
    if (price.at[digits] != '.' || places == 0 || places > PRICE_PLACES) return false;
    while (i < price.n && is_digit(price.at[i])) i++;
    return i == price.n;
}

static bool is_currency(struct text currency) {
    for (size_t i = 0; i < currency.n; i++)
        if (currency.at[i] < 'A' || currency.at[i] > 'Z') return false;
    return currency.n == 3;
}

/* What stands in a path and in a list with commas. */
static bool is_sku(struct text sku) {
    for (size_t i = 0; i < sku.n; i++)
        if ((unsigned char)sku.at[i] <= ' ' || sku.at[i] == '/' || sku.at[i] == ',') return false;
    return sku.n > 0 && sku.n <= SKU_MOST;
}

static bool is_link(struct text link) {
    return !link.n || (link.n <= LINK_MOST && html_link_safe(link));
}

const char *product_fault(const struct product *product) {
    if (!is_sku(product->sku)) return "\"sku\" has 1 to 64 bytes, no blank, comma or slash";
    if (product->title.n < 1 || product->title.n > TEXT_MOST) return "\"title\" has 1 to 300 bytes";
    if (product->category.n > TEXT_MOST) return "\"category\" has at most 300 bytes";
    if (!is_link(product->url)) return "\"url\" begins with https://, http:// or a slash, and has at most 1000 bytes";
    if (!is_link(product->image))
        return "\"image\" begins with https://, http:// or a slash, and has at most 1000 bytes";
    if (product->price.n && !is_price(product->price))
        return "\"price\" is a number such as 18.90, with up to 9 digits and 4 places";
    if (product->currency.n && !is_currency(product->currency)) return "\"currency\" is three capital letters: EUR";
    if (product->price.n && !product->currency.n) return "a price has a \"currency\"";
    return NULL;
}

void product_write(const struct product *product, struct json_writer *w) {
    const struct {
        const char *name;
        struct text text;
    } texts[] = {{"sku", product->sku}, {"title", product->title}, {"category", product->category},
                 {"url", product->url}, {"image", product->image}, {"currency", product->currency}};
    json_open_object(w);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_key(w, text_of(texts[i].name));
        if (texts[i].text.n)
            json_text(w, texts[i].text);
        else
            json_nil(w);
    }
    if (product->price.n)
        json_put_raw(w, "price", product->price);
    else
        json_put_null(w, "price");
    json_put_bool(w, "available", product->available);
    json_close_object(w);
}

/* ---- the table ---- */

int products_put(struct sql *sql, const struct product *p, int64_t now, struct error *error) {
    static const char statement[] =
        "INSERT INTO product (sku, title, category, url, image, price, currency, available, changed_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (sku) DO UPDATE SET title = $2, category = $3,"
        " url = $4, image = $5, price = $6, currency = $7, available = $8, changed_at = $9";
    int rc = sql_run(sql, error, statement, SQL_T(p->sku), SQL_T(p->title), SQL_T(p->category), SQL_T(p->url),
                     SQL_T(p->image), SQL_T(p->price), SQL_T(p->currency), SQL_I(p->available), SQL_I(now));
    return rc < 0 ? rc : 0;
}

#define COLUMNS "sku, title, category, url, image, price, currency, available"

static struct product read_row(struct sql_rows *rows, struct arena *arena) {
    struct text texts[7];
    for (int i = 0; i < 7; i++) texts[i] = arena_text(arena, sql_text(rows, i));
    return (struct product){.sku = texts[0],
                            .title = texts[1],
                            .category = texts[2],
                            .url = texts[3],
                            .image = texts[4],
                            .price = texts[5],
                            .currency = texts[6],
                            .available = sql_int(rows, 7)};
}

int products_get(struct sql *sql, struct arena *arena, struct text sku, struct product *product, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT " COLUMNS " FROM product WHERE sku = $1", SQL_T(sku));
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) *product = read_row(&rows, arena);
    sql_done(&rows);
    if (rc == 0) return error_set(error, ERR_NOT_FOUND, "the catalogue has no product '%.*s'", TEXT_ARGS(sku));
    return rc < 0 ? rc : 0;
}

int products_remove(struct sql *sql, struct text sku, struct error *error) {
    int rc = sql_run(sql, error, "DELETE FROM product WHERE sku = $1", SQL_T(sku));
    if (rc == 0) return error_set(error, ERR_NOT_FOUND, "the catalogue has no product '%.*s'", TEXT_ARGS(sku));
    return rc < 0 ? rc : 0;
}

int products_list(struct sql *sql, struct arena *arena, struct text after, size_t limit, struct product_page *page,
                  struct error *error) {
    struct sql_rows rows;
    *page = (struct product_page){.items = arena_array(arena, struct product, limit)};
    int rc = sql_query(sql, &rows, error, "SELECT " COLUMNS " FROM product WHERE sku > $1 ORDER BY sku LIMIT $2",
                       SQL_T(after), SQL_I((int64_t)limit + 1));
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) {
        page->more = page->n == limit;
        if (!page->more) page->items[page->n++] = read_row(&rows, arena);
    }
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}
