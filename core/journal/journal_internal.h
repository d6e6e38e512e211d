/* What journal.c (queue and thread), group.c (one transaction), exposures.c (its rings) and recover.c (what is known after a start) share. */
#ifndef PARLEY_CORE_JOURNAL_JOURNAL_INTERNAL_H
#define PARLEY_CORE_JOURNAL_JOURNAL_INTERNAL_H

#include <pthread.h>

#include "core/base/aside.h"
#include "core/base/unit_map.h"
#include "core/journal/fingerprint.h"
#include "core/journal/journal.h"
#include "core/journal/partition.h"

enum { JOURNAL_SUBSCRIBERS = 4, JOURNAL_RINGS = 64 };

struct journal_ring {
    struct journal *journal;
    struct ring *ring;
};

/* Bytes of blocks that are not freed yet. Blocks may outlive the journal, so this has an owner count of its own. */
struct journal_lag {
    _Atomic int64_t bytes;
    _Atomic int owners;
};

struct journal {
    struct journal_options options; /* with the defaults filled in */
    char *folder;
    int lock; /* the file descriptor that holds the folder */
    struct telemetry *own_telemetry;

    /* The queue: under `mutex`. */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct journal_batch *first, **last;
    size_t waiting;                   /* bytes */
    struct journal_erasure *erasures; /* newest first */
    struct journal_heads *questions;  /* likewise */
    struct journal_dropping *droppings;
    bool stopping;
    bool refusing;         /* since the queue was empty for the last time */
    _Atomic bool sleeping; /* the writer waits without a time-out: whoever fills a ring wakes it */
    _Atomic int gathering; /* loops whose turn is not over */
    _Atomic int rings_n;
    struct journal_ring rings[JOURNAL_RINGS];

    struct journal_lag *lag;
    int subscribers_n;
    struct {
        void (*committed)(void *, struct journal_block *);
        void *subscriber;
    } subscribers[JOURNAL_SUBSCRIBERS];

    /* The writer's alone, once it runs. */
    struct sql *sql; /* the newest file; NULL while it could not be made */
    int number;
    int64_t file_bytes; /* about */
    int month;          /* of the newest file: year * 12 + month, by its first row */
    unsigned char key[FINGERPRINT_KEY_BYTES];
    struct fingerprint_set seen;
    struct aside seen_aside; /* writes DIR/seen */
    struct unit_map heads;   /* unit -> its last row */
    int64_t last_seq, last_received;
    uint64_t retry_at; /* ticks: rings alone are not tried before this after a failure */
    struct group {
        struct arena *arena;
        struct kept {
            struct journal_record *record;
            struct unit_id unit;
            uint64_t fingerprint;
        } * kept;
        size_t n, room;
        int64_t bytes; /* about, of the rows that were written */
        uint64_t checksum, places[JOURNAL_RINGS];
    } group;

    struct {
        _Atomic int64_t events, last, bytes, oldest, covered_ms, units;
        _Atomic int failing;
    } stats;
    struct counter *events, *duplicates, *groups, *failed_groups, *refused, *dropped, *dropped_files, *kept_files,
        *bytes_gauge, *lag_gauge, *span_gauge;
    struct histogram *commit_time;
};

/* Writes rings, then `batches` (may be NULL) as one transaction and answers. The writer's thread. */
void journal_commit_group(struct journal *journal, struct journal_batch *batches);
/* Within the transaction. Gives a record its seq and the row of its unit before it, and remembers both for an undoing. */
void journal_keep(struct journal *journal, struct journal_record *record, struct unit_id unit, uint64_t fingerprint);
/* A row into the file. */
int journal_put_row(struct journal *journal, const struct journal_record *row, uint64_t fingerprint,
                    struct error *error);
/* Everything that lies in a ring. Its texts stay the ring's until the group is published. */
int journal_write_ring(struct journal *journal, int ring, int64_t now, struct error *error);
/* Erases and answers. The writer's thread, between groups. */
void journal_erase_units(struct journal *journal, struct journal_erasure *erasure);
/* Removes old files and answers. The writer's thread, between groups. */
void journal_drop_files(struct journal *journal, struct journal_dropping *dropping);
/* Opens the newest file and learns what must be known of all; at the start, on the caller's thread. */
int journal_recover(struct journal *journal, struct error *error);
/* Year and month of a time, as one number that grows by 1 a month. */
int journal_month(int64_t ms);
/* Keeps each unit's last row in DIR/heads, so that the next start need not read all files. Best effort. */
void journal_save_heads(struct journal *journal);
/* The last row when the folder's DIR/heads was written; 0 where there is none that is whole. */
int64_t journal_heads_seq(const char *folder);
/* Likewise the messages that are recognised, in DIR/seen; `aside` on a thread of its own. */
void journal_save_seen(struct journal *journal);
void journal_save_seen_aside(struct journal *journal);
/* Takes them over: the seq up to which they are, and when that row was received; 0 where there is no such file, or it is damaged. */
int64_t journal_load_seen(struct journal *journal, int64_t *received);

#endif
