/* A metric: how a unit's events become a number, as contract.md defines it. From JSON to a validated struct. Knows nothing
 * of how it is measured. */
#ifndef PARLEY_EXPERIMENTS_MODEL_METRIC_H
#define PARLEY_EXPERIMENTS_MODEL_METRIC_H

#include "experiments/decide/condition.h"

enum metric_kind {
    METRIC_CONVERSION,
    METRIC_COUNT,
    METRIC_MEAN,
    METRIC_RATIO,
    METRIC_RETENTION,
    METRIC_QUANTILE,
    METRIC_FUNNEL
};
enum metric_better { METRIC_HIGHER, METRIC_LOWER };
extern const char *const metric_kinds[], *const metric_betters[]; /* NULL-terminated */

enum { METRIC_MAX_STEPS = 16, METRIC_NO_WINDOW = -1 };

/* One stream of events: which, and what is taken of each. */
struct metric_source {
    struct text event;             /* "*": any event by the shopper */
    struct text value;             /* a number in `properties`; TEXT_NONE: each event counts 1 */
    const struct condition *where; /* over the event; NULL: all */
};

struct metric {
    struct text key, name, owner;
    enum metric_kind kind;
    enum metric_better better;
    struct metric_source source;      /* the numerator of a ratio; unused by a funnel but for `where` */
    struct metric_source denominator; /* of a ratio */
    struct text *steps;               /* event names of a funnel */
    uint32_t n_steps;
    int64_t window;    /* ms from t0, or METRIC_NO_WINDOW: until the experiment ends */
    int64_t from, to;  /* of a retention: ms from t0 */
    uint32_t at_least; /* of a conversion: events needed; 1 by default */
    double cap;        /* percentile in (0,1); 0: none */
    double quantile;   /* in (0,1) */
    bool net;          /* refunds subtract */
};

/* As feature_parse. */
int metric_parse(struct metric *metric, const json_t *body, struct text url_key, struct arena *arena,
                 struct error *error);
json_t *metric_canonical(const struct metric *metric, const json_t *body);

#endif
