#include "core/plugins/worker_database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/store/gaps.h"

enum { CHECKPOINT_PAGES = 1000 }; /* 4 MiB of log, as SQLite's own default */

static int lock(int fd, int how) {
    int rc;
    do rc = flock(fd, how);
    while (rc < 0 && errno == EINTR);
    return rc;
}

static int open_users(struct database *database, const char *folder, struct error *error) {
    char path[512];
    snprintf(path, sizeof path, "%s/users.lock", folder);
    database->users = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (database->users >= 0 && lock(database->users, LOCK_SH) == 0) return 0;
    return error_set(error, ERR_IO, "%s: %s", path, strerror(errno));
}

static void checkpoint(struct database *database) {
    sqlite3_wal_checkpoint_v2(database->writes.handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    database->writes.wal_pages = 0;
}

void database_forget(struct database *database, struct text customer) {
    database->forgot = true;
    buffer_text(&database->forgotten, customer);
    buffer_byte(&database->forgotten, 0);
}

/* Whether the id of somebody who was forgotten is left in the file. */
static bool is_left(struct database *database) {
    struct text ids = buffer_view(&database->forgotten), *each = memory_zero(ids.n + 1, sizeof *each);
    size_t n = 0;
    while (text_cut(ids, 0, &each[n], &ids)) n++;
    int found = gaps_have(database->writes.handle, each, n);
    free(each);
    return found != 0;
}

static bool truncate_log(struct database *database) {
    return sqlite3_wal_checkpoint_v2(database->writes.handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) ==
           SQLITE_OK;
}

/* What was erased stands in the log until it is emptied, which waits for whoever reads; they read for some milliseconds. Where it
 * cannot be had, the next commit tries again. */
static void empty_log(struct database *database) {
    enum { TRIES = 20, WAIT_US = 5000 };
    for (int i = 0; i < TRIES && database->forgot; i++) {
        database->forgot = !truncate_log(database);
        if (!database->forgot && !database->unwiped && is_left(database)) {
            database->unwiped = connection_script(&database->writes, "VACUUM", SPEAKER_HOST, NULL) < 0;
            database->forgot = !truncate_log(database);
        }
        if (database->forgot) usleep(WAIT_US);
    }
    if (!database->forgot) buffer_clear(&database->forgotten);
    database->writes.wal_pages = 0;
}

int database_open(struct database *database, const char *folder, const char *version, struct error *error) {
    *database = (struct database){.lock = {-1, -1, ""}, .users = -1};
    snprintf(database->path, sizeof database->path, "%s/data.db", folder);
    snprintf(database->lock.version, sizeof database->lock.version, "%s", version);
    int rc = writer_lock_open(&database->lock, folder, error);
    if (rc == 0) rc = open_users(database, folder, error);
    if (rc == 0) rc = writer_lock_wait(&database->lock, error);
    if (rc == 0) rc = connection_open(&database->writes, database->path, CONNECTION_WRITES, error);
    if (rc == 0) rc = connection_open(&database->reads, database->path, CONNECTION_READS, error);
    if (rc < 0)
        database_close(database);
    else
        writer_lock_give_up(&database->lock);
    return rc;
}

void database_close(struct database *database) {
    connection_close(&database->reads);
    if (database->writes.handle && writer_lock_try(&database->lock)) checkpoint(database);
    connection_close(&database->writes);
    writer_lock_close(&database->lock);
    if (database->users >= 0) close(database->users);
    database->users = -1;
    buffer_free(&database->forgotten);
}

bool database_take_alone(struct database *database) {
    return lock(database->users, LOCK_EX | LOCK_NB) == 0;
}

void database_share(struct database *database) {
    lock(database->users, LOCK_SH);
}

static int begin(struct database *database, struct error *error) {
    int rc = connection_run(&database->writes, "BEGIN IMMEDIATE", error);
    if (rc < 0) writer_lock_give_up(&database->lock);
    return rc;
}

int database_try_begin(struct database *database, struct error *error) {
    if (!writer_lock_try(&database->lock)) return 0;
    int rc = begin(database, error);
    return rc < 0 ? rc : 1;
}

int database_wait_begin(struct database *database, struct error *error) {
    int rc = writer_lock_wait(&database->lock, error);
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
    writer_lock_give_up(&database->lock);
    return 0;
}

void database_rollback(struct database *database) {
    if (!connection_idle(&database->writes)) connection_run(&database->writes, "ROLLBACK", NULL);
    writer_lock_give_up(&database->lock);
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
