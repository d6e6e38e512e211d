/* Writing to a journal from a test, waiting for the answer on the test's own thread, and looking at what is on the disk. */
#ifndef PARLEY_TESTS_CORE_JOURNAL_WRITE_H
#define PARLEY_TESTS_CORE_JOURNAL_WRITE_H

#include <criterion/criterion.h>
#include <semaphore.h>
#include <sqlite3.h>

#include "core/base/secret.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"
#include "core/journal/verify.h"
#include "tests/core/store/folder.h"

struct waiting_batch {
    struct journal_batch batch;
    sem_t answered;
};

static inline void waiting_answered(struct mail *mail) {
    sem_post(&((struct waiting_batch *)mail)->answered); /* mail is the first member of the batch, and that of this */
}

static inline int waiting_send(struct journal *journal, struct waiting_batch *w, struct journal_record *records,
                               size_t n) {
    w->batch = (struct journal_batch){.mail.receive = waiting_answered, .records = records, .n = n};
    sem_init(&w->answered, 0, 0);
    return journal_append(journal, &w->batch);
}

static inline void waiting_wait(struct waiting_batch *w) {
    while (sem_wait(&w->answered) != 0) continue;
    sem_destroy(&w->answered);
}

/* Appends and waits; the batch with its answer. */
static inline struct journal_batch journal_write(struct journal *journal, struct journal_record *records, size_t n) {
    struct waiting_batch w;
    int rc = waiting_send(journal, &w, records, n);
    if (rc < 0) return (struct journal_batch){.code = rc};
    waiting_wait(&w);
    return w.batch;
}

static inline struct journal_record track(const char *unit, const char *name, const char *message_id, int64_t at) {
    return (struct journal_record){
        .received = at,
        .at = at,
        .kind = JOURNAL_TRACK,
        .name = text_of(name),
        .unit = text_of(unit),
        .message_id = message_id ? text_of(message_id) : TEXT_NONE,
        .body = TEXT("{}"),
    };
}

static inline struct journal *journal_start(struct journal_options options) {
    static struct clock clock; /* stands still: no month ends in the middle of a test */
    struct journal *journal;
    struct error error = {0};
    secret_init();
    clock_fix(&clock, 1800000000000);
    if (!options.clock) options.clock = &clock;
    if (!options.folder) options.folder = in_folder("journal");
    cr_assert_eq(journal_open(&journal, &options, &error), 0, "%s", error.detail);
    return journal;
}

/* What a plain sqlite3 shell would answer. */
static inline int64_t ask(const char *file, const char *sql) {
    sqlite3 *db;
    sqlite3_stmt *statement;
    cr_assert_eq(sqlite3_open_v2(in_folder(file), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_step(statement), SQLITE_ROW);
    int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

static inline int64_t verified(int expected) {
    struct error error = {0};
    int64_t rows;
    cr_assert_eq(journal_verify(in_folder("journal"), NULL, NULL, &rows, &error), expected, "%s", error.detail);
    return rows;
}

/* What is in the files, as "unit:name". */
struct seen {
    char units[64][32];
    int64_t seqs[64];
    int n;
};

static inline int note(void *visitor, const struct journal_record *record) {
    struct seen *seen = visitor;
    snprintf(seen->units[seen->n], sizeof seen->units[0], "%.*s:%.*s", TEXT_ARGS(record->unit),
             TEXT_ARGS(record->name));
    seen->seqs[seen->n++] = record->seq;
    return 0;
}

static inline struct seen read_all(void) {
    struct seen seen = {0};
    struct journal_reader *reader;
    struct error error = {0};
    cr_assert_eq(journal_reader_open(&reader, in_folder("journal"), &error), 0, "%s", error.detail);
    cr_assert_eq(journal_read(reader, 1, INT64_MAX, note, &seen, &error), 0, "%s", error.detail);
    journal_reader_close(reader);
    return seen;
}

struct waiting_erasure {
    struct journal_erasure erasure;
    sem_t answered;
};

static inline void waiting_erased(struct mail *mail) {
    sem_post(&((struct waiting_erasure *)mail)->answered);
}

static inline struct journal_erasure try_erase(struct journal *journal, const struct text *units, size_t n) {
    struct waiting_erasure w = {.erasure = {.mail.receive = waiting_erased, .units = units, .n = n}};
    sem_init(&w.answered, 0, 0);
    journal_erase(journal, &w.erasure);
    while (sem_wait(&w.answered) != 0) continue;
    sem_destroy(&w.answered);
    return w.erasure;
}

static inline int64_t erase(struct journal *journal, const struct text *units, size_t n) {
    struct journal_erasure erasure = try_erase(journal, units, n);
    cr_assert_eq(erasure.code, 0, "%s", erasure.error.detail);
    return erasure.rows;
}

static inline bool on_disk(const char *words) {
    char command[256];
    snprintf(command, sizeof command, "grep -rqa -e '%s' %s", words, in_folder("journal"));
    return system(command) == 0;
}

#endif
