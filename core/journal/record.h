/* What the journal keeps: one row for each event that was sent and for each exposure that an evaluation recorded. The body
 * is kept as it came; what stands beside it is what Parley had to find out once, at intake. */
#ifndef PARLEY_CORE_JOURNAL_RECORD_H
#define PARLEY_CORE_JOURNAL_RECORD_H

#include "core/base/text.h"

/* Stored: numbers never change their meaning. */
enum journal_kind {
    JOURNAL_TRACK = 1,
    JOURNAL_IDENTIFY = 2,
    JOURNAL_ALIAS = 3,
    JOURNAL_PAGE = 4,
    JOURNAL_EXPOSURE = 5, /* an evaluation's; `Experiment Viewed` is a JOURNAL_TRACK */
    JOURNAL_ENTRY = 6,    /* an entry of the customer's timeline that a plugin wrote; measures nothing */
    JOURNAL_PART = 7,     /* staff: `unit` and `other` are two people after all (un-merge) */
};

/* Who did it: the metric event `*` counts what customers do. */
enum journal_actor { JOURNAL_CUSTOMER = 0, JOURNAL_STAFF = 1, JOURNAL_SYSTEM = 2, JOURNAL_PLUGIN = 3 };

enum journal_flag {
    JOURNAL_BROWSER = 1, /* came with a browser token: its messageId is the unit's own */
    JOURNAL_KNOWN = 2,   /* the unit is a userId, not an anonymousId */
};

/* Why an evaluation records a unit. Stored in the body: words never change their meaning. */
enum journal_cause {
    JOURNAL_MET,           /* it met the variant */
    JOURNAL_RULE_OVERRIDE, /* enrolled, but a rule served it something else */
    JOURNAL_FALLBACK,      /* the variant could not be served */
};

struct journal_record {
    int64_t seq;      /* 1, 2, 3 ...: the journal gives it; 0 in an answered batch: a duplicate */
    int64_t prev;     /* the unit's row before this one, 0 for its first: the journal gives it */
    int64_t received; /* ms */
    int64_t at;       /* ms: event time, corrected for the sender's clock */
    uint8_t kind, actor, flags;
    struct text name;  /* track: the event; page: its name; exposure: the experiment's key; else empty */
    struct text unit;  /* userId, else anonymousId; exposure: the experiment's unit */
    struct text other; /* identify: the anonymousId beside the userId; alias: the previousId; part; else TEXT_NONE */
    struct text message_id; /* TEXT_NONE: always new */
    struct text body;       /* JSON, UTF-8 */
};

/* Committed rows in their order, with their bytes, in one piece of memory; see journal_subscribe. */
struct journal_block {
    int64_t first, last; /* seqs */
    size_t n;
    struct journal_record *records;
};

#endif
