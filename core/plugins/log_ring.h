/* The last lines a plugin logged, in memory. One thread. */
#ifndef PARLEY_CORE_PLUGINS_LOG_RING_H
#define PARLEY_CORE_PLUGINS_LOG_RING_H

#include "core/base/json_write.h"
#include "core/base/log.h"

enum { LOG_RING_LINES = 500, LOG_RING_LINE = 2000 /* bytes kept of a line */ };

struct log_ring {
    struct log_ring_line {
        int64_t at;
        int by; /* enum log_source */
        enum log_level level;
        char version[65];
        struct buffer text; /* used again */
    } lines[LOG_RING_LINES];
    size_t n; /* all so far */
};

enum log_source { LOG_BY_PARLEY, LOG_BY_PLUGIN };
void log_ring_add(struct log_ring *ring, int64_t at, enum log_source by, enum log_level level, const char *version,
                  struct text line);
/* An array, oldest first, of those that came after the first `after` lines: [{"seq","at","by","level","version","line"}]; "seq" counts from 1. */
void log_ring_json(const struct log_ring *ring, size_t after, struct json_writer *w);
void log_ring_free(struct log_ring *ring); /* the lines' texts */

#endif
