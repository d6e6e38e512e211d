/* Ctrl-C and SIGTERM as a question, for commands that go on until somebody ends them. */
#ifndef PARLEY_PROGRAMS_PARLEY_INTERRUPT_H
#define PARLEY_PROGRAMS_PARLEY_INTERRUPT_H

#include <stdbool.h>

/* From now on they do not end the program; calls that wait return EINTR. */
void interrupt_listen(void);
/* True once one came. */
bool interrupted(void);

#endif
