/* The turn to write to a plugin's database, which the workers of two releases share: flock on gate.lock, then on writer.lock. The gate makes
 * the turns fair; the kernel frees both when a process dies. Who has the turn stands in writer.lock, for whoever waits. Knows nothing
 * of SQLite. */
#ifndef PARLEY_CORE_PLUGINS_WRITER_LOCK_H
#define PARLEY_CORE_PLUGINS_WRITER_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

struct writer_lock {
    int gate, writer; /* file descriptors; -1: not open */
    char version[65]; /* of the release that this worker runs; "" where unknown */
};

struct writer_holder {
    int pid;         /* 0: nobody */
    int64_t held_ms; /* so long */
    char version[65];
};

/* Files in `folder`, made where there are none; ERR_IO. */
int writer_lock_open(struct writer_lock *lock, const char *folder, struct error *error);
void writer_lock_close(struct writer_lock *lock);
/* Waits; not on a loop. ERR_IO. */
int writer_lock_wait(struct writer_lock *lock, struct error *error);
/* False: somebody else has it. */
bool writer_lock_try(struct writer_lock *lock);
void writer_lock_give_up(struct writer_lock *lock);
/* What writer.lock says. Any thread; for a moment around a change of hands it may say nobody. */
struct writer_holder writer_lock_holder(const struct writer_lock *lock);
/* The same of the database in `folder`, for who is no worker of it. A holder that was killed still stands there. Reads a file. */
struct writer_holder writer_lock_look(const char *folder);

#endif
