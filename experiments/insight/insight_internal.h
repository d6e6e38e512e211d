/* What the files of insight share. All of it is the lane's. */
#ifndef PARLEY_EXPERIMENTS_INSIGHT_INSIGHT_INTERNAL_H
#define PARLEY_EXPERIMENTS_INSIGHT_INSIGHT_INTERNAL_H

#include "core/base/arena.h"
#include "core/base/unit_map.h"
#include "core/journal/reader.h"
#include "core/store/sql.h"
#include "experiments/insight/insight.h"
#include "experiments/stats/lifetime.h"

/* The last fit, and what it was made from. */
struct insight_fit {
    bool has_purchases, has_values;
    struct lifetime_purchases purchases;
    struct lifetime_values values;
    int64_t day;
    size_t customers;
};

/* What the page of the journal under way says of visits; nothing between pages. */
enum { VISIT_RETURNS = 3 };
struct visits {
    struct unit_map by_key, by_person; /* -> of + 1 */
    struct visitor {
        int64_t person, first_day, last_day, last; /* last: ms, of what she did */
        bool came, known;                          /* came: there is something to save */
    } * of;
    size_t n, room;
    struct visit_day {
        int64_t day, visitors, fresh, visits, dwell /* ms */, back[VISIT_RETURNS];
    } * days; /* what is to be added to each */
    size_t days_n;
};

/* Cohorts as they were last counted. */
struct insight_counted {
    struct cohorts *cohorts; /* cohorts.c */
    int64_t position;        /* the journal's row that they include */
    uint64_t at, took;       /* ticks */
};

struct insight {
    struct lane *lane;
    struct sql *sql;
    struct journal_reader *reader;
    struct unit_map items; /* of their names' hashes -> id */
    int64_t items_n;
    struct arena arena; /* a record's scan */
    struct lane_job giving_way;
    struct lane_job reading; /* at most one is queued */
    _Atomic bool reading_queued;
    _Atomic bool closing;
    int64_t newest_row;     /* the journal's, when this was told last; the ticking thread's */
    _Atomic bool gives_way; /* events keep coming */
    bool warned;
    bool complete;            /* a question is answered with all that the journal has */
    _Atomic int64_t position; /* the journal's row that is included */
    struct insight_fit fit;
    struct visits visits;
    struct insight_counted counted[INSIGHT_PERIODS];
    int64_t newest; /* day of the newest event; INT64_MIN: none */
    int64_t pruned; /* the `newest` for which old days were dropped */
    const struct clock *clock;
    const struct log *log;
    struct telemetry *own_telemetry;
    struct counter *position_gauge, *items_dropped;
};

/* Takes in one record, within the transaction. 0 or a negative code. */
int insight_gather(struct insight *insight, const struct journal_record *record, struct error *error);
/* 1 where somebody known has the key, 0 where not, or a negative code; *leader is whose it is, the key itself where nobody's. */
int insight_leader(struct insight *insight, int64_t unit, int64_t *leader, struct error *error);
/* The key is a customer's own, if it is nobody's. */
int insight_know(struct insight *insight, int64_t unit, struct error *error);
/* An identify or alias, with or without another key; two people after all. */
int insight_join(struct insight *insight, const struct journal_record *record, struct error *error);
int insight_part(struct insight *insight, const struct journal_record *record, struct error *error);
int insight_forget_person(struct insight *insight, struct text key, struct error *error);
/* Somebody does something at `t` (ms). To be written by insight_save_visits, and dropped with the transaction or after it. */
int insight_visit(struct insight *insight, const struct journal_record *record, int64_t t, struct error *error);
/* What the key, which nobody led, was seen to do is hers who is `to`. */
int insight_move_visits(struct insight *insight, struct unit_id key, int64_t to, struct error *error);
/* Any key may have another leader than before. */
void insight_forget_leaders(struct insight *insight);
int insight_save_visits(struct insight *insight, struct error *error);
void insight_drop_visits(struct insight *insight);
/* What was counted is counted anew. */
void insight_drop_cohorts(struct insight *insight);
/* Answers on the lane. */
void insight_answer_trends(struct insight *insight, struct insight_trends *question);
void insight_answer_cohorts(struct insight *insight, struct insight_cohorts *question);
void insight_answer_lifetime(struct insight *insight, struct insight_lifetime *question);
void insight_answer_visits(struct insight *insight, struct insight_visits *question);

/* Days since 1970 of a time in ms, and back as "2011-11-30". */
static inline int64_t insight_day(int64_t ms) {
    return ms >= 0 ? ms / CLOCK_DAY : -((CLOCK_DAY - 1 - ms) / CLOCK_DAY);
}
void insight_date(char out[static CLOCK_ISO_ROOM], int64_t day);

#endif
