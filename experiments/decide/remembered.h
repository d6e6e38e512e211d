/* Which unit met which arm: 24 bytes each, in many small tables that are at least three quarters full, so at most 32 bytes a unit
 * at any time, growing included (linear hashing: Litwin 1980; the tables in place of pages have the size of what is in
 * them). Owned by one loop thread, and looked at and added to by others where it is shared; the journal's exposures refill it
 * after a start. Knows nothing of experiments but their salts. */
#ifndef PARLEY_EXPERIMENTS_DECIDE_REMEMBERED_H
#define PARLEY_EXPERIMENTS_DECIDE_REMEMBERED_H

#include "core/base/map.h"
#include "core/base/unit.h"

struct remembered_unit {
    struct unit_id unit;
    int64_t t0; /* ms since 1970 of the first exposure; what lies before or after the year 2109 counts as either end */
    uint16_t arm;   /* index of experiment_state.arms */
    uint16_t epoch; /* index of experiment_state.epochs */
};

/* The units of one experiment. Zeroed: none. */
struct remembered {
    struct remembered_table {
        struct remembered_slot *slots;
        uint32_t room, n;
    } * tables; /* room for a power of two of them */
    uint32_t tables_n;
    uint32_t mask;    /* tables 0..mask are a whole round; those beyond it are the split halves of 0, 1, 2 ... */
    _Atomic size_t n; /* counted at any time */
};

/* True with the unit's entry in *out. About 50 ns at a million units. */
bool remembered_find(const struct remembered *remembered, struct unit_id unit, struct remembered_unit *out);
/* Puts a unit that is not there yet; the first exposure stays: false where it was there already. */
bool remembered_put(struct remembered *remembered, const struct remembered_unit *unit);
/* Forgets one (erasure). False where it was not there. */
bool remembered_remove(struct remembered *remembered, struct unit_id unit);
size_t remembered_count(const struct remembered *remembered);
/* What the tables take, in bytes. */
size_t remembered_bytes(const struct remembered *remembered);

/* What is remembered of an experiment's units. */
enum remembered_set {
    REMEMBERED_MET,         /* who met which arm */
    REMEMBERED_OVERRIDDEN,  /* of whom the journal knows that a rule caught them */
    REMEMBERED_FALLEN_BACK, /* and that their variant could not be served */
    REMEMBERED_SETS
};

/* Those of all experiments, by salt. Zeroed: none. */
struct remembered_all {
    struct map by_salt;               /* -> REMEMBERED_SETS of struct remembered */
    struct remembered_shared *shared; /* NULL: one thread's */
    unsigned reader;                  /* this thread's number, in this thread's copy of the struct */
};
/* REMEMBERED_SETS of them, the first is REMEMBERED_MET. NULL where remembered_make was not called. */
struct remembered *remembered_of(const struct remembered_all *all, struct text salt);
/* Makes them where there are none; copies the salt. While no other thread reads `all`. */
struct remembered *remembered_make(struct remembered_all *all, struct text salt);
/* Forgets an experiment's units; pointers to them stay good. */
void remembered_drop(struct remembered_all *all, struct text salt);
void remembered_all_free(struct remembered_all *all);

/* remembered_find and remembered_put of a set of `all`, and remembered_drop above, while other threads do the same. Whoever looks tells it in a
 * place of its own, so that readers do not meet; whoever writes waits until nobody looks, some 100 ns. Where `all` is not
 * shared they are the plain ones. */
bool remembered_look(const struct remembered_all *all, const struct remembered *remembered, struct unit_id unit,
                     struct remembered_unit *out);
bool remembered_keep(const struct remembered_all *all, struct remembered *remembered,
                     const struct remembered_unit *unit);
/* For so many threads, numbered from 0. */
struct remembered_shared *remembered_shared_new(unsigned threads);
void remembered_shared_free(struct remembered_shared *shared); /* NULL is fine */

#endif
