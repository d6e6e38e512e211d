/* One SQLite connection to a plugin's database: statements prepared once and kept, and an authorizer that tells the plugin's SQL
 * from the host's own. Belongs to one thread at a time. Knows nothing of locks, groups or calls. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_CONNECTION_H
#define PARLEY_CORE_PLUGINS_WORKER_CONNECTION_H

#include <sqlite3.h>

#include "core/base/error.h"
#include "core/base/text.h"

/* Who words a statement decides what it may hold. */
enum connection_speaker {
    SPEAKER_HOST,      /* everything */
    SPEAKER_MIGRATION, /* the plugin's tables and indices too, but no transaction words, ATTACH, PRAGMA, parley_* */
    SPEAKER_PLUGIN,    /* SELECT, INSERT, UPDATE, DELETE on the plugin's tables */
};

struct connection {
    sqlite3 *handle;
    enum connection_speaker speaker; /* of the statement being prepared */
    char refusal[160];               /* what the authorizer found, in words; "" where nothing */
    struct connection_statement {
        const char *source; /* the caller's, the key; NULL: free */
        sqlite3_stmt *prepared;
    } * statements;
    size_t statements_n, room; /* room is a power of two */
    int wal_pages;             /* of the last commit, on the writing side */
};

enum connection_side { CONNECTION_WRITES, CONNECTION_READS };
/* Opens or makes the file (WAL, synchronous=FULL, foreign keys on); CONNECTION_READS wants it to be there. Never checkpoints by
 * itself. */
int connection_open(struct connection *connection, const char *path, enum connection_side side, struct error *error);
void connection_close(struct connection *connection);

/* A statement ready to be bound, by the address of its source (a constant); NULL and words where it is refused or wrong. */
sqlite3_stmt *connection_prepare(struct connection *connection, const char *source, enum connection_speaker speaker,
                                 struct error *error);
/* 1: a row, 0: done (the statement is reset), or ERR_CONFLICT, ERR_STORAGE_FULL, ERR_CORRUPT, ERR_IO, ERR_INTERNAL. */
int connection_step(struct connection *connection, sqlite3_stmt *statement, struct error *error);
/* The host's own statement, without parameters and rows. */
int connection_run(struct connection *connection, const char *source, struct error *error);
/* Several statements without parameters. */
int connection_script(struct connection *connection, const char *script, enum connection_speaker speaker,
                      struct error *error);
/* No transaction is open: where one should be, SQLite has ended it by itself. */
bool connection_idle(const struct connection *connection);
/* A deferred foreign key is violated and would make the commit fail. */
bool connection_owes_keys(const struct connection *connection);

#endif
