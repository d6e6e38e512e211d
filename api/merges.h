/* After staff merged two customers or took them apart: the loop's map follows at once, the journal is told what parley.db keeps for
 * it, and what the customers met is set right. Loop thread. */
#ifndef PARLEY_API_MERGES_H
#define PARLEY_API_MERGES_H

#include "api/app.h"

/* Sends the journal everything that waits in the outbox; harmless where nothing does. */
void merges_tell(struct app *app);
/* Once a second: what could not be told is tried again. */
void merges_tick(struct app *app);

#endif
