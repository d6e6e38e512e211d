#include "programs/parley/csv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/base/buffer.h"
#include "core/base/memory.h"

enum { CHUNK = 128 * 1024, NO_MORE = -1 };

struct csv {
    gzFile file;
    long long size; /* bytes of the file as it lies there; 0: not known */
    long line;
    char chunk[CHUNK];
    int at, n;         /* in the chunk */
    bool failed;       /* reading failed; the file's own error says why */
    struct buffer row; /* the bytes of all fields, unquoted */
    size_t ends[CSV_FIELDS];
    struct text fields[CSV_FIELDS];
    size_t fields_n;
    const char *fault;
};

int csv_open(struct csv **csv, const char *path, struct error *error) {
    struct stat about;
    bool standard = !strcmp(path, "-");
    gzFile file = standard ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path, "rb");
    if (!file)
        return error_set(error, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s cannot be read: %s", path,
                         strerror(errno));
    gzbuffer(file, CHUNK);
    *csv = memory_new(struct csv);
    (*csv)->file = file;
    (*csv)->line = 1;
    if (!standard && stat(path, &about) == 0) (*csv)->size = about.st_size;
    return 0;
}

void csv_close(struct csv *csv) {
    if (!csv) return;
    gzclose(csv->file);
    buffer_free(&csv->row);
    free(csv);
}

double csv_share(const struct csv *csv) {
    return csv->size ? (double)gzoffset(csv->file) / (double)csv->size : -1;
}

/* ---- bytes ---- */

static bool fill(struct csv *csv) {
    int wrong = Z_OK;
    csv->at = 0;
    csv->n = gzread(csv->file, csv->chunk, CHUNK);
    if (csv->n <= 0) {
        gzerror(csv->file, &wrong); /* a gzip file that was cut off ends with Z_BUF_ERROR */
        csv->failed = csv->n < 0 || (wrong != Z_OK && wrong != Z_STREAM_END);
        csv->n = 0;
    }
    return csv->n > 0;
}

static int peek(struct csv *csv) {
    if (csv->at == csv->n && !fill(csv)) return NO_MORE;
    return (unsigned char)csv->chunk[csv->at];
}

static int take(struct csv *csv) {
    int c = peek(csv);
    if (c == NO_MORE) return c;
    csv->at++;
    if (c == '\n') csv->line++;
    return c;
}

/* ---- fields ---- */

static void end_field(struct csv *csv) {
    if (csv->fields_n < CSV_FIELDS)
        csv->ends[csv->fields_n++] = csv->row.n;
    else
        csv->fault = "it has more fields than can be read";
}

static bool ends_row(int c) {
    return c == NO_MORE || c == '\n';
}

/* LF, CRLF or the end of the file. */
static bool take_row_end(struct csv *csv) {
    int c = peek(csv);
    if (c == '\r') {
        take(csv);
        if (!ends_row(peek(csv))) {
            buffer_byte(&csv->row, '\r');
            return false;
        }
        c = peek(csv);
    }
    if (!ends_row(c)) return false;
    take(csv);
    return true;
}

static int too_long(struct csv *csv, long line, struct error *error) {
    return error_set(error, ERR_INVALID, "the row that begins on line %ld is longer than %d bytes: is a quote missing?",
                     line, CSV_ROW_BYTES);
}

/* Behind the opening quote, up to the closing one. */
static int read_quoted(struct csv *csv, struct error *error) {
    long line = csv->line;
    for (;;) {
        int c = take(csv);
        if (c == '"' && peek(csv) != '"') return 0;
        if (c == '"') take(csv);
        if (c == NO_MORE)
            return error_set(error, csv->failed ? ERR_IO : ERR_INVALID, "the quote on line %ld is never closed", line);
        if (csv->row.n >= CSV_ROW_BYTES) return too_long(csv, line, error);
        buffer_byte(&csv->row, (char)c);
    }
}

/* Fields up to the end of the row, which is taken. */
static int read_row(struct csv *csv, struct error *error) {
    long line = csv->line;
    for (;;) {
        bool quoted = peek(csv) == '"';
        if (quoted) {
            take(csv);
            int rc = read_quoted(csv, error);
            if (rc < 0) return rc;
        }
        for (;;) {
            if (take_row_end(csv)) {
                end_field(csv);
                return 0;
            }
            int c = take(csv);
            if (c == ',') break;
            if (quoted) csv->fault = "something follows a closing quote";
            if (csv->row.n >= CSV_ROW_BYTES) return too_long(csv, line, error);
            if (c != NO_MORE) buffer_byte(&csv->row, (char)c);
        }
        end_field(csv);
    }
}

static void skip_empty_lines(struct csv *csv) {
    for (;;) {
        int c = peek(csv);
        if (c == '\r' && csv->at + 1 < csv->n && csv->chunk[csv->at + 1] == '\n') take(csv);
        if (peek(csv) != '\n') return;
        take(csv);
    }
}

static void skip_byte_order_mark(struct csv *csv) {
    peek(csv);
    if (csv->n - csv->at >= 3 && !memcmp(csv->chunk + csv->at, "\xef\xbb\xbf", 3)) csv->at += 3;
}

int csv_next(struct csv *csv, struct csv_row *row, struct error *error) {
    if (csv->line == 1) skip_byte_order_mark(csv);
    skip_empty_lines(csv);
    int rc = 0, first = peek(csv);
    *row = (struct csv_row){.line = csv->line};
    if (first != NO_MORE) {
        csv->row.n = csv->fields_n = 0;
        csv->fault = NULL;
        rc = read_row(csv, error);
    }
    int ignored;
    if (csv->failed)
        return error_set(error, ERR_IO, "line %ld cannot be read: %s", csv->line, gzerror(csv->file, &ignored));
    if (rc < 0 || first == NO_MORE) return rc;
    for (size_t i = 0, from = 0; i < csv->fields_n; from = csv->ends[i++])
        csv->fields[i] = text_n(csv->row.at + from, csv->ends[i] - from);
    row->fields = csv->fields;
    row->n = csv->fields_n;
    row->fault = csv->fault;
    return 1;
}
