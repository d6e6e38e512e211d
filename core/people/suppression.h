/* Who was erased and is not collected again: keyed hashes of ids, from which nobody is told. In memory for the loop, which asks
 * for every event; in parley.db for the next start. */
#ifndef PARLEY_CORE_PEOPLE_SUPPRESSION_H
#define PARLEY_CORE_PEOPLE_SUPPRESSION_H

#include "core/base/unit_map.h"
#include "core/store/sql.h"

struct suppression {
    unsigned char key[16];
    struct unit_map hashes; /* -> 1 */
};
enum { SUPPRESSION_HEX = 33 };

/* `secret`: the data folder's own; the key is derived from it. */
void suppression_init(struct suppression *suppression, struct text secret);
void suppression_free(struct suppression *suppression);
/* Fills it from parley.db. On the store lane, before the loop asks. */
int suppression_load(struct suppression *suppression, struct sql *sql, struct error *error);

/* Loop thread. */
bool suppression_has(const struct suppression *suppression, struct text id);
void suppression_add(struct suppression *suppression, struct text id);
void suppression_remove(struct suppression *suppression, struct text id);

/* How parley.db names an id. Any thread. */
void suppression_hex(const struct suppression *suppression, struct text id, char out[static SUPPRESSION_HEX]);
/* Within the caller's transaction, on the store lane. lift: 1 where it was there, 0 where not. */
int suppression_keep(const struct suppression *suppression, struct sql *sql, struct text id, struct text erasure,
                     int64_t now, struct error *error);
int suppression_lift(const struct suppression *suppression, struct sql *sql, struct text id, struct error *error);
/* 1 where parley.db has it, else 0. On the store lane, which may be ahead of the loop. */
int suppression_is_kept(const struct suppression *suppression, struct sql *sql, struct text id, struct error *error);

#endif
