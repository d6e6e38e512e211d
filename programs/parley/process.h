/* Runs a program to its end and keeps what it prints, both streams in one. It is ended, with all that it started, when it takes too
 * long or when the user interrupts. */
#ifndef PARLEY_PROGRAMS_PARLEY_PROCESS_H
#define PARLEY_PROGRAMS_PARLEY_PROCESS_H

#include "core/base/buffer.h"
#include "core/base/error.h"

struct process {
    const char *const *argv; /* the program by its name or path, its arguments, NULL */
    const char *folder;      /* where it runs */
    const char *doing;       /* what it is told as where it takes over a second: "compiling" */
    int limit_ms;
};

struct process_end {
    int status;           /* of exit, or 128 + the signal's number */
    double ms;            /* from start to end */
    struct buffer output; /* the caller frees it */
};

/* 0 with how it ended; ERR_NOT_FOUND (no such program), ERR_TIMEOUT (`end` has what it printed), ERR_UNAVAILABLE (interrupted),
 * ERR_IO. `end` is set, and to be freed, always. */
int process_run(const struct process *process, struct process_end *end, struct error *error);

#endif
