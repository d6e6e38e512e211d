/* The tokens in force, by hash, for the loop. */
#include "core/people/tokens.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"

struct token_table {
    size_t room; /* a power of two, at least twice as many as tokens */
    struct token_entry {
        unsigned char hash[SECRET_HASH_BYTES];
        int64_t expires;            /* 0: never */
        struct principal principal; /* its role 0: free */
    } entries[];
};

static struct text view(const unsigned char hash[static SECRET_HASH_BYTES]) {
    return text_n((const char *)hash, SECRET_HASH_BYTES);
}

/* Where the entry of this hash is, or the free one where it would be. Hashes are uniform: their first bytes tell. */
static size_t place(const struct token_table *table, const unsigned char hash[static SECRET_HASH_BYTES]) {
    uint64_t i;
    memcpy(&i, hash, sizeof i);
    for (i &= table->room - 1; table->entries[i].principal.role; i = (i + 1) & (table->room - 1))
        if (secret_equal(view(table->entries[i].hash), view(hash))) break;
    return i;
}

static void add(struct token_table *table, const unsigned char hash[static SECRET_HASH_BYTES], struct text id,
                struct text name, enum role role, int64_t expires) {
    struct token_entry *e = &table->entries[place(table, hash)];
    memcpy(e->hash, hash, SECRET_HASH_BYTES);
    e->expires = expires;
    e->principal.role = role;
    snprintf(e->principal.id, sizeof e->principal.id, "%.*s", TEXT_ARGS(id));
    snprintf(e->principal.name, sizeof e->principal.name, "%.*s", TEXT_ARGS(name));
}

static struct token_table *table_new(size_t n) {
    size_t room = 8;
    while (room < n * 2) room *= 2;
    struct token_table *table = memory_zero(1, sizeof *table + room * sizeof table->entries[0]);
    table->room = room;
    return table;
}

static int in_force(struct sql *sql, int64_t *n, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT count(*) FROM token WHERE revoked IS NULL");
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) *n = sql_int(&rows, 0);
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

int token_table_load(struct token_table **out, struct sql *sql, struct text admin_token, struct error *error) {
    *out = NULL;
    if (admin_token.n && admin_token.n < TOKEN_LEAST)
        return error_set(error, ERR_INVALID, "PARLEY_ADMIN_TOKEN has %zu characters; it needs at least %d",
                         admin_token.n, TOKEN_LEAST);
    int64_t n = 0;
    int rc = in_force(sql, &n, error);
    if (rc < 0) return rc;
    struct token_table *table = table_new(n + 1);
    struct sql_rows rows;
    rc = sql_query(sql, &rows, error, "SELECT hash, id, name, role, expires FROM token WHERE revoked IS NULL");
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) {
        /* A role that only a newer Parley knows lets nobody in. */
        enum role role = role_of(sql_text(&rows, 3));
        const char *hash = sql_text(&rows, 0).at;
        if (role)
            add(table, (const unsigned char *)hash, sql_text(&rows, 1), sql_text(&rows, 2), role, sql_int(&rows, 4));
    }
    sql_done(&rows);
    if (rc < 0) {
        free(table);
        return rc;
    }
    if (admin_token.n) {
        unsigned char hash[SECRET_HASH_BYTES];
        secret_hash(hash, admin_token);
        add(table, hash, TEXT("environment"), TEXT("PARLEY_ADMIN_TOKEN"), ROLE_ADMIN, 0);
    }
    *out = table;
    return 0;
}

void token_table_free(struct token_table *table) {
    free(table);
}

int tokens_check(const struct token_table *table, struct text token, int64_t now, struct principal *principal,
                 struct error *error) {
    unsigned char hash[SECRET_HASH_BYTES];
    secret_hash(hash, token);
    const struct token_entry *e = &table->entries[place(table, hash)];
    if (!e->principal.role) return error_set(error, ERR_UNAUTHENTICATED, "this token is not known");
    if (e->expires && e->expires <= now) return error_set(error, ERR_UNAUTHENTICATED, "this token has expired");
    *principal = e->principal;
    return 0;
}
