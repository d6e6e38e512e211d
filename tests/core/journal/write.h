/* Writing to a journal from a test and waiting for the answer, on the test's own thread. */
#ifndef PARLEY_TESTS_CORE_JOURNAL_WRITE_H
#define PARLEY_TESTS_CORE_JOURNAL_WRITE_H

#include <criterion/criterion.h>
#include <semaphore.h>

#include "core/base/secret.h"
#include "core/journal/journal.h"
#include "core/journal/reader.h"
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
    struct journal *journal;
    struct error error = {0};
    secret_init();
    if (!options.folder) options.folder = in_folder("journal");
    cr_assert_eq(journal_open(&journal, &options, &error), 0, "%s", error.detail);
    return journal;
}

#endif
