#include "core/store/products.h"

#include "core/base/html.h"

enum { NEWS_BYTES = 256 * 1024 };
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

int products_next(struct sql *sql, int64_t *revision, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error,
                       "SELECT coalesce(max(revision), 0) + 1 FROM (SELECT max(revision) AS revision FROM product"
                       " UNION ALL SELECT max(revision) FROM product_gone"
                       " UNION ALL SELECT max(revision) FROM product_heard) AS changes");
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) *revision = sql_int(&rows, 0);
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

int products_put(struct sql *sql, const struct product *p, int64_t revision, int64_t now, struct error *error) {
    static const char statement[] =
        "INSERT INTO product (sku, title, category, url, image, price, currency, available, changed_at, revision)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (sku) DO UPDATE SET title = $2, category = $3,"
        " url = $4, image = $5, price = $6, currency = $7, available = $8, changed_at = $9, revision = $10";
    int rc =
        sql_run(sql, error, statement, SQL_T(p->sku), SQL_T(p->title), SQL_T(p->category), SQL_T(p->url),
                SQL_T(p->image), SQL_T(p->price), SQL_T(p->currency), SQL_I(p->available), SQL_I(now), SQL_I(revision));
    if (rc >= 0) rc = sql_run(sql, error, "DELETE FROM product_gone WHERE sku = $1", SQL_T(p->sku));
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

int products_remove(struct sql *sql, struct text sku, int64_t revision, struct error *error) {
    int rc = sql_run(sql, error, "DELETE FROM product WHERE sku = $1", SQL_T(sku));
    if (rc == 0) return error_set(error, ERR_NOT_FOUND, "the catalogue has no product '%.*s'", TEXT_ARGS(sku));
    if (rc > 0)
        rc = sql_run(sql, error, "INSERT INTO product_gone (sku, revision) VALUES ($1, $2)", SQL_T(sku),
                     SQL_I(revision));
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

/* ---- what a plugin has heard of ---- */

static int read_place(struct sql *sql, struct arena *arena, struct text plugin, struct product_place *place,
                      struct error *error) {
    struct sql_rows rows;
    *place = (struct product_place){.sku = TEXT("")};
    int rc = sql_query(sql, &rows, error, "SELECT revision, sku FROM product_heard WHERE plugin = $1", SQL_T(plugin));
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) *place = (struct product_place){sql_int(&rows, 0), arena_text(arena, sql_text(&rows, 1))};
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

static void put_news(struct product_news *news, struct json_writer *w, const struct product *product, bool gone) {
    if (news->n++ == 0) {
        json_open_object(w);
        json_key(w, gone ? TEXT("removed") : TEXT("items"));
        json_open_array(w);
    }
    gone ? json_text(w, product->sku) : product_write(product, w);
}

int products_unheard(struct sql *sql, struct arena *arena, struct text plugin, size_t most, struct product_news *news,
                     struct error *error) {
    struct sql_rows rows;
    struct json_writer w;
    bool gone = false;
    buffer_clear(&news->body);
    news->n = 0;
    int rc = read_place(sql, arena, plugin, &news->upto, error);
    if (rc < 0) return rc;
    rc = sql_query(sql, &rows, error,
                   "SELECT " COLUMNS ", revision, 0 AS gone FROM product WHERE (revision, sku) > ($1, $2) UNION ALL"
                   " SELECT sku, '', '', '', '', '', '', 0, revision, 1 FROM product_gone"
                   " WHERE (revision, sku) > ($1, $2) ORDER BY revision, sku LIMIT $3",
                   SQL_I(news->upto.revision), SQL_T(news->upto.sku), SQL_I((int64_t)most));
    json_writer_init(&w, &news->body);
    while (rc >= 0 && news->body.n < NEWS_BYTES && (rc = sql_next(&rows, error)) > 0) {
        const struct product product = read_row(&rows, arena);
        if (news->n > 0 && gone != sql_int(&rows, 9)) break; /* the other kind is told next */
        gone = sql_int(&rows, 9);
        news->upto = (struct product_place){sql_int(&rows, 8), product.sku};
        if (news->n == 0) news->first = news->upto.revision;
        put_news(news, &w, &product, gone);
    }
    sql_done(&rows);
    if (rc < 0 || news->n == 0) return rc < 0 ? rc : 0;
    json_close_array(&w);
    json_close_object(&w);
    return 0;
}

int products_heard(struct sql *sql, struct text plugin, const struct product_place *upto, struct error *error) {
    int rc = sql_run(sql, error,
                     "INSERT INTO product_heard (plugin, revision, sku) VALUES ($1, $2, $3)"
                     " ON CONFLICT (plugin) DO UPDATE SET revision = $2, sku = $3",
                     SQL_T(plugin), SQL_I(upto->revision), SQL_T(upto->sku));
    return rc < 0 ? rc : 0;
}

int products_forget_gone(struct sql *sql, struct error *error) {
    int rc = sql_run(sql, error,
                     "DELETE FROM product_gone WHERE (revision, sku) <="
                     " (SELECT revision, sku FROM product_heard ORDER BY revision, sku LIMIT 1)");
    return rc < 0 ? rc : 0;
}
