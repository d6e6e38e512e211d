/* Rows of a CSV file (RFC 4180), read as a stream, through gzip where the file is one. Knows nothing of what the
 * columns mean. Lines may end in LF or CRLF; a quote inside an unquoted field is a quote, as in HEART 6" TALL;
 * empty lines are passed over; a byte order mark at the beginning too. */
#ifndef PARLEY_PROGRAMS_PARLEY_CSV_H
#define PARLEY_PROGRAMS_PARLEY_CSV_H

#include "core/base/error.h"
#include "core/base/text.h"

enum { CSV_ROW_BYTES = 1 << 20, CSV_FIELDS = 1024 };

struct csv;

struct csv_row {
    const struct text *fields; /* borrowed until the next row is read */
    size_t n;
    long line;         /* where it begins, from 1 */
    const char *fault; /* why it is not a row of RFC 4180; NULL where it is one */
};

/* `path` "-" is standard input. ERR_NOT_FOUND, ERR_IO. */
int csv_open(struct csv **csv, const char *path, struct error *error);
void csv_close(struct csv *csv); /* NULL is fine */
/* 1 with a row, 0 at the end, ERR_IO (a damaged gzip file too) or ERR_INVALID where nothing after it can be read: a
 * quoted field that never ends, a row longer than CSV_ROW_BYTES. */
int csv_next(struct csv *csv, struct csv_row *row, struct error *error);
/* Share of the file that was read, 0 to 1; negative where its size is not known. */
double csv_share(const struct csv *csv);

#endif
