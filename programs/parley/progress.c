#include "programs/parley/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "programs/parley/millionths.h"

static const uint64_t REDRAW_NS = 100000000, LINE_NS = 2000000000; /* on a terminal, elsewhere */

void progress_start(struct progress *progress, const char *what, const char *unit, size_t total) {
    uint64_t now = clock_ticks();
    *progress = (struct progress){what, unit, total, now, now, isatty(STDERR_FILENO) == 1};
}

static void print_count(FILE *out, size_t n) {
    struct arena arena;
    char number[24];
    int length = snprintf(number, sizeof number, "%zu", n);
    arena_init(&arena, 256);
    fprintf(out, "%.*s", TEXT_ARGS(number_grouped(&arena, text_n(number, (size_t)length))));
    arena_free(&arena);
}

static void line(struct progress *progress, size_t done, double share, double seconds) {
    if (progress->terminal) fputs("\r\033[K", stderr);
    fprintf(stderr, "%s: ", progress->what);
    print_count(stderr, done);
    if (progress->total) {
        fputs(" of ", stderr);
        print_count(stderr, progress->total);
    }
    fprintf(stderr, " %s", progress->unit);
    if (share >= 0) fprintf(stderr, ", %.0f %%", share * 100);
    if (seconds > 0.05) {
        fputs(", ", stderr);
        print_count(stderr, (size_t)((double)done / seconds));
        fputs(" a second", stderr);
    }
}

void progress_at(struct progress *progress, size_t done, double share) {
    uint64_t now = clock_ticks();
    if (now - progress->shown < (progress->terminal ? REDRAW_NS : LINE_NS)) return;
    double seconds = (double)(now - progress->started) / 1e9;
    if (progress->total) share = (double)done / (double)progress->total;
    line(progress, done, share, seconds);
    if (share > 0.01) {
        int left = (int)(seconds * (1 - share) / share + 0.5);
        fprintf(stderr, ", %d:%02d left", left / 60, left % 60);
    }
    if (!progress->terminal) fputc('\n', stderr);
    progress->shown = now;
    fflush(stderr);
}

void progress_end(struct progress *progress, size_t done) {
    double seconds = (double)(clock_ticks() - progress->started) / 1e9;
    line(progress, done, -1, seconds);
    fprintf(stderr, ", %.1f s\n", seconds);
}

void progress_notice(const char *format, ...) {
    va_list args;
    if (isatty(STDERR_FILENO)) fputs("\r\033[K", stderr);
    fputs("parley: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static const uint64_t SILENT_NS = 1000000000, SECOND_NS = 1000000000, FIVE_NS = 5000000000;

void patience_start(struct patience *patience, const char *what) {
    *patience = (struct patience){.what = what, .started = clock_ticks(), .terminal = isatty(STDERR_FILENO) == 1};
}

void patience_look(struct patience *patience) {
    uint64_t now = clock_ticks();
    if (!patience->what || now - patience->started < SILENT_NS) return;
    if (patience->shown && now - patience->shown < (patience->terminal ? SECOND_NS : FIVE_NS)) return;
    fprintf(stderr, "%s%s, %.0f s%s", patience->terminal ? "\r\033[K" : "", patience->what,
            (double)(now - patience->started) / 1e9, patience->terminal ? "" : "\n");
    fflush(stderr);
    patience->shown = now;
}

void patience_end(struct patience *patience) {
    if (patience->shown && patience->terminal) fputs("\r\033[K", stderr);
}
