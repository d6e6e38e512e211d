/* What the pictures of a report are drawn with: scales, axes, legends, and a frame with a title and a description in words. */
#ifndef PARLEY_EXPERIMENTS_JUDGE_REPORT_CANVAS_H
#define PARLEY_EXPERIMENTS_JUDGE_REPORT_CANVAS_H

#include "core/base/arena.h"
#include "core/base/buffer.h"

enum {
    CANVAS_WIDTH = 760,
    CANVAS_HEIGHT = 240, /* of a picture over time; its axis is at the bottom */
    CANVAS_LEFT = 150,
    CANVAS_RIGHT = CANVAS_WIDTH - 30,
    CANVAS_TOP = 30,
    CANVAS_FOOT = 46, /* below the axis: its words */
    CANVAS_CURVES = 4 /* kinds of lines that are told apart; a fifth looks as the first */
};

/* A span of values laid over a span of pixels. */
struct canvas_scale {
    double low, high, from, to;
};
double canvas_at(const struct canvas_scale *scale, double value);
/* 1, 2 or 5 times a power of ten, so that about `ticks` fit. */
double canvas_step(const struct canvas_scale *scale, int ticks);

void canvas_open(struct buffer *out, int height, struct text title, struct text description);
/* The picture, in `arena`; frees the buffer. */
struct text canvas_close(struct buffer *out, struct arena *arena);

/* Lines across, a step apart, with what they are worth beside them. */
enum canvas_unit { CANVAS_COUNT, CANVAS_SHARE /* in per cent */ };
void canvas_rows(struct buffer *out, const struct canvas_scale *y, double step, enum canvas_unit unit);
/* What the first and the last place along the bottom are. */
void canvas_ends(struct buffer *out, const struct canvas_scale *x, struct text first, struct text last);
/* A name at the left, in that row, with its kind of line. */
void canvas_legend(struct buffer *out, uint32_t row, uint32_t kind, struct text name);

#endif
