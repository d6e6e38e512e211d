#include "core/store/idempotency.h"

#include "core/base/clock.h"
#include "core/base/secret.h"

int idempotency_find(struct sql *sql, struct arena *arena, const struct idempotency *id,
                     struct idempotency_answer *answer, struct error *error) {
    char hash[SECRET_HASH_HEX];
    secret_hash_hex(hash, id->request);
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error,
                       "SELECT request, status, body FROM idempotency WHERE actor = $1 AND key = $2 AND at > $3",
                       SQL_T(id->actor), SQL_T(id->key), SQL_I(id->now - CLOCK_DAY));
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) {
        if (text_is(sql_text(&rows, 0), hash))
            *answer = (struct idempotency_answer){(int)sql_int(&rows, 1), sql_copy(&rows, 2, arena)};
        else
            rc = error_set(error, ERR_CONFLICT, "the Idempotency-Key %.*s was used for another request already",
                           TEXT_ARGS(id->key));
    }
    sql_done(&rows);
    return rc;
}

int idempotency_keep(struct sql *sql, const struct idempotency *id, struct idempotency_answer answer,
                     struct error *error) {
    char hash[SECRET_HASH_HEX];
    secret_hash_hex(hash, id->request);
    int rc = sql_run(sql, error, "DELETE FROM idempotency WHERE at <= $1", SQL_I(id->now - CLOCK_DAY));
    if (rc >= 0)
        rc = sql_run(sql, error,
                     "INSERT INTO idempotency (actor, key, request, status, body, at) VALUES ($1, $2, $3, $4, $5, $6)",
                     SQL_T(id->actor), SQL_T(id->key), SQL_T(text_of(hash)), SQL_I(answer.status), SQL_T(answer.body),
                     SQL_I(id->now));
    return rc < 0 ? rc : 0;
}
