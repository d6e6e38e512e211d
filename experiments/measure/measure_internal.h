/* What measure.c (following the journal, checkpoints) and measure_jobs.c (what others ask) share. On the measure thread, but for
 * what measure.h says. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_MEASURE_INTERNAL_H
#define PARLEY_EXPERIMENTS_MEASURE_MEASURE_INTERNAL_H

#include "core/base/aside.h"
#include "experiments/measure/checkpoint.h"
#include "experiments/measure/measure.h"
#include "experiments/measure/recent.h"

enum { READ_ROWS = 20000 /* of the journal in one job, so that blocks and questions come between */ };

struct measure {
    struct lane *lane;
    struct fold fold;
    struct recent recent;
    struct journal_reader *reader;
    const struct clock *clock;
    const struct log *log;
    char checkpoint[4096];
    int64_t checkpoint_ms;
    uint64_t written;   /* ticks: when the last checkpoint was begun */
    struct aside aside; /* the disk's part of it */
    struct saving {
        struct checkpoint_draft draft;
        bool under_way;
        int rc;
        struct error error;
    } saving;
    int64_t target;          /* seq: what is up to it comes from the files, not in blocks */
    struct lane_job reading; /* reads the files; at most one is queued */
    bool is_reading, warned;
    _Atomic bool closing;
    _Atomic int64_t shown_position, shown_target;
    _Atomic bool recovered;
    struct telemetry *own_telemetry;
    struct counter *position_gauge, *refolds_gauge, *bytes_gauge, *checkpoints;
    struct histogram *checkpoint_time;
};

bool measure_all_live(const struct fold *fold);
/* Sees to it that the files are read on. */
void measure_keep_reading(struct measure *m);
/* What cannot be read now is tried again at the next tick; nothing is lost by it. */
void measure_complain(struct measure *m, int code);
/* Durable when it returns. */
int measure_checkpoint(struct measure *m, struct error *error);
/* Durable soon: figures go on while the disk is busy with it. */
void measure_checkpoint_if_due(struct measure *m);
/* Tells the gauges how far it is. */
void measure_show(struct measure *m);

#endif
