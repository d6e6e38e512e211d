#include "api/request.h"

#include <assert.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/away.h"
#include "api/server_internal.h"
#include "core/base/json_write.h"

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool percent_decode(struct text raw, bool plus_is_blank, struct arena *arena, struct text *out) {
    char *at = arena_alloc(arena, raw.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.at[i];
        if (c == '%') {
            if (raw.n - i < 3) return false;
            int a = hex(raw.at[i + 1]), b = hex(raw.at[i + 2]);
            if (a < 0 || b < 0) return false;
            c = (char)(a * 16 + b);
            i += 2;
        } else if (c == '+' && plus_is_blank)
            c = ' ';
        if (!c) return false;
        at[n++] = c;
    }
    *out = text_n(at, n);
    return text_utf8_valid(*out);
}

/* As it came, percent signs and all. */
static struct text raw_param(const struct request *request, const char *name) {
    size_t wanted = strlen(name);
    const char *at = strchr(request->route->template, '{');
    for (int index = 0; at; index++, at = strchr(at + 1, '{'))
        if (strncmp(at + 1, name, wanted) == 0 && (at[wanted + 1] == '}' || at[wanted + 1] == '.'))
            return request->params[index];
    assert(!"the route's template has no such parameter");
    return TEXT_NONE;
}

struct text request_param(struct request *request, const char *name) {
    struct text out = TEXT("");
    percent_decode(raw_param(request, name), false, &request->arena, &out);
    return out;
}

struct text request_tail(struct request *request, const char *name) {
    struct text rest = raw_param(request, name), segment, decoded;
    char *out = arena_alloc(&request->arena, 3 * rest.n + 1);
    size_t n = 0;
    for (bool more = true; more;) {
        more = text_cut(rest, '/', &segment, &rest);
        if (!percent_decode(segment, false, &request->arena, &decoded)) return TEXT("");
        for (size_t i = 0; i < decoded.n; i++) {
            const char *escaped = decoded.at[i] == '/' ? "%2F" : decoded.at[i] == '%' ? "%25" : NULL;
            if (escaped)
                memcpy(out + n, escaped, 3);
            else
                out[n] = decoded.at[i];
            n += escaped ? 3 : 1;
        }
        if (more) out[n++] = '/';
    }
    return text_n(out, n);
}

struct text request_query(struct request *request, const char *name) {
    struct text rest = request->query, pair, key, value;
    while (rest.n) {
        text_cut(rest, '&', &pair, &rest);
        bool has_value = text_cut(pair, '=', &key, &value);
        struct text decoded = TEXT("");
        if (!percent_decode(key, true, &request->arena, &decoded) || !text_is(decoded, name)) continue;
        if (has_value && !percent_decode(value, true, &request->arena, &decoded)) return TEXT("");
        return has_value ? decoded : TEXT("");
    }
    return TEXT_NONE;
}

bool request_query_int(struct request *request, const char *name, int64_t least, int64_t most, int64_t otherwise,
                       int64_t *out) {
    struct text value = request_query(request, name);
    *out = otherwise;
    if (!value.at) return true;
    if (text_to_int(value, out) && *out >= least && *out <= most) return true;
    reply_problem(request, ERR_INVALID, "?%s=%.*s: it must be a whole number from %lld to %lld", name, TEXT_ARGS(value),
                  (long long)least, (long long)most);
    return false;
}

struct header_visit {
    struct text prefix;
    void (*visit)(void *visitor, struct text name, struct text value);
    void *visitor;
};

static enum MHD_Result visit_header(void *cls, enum MHD_ValueKind kind, const char *key, const char *value) {
    const struct header_visit *v = cls;
    struct text name = text_of(key);
    if (name.n > v->prefix.n && text_eq_nocase(text_n(name.at, v->prefix.n), v->prefix))
        v->visit(v->visitor, name, text_of(value));
    return MHD_YES;
}

void request_headers_of(struct request *request, struct text prefix,
                        void (*visit)(void *visitor, struct text name, struct text value), void *visitor) {
    struct header_visit v = {prefix, visit, visitor};
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, visit_header, &v);
}

struct text request_header(struct request *request, const char *name) {
    const char *value = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
    return value ? text_of(value) : TEXT_NONE;
}

struct text request_cookie(struct request *request, const char *name) {
    struct text rest = request->headers.cookie, pair, key, value;
    while (rest.n) {
        text_cut(rest, ';', &pair, &rest);
        while (pair.n && pair.at[0] == ' ') pair = text_n(pair.at + 1, pair.n - 1);
        if (text_cut(pair, '=', &key, &value) && text_is(key, name)) return value;
    }
    return TEXT_NONE;
}

void request_enter(struct request *request) {
    server_enter(request->server);
}
void request_leave(struct request *request) {
    server_leave(request->server);
}

void reply_header(struct request *request, const char *name, const char *value) {
    struct reply_header *header = arena_new(&request->arena, struct reply_header);
    *header = (struct reply_header){name, value, request->reply_headers};
    request->reply_headers = header;
}

static void answer(struct request *request, int status, const char *content_type, struct MHD_Response *response) {
    assert(response);
    if (content_type) MHD_add_response_header(response, "Content-Type", content_type);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    request->status = status;
    request->response = response;
    server_answered(request);
}

