/* How a report is drawn: headings, paragraphs, tables and pictures, in one of two formats. A "sentence" is Parley's own and may have
 * keys in backticks; all other text is taken literally. Either is escaped. */
#ifndef PARLEY_EXPERIMENTS_JUDGE_REPORT_PEN_H
#define PARLEY_EXPERIMENTS_JUDGE_REPORT_PEN_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/buffer.h"

struct pen;
struct pen_column {
    const char *name;
    bool number; /* to the right */
};

struct pen_kind {
    void (*begin)(struct pen *pen, struct text title);
    void (*end)(struct pen *pen);
    void (*heading)(struct pen *pen, int level, struct text text); /* level 2 or 3 */
    void (*sentence)(struct pen *pen, struct text sentence);
    void (*callout)(struct pen *pen, const char *tone, struct text sentence); /* tone: "calm", "good", "harm" */
    void (*text)(struct pen *pen, struct text text);
    /* `cells` row by row; the first of a row is its heading. */
    void (*table)(struct pen *pen, const char *caption, const struct pen_column *columns, size_t n_columns,
                  const struct text *cells, size_t rows);
    void (*picture)(struct pen *pen,
                    struct text svg); /* complete and escaped; a format without pictures leaves it out */
};

struct pen {
    const struct pen_kind *kind;
    struct buffer *out;
};

extern const struct pen_kind pen_html, pen_markdown;

#endif
