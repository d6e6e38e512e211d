/* Finding customers by the beginning of a word: an index of words in parley.db, walked in order. */
#include "core/people/customers.h"

#include "core/base/fold.h"
#include "core/base/json.h"

enum { WORD_MOST = 512 };

/* The cursor is the last word and customer in hex, with a dot between: both may hold any character. */
static struct text write_cursor(struct arena *arena, const struct customer_found *last) {
    struct buffer out = {0};
    for (size_t i = 0; i < last->matched.n; i++) buffer_printf(&out, "%02x", (unsigned char)last->matched.at[i]);
    buffer_byte(&out, '.');
    for (size_t i = 0; i < last->id.n; i++) buffer_printf(&out, "%02x", (unsigned char)last->id.at[i]);
    struct text cursor = arena_text(arena, buffer_view(&out));
    buffer_free(&out);
    return cursor;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(struct text hex, struct arena *arena, struct text *out) {
    char *bytes = arena_alloc(arena, hex.n / 2 + 1);
    if (hex.n % 2) return false;
    for (size_t i = 0; i < hex.n / 2; i++) {
        int high = hex_digit(hex.at[2 * i]), low = hex_digit(hex.at[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        bytes[i] = (char)(high * 16 + low);
    }
    *out = text_n(bytes, hex.n / 2);
    return true;
}

int customers_search(struct sql *sql, struct arena *arena, struct text q, struct text cursor, size_t limit,
                     struct customer_page *page, struct error *error) {
    *page = (struct customer_page){.items = arena_array(arena, struct customer_found, limit)};
    struct text word = TEXT(""), id = TEXT(""), head, tail;
    if (q.n > WORD_MOST) return error_set(error, ERR_INVALID, "q: at most %d bytes", WORD_MOST);
    if (cursor.n &&
        !(text_cut(cursor, '.', &head, &tail) && read_hex(head, arena, &word) && read_hex(tail, arena, &id)))
        return error_set(error, ERR_INVALID, "cursor: take it from the `next` of a page");
    q = text_fold(q, arena);
    /* U+10FFFF ends the range: no word goes on with a later character. A customer stands where her first matching word does. */
    struct text end = arena_printf(arena, "%.*s\xf4\x8f\xbf\xbf", TEXT_ARGS(q));
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error,
                       "SELECT w.word, w.customer FROM customer_word w"
                       " WHERE w.word >= $1 AND w.word < $2 AND (w.word, w.customer) > ($3, $4)"
                       " AND NOT EXISTS (SELECT 1 FROM customer_word f WHERE f.customer = w.customer"
                       " AND f.word >= $1 AND f.word < w.word)"
                       " ORDER BY w.word, w.customer LIMIT $5",
                       SQL_T(q), SQL_T(end), SQL_T(word), SQL_T(id), SQL_I((int64_t)limit + 1));
    bool more = false;
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) {
        more = page->n == limit;
        if (more) break;
        page->items[page->n++] = (struct customer_found){sql_copy(&rows, 1, arena), sql_copy(&rows, 0, arena)};
    }
    sql_done(&rows);
    if (more) page->next = write_cursor(arena, &page->items[page->n - 1]);
    return rc < 0 ? rc : 0;
}

static int add_word(struct sql *sql, struct text word, struct text customer, struct error *error) {
    int rc =
        sql_run(sql, error,
                "INSERT INTO customer_word (word, customer) VALUES ($1, $2) ON CONFLICT (word, customer) DO NOTHING",
                SQL_T(word), SQL_T(customer));
    return rc < 0 ? rc : 0;
}

int customers_index(struct sql *sql, struct arena *arena, struct text customer, struct error *error) {
    static const char *const names[] = {"email", "name", "firstName", "lastName", "username", "phone"};
    struct trait *traits;
    size_t n;
    int rc = customers_traits(sql, arena, &customer, 1, &traits, &n, error);
    if (rc == 0) rc = sql_run(sql, error, "DELETE FROM customer_word WHERE customer = $1", SQL_T(customer));
    if (rc >= 0) rc = add_word(sql, text_fold(customer, arena), customer, error);
    for (size_t i = 0; i < n && rc == 0; i++)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            struct json json;
            if (!text_is(traits[i].name, names[k]) || json_scan(&json, traits[i].value, arena, NULL) != 0) continue;
            struct text value = json_unescaped(&json, 0, arena);
            if (value.n && value.n <= WORD_MOST) rc = add_word(sql, text_fold(value, arena), customer, error);
        }
    return rc;
}