void reply(struct request *request, int status, const char *content_type, struct text body) {
    void *bytes = (void *)(uintptr_t)(body.at ? body.at : "");
    answer(request, status, content_type, MHD_create_response_from_buffer(body.n, bytes, MHD_RESPMEM_PERSISTENT));
}

void reply_buffer(struct request *request, int status, const char *content_type, struct buffer *body) {
    size_t n = 0;
    char *bytes = buffer_take(body, &n);
    answer(request, status, content_type, MHD_create_response_from_buffer(n, bytes, MHD_RESPMEM_MUST_FREE));
}

static ssize_t read_source(void *cls, uint64_t position, char *out, size_t room) {
    struct request *request = cls;
    ssize_t n = request->source.read(request->source.user, out, room);
    if (n < 0) return MHD_CONTENT_READER_END_OF_STREAM;
    if (n == 0) MHD_suspend_connection(request->connection);
    return n;
}

void reply_stream(struct request *request, int status, const char *content_type, struct reply_source source) {
    enum { BLOCK = 1024 };
    request->source = source;
    if (request->away) away_carry(request);
    answer(request, status, content_type,
           MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_source, request, NULL));
}

void reply_wake(struct request *request) {
    if (request->away)
        away_wake(request);
    else
        server_wake(request);
}

void reply_empty(struct request *request, int status) {
    reply(request, status, NULL, TEXT(""));
}

static bool has_header(const struct request *request, const char *name) {
    for (const struct reply_header *h = request->reply_headers; h; h = h->next)
        if (strcmp(h->name, name) == 0) return true;
    return false;
}

/* "NOT_FOUND" as "not-found". */
static struct text problem_type(struct request *request, const char *name) {
    char *type = arena_cstr(&request->arena, text_of(name));
    for (char *c = type; *c; c++) *c = *c == '_' ? '-' : *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    return text_of(type);
}

static void write_problem(struct json_writer *w, struct text type, const char *title, int status, const char *detail) {
    char urn[96];
    snprintf(urn, sizeof urn, "urn:parley:problem:%.*s", TEXT_ARGS(type));
    json_put_text(w, "type", text_of(urn));
    json_put_text(w, "title", text_of(title));
    json_put_int(w, "status", status);
    json_put_text(w, "detail", text_of(detail));
}

#define OFREP_PATH "/ofrep/v1/evaluate/"

static const char *ofrep_code(const struct error *error) {
    return error->code == ERR_INVALID ? "PARSE_ERROR" : error->code == ERR_NOT_FOUND ? "FLAG_NOT_FOUND" : "GENERAL";
}

/* A path of the protocol's that no route has, or not by that method, is answered as the protocol says too. */
static bool is_ofrep(const struct request *request) {
    if (request->route) return request->route->flags & ROUTE_OFREP;
    return text_starts(request->path, TEXT(OFREP_PATH));
}

void reply_error(struct request *request, const struct error *error) {
    struct buffer out = {0};
    struct json_writer w;
    int status = error_status(error->code);
    if (status == 503 && !has_header(request, "Retry-After")) reply_header(request, "Retry-After", "1");
    if (is_ofrep(request)) {
        reply_ofrep_error(request, status, ofrep_code(error), error->detail);
        return;
    }
    json_writer_init(&w, &out);
    json_open_object(&w);
    write_problem(&w, problem_type(request, error_name(error->code)), error_title(error->code), status, error->detail);
    if (error->name) {
        json_key(&w, text_of(error->name));
        json_int(&w, error->number);
    }
    if (error->places) {
        json_key(&w, TEXT("errors"));
        json_open_array(&w);
        for (int i = 0; i < error->places; i++) {
            json_open_object(&w);
            json_put_text(&w, "pointer", text_of(error->at[i].pointer));
            json_put_text(&w, "detail", text_of(error->at[i].detail));
            json_close_object(&w);
        }
        json_close_array(&w);
    }
    json_close_object(&w);
    reply_buffer(request, status, "application/problem+json", &out);
}

void reply_problem_named(struct request *request, int status, const char *type, const char *detail) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    write_problem(&w, text_of(type), type, status, detail);
    json_close_object(&w);
    reply_buffer(request, status, "application/problem+json", &out);
}

/* The flag that was asked for; "" where it was all of them. */
static struct text ofrep_key(struct request *request) {
    struct text prefix = TEXT(OFREP_PATH "flags/");
    if (request->route) return strstr(request->route->template, "{key}") ? request_param(request, "key") : TEXT("");
    if (!text_starts(request->path, prefix)) return TEXT("");
    return text_n(request->path.at + prefix.n, request->path.n - prefix.n);
}

void reply_ofrep_error(struct request *request, int status, const char *code, const char *detail) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_text(&w, "key", ofrep_key(request));
    json_put_text(&w, "errorCode", text_of(code));
    json_put_text(&w, "errorDetails", text_of(detail));
    json_close_object(&w);
    reply_json(request, status, &out);
}

void reply_problem(struct request *request, int code, const char *format, ...) {
    struct error error = {0};
    va_list args;
    va_start(args, format);
    error_setv(&error, code, format, args);
    va_end(args);
    reply_error(request, &error);
}
