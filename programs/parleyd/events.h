/* The journal as plugins are told of it: a feed (core/plugins/feed.h) on a lane of its own. A want is answered from the files, or, once
 * it has read all there is, from the next block that was committed. So no more of the journal is in memory for a plugin than one
 * answer, however slow the plugin is. */
#ifndef PARLEY_PROGRAMS_PARLEYD_EVENTS_H
#define PARLEY_PROGRAMS_PARLEYD_EVENTS_H

#include "core/base/log.h"
#include "core/journal/journal.h"
#include "core/plugins/feed.h"

struct events;

/* Before appends begin. `folder` is the journal's; all but it are borrowed. ERR_CORRUPT, ERR_IO. */
int events_open(struct events **events, struct journal *journal, const char *folder, struct mailbox *mailbox,
                const struct log *log, struct error *error);
/* After the plugins have stopped and the journal is closed. NULL is fine. */
void events_close(struct events *events);
const struct feed *events_feed(struct events *events);

#endif
