/* Files in memory that nobody can change any more: what is checked there is what is loaded. Any thread. */
#ifndef PARLEY_CORE_PLUGINS_SEALED_H
#define PARLEY_CORE_PLUGINS_SEALED_H

#include <stdbool.h>

/* Whether `fd` is one: every seal is set. */
bool sealed(int fd);
/* A sealed copy of an open plain file, close-on-exec, at a descriptor of at least `least`; the caller owns it. -1 and errno. */
int sealed_copy(int file, int least);

#endif
