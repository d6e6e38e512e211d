#include "core/store/main_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/memory.h"

struct main_db {
    int lock; /* the open lock file; the kernel frees the lock with it, however we end */
    struct sql *sql;
    struct lane *lane;
};

static const struct sql_migration migrations[] = {
#include "core/store/main_migrations.inc"
};

static int make_folder(const char *folder, struct error *error) {
    char *path = memory_copy(folder);
    int rc = 0;
    for (char *slash = path; rc == 0 && slash;) {
        slash = strchr(slash + 1, '/');
        if (slash) *slash = 0;
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            rc = error_set(error, ERR_IO, "the data folder %s cannot be made: %s: %s", folder, path, strerror(errno));
        if (slash) *slash = '/';
    }
    free(path);
    return rc;
}

static int refuse(int lock, const char *folder, struct error *error) {
    char pid[16] = "";
    ssize_t n = pread(lock, pid, sizeof pid - 1, 0);
    pid[n > 0 ? n : 0] = 0;
    pid[strcspn(pid, "\n")] = 0;
    return error_set(error, ERR_CONFLICT,
                     "the data folder %s is in use by another parleyd%s%s; stop it first, or choose another folder",
                     folder, *pid ? ", process " : "", pid);
}

/* Takes DIR/lock and writes our process id into it. */
static int take_lock(int *lock, const char *folder, struct error *error) {
    char path[4096];
    if (snprintf(path, sizeof path, "%s/lock", folder) >= (int)sizeof path)
        return error_set(error, ERR_INVALID, "the data folder's path is too long");
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*lock < 0) return error_set(error, ERR_IO, "%s cannot be opened: %s", path, strerror(errno));
    if (flock(*lock, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? refuse(*lock, folder, error)
                                    : error_set(error, ERR_IO, "%s cannot be locked: %s", path, strerror(errno));
    if (ftruncate(*lock, 0) != 0 || dprintf(*lock, "%d\n", (int)getpid()) < 0)
        return error_set(error, errno == ENOSPC ? ERR_STORAGE_FULL : ERR_IO, "%s cannot be written: %s", path,
                         strerror(errno));
    return 0;
}

static int open_database(struct main_db *db, const char *folder, struct error *error) {
    char path[4096];
    snprintf(path, sizeof path, "%s/parley.db", folder);
    int rc = sql_open(&db->sql, path, SQL_WRITER, error);
    /* What is erased of a customer is overwritten, not only unlinked, and does not stay in a log that a crash left. */
    if (rc == 0) rc = sql_script(db->sql, "PRAGMA secure_delete = ON; PRAGMA wal_checkpoint(TRUNCATE)", error);
    if (rc < 0) return rc;
    return sql_migrate(db->sql, "main", migrations, sizeof migrations / sizeof *migrations, error);
}

int main_db_open(struct main_db **out, const char *folder, struct error *error) {
    struct main_db *db = memory_new(struct main_db);
    db->lock = -1;
    *out = NULL;
    int rc = make_folder(folder, error);
    if (rc == 0) rc = take_lock(&db->lock, folder, error);
    if (rc == 0) rc = open_database(db, folder, error);
    if (rc < 0) {
        main_db_close(db);
        return rc;
    }
    db->lane = lane_start("store", db->sql);
    *out = db;
    return 0;
}

void main_db_close(struct main_db *db) {
    if (!db) return;
    if (db->lane) lane_stop(db->lane);
    sql_close(db->sql);
    if (db->lock >= 0) close(db->lock);
    free(db);
}

struct lane *main_db_lane(const struct main_db *db) {
    return db->lane;
}
