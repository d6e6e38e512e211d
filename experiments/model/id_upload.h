/* Ids as people upload them: one a line, the first column of CSV, or NDJSON. Knows nothing of HTTP and of segments. */
#ifndef PARLEY_EXPERIMENTS_MODEL_ID_UPLOAD_H
#define PARLEY_EXPERIMENTS_MODEL_ID_UPLOAD_H

#include "core/base/error.h"
#include "experiments/decide/id_list.h"

enum id_format {
    ID_LINES,      /* text/plain: one a line */
    ID_CSV,        /* text/csv (RFC 4180): the first column */
    ID_CSV_HEADER, /* the same, below a line of names */
    ID_NDJSON      /* a string or a number a line, or an object with "id" */
};
enum { ID_LONGEST = 1024 };

/* Blanks around an id, and lines without one, are passed over; an id's own bytes are taken as they are. ERR_INVALID names the first
 * line that is wrong, and nothing is taken then. *list: one reference, the caller's. Any thread. */
int id_upload_read(struct text body, enum id_format format, struct id_list **list, struct error *error);

#endif
