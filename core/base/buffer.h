/* A growable run of bytes with one owner. One thread at a time. */
#ifndef PARLEY_CORE_BASE_BUFFER_H
#define PARLEY_CORE_BASE_BUFFER_H

#include <stdarg.h>

#include "core/base/text.h"

struct buffer {
    char *at; /* owned; NULL while nothing was put */
    size_t n, room;
};

/* Makes room for `more` bytes that are not there yet. */
void buffer_grow(struct buffer *b, size_t more);
/* Makes room for `more` bytes and returns where they go; the caller then adds to `n` what it wrote. */
static inline char *buffer_reserve(struct buffer *b, size_t more) {
    if (b->room - b->n < more) buffer_grow(b, more);
    return b->at + b->n;
}
static inline void buffer_put(struct buffer *b, const void *bytes, size_t n) {
    if (!n) return;
    memcpy(buffer_reserve(b, n), bytes, n);
    b->n += n;
}
static inline void buffer_text(struct buffer *b, struct text t) {
    buffer_put(b, t.at, t.n);
}
static inline void buffer_cstr(struct buffer *b, const char *cstr) {
    buffer_text(b, text_of(cstr));
}
static inline void buffer_byte(struct buffer *b, char c) {
    *buffer_reserve(b, 1) = c;
    b->n++;
}
void buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline struct text buffer_view(const struct buffer *b) {
    return text_n(b->at, b->n);
}
static inline void buffer_clear(struct buffer *b) {
    b->n = 0;
}
/* Moves the bytes out, NUL-terminated (the NUL is not counted); the buffer is empty afterwards. Caller frees. */
char *buffer_take(struct buffer *b, size_t *n);
void buffer_free(struct buffer *b);

#endif
