/* The pictures of a report, as SVG with a title and a description in words. */
#ifndef PARLEY_EXPERIMENTS_JUDGE_REPORT_PICTURES_H
#define PARLEY_EXPERIMENTS_JUDGE_REPORT_PICTURES_H

#include "experiments/judge/judgement.h"

/* The relative effect on a metric with its interval, a row for each treatment, beside the band that does not matter. Empty where no
 * arm has a finite interval. */
struct text picture_intervals(const struct judgement *judgement, const struct judged_metric *metric,
                              struct arena *arena);
/* Units by the end of each day, a curve for each variant; of results by day, not added up. Empty where there are fewer than 2 days. */
struct text picture_exposure(const struct measure_results *days, struct arena *arena);

/* How the relative effect went over the places along the bottom: days, or weeks. */
struct picture_course {
    struct text title;
    const struct text *names; /* of the places: plain words without markup */
    uint32_t n, n_lines;
    struct picture_line {
        uint32_t arm; /* the kind of its line, as in other pictures */
        struct text name;
        struct picture_place {
            double estimate, low, high; /* NaN: none */
        } * places;
    } * lines;
};
/* A line for each treatment, with its interval at each place. Empty where there are fewer than 2 places, or no interval at all. */
struct text picture_course(const struct picture_course *course, struct arena *arena);

#endif
