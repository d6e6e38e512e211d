/* A plugin's database folder: DIR/data.db with a writing and a reading connection, which the workers of two releases may have open at once:
 * they take turns to write (writer_lock.h). Every worker holds users.lock shared as long as it has the file open. Checkpoints happen only
 * while the writer lock is held (SQLite 3.7.0 to 3.51.2 can corrupt a file on which two connections write or checkpoint at once). */
#ifndef PARLEY_CORE_PLUGINS_WORKER_DATABASE_H
#define PARLEY_CORE_PLUGINS_WORKER_DATABASE_H

#include "core/base/buffer.h"
#include "core/plugins/worker_connection.h"
#include "core/plugins/writer_lock.h"

struct database {
    struct connection writes, reads;
    struct writer_lock lock;
    int users;               /* file descriptor */
    bool reading;            /* a read transaction is open: all reads of one wake-up see one state */
    bool forgot;             /* a customer was erased: with the next commit the log is emptied too */
    struct buffer forgotten; /* who, each id with a NUL behind it: then the file is looked through for them */
    bool unwiped;            /* an id is left in it, and it could not be written anew; whoever says so clears it */
    char path[512];          /* of data.db */
};

/* Opens both connections; the folder must be there. `version`: of the release, for whoever waits for it. Waits for the writer lock meanwhile, so not on a loop. */
int database_open(struct database *database, const char *folder, const char *version, struct error *error);
/* Checkpoints where it gets the writer lock at once, then closes. */
void database_close(struct database *database);

/* No other worker has the file open, and none can open it until database_share or database_close. */
bool database_take_alone(struct database *database);
/* Others may work on it again: a release that is too old for it can open it, and is told so. */
void database_share(struct database *database);

/* The turn to write, and BEGIN IMMEDIATE. try: 1 got it, 0 somebody else has it, or negative. wait: not on a loop. */
int database_try_begin(struct database *database, struct error *error);
int database_wait_begin(struct database *database, struct error *error);
/* COMMIT (waits for the disk) or ROLLBACK, a checkpoint when the log has grown, and the turn is given up. Not on a loop. */
int database_commit(struct database *database, struct error *error);
void database_rollback(struct database *database);

/* Within a transaction that deletes what is held of a customer: with its commit her id is in no gap of the file either, nor in the log. */
void database_forget(struct database *database, struct text customer);

/* One call's part of the transaction. */
int database_save(struct database *database, struct error *error);
int database_keep(struct database *database, struct error *error);
int database_undo(struct database *database, struct error *error);

/* Before the first read of a wake-up (cheap when already done) and after the last. */
int database_read_begin(struct database *database, struct error *error);
void database_read_end(struct database *database);

#endif
