#include "core/journal/partition.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

#include "core/base/folder.h"
#include "core/base/memory.h"
#include "core/base/secret.h"

/* No index beside the rows' own order: one on random ids would cost four fifths of the speed. What is needed by unit goes
 * from row to row by `prev`; what is needed by messageId is kept in memory and rebuilt from `fingerprint`. */
static const struct sql_migration migrations[] = {
    {1, "CREATE TABLE event (seq INTEGER PRIMARY KEY, prev INTEGER NOT NULL, received INTEGER NOT NULL,"
        " at INTEGER NOT NULL, kind INTEGER NOT NULL, actor INTEGER NOT NULL, flags INTEGER NOT NULL,"
        " fingerprint INTEGER NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL, other TEXT, message_id TEXT,"
        " body TEXT NOT NULL);"
        "CREATE TABLE grp (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, crc INTEGER NOT NULL);"
        "CREATE TABLE meta (first INTEGER NOT NULL, fingerprint_key BLOB NOT NULL);"
        "CREATE VIEW journal AS SELECT seq, strftime('%Y-%m-%dT%H:%M:%fZ', received / 1000.0, 'unixepoch') AS received,"
        " strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS at,"
        " CASE kind WHEN 1 THEN 'track' WHEN 2 THEN 'identify' WHEN 3 THEN 'alias' WHEN 4 THEN 'page'"
        " WHEN 5 THEN 'exposure' WHEN 6 THEN 'entry' WHEN 7 THEN 'part' END AS kind,"
        " CASE actor WHEN 0 THEN 'customer' WHEN 1 THEN 'staff' WHEN 2 THEN 'system' WHEN 3 THEN 'plugin' END AS actor,"
        " name, unit, other, message_id, body FROM event;"
        "CREATE VIEW exposure AS SELECT seq, strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS at,"
        " name AS experiment, unit, json_extract(body, '$.variant') AS variant, json_extract(body, '$.epoch') AS epoch,"
        " json_extract(body, '$.attributes') AS attributes FROM event WHERE kind = 5"},
    /* Since then a row may be a pack of exposures (pack.h): the views open it. */
    {2,
     "DROP VIEW journal; DROP VIEW exposure;"
     "CREATE VIEW entry AS SELECT seq, received, at, kind, actor, name, unit, other, message_id, body FROM event"
     " WHERE kind <> 8 UNION ALL SELECT seq + key, received, at + coalesce(json_extract(value, '$[1]'), 0), 5, actor,"
     " name, coalesce(json_extract(value, '$[0]'), ''), NULL, NULL, body FROM event, json_each(event.other)"
     " WHERE kind = 8;"
     "CREATE VIEW journal AS SELECT seq, strftime('%Y-%m-%dT%H:%M:%fZ', received / 1000.0, 'unixepoch') AS received,"
     " strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS at,"
     " CASE kind WHEN 1 THEN 'track' WHEN 2 THEN 'identify' WHEN 3 THEN 'alias' WHEN 4 THEN 'page'"
     " WHEN 5 THEN 'exposure' WHEN 6 THEN 'entry' WHEN 7 THEN 'part' END AS kind,"
     " CASE actor WHEN 0 THEN 'customer' WHEN 1 THEN 'staff' WHEN 2 THEN 'system' WHEN 3 THEN 'plugin' END AS actor,"
     " name, unit, other, message_id, body FROM entry;"
     "CREATE VIEW exposure AS SELECT seq, strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS at,"
     " name AS experiment, unit, json_extract(body, '$.variant') AS variant, json_extract(body, '$.epoch') AS epoch,"
     " json_extract(body, '$.attributes') AS attributes FROM entry WHERE kind = 5"},
};

void partition_path(char out[static PARTITION_PATH_ROOM], const char *folder, int number) {
    int n = snprintf(out, PARTITION_PATH_ROOM, "%s/%08d.db", folder, number);
    assert(n < PARTITION_PATH_ROOM);
}

/* --- the list --- */

static int by_number(const void *a, const void *b) {
    return ((const struct partition *)a)->number - ((const struct partition *)b)->number;
}

static int number_of(const char *name) {
    int number, end = 0;
    return strlen(name) == 11 && sscanf(name, "%8d.db%n", &number, &end) == 1 && end == 11 ? number : 0;
}

