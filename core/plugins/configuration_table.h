/* Where plugins' configurations are kept: a table of the main database. On the store lane. */
#ifndef PARLEY_CORE_PLUGINS_CONFIGURATION_TABLE_H
#define PARLEY_CORE_PLUGINS_CONFIGURATION_TABLE_H

#include "core/store/sql.h"

/* Hands over each plugin's, JSON as it was stored. */
int configuration_table_each(struct sql *sql,
                             void (*each)(void *user, struct text plugin, struct text json, int64_t version),
                             void *user, struct error *error);
/* Within the caller's transaction. `expected` is the version that there is (0: none; negative: whichever), else ERR_PRECONDITION. The
 * new one is in *version. */
int configuration_table_put(struct sql *sql, struct text plugin, struct text json, int64_t now, int64_t expected,
                            int64_t *version, struct error *error);

#endif
