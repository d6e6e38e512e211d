#include "core/plugins/log_ring.h"

#include <stdio.h>

void log_ring_add(struct log_ring *ring, int64_t at, enum log_level level, const char *version, struct text line) {
    struct log_ring_line *place = &ring->lines[ring->n++ % LOG_RING_LINES];
    place->at = at;
    place->level = level;
    snprintf(place->version, sizeof place->version, "%s", version);
    buffer_clear(&place->text);
    buffer_put(&place->text, line.at, line.n < LOG_RING_LINE ? line.n : LOG_RING_LINE);
}

void log_ring_json(const struct log_ring *ring, struct json_writer *w) {
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    json_open_array(w);
    for (size_t i = ring->n > LOG_RING_LINES ? ring->n - LOG_RING_LINES : 0; i < ring->n; i++) {
        const struct log_ring_line *line = &ring->lines[i % LOG_RING_LINES];
        json_open_object(w);
        json_put_time(w, "at", line->at);
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