/* Of which row is the first: the file's own, or the one that is to come. ERR_CORRUPT where the file does not say. */
static int read_meta(struct sql *sql, int64_t *first, unsigned char *key, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, "SELECT first, fingerprint_key FROM meta");
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc == 0) rc = error_set(error, ERR_CORRUPT, "%s does not say with which row it begins", sql_path(sql));
    if (rc > 0) {
        struct text stored = sql_text(&rows, 1);
        *first = sql_int(&rows, 0);
        rc = stored.n == FINGERPRINT_KEY_BYTES
                 ? 0
                 : error_set(error, ERR_CORRUPT, "%s: the fingerprint key is damaged", sql_path(sql));
        if (rc == 0) memcpy(key, stored.at, stored.n);
    }
    sql_done(&rows);
    return rc;
}

int partition_read(struct sql **sql, const char *folder, int number, struct error *error) {
    char path[PARTITION_PATH_ROOM];
    struct error own = {0};
    partition_path(path, folder, number);
    *sql = NULL;
    if (access(path, F_OK) != 0) return ERR_NOT_FOUND;
    int rc = sql_open(sql, path, SQL_READER, &own);
    if (rc == 0) return 0;
    return access(path, F_OK) != 0 ? ERR_NOT_FOUND : error_set(error, rc, "%s", own.detail);
}

static int read_first(struct partition *partition, const char *folder, struct error *error) {
    unsigned char key[FINGERPRINT_KEY_BYTES];
    struct sql *sql;
    int rc = partition_read(&sql, folder, partition->number, error);
    if (rc == 0) rc = read_meta(sql, &partition->first, key, error);
    sql_close(sql);
    return rc;
}

static int read_firsts(struct partition_list *list, const char *folder, struct error *error) {
    size_t there = 0;
    for (size_t i = 0; i < list->n; i++) {
        struct partition p = list->items[i];
        int rc = read_first(&p, folder, error);
        if (rc == ERR_NOT_FOUND) continue;
        if (rc < 0) return rc;
        if (there > 0 && p.first < list->items[there - 1].first)
            return error_set(error, ERR_CORRUPT,
                             "%s/%08d.db does not follow on %08d.db: one of them is not of this journal", folder,
                             p.number, list->items[there - 1].number);
        list->items[there++] = p;
    }
    list->n = there;
    return 0;
}

int partition_numbers(struct partition_list *list, const char *folder, struct error *error) {
    *list = (struct partition_list){0};
    DIR *dir = opendir(folder);
    if (!dir) return error_set(error, ERR_IO, "the journal's folder %s cannot be read: %s", folder, strerror(errno));
    for (struct dirent *entry; (entry = readdir(dir));) {
        int number = number_of(entry->d_name);
        if (number <= 0) continue;
        list->items = memory_grow(list->items, (list->n + 1) * sizeof *list->items);
        list->items[list->n++] = (struct partition){.number = number};
    }
    closedir(dir);
    if (list->n) qsort(list->items, list->n, sizeof *list->items, by_number);
    return 0;
}

int partition_list(struct partition_list *list, const char *folder, struct error *error) {
    struct error own = {0};
    if (!error) error = &own;
    int rc = partition_numbers(list, folder, error);
    if (rc < 0) return rc;
    rc = read_firsts(list, folder, error);
    if (rc < 0) partition_list_free(list);
    return rc;
}

void partition_list_free(struct partition_list *list) {
    free(list->items);
    *list = (struct partition_list){0};
}

/* --- writing --- */

/* What a crash left of a making is made again. */
static int make(const char *folder, const char *path, int64_t first, struct text key, struct error *error) {
    static const char *const parts[] = {"", "-journal", "-wal", "-shm"};
    char temporary[PARTITION_PATH_ROOM + 4], part[sizeof temporary + 8];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(part, sizeof part, "%s%s", temporary, parts[i]);
        unlink(part);
    }
    struct sql *sql;
    int rc = sql_open(&sql, temporary, SQL_WRITER, error);
    if (rc == 0) rc = sql_migrate(sql, "journal", migrations, sizeof migrations / sizeof *migrations, error);
    if (rc == 0)
        rc = sql_run(sql, error, "INSERT INTO meta (first, fingerprint_key) VALUES ($1, $2)", SQL_I(first), SQL_B(key));
    if (rc >= 0) rc = sql_script(sql, "PRAGMA wal_checkpoint(TRUNCATE)", error); /* the log keeps its name */
    sql_close(sql);
    if (rc == 0 && (rename(temporary, path) != 0 || folder_sync(folder) != 0))
        rc = error_set(error, ERR_IO, "%s cannot be made: %s", path, strerror(errno));
    return rc;
}

