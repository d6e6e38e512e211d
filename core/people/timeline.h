/* A customer's timeline: everything she said, asked, bought and met, read from the journal along the chains of her keys and put
 * into words. Nothing is stored for it. The order is the journal's: what arrived last stands first, so that an entry never
 * appears below one that was seen; `at` says when it happened. Knows nothing of HTTP and of who may look.
 * Here the reading; who asks from a loop uses people.h. */
#ifndef PARLEY_CORE_PEOPLE_TIMELINE_H
#define PARLEY_CORE_PEOPLE_TIMELINE_H

#include "core/base/arena.h"
#include "core/base/json_write.h"
#include "core/journal/reader.h"

struct timeline_entry {
    int64_t seq;         /* the journal's row: the entry's id */
    int64_t at;          /* ms: when it happened */
    struct text channel; /* "web", "app", "server", "email" ... */
    struct text actor;   /* "customer", "agent", "system" or "plugin" */
    struct text
        kind; /* "order", "product", "vote" ...: of known events by timeline_words.c, a plugin's own for its entries */
    struct text body; /* a sentence that people read; plain text */
    struct text refs; /* a JSON object: order_id, product_id, feature ... */
};

/* Makes the entry that a record is; texts in the arena. Pure, any thread. */
void timeline_describe(const struct journal_record *record, struct arena *arena, struct timeline_entry *entry);
/* {"id","at","channel","actor","kind","body","refs"}; `unread` adds "unread":true. */
void timeline_write(struct json_writer *w, const struct timeline_entry *entry, bool unread);

enum { TIMELINE_MOST = 200 /* entries a page */ };

struct timeline_query {
    const struct text *keys; /* of one person, from identity_keys or identity_map_keys */
    const int64_t *heads;    /* each key's last row, from journal_find_heads */
    size_t n;
    struct text before; /* the page before's `next`; empty: from the newest */
    /* Kinds with commas between, as "order,vote"; empty: all but "exposure" and "measure" (events that a plugin measures,
     * of which it tells in entries of its own). */
    struct text kinds;
    struct text words; /* with blanks between: entries that have all of them in their body or refs; empty: all */
    size_t limit;      /* 1 to TIMELINE_MOST */
};

struct timeline_page {
    struct timeline_entry *items; /* newest first, in the arena with their texts */
    size_t n;         /* may be below the limit before the end: so many rows are looked at for one page, and no more */
    struct text next; /* `before` of the next page; empty: this was the last */
};

/* ERR_INVALID for a `before` that is none. Rows that are not of these keys end a chain, so a made-up `before` shows nobody
 * else's. The reader's thread. */
int timeline_read(struct journal_reader *reader, struct arena *arena, const struct timeline_query *query,
                  struct timeline_page *page, struct error *error);

#endif
