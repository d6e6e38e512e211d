/* Server-sent events of a Parley server, as they come. Knows nothing of what they mean. */
#ifndef PARLEY_PROGRAMS_PARLEY_LISTEN_H
#define PARLEY_PROGRAMS_PARLEY_LISTEN_H

#include "programs/parley/client.h"

struct listener;

/* Asks for the stream at `path`. From listen_wait: `joined` is called once the server answers with it, then `each` with the data of every
 * event of that name. The client is borrowed until listen_close. */
struct listener *listen_open(const struct client *client, const char *path, const char *event,
                             void (*joined)(void *user), void (*each)(void *user, struct text data), void *user);
void listen_close(struct listener *listener); /* NULL is fine */
bool listen_joined(const struct listener *listener);
/* Hands on what comes until `fd` (negative: none) can be read or the user interrupts; what is there already is handed on in any case. False:
 * the stream has ended, or never began. */
bool listen_wait(struct listener *listener, int fd);

#endif