int partition_open(struct sql **sql, const char *folder, int number, int64_t *first,
                   unsigned char key[static FINGERPRINT_KEY_BYTES], struct error *error) {
    char path[PARTITION_PATH_ROOM];
    partition_path(path, folder, number);
    *sql = NULL;
    bool there = access(path, F_OK) == 0;
    int rc = there ? 0 : make(folder, path, *first, text_n((const char *)key, FINGERPRINT_KEY_BYTES), error);
    if (rc == 0) rc = sql_open(sql, path, SQL_WRITER, error);
    if (rc == 0) rc = sql_migrate(*sql, "journal", migrations, sizeof migrations / sizeof *migrations, error);
    if (rc == 0) rc = read_meta(*sql, first, key, error);
    if (rc == 0) return 0;
    sql_close(*sql);
    *sql = NULL;
    return rc;
}

/* --- what it is made of --- */

static bool begins_with(struct text t, struct text with) {
    return t.n >= with.n && !memcmp(t.at, with.at, with.n);
}

/* Takes the view out that a DROP VIEW names. */
static size_t take_out(struct text drop, struct text *list, size_t n) {
    const struct text word = TEXT("DROP VIEW "), made = TEXT("CREATE VIEW ");
    struct text name = text_n(drop.at + word.n, drop.n - word.n);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        struct text rest = text_n(list[i].at + made.n, list[i].n - made.n);
        if (!begins_with(list[i], made) || !begins_with(rest, name) || rest.at[name.n] != ' ') list[kept++] = list[i];
    }
    return kept;
}

size_t partition_statements(int64_t version, struct text out[static PARTITION_STATEMENTS]) {
    size_t n = 0;
    out[n++] = TEXT("CREATE TABLE " SQL_VERSION_TABLE);
    for (size_t i = 0; i < sizeof migrations / sizeof *migrations && migrations[i].number <= version; i++)
        for (const char *at = migrations[i].script; *at;) {
            at += strspn(at, "; ");
            struct text statement = text_n(at, strcspn(at, ";"));
            at += statement.n;
            if (begins_with(statement, TEXT("DROP VIEW "))) {
                n = take_out(statement, out, n);
                continue;
            }
            assert(n < PARTITION_STATEMENTS);
            out[n++] = statement;
        }
    return n;
}

int partition_insert(struct sql *sql, const struct journal_record *r, uint64_t fingerprint, struct error *error) {
    return sql_run(sql, error,
                   "INSERT INTO event (seq, prev, received, at, kind, actor, flags, fingerprint, name, unit, other,"
                   " message_id, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                   SQL_I(r->seq), SQL_I(r->prev), SQL_I(r->received), SQL_I(r->at), SQL_I(r->kind), SQL_I(r->actor),
                   SQL_I(r->flags), SQL_I((int64_t)fingerprint), SQL_T(r->name), SQL_T(r->unit),
                   SQL_T_OR_NULL(r->other), SQL_T_OR_NULL(r->message_id), SQL_T(r->body));
}

int partition_insert_group(struct sql *sql, int64_t first, int64_t last, uint64_t checksum, struct error *error) {
    return sql_run(sql, error, "INSERT INTO grp (first, last, crc) VALUES ($1, $2, $3)", SQL_I(first), SQL_I(last),
                   SQL_I((int64_t)checksum));
}

/* --- reading --- */

uint64_t partition_row(struct journal_record *record, const struct sql_rows *rows) {
    *record = (struct journal_record){
        .seq = sql_int(rows, 0),
        .prev = sql_int(rows, 1),
        .received = sql_int(rows, 2),
        .at = sql_int(rows, 3),
        .kind = (uint8_t)sql_int(rows, 4),
        .actor = (uint8_t)sql_int(rows, 5),
        .flags = (uint8_t)sql_int(rows, 6),
        .name = sql_text(rows, 7),
        .unit = sql_text(rows, 8),
        .other = sql_text(rows, 9),
        .message_id = sql_text(rows, 10),
        .body = sql_text(rows, 11),
    };
    return (uint64_t)sql_int(rows, 12);
}

static uint64_t add_text(uint64_t sum, struct text t) {
    return XXH3_64bits_withSeed(t.at ? t.at : "", t.n, sum + t.n);
}

uint64_t partition_checksum(uint64_t sum, const struct journal_record *r, uint64_t fingerprint) {
    const uint64_t numbers[] = {(uint64_t)r->seq,
                                (uint64_t)r->prev,
                                (uint64_t)r->received,
                                (uint64_t)r->at,
                                (uint64_t)r->kind << 16 | (uint64_t)r->actor << 8 | r->flags,
                                fingerprint};
    sum = XXH3_64bits_withSeed(numbers, sizeof numbers, sum);
    const struct text texts[] = {r->name, r->unit, r->other, r->message_id, r->body};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) sum = add_text(sum, texts[i]);
    return sum;
}
