/* Who is who: every userId and anonymousId that was ever seen, its last row in the journal, and which of them are one person.
 * A join is made by `identify` or `alias` between an anonymous key and a known one; two known keys are one only by staff's word.
 * One thread at a time. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_KEYS_H
#define PARLEY_EXPERIMENTS_MEASURE_KEYS_H

#include "core/base/unit_map.h"

enum { KEY_NONE = UINT32_MAX };
enum keys_word { KEYS_CLIENT_SAYS, KEYS_STAFF_SAYS };

struct key_row {
    struct unit_id id;
    int64_t last;    /* seq of its last row; 0: none */
    int64_t newest;  /* ms, of a leader: the newest event time of all its members */
    uint32_t leader; /* index; itself where it was not joined to another */
    uint32_t next;   /* the next member of the same leader, KEY_NONE at the end */
    uint32_t known;  /* was a userId at least once */
    uint32_t unused;
};

struct keys {
    struct unit_map index; /* id -> row + 1 */
    struct key_row *rows;
    uint32_t n, room;
};

void keys_free(struct keys *keys);
/* The row of a key; makes it where there is none. */
uint32_t keys_find_or_add(struct keys *keys, struct unit_id id);
/* A record of this key: moves its chain's head. Returns the newest event time of its person before this record, INT64_MIN for
 * the first. */
int64_t keys_see(struct keys *keys, uint32_t key, int64_t seq, int64_t at);
/* Joins `other` to `known`. False where they are one already, `other` belongs to somebody else, or it was known itself: then
 * only staff may say so. */
bool keys_join(struct keys *keys, uint32_t known, uint32_t other, enum keys_word word);
/* Takes them apart again: the one of the two that leads keeps the other members. False where they were not one. */
bool keys_part(struct keys *keys, uint32_t a, uint32_t b);
/* Forgets a key; its place stays empty. Nothing happens where it was never seen. */
void keys_forget(struct keys *keys, struct unit_id id);
/* The id that stands for the person a key belongs to; the key's own where it was never seen. */
struct unit_id keys_leader(const struct keys *keys, struct unit_id id);
/* After the owner has filled in rows itself. */
void keys_resize(struct keys *keys, uint32_t n);
void keys_reindex(struct keys *keys);

#endif
