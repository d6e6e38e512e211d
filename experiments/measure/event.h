/* One record under fold: its body, scanned at most once and only when somebody asks. One thread at a time. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_EVENT_H
#define PARLEY_EXPERIMENTS_MEASURE_EVENT_H

#include "core/base/json.h"
#include "core/journal/record.h"
#include "experiments/measure/plan.h"

struct event {
    const struct journal_record *record;
    struct arena *arena; /* takes the scan; the event is good until it is reset */
    bool scanned;
    struct json json;
};

/* A member of `properties` as text: a string, or a number as it was written; TEXT_NONE for anything else. */
struct text event_property(struct event *event, struct text name);
/* A number in `properties`, in millionths; false where it is none or too large. */
bool event_micros(struct event *event, struct text name, int64_t *out);
bool event_where(struct event *event, const struct condition *where, const struct map *segments);
/* The text of the unit that the record belongs to in an experiment; TEXT_NONE where it belongs to none. */
struct text event_unit(struct event *event, const struct plan_experiment *experiment);

/* What an exposure says, whichever way it came. */
struct event_exposure {
    bool viewed;                             /* `Experiment Viewed`, not an evaluation's */
    enum journal_cause cause;                /* of an evaluation's */
    struct text experiment, experiment_name; /* key, and for a viewed one what may be one */
    struct text variant, variant_name;       /* likewise */
    struct text salt;                        /* of an evaluation's; TEXT_NONE: not said */
    int64_t epoch;                           /* of an evaluation's; -1: not said */
};
/* False where the record is no exposure. */
bool event_exposure(struct event *event, struct event_exposure *out);
/* An attribute of the unit at an exposure, as text; TEXT_NONE where there is none. */
struct text event_attribute(struct event *event, struct text name);

#endif
