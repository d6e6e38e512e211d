/* A catalogue as CSV (RFC 4180) with a header. Columns by their names, in any order: sku, title, category, url, image, price, currency,
 * available; some other names that feeds use are understood. sku and title must be there. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugins/recommendations/recommendations.h"

enum column { SKU, TITLE, CATEGORY, URL, IMAGE, PRICE, CURRENCY, AVAILABLE, COLUMNS, FIELDS_MOST = 64, NAMES = 4 };
static const char *const names[COLUMNS][NAMES] = {
    [SKU] = {"sku", "id", "variant sku"},
    [TITLE] = {"title", "name"},
    [CATEGORY] = {"category", "product_type", "type"},
    [URL] = {"url", "link"},
    [IMAGE] = {"image", "image_link", "image src", "image_src"},
    [PRICE] = {"price", "variant price"},
    [CURRENCY] = {"currency"},
    [AVAILABLE] = {"available", "availability", "in_stock"},
};

/* Reads a copy of the text; a field is unquoted in its own place. */
struct reader {
    char *at, *end;
    size_t line, next; /* where the row begins, and the one behind it */
    parley_text fields[FIELDS_MOST];
    size_t n;
};

static parley_text trimmed(const char *from, const char *to) {
    while (from < to && (*from == ' ' || *from == '\t' || *from == '\r')) from++;
    while (from < to && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r')) to--;
    return (parley_text){from, (size_t)(to - from)};
}

/* Behind the opening quote: what stands up to the closing one; two quotes are one. NULL where it is never closed. */
static char *unquote(struct reader *in, char *to) {
    for (; in->at < in->end; in->at++) {
        if (*in->at == '\n') in->next++;
        if (*in->at == '"' && (in->at + 1 == in->end || in->at[1] != '"')) {
            in->at++;
            return to;
        }
        if (*in->at == '"') in->at++;
        *to++ = *in->at;
    }
    return NULL;
}

/* Takes a field and what ends it: a comma, a line's end, the text's end (0). Negative where a quote is never closed. */
static int take_field(struct reader *in) {
    char *from = in->at, *to = from;
    if (in->at < in->end && *in->at == '"') {
        in->at++;
        if (!(to = unquote(in, to))) return -1;
    }
    while (in->at < in->end && *in->at != ',' && *in->at != '\n') *to++ = *in->at++;
    const int ended = in->at < in->end ? *in->at++ : 0;
    if (ended == '\n') in->next++;
    if (in->n < FIELDS_MOST) in->fields[in->n++] = trimmed(from, to);
    return ended;
}

/* 1 with a row, 0 at the end, negative where nothing more can be read. */
static int take_row(struct reader *in) {
    int ended = ',';
    in->line = in->next;
    in->n = 0;
    if (in->at == in->end) return 0;
    while (ended == ',') ended = take_field(in);
    return ended < 0 ? -1 : 1;
}

/* ---- what a row says ---- */

static bool is_word(parley_text text, const char *word) {
    return text.n == strlen(word) && strncasecmp(text.at, word, text.n) == 0;
}

static bool is_one_of(parley_text text, const char *const *words, size_t n) {
    for (size_t i = 0; i < n && words[i]; i++)
        if (is_word(text, words[i])) return true;
    return false;
}

static void find_columns(const struct reader *in, size_t place[COLUMNS]) {
    for (size_t column = 0; column < COLUMNS; column++) {
        place[column] = 0;
        while (place[column] < in->n && !is_one_of(in->fields[place[column]], names[column], NAMES)) place[column]++;
        if (place[column] == in->n) place[column] = FIELDS_MOST;
    }
}

/* False where the word is none. Not said: it can be bought. */
static bool read_available(parley_text word, bool *available) {
    static const char *const yes[] = {"yes", "true", "1", "in stock", "in_stock", "available"},
                             *const no[] = {"no", "false", "0", "out of stock", "out_of_stock", "sold out", "sold_out"};
    *available = word.n == 0 || is_one_of(word, yes, sizeof yes / sizeof *yes);
    return *available || is_one_of(word, no, sizeof no / sizeof *no);
}

/* A number that may have a currency behind it, as feeds write it: 12.90 EUR. Below 0: not said; NAN: none. */
static double read_price(parley_call *c, parley_text word) {
    if (word.n == 0) return -1;
    char *copy = parley->alloc(c, word.n + 1), *end;
    memcpy(copy, word.at, word.n);
    const double price = strtod(copy, &end);
    return end > copy && (*end == 0 || *end == ' ') && price >= 0 ? price : NAN;
}

static const char *read_product(parley_call *c, const struct reader *in, const size_t place[COLUMNS], struct product *product) {
    parley_text field[COLUMNS];
    for (size_t column = 0; column < COLUMNS; column++)
        field[column] = place[column] < in->n ? in->fields[place[column]] : (parley_text){0};
    *product = (struct product){.sku = field[SKU], .title = field[TITLE], .category = field[CATEGORY], .url = field[URL],
                                .image = field[IMAGE], .currency = field[CURRENCY], .price = read_price(c, field[PRICE])};
    if (!read_available(field[AVAILABLE], &product->available)) return "\"available\" is yes or no, in stock or sold out";
    return catalogue_fault(product);
}

int import_csv(parley_call *c, parley_text csv, parley_json rejected, int64_t *imported, int64_t *refused) {
    struct reader in = {.line = 1, .next = 1};
    struct product product;
    size_t place[COLUMNS];
    in.at = parley->alloc(c, csv.n + 1);
    if (csv.n) memcpy(in.at, csv.at, csv.n);
    in.end = in.at + csv.n;
    if (csv.n >= 3 && memcmp(in.at, "\xef\xbb\xbf", 3) == 0) in.at += 3;
    int row = take_row(&in);
    if (row > 0) find_columns(&in, place);
    if (row <= 0 || place[SKU] == FIELDS_MOST || place[TITLE] == FIELDS_MOST)
        return parley->invalid(c, "/csv", "the first line names the columns: at least sku and title");
    while ((row = take_row(&in)) > 0) {
        if (in.n == 1 && in.fields[0].n == 0) continue; /* an empty line */
        const char *fault = read_product(c, &in, place, &product);
        if (fault) {
            import_reject(c, rejected, refused, in.line, fault);
            continue;
        }
        int rc = catalogue_put(c, &product);
        if (rc < 0) return rc;
        (*imported)++;
    }
    if (row < 0) return parley_invalid(c, "/csv", "a quote that opens in line {} is never closed", in.line);
    return 0;
}
