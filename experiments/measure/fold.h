/* The state of measuring and how a record changes it: exposures and events of units, exactly by semantics.md, "Time",
 * "Exposure" and "Units and identity". Whatever order records come in, a unit's row is what it would be had they come in
 * order: a step is either one addition, or the unit is computed again from its records in the journal. One thread. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_FOLD_H
#define PARLEY_EXPERIMENTS_MEASURE_FOLD_H

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/journal/reader.h"
#include "experiments/measure/event.h"
#include "experiments/measure/keys.h"
#include "experiments/measure/residual.h"
#include "experiments/measure/units.h"

/* Records that were not counted, and why. By record, at its first fold. */
struct measure_excluded {
    int64_t exposure_mismatch; /* named another variant than Parley gives */
    int64_t unknown_variation; /* named a variant that is none */
    int64_t too_late;          /* exposures; events are counted at their units */
    int64_t fallback;
};

/* Values of one break-down attribute, numbered from 1 as they are met; 0 is "none". */
struct fold_words {
    struct map numbers; /* value -> word */
    struct fold_word {
        struct text value; /* owned */
        uint32_t number;
    } * *list;
    uint32_t n;
};
enum { FOLD_WORDS_MAX = 10000 }; /* values beyond it are the last number's */

/* A unit that is named in the body has no chain in the journal, so its records are remembered here. */
struct fold_links {
    struct unit_map index; /* unit -> unit row + 1 */
    struct fold_link_unit {
        int64_t newest;
        uint32_t last; /* link + 1 */
    } * units;
    struct fold_link {
        int64_t seq;
        uint32_t before; /* link + 1; 0: the first */
    } * links;
    uint32_t units_n, units_room, links_n, links_room;
};

/* One experiment's. */
struct measured {
    struct text salt; /* owned: which experiment it is */
    uint64_t shape;
    bool live;        /* it goes with the fold; else it is being computed from the journal ... */
    int64_t position; /* ... and includes records up to this seq; -1: it has not begun. What is live began behind it */
    int64_t from;     /* where it began to read; what lies between that and the fold's position is its way */
    bool frozen;      /* rows that it was made from were dropped: it is all residual, and stays as it is */
    int64_t end;      /* that it was folded under; 0: open */
    uint32_t turns;   /* pauses and resumes, likewise */
    int64_t newest;   /* ms: the newest time of any record that matters to it */
    struct unit_table units;
    struct measure_excluded excluded;
    struct fold_words words[EXPERIMENT_MAX_BREAKDOWNS];
    struct residual residual; /* of units that are gone: it cannot be computed again */
    struct fold_links links;  /* PLAN_ATTRIBUTE */
    struct samples samples;   /* of quantiles: a unit's column is the head of its list */
    struct unit_map catch_up; /* while not live: unit -> newest event time so far */
    struct fold_cap {
        int64_t value, as_of; /* millionths; ms, 0: never computed */
    } caps[PLAN_METRICS_MAX]; /* in force, by metric */
    const struct plan_experiment *plan;
};

struct fold {
    struct plan *plan;          /* owned */
    struct measured **measured; /* as the plan's experiments */
    uint32_t n;
    const struct measured *exposed; /* the one that met the last exposure: the next is mostly of it too; may be NULL */
    int64_t position;               /* seq: the last record that keys, orders and live experiments include */
    struct keys keys;
    struct unit_map orders;        /* order_id -> the record that counts */
    struct journal_reader *reader; /* borrowed */
    const struct log *log;         /* borrowed */
    int64_t late_ms;
    struct arena arena, record_arena, scratch;
    struct fold_dirty {
        struct measured *measured;
        struct unit_id unit;
    } * dirty;
    size_t dirty_n, dirty_room;
    int64_t refolds; /* ever */
    bool changed;    /* since the owner last cleared it */
};

enum { FOLD_GRACE = CLOCK_DAY /* records received so long before an experiment's start are none of its affair */ };

void fold_init(struct fold *fold, struct journal_reader *reader, const struct log *log, int64_t late_ms);
void fold_free(struct fold *fold);
void fold_forget(struct fold *fold); /* as after fold_init */
/* The number of a value; gives it one where it has none. */
uint32_t fold_word(struct fold_words *words, struct text value);

/* Takes over which keys are one person, and the orders that rows before `first` told: the rows that said so were dropped. */
void fold_learn(struct fold *fold, const struct fold *from, int64_t first);

/* A new snapshot: experiments whose shape is the same keep what they have; the others begin anew and are not live. Takes the
 * plan. */
void fold_set_plan(struct fold *fold, struct plan *plan);

/* The next record of the journal, for everything that is live. */
void fold_record(struct fold *fold, const struct journal_record *record);
/* Records that follow each other, as a block of the journal has them: what is behind the position is left out, a body that
 * several share is scanned once. */
void fold_records(struct fold *fold, const struct journal_record *records, size_t n);
/* At the end of a group: computes again the units that need it. 0, or a negative code of the journal's; then the units stay
 * noted and the next call tries again. */
int fold_settle(struct fold *fold);

/* Experiments that are not live read the journal up to the fold's position, `rows` records a call, and then are.
 * 1: there is more to do; 0: all are live; a negative code of the journal's. */
int fold_catch_up(struct fold *fold, int64_t rows);

/* Sets a unit's totals to zero; gives the lists back that they hold. */
void fold_clear(struct measured *measured, struct unit_row *row);
/* Takes a unit out of the table. */
void fold_remove(struct measured *measured, struct unit_id unit);
/* Whether two states of one experiment say the same of a unit, to the bit; false where either has no row. */
bool fold_same(const struct measured *a, const struct unit_row *x, const struct measured *b, const struct unit_row *y);
/* The row of a unit, by any of its keys; NULL. */
const struct unit_row *fold_find(const struct fold *fold, const struct measured *measured, struct unit_id unit);

#endif
