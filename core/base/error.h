/* What went wrong: a code from one list, a sentence for people, and the places in a body that caused it.
 * Functions that can fail return 0 or a negative code; the caller's `struct error` (may be NULL) takes the words. */
#ifndef PARLEY_CORE_BASE_ERROR_H
#define PARLEY_CORE_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

/* X(name, HTTP status, title) in the order of their numbers: ERR_INVALID is -1, and so on. Only grows. */
#define ERROR_CODES(X)                                                                                                 \
    X(INVALID, 400, "The request is not valid")                                                                        \
    X(UNAUTHENTICATED, 401, "A valid token is needed")                                                                 \
    X(FORBIDDEN, 403, "This token may not do that")                                                                    \
    X(NOT_FOUND, 404, "Not found")                                                                                     \
    X(METHOD, 405, "This path does not take that method")                                                              \
    X(CONFLICT, 409, "This conflicts with what is there")                                                              \
    X(GONE, 410, "This is no longer here")                                                                             \
    X(PRECONDITION, 412, "It was changed in the meantime")                                                             \
    X(TOO_LARGE, 413, "The body is too large")                                                                         \
    X(MEDIA_TYPE, 415, "This media type is not understood")                                                            \
    X(TOO_MANY, 429, "Too many requests")                                                                              \
    X(INTERNAL, 500, "Something went wrong inside Parley")                                                             \
    X(UNAVAILABLE, 503, "Not available right now")                                                                     \
    X(TIMEOUT, 504, "It did not answer in time")                                                                       \
    X(STORAGE_FULL, 507, "There is no room left to store this")                                                        \
    X(IO, 500, "Reading or writing failed")                                                                            \
    X(NO_MEMORY, 503, "Out of memory")                                                                                 \
    X(CORRUPT, 500, "Stored data is damaged")                                                                          \
    X(VERSION, 500, "Made by a newer version of Parley")                                                               \
    X(UNTRUSTED, 403, "Nobody who is trusted here vouches for this")

enum error_ordinal {
#define X(name, status, title) ERROR_ORDINAL_##name,
    ERROR_CODES(X)
#undef X
        ERROR_ORDINAL_COUNT
};
enum error_code {
    ERR_OK = 0,
#define X(name, status, title) ERR_##name = -(ERROR_ORDINAL_##name + 1),
    ERROR_CODES(X)
#undef X
};

enum { ERROR_PLACES = 8 };

struct error {
    int code;         /* 0 while nothing is wrong */
    char detail[400]; /* one sentence: what, where, how to mend it */
    int places;       /* how many of `at` are filled; what does not fit is left out */
    const char *name; /* of a number that programs read beside the sentence, such as "free"; NULL: none */
    long long number;
    struct error_place {
        char pointer[128]; /* RFC 6901 JSON pointer into the body that was sent */
        char detail[240];
    } at[ERROR_PLACES];
};

/* Sets code and sentence; the first one set stays unless cleared. Returns `code`, so that `return error_set(...)` reads well. */
int error_set(struct error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
int error_setv(struct error *error, int code, const char *format, va_list args);
/* Adds a place (ERR_INVALID unless a code is set already); the first place's detail is also the sentence. Returns ERR_INVALID. */
int error_at(struct error *error, const char *pointer, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A number for programs that is in the sentence too. `name` is a literal. */
void error_number(struct error *error, const char *name, long long number);
void error_clear(struct error *error);
/* The HTTP status, the name as in the list ("NOT_FOUND") and the title of a code. */
int error_status(int code);
const char *error_name(int code);
const char *error_title(int code);

#endif
