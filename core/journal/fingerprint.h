/* Which messages were seen: a set of 64-bit keyed fingerprints in two generations, so that old ones are forgotten by
 * dropping a table. A message is recognised for at least `span_ms` or among the last `limit`, whichever is shorter.
 * Knows nothing of records. One thread at a time. */
#ifndef PARLEY_CORE_JOURNAL_FINGERPRINT_H
#define PARLEY_CORE_JOURNAL_FINGERPRINT_H

#include "core/base/text.h"

enum { FINGERPRINT_KEY_BYTES = 16 };

struct fingerprint_set {
    struct fingerprint_generation {
        uint64_t *slots; /* 0: free */
        size_t n, room;
        int64_t since; /* ms: when its first one was received */
    } now, before;
    uint64_t limit;
    int64_t span_ms;
};

/* SipHash-2-4 of the message's identity: (unit, messageId) for a browser, messageId alone (unit TEXT_NONE) for a server.
 * Never 0. */
uint64_t fingerprint_of(const unsigned char key[static FINGERPRINT_KEY_BYTES], struct text unit,
                        struct text message_id);

/* Before a run of adds: starts a new generation when the present one is full or old, and makes room for `more`. */
void fingerprint_prepare(struct fingerprint_set *set, int64_t now_ms, size_t more);
/* False when it was there already. */
bool fingerprint_add(struct fingerprint_set *set, uint64_t fingerprint);
/* Takes back an add; those since fingerprint_prepare, the newest first. */
void fingerprint_undo(struct fingerprint_set *set, uint64_t fingerprint);
/* The time that is covered for certain, ms: how long ago the oldest recognised message was received. */
int64_t fingerprint_span(const struct fingerprint_set *set, int64_t now_ms);
void fingerprint_free(struct fingerprint_set *set);

#endif
