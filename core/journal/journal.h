/* The journal: the durable, append-only log of all events and exposures, in files DIR/NNNNNNNN.db. One writer thread commits
 * everything that waits as one group; what is answered as accepted is on the disk and survives kill -9. Knows nothing of
 * HTTP or of experiments. */
#ifndef PARLEY_CORE_JOURNAL_JOURNAL_H
#define PARLEY_CORE_JOURNAL_JOURNAL_H

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/mailbox.h"
#include "core/base/telemetry.h"
#include "core/journal/record.h"
#include "core/journal/ring.h"

struct journal;

/* 0 or NULL is the default in brackets. */
struct journal_options {
    const char *folder;          /* made where there is none; borrowed until journal_open returns */
    int64_t file_bytes;          /* a new file beyond this [1 GiB] and each calendar month (UTC) */
    size_t queue_bytes;          /* of batches that wait; beyond it appends are refused [32 MiB] */
    size_t lag_bytes;            /* of committed blocks that a subscriber has not freed; likewise [256 MiB] */
    size_t group_rows;           /* at most so many in one transaction [10,000]; a batch is never split */
    int64_t recognise_ms;        /* a messageId is recognised so long [7 days] ... */
    uint64_t recognise_n;        /* ... or among the last so many [20 million], whichever is shorter */
    const struct clock *clock;   /* borrowed [clock_system] */
    const struct log *log;       /* borrowed; may be NULL */
    struct telemetry *telemetry; /* borrowed; NULL: nothing is counted outside */
};

/* Reads what is there: the last seq, each unit's last row, the messageIds of the last days. Blocks; secret_init was called.
 * ERR_CONFLICT when another process has the folder open. ERR_CORRUPT when a file is damaged: the journal does not start on
 * it, for it would number rows twice; restore the file, or move it out of the folder and accept the gap. */
int journal_open(struct journal **journal, const struct journal_options *options, struct error *error);
/* Commits everything that waits, then ends the writer. No append may come any more; rings are drained. NULL is fine. */
void journal_close(struct journal *journal);

/* --- batches --- */

/* Events to be kept together, answered together. The caller's; the journal owns it from an append that returned 0 until
 * `mail.receive` is called on reply_to's loop. Records and their texts are borrowed that long. */
struct journal_batch {
    struct mail mail;         /* mail.receive is set by the caller */
    struct mailbox *reply_to; /* borrowed; NULL: nobody is told, and `mail.receive` is called on the writer's thread */
    struct journal_record *records; /* seq and prev are filled in; a duplicate's seq is 0 */
    size_t n;
    int code; /* 0: durable. ERR_STORAGE_FULL, ERR_IO ...: nothing of it is kept, the same may be sent again */
    size_t accepted, duplicates;
    size_t bytes;               /* the journal's */
    struct journal_batch *next; /* the journal's */
};

/* 0, or ERR_UNAVAILABLE when too much waits already (503 with Retry-After): then the batch is still the caller's.
 * Any thread; does not block. */
int journal_append(struct journal *journal, struct journal_batch *batch);
/* Around a turn of a loop in which many batches may come: a writer that sleeps is woken at the turn's end and finds them all, where
 * the first would have made a group of its own. Each loop's own thread. */
void journal_gather(struct journal *journal);
void journal_gathered(struct journal *journal);

/* --- exposures --- */

struct journal_ring;
/* One for each loop, before the loop runs; closed by journal_close. `bytes` is a power of two. */
struct journal_ring *journal_ring_open(struct journal *journal, size_t bytes);
/* Copies and returns at once; durable within some milliseconds, and no later than any batch that is appended afterwards.
 * False when the ring is full (counted): the exposure is not recorded. The ring's own loop thread. */
bool journal_ring_push(struct journal_ring *ring, const struct journal_exposure *exposure);

/* --- erasing --- */

/* Makes rows of some units nobody's: unit, ids and body go, what is left is that something of that kind happened then. Figures
 * that are computed again afterwards do not have them (measure_forget keeps what they added). The caller's until answered. */
struct journal_erasure {
    struct mail mail;         /* mail.receive is set by the caller */
    struct mailbox *reply_to; /* borrowed; NULL: `mail.receive` is called on the writer's thread */
    const struct text *units; /* all keys of one person; borrowed */
    size_t n;
    int code;     /* 0: done. Else some rows may be erased and some not: ask again */
    int64_t rows; /* erased */
    struct error error;
    struct journal_erasure *next; /* the journal's */
};
/* Any thread; done between two groups. */
void journal_erase(struct journal *journal, struct journal_erasure *erasure);

/* --- where units are --- */

/* The last row of some units, where their chains begin (reader.h). The caller's until answered. */
struct journal_heads {
    struct mail mail;         /* mail.receive is set by the caller; called on the writer's thread, so it is short */
    const struct text *units; /* borrowed */
    size_t n;
    int64_t *heads;             /* the caller's, `n` of them: seqs, 0 where there is no row */
    struct journal_heads *next; /* the journal's */
};
/* Any thread; answered between two groups, so every row that the answer names can be read. */
void journal_find_heads(struct journal *journal, struct journal_heads *question);

/* --- dropping --- */

/* Removes the oldest files whose rows are all up to `last`, the oldest first, so that a crash leaves a whole rest. The caller has
 * seen to it that nobody needs them. The caller's until answered. */
struct journal_dropping {
    struct mail mail;         /* mail.receive is set by the caller */
    struct mailbox *reply_to; /* borrowed; NULL: `mail.receive` is called on the writer's thread */
    int64_t last;             /* seq; 0: none */
    int64_t old;              /* ms: rows received before it are old */
    int64_t files, rows;      /* removed */
    int64_t kept;             /* files that stay although all of their rows are old, the newest one apart */
    struct error error;
    struct journal_dropping *next; /* the journal's */
};
/* Any thread; done between two groups. */
void journal_drop(struct journal *journal, struct journal_dropping *dropping);

/* --- what was committed --- */

/* `committed` is called on the writer's thread for each group, in order, before its batches are answered; it hands the block
 * on to its own thread and calls journal_block_free there. Returns the last seq at the time of subscribing: what is up to
 * it is read from the files (reader.h), everything after it comes in blocks. Before appends begin; at most 4. */
int64_t journal_subscribe(struct journal *journal, void (*committed)(void *subscriber, struct journal_block *block),
                          void *subscriber);
void journal_block_free(struct journal_block *block); /* any thread */

struct journal_stats {
    int64_t events;     /* in all files */
    int64_t last;       /* seq */
    int64_t bytes;      /* of the files */
    int64_t oldest;     /* ms: when the first row was received; 0: there is none */
    int64_t covered_ms; /* the span over which messageIds are recognised */
    int64_t units;
    int64_t waiting, lag; /* bytes in the queue, bytes that subscribers have not freed */
    int failing;          /* code of the last group when it could not be committed, else 0 */
};
void journal_stats(struct journal *journal, struct journal_stats *stats); /* any thread */

#endif
