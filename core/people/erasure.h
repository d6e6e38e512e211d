/* Erasing a customer: a row in parley.db says whose keys and which steps are done, so that a crash loses nothing of it; the last
 * step takes away all that parley.db itself holds, the row's keys with it, and leaves a receipt. On the store lane. */
#ifndef PARLEY_CORE_PEOPLE_ERASURE_H
#define PARLEY_CORE_PEOPLE_ERASURE_H

#include "core/base/json_write.h"
#include "core/people/suppression.h"

/* In this order; a step may be done again after a crash. Stored. */
enum erasure_step {
    ERASURE_ASKED = 0,    /* suppressed: nothing new of her comes in */
    ERASURE_MEASURED = 1, /* her figures are frozen */
    ERASURE_JOURNAL = 2,  /* her rows of the journal are nobody's; trends and cohorts have forgotten her */
    ERASURE_PLUGINS = 3,  /* every plugin has forgotten her */
    ERASURE_DONE = 4,     /* parley.db too */
};

struct erasure {
    struct text id;
    struct text *keys; /* empty once it is done */
    size_t n;
    enum erasure_step step;
    int64_t asked_at, done_at; /* ms; 0: not done */
    int64_t keys_n, events, records,
        plugins; /* for the receipt: keys, rows of the journal, rows of parley.db, plugins asked */
};

/* Writes the row, suppresses the keys and audits it, in the caller's transaction. Sets id (in the arena), asked_at, keys_n. */
int erasure_ask(struct sql *sql, struct arena *arena, const struct suppression *suppression, struct erasure *erasure,
                struct text actor, int64_t now, struct error *error);
/* Remembers how far it is: step, events, plugins. Within the caller's transaction. */
int erasure_keep(struct sql *sql, const struct erasure *erasure, struct error *error);
/* The last step, in a transaction of its own: identities, proposals, traits, words, preferences, marks, contacts, answers kept for
 * Idempotency-Key; the audit log keeps that something was done and loses to whom. Then nothing of it is in the log file
 * either, nor between the rows of the file (sql_wipe). Sets step, done_at, records; with them set, an error says that looking for what is
 * left failed. */
int erasure_finish(struct sql *sql, const struct suppression *suppression, struct erasure *erasure, int64_t now,
                   struct error *error);
/* ERR_NOT_FOUND where there is none of this id. */
int erasure_get(struct sql *sql, struct arena *arena, struct text id, struct erasure *erasure, struct error *error);
/* Those under way. */
int erasure_open_ones(struct sql *sql, struct arena *arena, struct erasure **list, size_t *n, struct error *error);
/* The receipt: {"id","state":"running|done","askedAt","doneAt","erased":{"keys","events","records","plugins"}}. */
void erasure_write(struct json_writer *w, const struct erasure *erasure);

#endif
