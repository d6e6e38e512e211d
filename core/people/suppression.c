#include "core/people/suppression.h"

#include <sodium.h>
#include <stdio.h>

#include "core/base/secret.h"

void suppression_init(struct suppression *s, struct text secret) {
    char hex[SECRET_HASH_HEX];
    *s = (struct suppression){0};
    secret_sign(hex, secret, TEXT("suppression"));
    sodium_hex2bin(s->key, sizeof s->key, hex, 2 * sizeof s->key, NULL, NULL, NULL);
}

void suppression_free(struct suppression *s) {
    unit_map_free(&s->hashes);
}

static struct unit_id hash_of(const struct suppression *s, struct text id) {
    struct unit_id hash;
    _Static_assert(sizeof hash == crypto_shorthash_siphashx24_BYTES, "a hash fills a unit id");
    crypto_shorthash_siphashx24((unsigned char *)&hash, (const unsigned char *)(id.at ? id.at : ""), id.n, s->key);
    return hash;
}

bool suppression_has(const struct suppression *s, struct text id) {
    return s->hashes.n && unit_map_get(&s->hashes, hash_of(s, id));
}

void suppression_add(struct suppression *s, struct text id) {
    unit_map_put(&s->hashes, hash_of(s, id), 1);
}

void suppression_remove(struct suppression *s, struct text id) {
    unit_map_remove(&s->hashes, hash_of(s, id));
}

void suppression_hex(const struct suppression *s, struct text id, char out[static SUPPRESSION_HEX]) {
    struct unit_id hash = hash_of(s, id);
    sodium_bin2hex(out, SUPPRESSION_HEX, (const unsigned char *)&hash, sizeof hash);
}

int suppression_load(struct suppression *s, struct sql *sql, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT hash FROM suppression");
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) {
        struct unit_id hash;
        struct text hex = sql_text(&rows, 0);
        if (sodium_hex2bin((unsigned char *)&hash, sizeof hash, hex.at, hex.n, NULL, NULL, NULL) == 0)
            unit_map_put(&s->hashes, hash, 1);
    }
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}

int suppression_keep(const struct suppression *s, struct sql *sql, struct text id, struct text erasure, int64_t now,
                     struct error *error) {
    char hex[SUPPRESSION_HEX];
    suppression_hex(s, id, hex);
    int rc = sql_run(sql, error,
                     "INSERT INTO suppression (hash, erasure, at) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING",
                     SQL_T(text_of(hex)), SQL_T(erasure), SQL_I(now));
    return rc < 0 ? rc : 0;
}

int suppression_lift(const struct suppression *s, struct sql *sql, struct text id, struct error *error) {
    char hex[SUPPRESSION_HEX];
    suppression_hex(s, id, hex);
    return sql_run(sql, error, "DELETE FROM suppression WHERE hash = $1", SQL_T(text_of(hex)));
}

int suppression_is_kept(const struct suppression *s, struct sql *sql, struct text id, struct error *error) {
    char hex[SUPPRESSION_HEX];
    struct sql_rows rows;
    suppression_hex(s, id, hex);
    int rc = sql_query(sql, &rows, error, "SELECT 1 FROM suppression WHERE hash = $1", SQL_T(text_of(hex)));
    if (rc == 0) rc = sql_next(&rows, error);
    sql_done(&rows);
    return rc;
}
