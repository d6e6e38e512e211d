/* Server-sent events of a Parley server, until the user interrupts. Knows nothing of what they mean. */
#ifndef PARLEY_PROGRAMS_PARLEY_LISTEN_H
#define PARLEY_PROGRAMS_PARLEY_LISTEN_H

#include "programs/parley/client.h"

/* Reads the stream at `path`: `joined` is called once the server answers with it, then `each` with the data of every event of that name.
 * Returns when the stream ends, or within a second of an interrupt. False: the server did not answer with a stream. */
bool listen_to(const struct client *client, const char *path, const char *event, void (*joined)(void *user),
               void (*each)(void *user, struct text data), void *user);

#endif
