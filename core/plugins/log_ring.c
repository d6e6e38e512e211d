#include "core/plugins/log_ring.h"

#include <stdio.h>

void log_ring_add(struct log_ring *ring, int64_t at, enum log_source by, enum log_level level, const char *version,
                  struct text line) {
    struct log_ring_line *place = &ring->lines[ring->n++ % LOG_RING_LINES];
    place->at = at;
    place->by = by;
    place->level = level;
    snprintf(place->version, sizeof place->version, "%s", version);
    buffer_clear(&place->text);
    buffer_put(&place->text, line.at, line.n < LOG_RING_LINE ? line.n : LOG_RING_LINE);
}

void log_ring_json(const struct log_ring *ring, size_t after, struct json_writer *w) {
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    json_open_array(w);
    size_t oldest = ring->n > LOG_RING_LINES ? ring->n - LOG_RING_LINES : 0;
    for (size_t i = after > oldest ? after : oldest; i < ring->n; i++) {
        const struct log_ring_line *line = &ring->lines[i % LOG_RING_LINES];
        json_open_object(w);
        json_put_int(w, "seq", (int64_t)i + 1);
        json_put_time(w, "at", line->at);
        json_put_text(w, "by", line->by == LOG_BY_PLUGIN ? TEXT("plugin") : TEXT("parley"));
        json_put_text(w, "level", text_of(levels[line->level]));
        json_put_text(w, "version", text_of(line->version));
        json_put_text(w, "line", buffer_view(&line->text));
        json_close_object(w);
    }
    json_close_array(w);
}

void log_ring_free(struct log_ring *ring) {
    for (size_t i = 0; i < LOG_RING_LINES; i++) buffer_free(&ring->lines[i].text);
}
