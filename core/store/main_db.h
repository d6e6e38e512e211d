/* The main database DIR/parley.db: definitions, audit log, tokens, identities. Opening it takes the data folder for this
 * process alone, brings the tables up to date and starts the lane `store`, on which everything with it is done.
 * Knows nothing of what the tables mean. */
#ifndef PARLEY_CORE_STORE_MAIN_DB_H
#define PARLEY_CORE_STORE_MAIN_DB_H

#include "core/base/lane.h"
#include "core/store/sql.h"

struct main_db;

/* Makes `folder` (and what leads to it) with mode 0700 where there is none. ERR_CONFLICT when another process has the
 * folder, ERR_VERSION when a newer Parley made the database, or sql_open's errors; each with a sentence. */
int main_db_open(struct main_db **db, const char *folder, struct error *error);
/* Lets the jobs under way finish, then gives the folder back. NULL is fine. Not on the lane. */
void main_db_close(struct main_db *db);

/* Its jobs get the connection (struct sql *) as their owner; nobody else touches it. Borrowed. */
struct lane *main_db_lane(const struct main_db *db);

#endif
