/* Measuring as a service: one thread that owns the fold, follows the journal, keeps a checkpoint, and answers questions.
 * Everything is asked by jobs and answered through mailboxes. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_MEASURE_H
#define PARLEY_EXPERIMENTS_MEASURE_MEASURE_H

#include "core/base/lane.h"
#include "core/journal/journal.h"
#include "experiments/decide/remembered.h"
#include "experiments/measure/cells.h"

struct measure;

struct measure_options {
    const char *folder;          /* made where there is none; borrowed until measure_open returns */
    const char *journal_folder;  /* likewise */
    struct journal *journal;     /* borrowed; open, and nothing appended yet */
    int64_t late_ms;             /* 0: 7 days */
    int64_t checkpoint_ms;       /* at least so long between two; 0: 30 s */
    const struct clock *clock;   /* borrowed [clock_system] */
    const struct log *log;       /* borrowed; may be NULL */
    struct telemetry *telemetry; /* borrowed; may be NULL */
};

/* Subscribes to the journal and starts reading what its files hold beyond the checkpoint. Takes a reference of the snapshot.
 * Blocks for the checkpoint's load only. */
int measure_open(struct measure **measure, const struct measure_options *options, struct snapshot *snapshot,
                 struct error *error);
/* Folds what was committed, writes a checkpoint, ends the thread. After journal_close; nobody asks any more. NULL is fine. */
void measure_close(struct measure *measure);

/* New definitions. Takes a reference. Any thread. */
void measure_set_snapshot(struct measure *measure, struct snapshot *snapshot);
/* To be called about twice a second, by whoever has a timer: results that somebody looks at are read again, checkpoints, and what was
 * left to try again. Any thread. */
void measure_tick(struct measure *measure);

/* --- questions: the asker fills in what is marked, `job.mail.receive` and `job.reply_to`; all else is the answer --- */

struct measure_question {
    struct lane_job job;
    struct text experiment;            /* asked: its key; borrowed until answered */
    struct text by;                    /* asked: a break-down attribute, or TEXT_NONE */
    bool by_day;                       /* asked: by the day on which units entered */
    bool by_week;                      /* asked: by week since each unit's entry, the primary metric alone */
    struct measure_frozen_caps frozen; /* asked: caps that stay; borrowed until answered */
    struct measure_results *results;   /* measure_results_free; NULL on failure */
    struct error error;                /* ERR_NOT_FOUND: not started or not there; ERR_INVALID: no such break-down */
};
void measure_ask(struct measure *measure, struct measure_question *question);

/* What an experiment that was not started would have measured of its primary metric, had everybody who did anything in the last
 * `look_back` ms entered with the first thing they did: from the newest 500,000 records at most. */
struct measure_traffic {
    struct lane_job job;
    struct text experiment; /* asked: its key; borrowed until answered */
    int64_t look_back;      /* asked: ms */
    int64_t since;          /* ms: of the first record that was read; 0: none */
    int64_t units;
    struct cell cell; /* of the primary metric; n 0 where it has none */
    struct error error;
};
void measure_ask_traffic(struct measure *measure, struct measure_traffic *traffic);

/* What the loop must remember, as the journal has it: for each running experiment the units that entered, under all their
 * keys. Answered once the journal was read to where it ended at measure_open. */
struct measure_memory {
    struct lane_job job;
    struct arena arena; /* arena_free when done with */
    struct measure_remembered {
        struct text salt;
        struct remembered_unit *units;
        size_t n;
    } * experiments;
    uint32_t n;
};
void measure_recall(struct measure *measure, struct measure_memory *memory);

/* Exposures and unit totals as NDJSON, a page at a time: {"unit","t0","variant","epoch","excluded"?,"metrics":{key:value}}. */
struct measure_export {
    struct lane_job job;
    struct text experiment; /* asked; borrowed until answered */
    uint32_t from, limit;   /* asked: index of the first unit, and how many */
    bool csv;          /* asked: RFC 4180 with a header on the first page, a column for each metric (a ratio has two) */
    struct buffer out; /* buffer_free */
    uint32_t next;     /* index to go on with; 0: there are no more */
    struct error error;
};
void measure_export_units(struct measure *measure, struct measure_export *page);

/* Computes everything again from the journal and compares, bit for bit. Takes as long as reading the journal, in slices, so that
 * events and questions come between; definitions that change meanwhile begin it anew. */
struct measure_proof {
    struct lane_job job;
    struct text experiment; /* asked: its key, or TEXT_NONE for all; borrowed until answered */
    int64_t records, units; /* read; compared */
    int64_t different;      /* units that are not the same; 0 is right */
    int64_t residual;       /* erased units, which cannot be computed again */
    struct error error;
};
void measure_verify(struct measure *measure, struct measure_proof *proof);

/* Before a person's rows are erased from the journal: what she added to figures is moved into a frozen remainder of her arm, and
 * nothing else of her stays. Durable when answered. */
struct measure_forgetting {
    struct lane_job job;
    const struct text *units; /* asked: all her keys; borrowed until answered */
    size_t n;
    struct error error; /* the checkpoint could not be written: ask again */
};
void measure_forget(struct measure *measure, struct measure_forgetting *forgetting);

/* Before old files of the journal are dropped: which rows may go, and what is made of them that cannot be computed again is
 * frozen. Experiments that are not concluded keep every row that they were made from. Durable when answered. */
struct measure_expiry {
    struct lane_job job;
    int64_t before; /* asked: rows received before it are old, ms */
    int64_t most;   /* asked: rows beyond it must stay, seq */
    int64_t last;   /* rows up to it may be dropped; 0: none */
    bool kept_for_experiments;
    struct error error;
};
void measure_expire(struct measure *measure, struct measure_expiry *expiry);

struct measure_stats {
    int64_t position; /* seq that is included */
    int64_t target;   /* seq to reach before recovery is done */
    bool recovered;
};
void measure_stats(struct measure *measure, struct measure_stats *stats); /* any thread */

#endif
