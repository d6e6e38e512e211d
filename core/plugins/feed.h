/* What a plugin wants to be told, and the way it is answered: the seam between the plugin host and whoever holds the events. */
#ifndef PARLEY_CORE_PLUGINS_FEED_H
#define PARLEY_CORE_PLUGINS_FEED_H

#include "core/base/buffer.h"
#include "core/base/lane.h"

/* "The next events of these names behind `after`." At most one for each plugin is with the feed. */
struct feed_want {
    struct lane_job job;    /* the feed's, while it has the want */
    struct feed_want *next; /* the feed's */
    const char *plugin;     /* whose own events come only by their name; borrowed */
    char **names;           /* owned; "*": all */
    size_t names_n;
    int64_t after;          /* seq */
    int most;               /* events */
    _Atomic int64_t looked; /* rows up to this hold nothing for it; any thread */
    _Atomic bool recalled;  /* to be answered as it is; any thread */
    int64_t upto;           /* the answer: rows up to this are looked at ... */
    int64_t first;          /* ... the first of `events`, 0 where there is none ... */
    struct buffer events;   /* ... and these are wanted: objects with commas between them */
    void *user;             /* of whom it is answered to */
};

enum { FEED_BYTES = 256 << 10 /* of one answer, but for its last event */ };

/* All on the loop. `want` takes a want; when there is something it answers by plugins_fed. `recall` has all answered soon that are
 * marked so, with or without events. */
struct feed {
    int64_t (*newest)(void *user); /* seq of the journal's last row */
    void (*want)(void *user, struct feed_want *want);
    void (*recall)(void *user);
    void *user;
};

#endif
