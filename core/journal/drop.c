/* Letting old files go: the oldest first, each as a whole. What memory holds of their rows goes with them. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/folder.h"
#include "core/base/memory.h"
#include "core/journal/journal_internal.h"

static int remove_file(const struct journal *j, int number, int64_t *bytes, struct error *error) {
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char path[PARTITION_PATH_ROOM], whole[PARTITION_PATH_ROOM + 8];
    struct stat is;
    partition_path(path, j->folder, number);
    if (stat(path, &is) == 0) *bytes += is.st_size;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(whole, sizeof whole, "%s%s", path, suffixes[i]);
        if (unlink(whole) != 0 && errno != ENOENT)
            return error_set(error, ERR_IO, "%s cannot be removed: %s", whole, strerror(errno));
    }
    return 0;
}

/* A unit whose last row is gone begins anew. */
static void forget_heads(struct journal *j, int64_t last) {
    struct unit_map kept = {0};
    for (size_t i = 0; i < j->heads.room; i++)
        if ((int64_t)j->heads.entries[i].value > last)
            unit_map_put(&kept, j->heads.entries[i].unit, j->heads.entries[i].value);
    unit_map_free(&j->heads);
    j->heads = kept;
    j->stats.units = (int64_t)kept.n;
}

static void learn_oldest(struct journal *j) {
    struct partition_list list;
    struct sql *sql;
    struct sql_rows rows;
    char path[PARTITION_PATH_ROOM];
    if (partition_list(&list, j->folder, NULL) < 0) return;
    if (list.n) {
        partition_path(path, j->folder, list.items[0].number);
        if (sql_open(&sql, path, SQL_READER, NULL) == 0) {
            if (sql_query(sql, &rows, NULL, "SELECT received FROM event ORDER BY seq LIMIT 1") == 0 &&
                sql_next(&rows, NULL) > 0)
                j->stats.oldest = sql_int(&rows, 0);
            sql_done(&rows);
            sql_close(sql);
        }
    }
    partition_list_free(&list);
}

/* Whether all of the file's rows were received before `old`. */
static bool is_old(const struct journal *j, int number, int64_t old) {
    char path[PARTITION_PATH_ROOM];
    struct sql *sql;
    struct sql_rows rows;
    bool is = false;
    partition_path(path, j->folder, number);
    if (sql_open(&sql, path, SQL_READER, NULL) < 0) return false;
    if (sql_query(sql, &rows, NULL, "SELECT received FROM event ORDER BY seq DESC LIMIT 1") == 0 &&
        sql_next(&rows, NULL) > 0)
        is = sql_int(&rows, 0) < old;
    sql_done(&rows);
    sql_close(sql);
    return is;
}

static void drop_files(struct journal *j, struct journal_dropping *d) {
    struct partition_list list;
    int64_t bytes = 0;
    int rc = partition_list(&list, j->folder, &d->error);
    if (rc < 0) return;
    size_t i = 0;
    for (; rc == 0 && i + 1 < list.n && list.items[i + 1].first - 1 <= d->last; i++) {
        rc = remove_file(j, list.items[i].number, &bytes, &d->error);
        if (rc < 0) break;
        d->files++;
        d->rows += list.items[i + 1].first - list.items[i].first;
        log_info(j->options.log, "an old journal file was dropped", LOG_I("file", list.items[i].number),
                 LOG_I("from", list.items[i].first), LOG_I("to", list.items[i + 1].first - 1));
    }
    for (; i + 1 < list.n && is_old(j, list.items[i].number, d->old); i++) d->kept++;
    gauge_set(j->kept_files, d->kept);
    partition_list_free(&list);
    if (!d->files) return;
    folder_sync(j->folder);
    forget_heads(j, d->last);
    journal_save_heads(j);
    learn_oldest(j);
    j->stats.events -= d->rows;
    j->stats.bytes -= bytes;
    gauge_set(j->bytes_gauge, j->stats.bytes);
    count(j->dropped_files, d->files);
}

void journal_drop_files(struct journal *j, struct journal_dropping *d) {
    drop_files(j, d);
    if (d->reply_to)
        mailbox_post(d->reply_to, &d->mail);
    else
        d->mail.receive(&d->mail);
}
