/* The last lines a plugin logged, in memory. One thread. */
#ifndef PARLEY_CORE_PLUGINS_LOG_RING_H
#define PARLEY_CORE_PLUGINS_LOG_RING_H

#include "core/base/json_write.h"
#include "core/base/log.h"

enum { LOG_RING_LINES = 500, LOG_RING_LINE = 2000 /* bytes kept of a line */ };

struct log_ring {
    struct log_ring_line {
        int64_t at;
        enum log_level level;
        char version[65];
        struct buffer text; /* used again */
    } lines[LOG_RING_LINES];
    size_t n; /* all so far */
};

void log_ring_add(struct log_ring *ring, int64_t at, enum log_level level, const char *version, struct text line);
/* An array, oldest first: [{"at","level","version","line"}]. */
void log_ring_json(const struct log_ring *ring, struct json_writer *w);
void log_ring_free(struct log_ring *ring); /* the lines' texts */

#endif
