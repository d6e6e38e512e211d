/* How far something is, how fast, and how long it will take: one line that is rewritten on a terminal, a line every
 * few seconds elsewhere. On stderr. */
#ifndef PARLEY_PROGRAMS_PARLEY_PROGRESS_H
#define PARLEY_PROGRAMS_PARLEY_PROGRESS_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

struct progress {
    const char *what, *unit; /* "sending", "events" */
    size_t total;            /* 0: not known; then `share` tells */
    uint64_t started, shown; /* ns */
    bool terminal;
};

void progress_start(struct progress *progress, const char *what, const char *unit, size_t total);
/* `share` is how much of it is done, 0 to 1, or negative where nobody knows. */
void progress_at(struct progress *progress, size_t done, double share);
/* Leaves the last line with what it came to. */
void progress_end(struct progress *progress, size_t done);

/* A line of its own amid the progress. */
void progress_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What takes longer than a second says so, as "activating hello 1.1.0, 3 s": rewritten on a terminal and gone at the end, a line
 * every few seconds elsewhere. On stderr. */
struct patience {
    const char *what; /* NULL: nothing is said */
    uint64_t started, shown;
    bool terminal;
};

void patience_start(struct patience *patience, const char *what);
/* To be called every now and then. */
void patience_look(struct patience *patience);
void patience_end(struct patience *patience);

#endif
