/* Structured logs: one line an event, logfmt or JSON, to a file descriptor. A line is written with one write(2), so
 * lines of several threads never mix. Values are escaped; secrets must not be passed in. Any thread. */
#ifndef PARLEY_CORE_BASE_LOG_H
#define PARLEY_CORE_BASE_LOG_H

#include "core/base/text.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log {
    int fd;
    enum log_format format;
    enum log_level least; /* lines below are not written */
    const char *program;  /* borrowed; e.g. "parleyd" */
};

struct log_field {
    const char *key;
    enum { LOG_FIELD_START, LOG_FIELD_END, LOG_FIELD_TEXT, LOG_FIELD_INT, LOG_FIELD_DOUBLE } kind;
    struct text text;
    int64_t integer;
    double number;
};

#define LOG_S(key_, cstr)  ((struct log_field){.key = (key_), .kind = LOG_FIELD_TEXT, .text = text_of(cstr)})
#define LOG_T(key_, text_) ((struct log_field){.key = (key_), .kind = LOG_FIELD_TEXT, .text = (text_)})
#define LOG_I(key_, int_)  ((struct log_field){.key = (key_), .kind = LOG_FIELD_INT, .integer = (int64_t)(int_)})
#define LOG_D(key_, num_)  ((struct log_field){.key = (key_), .kind = LOG_FIELD_DOUBLE, .number = (num_)})

/* log_info(log, "worker started", LOG_S("plugin", name), LOG_I("pid", pid)); `log` may be NULL: nothing is written. */
#define log_debug(log, ...) log_at((log), LOG_DEBUG, __VA_ARGS__)
#define log_info(log, ...)  log_at((log), LOG_INFO, __VA_ARGS__)
#define log_warn(log, ...)  log_at((log), LOG_WARN, __VA_ARGS__)
#define log_error(log, ...) log_at((log), LOG_ERROR, __VA_ARGS__)
#define log_at(log, level, msg, ...)                                                                                   \
    log_write((log), (level), (msg),                                                                                   \
              (const struct log_field[]){{.kind = LOG_FIELD_START}, ##__VA_ARGS__, {.kind = LOG_FIELD_END}} + 1)

/* `fields` up to LOG_FIELD_END. */
void log_write(const struct log *log, enum log_level level, const char *msg, const struct log_field *fields);

#endif
