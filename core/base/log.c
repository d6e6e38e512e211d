#include "core/base/log.h"

#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/json_write.h"

static const char *const names[] = {"debug", "info", "warn", "error"};

static bool plain(struct text t) {
    if (!t.n) return false;
    for (size_t i = 0; i < t.n; i++)
        if (t.at[i] <= ' ' || t.at[i] == '"' || t.at[i] == '=' || t.at[i] == '\\' || (unsigned char)t.at[i] >= 0x7F)
            return false;
    return true;
}

static void logfmt_value(struct buffer *out, struct text value) {
    if (plain(value))
        buffer_text(out, value);
    else
        json_escape(out, value);
}

static void write_logfmt(struct buffer *out, struct text time, const char *level, const char *program, const char *msg,
                         const struct log_field *field) {
    buffer_printf(out, "time=%.*s level=%s program=%s msg=", TEXT_ARGS(time), level, program ? program : "parley");
    logfmt_value(out, text_of(msg));
    for (; field->kind != LOG_FIELD_END; field++) {
        buffer_printf(out, " %s=", field->key);
        if (field->kind == LOG_FIELD_TEXT)
            logfmt_value(out, field->text);
        else if (field->kind == LOG_FIELD_INT)
            buffer_printf(out, "%lld", (long long)field->integer);
        else
            buffer_printf(out, "%.6g", field->number);
    }
}

static void write_json(struct buffer *out, struct text time, const char *level, const char *program, const char *msg,
                       const struct log_field *field) {
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w);
    json_put_text(&w, "time", time);
    json_put_text(&w, "level", text_of(level));
    json_put_text(&w, "program", text_of(program ? program : "parley"));
    json_put_text(&w, "msg", text_of(msg));
    for (; field->kind != LOG_FIELD_END; field++) {
        json_key(&w, text_of(field->key));
        if (field->kind == LOG_FIELD_TEXT)
            json_text(&w, field->text);
        else if (field->kind == LOG_FIELD_INT)
            json_int(&w, field->integer);
        else
            json_double(&w, field->number);
    }
    json_close_object(&w);
}

void log_write(const struct log *log, enum log_level level, const char *msg, const struct log_field *fields) {
    if (!log || level < log->least) return;
    char iso[CLOCK_ISO_ROOM];
    struct text time = text_n(iso, clock_iso(iso, clock_now(&clock_system)));
    struct buffer out = {0};
    (log->format == LOG_JSON ? write_json : write_logfmt)(&out, time, names[level], log->program, msg, fields);
    buffer_byte(&out, '\n');
    ssize_t written = write(log->fd, out.at, out.n);
    (void)written; /* a log that cannot be written has nowhere to say so */
    buffer_free(&out);
}
