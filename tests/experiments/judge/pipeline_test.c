/* The release gate on real people (tools/gate.c, `./dev gate`) with fewer trials: the same pipeline, wider bounds. */
#include "tools/pipeline.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TRIALS = 200 };

Test(pipeline, aa_trials_on_a_shops_customers_find_nothing_more_often_than_they_may, .timeout = 280) {
    const char *shared = getenv("PARLEY_SHARED");
    char csv[1024];
    struct pipeline_found found;
    struct error error = {0};
    snprintf(csv, sizeof csv, "%s/data/online_retail.csv.gz", shared ? shared : "../shared");
    if (access(csv, R_OK) != 0) cr_skip_test("the Online Retail data is not there (PARLEY_SHARED)");
    cr_assert_eq(pipeline_run(csv, TRIALS, 20261122, &found, &error), 0, "%s", error.detail);
    cr_expect_gt(found.units, 4000);
    for (int i = 0; i < PIPELINE_METRICS; i++) {
        const struct pipeline_metric *m = &found.metrics[i];
        /* 5 % and three standard errors of 200 trials; the sequence is allowed 5 % in all. */
        cr_expect(m->ks > 0.01, "%s: KS p %g", m->name, m->ks);
        cr_expect(m->rejects < 0.05 + 0.047, "%s: rejects %g", m->name, m->rejects);
        cr_expect(m->ever <= 0.05, "%s: sequence %g", m->name, m->ever);
        cr_expect_gt(m->naive, 0.1, "%s: looking naively shows nothing here", m->name);
    }
    cr_expect_lt(found.split_alarms, 0.02);
}

Test(pipeline, the_kolmogorov_smirnov_test_tells_uniform_from_not) {
    double even[100], low[100];
    for (int i = 0; i < 100; i++) even[i] = (i + 0.5) / 100, low[i] = (i + 0.5) / 100 * 0.8;
    cr_expect_gt(pipeline_ks(even, 100), 0.999);
    cr_expect_lt(pipeline_ks(low, 100), 0.001);
}
