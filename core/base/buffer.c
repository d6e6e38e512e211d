#include "core/base/buffer.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"

void buffer_grow(struct buffer *b, size_t more) {
    size_t room = b->room ? b->room : 128;
    while (room - b->n < more) room *= 2;
    b->at = memory_grow(b->at, room);
    b->room = room;
}

void buffer_printf(struct buffer *b, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    size_t room = b->room - b->n;
    size_t n = (size_t)vsnprintf(room ? b->at + b->n : NULL, room, format, args);
    va_end(args);
    if (n >= room) vsnprintf(buffer_reserve(b, n + 1), n + 1, format, again);
    va_end(again);
    b->n += n;
}

char *buffer_take(struct buffer *b, size_t *n) {
    buffer_reserve(b, 1)[0] = 0;
    char *at = b->at;
    if (n) *n = b->n;
    *b = (struct buffer){0};
    return at;
}

void buffer_free(struct buffer *b) {
    free(b->at);
    *b = (struct buffer){0};
}
