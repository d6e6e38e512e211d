#include "core/plugins/worker_database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

enum { CHECKPOINT_PAGES = 1000 }; /* 4 MiB of log, as SQLite's own default */

static int lock_file(const char *folder, const char *name, struct error *error) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) error_set(error, ERR_IO, "%s: %s", path, strerror(errno));
    return fd;
}

static int lock(int fd, int how) {
    int rc;
    do rc = flock(fd, how);
    while (rc < 0 && errno == EINTR);
    return rc;
}

static void give_up_turn(struct database *database) {
    lock(database->writer, LOCK_UN);
}

/* Waits in line at the gate, so that nobody overtakes, then for the writer to finish. */
static int wait_turn(struct database *database, struct error *error) {
    if (lock(database->gate, LOCK_EX) < 0 || lock(database->writer, LOCK_EX) < 0)
        return error_set(error, ERR_IO, "locking %s: %s", database->path, strerror(errno));
    lock(database->gate, LOCK_UN);
    return 0;
}

static bool try_turn(struct database *database) {
    if (lock(database->gate, LOCK_EX | LOCK_NB) < 0) return false;
    bool mine = lock(database->writer, LOCK_EX | LOCK_NB) == 0;
    lock(database->gate, LOCK_UN);
    return mine;
}

static void checkpoint(struct database *database) {
    sqlite3_wal_checkpoint_v2(database->writes.handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    database->writes.wal_pages = 0;
}

/* What was erased stands in the log until it is emptied, which waits for whoever reads; they read for some milliseconds. Where it
 * cannot be had, the next commit tries again. */
static void empty_log(struct database *database) {
    enum { TRIES = 20, WAIT_US = 5000 };
    for (int i = 0; i < TRIES && database->forgot; i++) {
        int rc = sqlite3_wal_checkpoint_v2(database->writes.handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        database->forgot = rc != SQLITE_OK;
        if (database->forgot) usleep(WAIT_US);
    }
    database->writes.wal_pages = 0;
}

int database_open(struct database *database, const char *folder, struct error *error) {
    *database = (struct database){.gate = -1, .writer = -1, .users = -1};
    snprintf(database->path, sizeof database->path, "%s/data.db", folder);
    int rc = ERR_IO;
    database->gate = lock_file(folder, "gate.lock", error);
    if (database->gate >= 0) database->writer = lock_file(folder, "writer.lock", error);
    if (database->writer >= 0) database->users = lock_file(folder, "users.lock", error);
    if (database->users >= 0 && lock(database->users, LOCK_SH) == 0) rc = wait_turn(database, error);
    if (rc == 0) rc = connection_open(&database->writes, database->path, CONNECTION_WRITES, error);
    if (rc == 0) rc = connection_open(&database->reads, database->path, CONNECTION_READS, error);
    if (rc < 0)
        database_close(database);
    else
        give_up_turn(database);
    return rc;
}

void database_close(struct database *database) {
    connection_close(&database->reads);
    if (database->writes.handle && try_turn(database)) checkpoint(database);
    connection_close(&database->writes);
    const int locks[] = {database->gate, database->writer, database->users};
    for (size_t i = 0; i < sizeof locks / sizeof *locks; i++)
        if (locks[i] >= 0) close(locks[i]);
    database->gate = database->writer = database->users = -1;
}

bool database_take_alone(struct database *database) {
    return lock(database->users, LOCK_EX | LOCK_NB) == 0;
}

void database_share(struct database *database) {
    lock(database->users, LOCK_SH);
}

static int begin(struct database *database, struct error *error) {
    int rc = connection_run(&database->writes, "BEGIN IMMEDIATE", error);
    if (rc < 0) give_up_turn(database);
    return rc;
}

int database_try_begin(struct database *database, struct error *error) {
    if (!try_turn(database)) return 0;
    int rc = begin(database, error);
    return rc < 0 ? rc : 1;
}

int database_wait_begin(struct database *database, struct error *error) {
    int rc = wait_turn(database, error);
    return rc < 0 ? rc : begin(database, error);
}

int database_commit(struct database *database, struct error *error) {
    int rc = connection_run(&database->writes, "COMMIT", error);
    if (rc < 0) {
        database_rollback(database);
        return rc;
    }
    if (database->forgot)
        empty_log(database);
    else if (database->writes.wal_pages >= CHECKPOINT_PAGES)
        checkpoint(database);
    give_up_turn(database);
    return 0;
}

void database_rollback(struct database *database) {
    if (!connection_idle(&database->writes)) connection_run(&database->writes, "ROLLBACK", NULL);
    give_up_turn(database);
}

int database_save(struct database *database, struct error *error) {
    return connection_run(&database->writes, "SAVEPOINT parley_call", error);
}

int database_keep(struct database *database, struct error *error) {
    return connection_run(&database->writes, "RELEASE parley_call", error);
}

int database_undo(struct database *database, struct error *error) {
    int rc = connection_run(&database->writes, "ROLLBACK TO parley_call", error);
    return rc < 0 ? rc : database_keep(database, error);
}

int database_read_begin(struct database *database, struct error *error) {
    if (database->reading) return 0;
    int rc = connection_run(&database->reads, "BEGIN", error);
    database->reading = rc == 0;
    return rc;
}

void database_read_end(struct database *database) {
    if (!database->reading) return;
    connection_run(&database->reads, "COMMIT", NULL);
    database->reading = false;
}
