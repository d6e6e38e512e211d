/* In which group of a result a unit is: all in one, by the value of a break-down attribute, or by the day on which they entered. */
#ifndef PARLEY_EXPERIMENTS_MEASURE_GROUPS_H
#define PARLEY_EXPERIMENTS_MEASURE_GROUPS_H

#include "experiments/measure/cells.h"

struct grouping {
    int by;                  /* as in cells_read() */
    uint32_t *group_of_word; /* of a break-down: word -> group; the results' arena */
    int64_t first_day;       /* since 1970 */
};

/* Makes the results' groups, empty but for their names. */
void groups_of(struct measure_results *results, const struct measured *m, int by, struct grouping *grouping);
uint32_t group_of(const struct grouping *grouping, const struct measure_results *results, const struct measured *m,
                  const struct unit_row *row);

#endif
