/* Which unit met which arm: 24 bytes each, in many small tables that are at least three quarters full, so at most 32 bytes a unit
 * at any time, growing included (linear hashing: Litwin 1980; the tables in place of pages have the size of what is in
 * them). The journal's exposures refill it after a start. One thread's; where several loops share it, each experiment's units lie in
 * eight shards with a lock each, so that loops seldom meet. Knows nothing of experiments but their salts. */
#ifndef PARLEY_EXPERIMENTS_DECIDE_REMEMBERED_H
#define PARLEY_EXPERIMENTS_DECIDE_REMEMBERED_H

#include "core/base/map.h"
#include "core/base/unit.h"

struct remembered_unit {
    struct unit_id unit;
    uint32_t t0;    /* seconds since 1970 of the first exposure */
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
    uint32_t mask; /* tables 0..mask are a whole round; those beyond it are the split halves of 0, 1, 2 ... */
    size_t n;
    struct remembered_shard *shards; /* not NULL: shared, and all units are in these */
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
    REMEMBERED_OVERRIDDEN,  /* of whom the journal knows that a rule caught them; arm and epoch are 0 */
    REMEMBERED_FALLEN_BACK, /* likewise, that their variant could not be served */
    REMEMBERED_SETS
};

/* Those of all experiments, by salt. Zeroed: none. */
struct remembered_all {
    struct map by_salt; /* -> REMEMBERED_SETS of struct remembered */
    bool shared;        /* several threads find, put, remove, count and drop; set before the first is made */
};
/* REMEMBERED_SETS of them, the first is who met which arm. NULL where remembered_make was not called. */
struct remembered *remembered_of(const struct remembered_all *all, struct text salt);
/* Makes them where there are none; copies the salt. While nobody else reads `all`. */
struct remembered *remembered_make(struct remembered_all *all, struct text salt);
/* Forgets an experiment's units; pointers to them stay good. */
void remembered_drop(struct remembered_all *all, struct text salt);
void remembered_all_free(struct remembered_all *all);

#endif
