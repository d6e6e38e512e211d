#include "core/base/error.h"

#include <stdio.h>
#include <string.h>

static const struct {
    int status;
    const char *name, *title;
} codes[] = {
#define X(name, status, title) {status, #name, title},
    ERROR_CODES(X)
#undef X
};

int error_setv(struct error *error, int code, const char *format, va_list args) {
    if (!error || error->code) return code;
    error->code = code;
    vsnprintf(error->detail, sizeof error->detail, format, args);
    return code;
}

int error_set(struct error *error, int code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    error_setv(error, code, format, args);
    va_end(args);
    return code;
}

int error_at(struct error *error, const char *pointer, const char *format, ...) {
    if (!error) return ERR_INVALID;
    va_list args;
    char detail[sizeof error->at[0].detail];
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    if (!error->code) error_set(error, ERR_INVALID, "%s: %s", *pointer ? pointer : "the body", detail);
    if (error->places < ERROR_PLACES) {
        struct error_place *place = &error->at[error->places++];
        snprintf(place->pointer, sizeof place->pointer, "%s", pointer);
        memcpy(place->detail, detail, sizeof detail);
    }
    return ERR_INVALID;
}

void error_number(struct error *error, const char *name, long long number) {
    if (!error) return;
    error->name = name;
    error->number = number;
}

void error_clear(struct error *error) {
    error->code = 0;
    error->places = 0;
    error->name = NULL;
    error->detail[0] = 0;
}

static int ordinal(int code) {
    int i = -code - 1;
    return i >= 0 && i < ERROR_ORDINAL_COUNT ? i : ERROR_ORDINAL_INTERNAL;
}

int error_status(int code) {
    return codes[ordinal(code)].status;
}
const char *error_name(int code) {
    return codes[ordinal(code)].name;
}
const char *error_title(int code) {
    return codes[ordinal(code)].title;
}
