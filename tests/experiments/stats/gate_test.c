/* The release gate (tools/gate.c, `./dev gate`) in a few seconds: fewer streams, the same engine, wider bounds. */
#include <criterion/criterion.h>

#include "tools/simulation.h"

enum { STREAMS = 4000, RUNS = 4000 };

Test(gate, looking_fifty_times_breaks_the_naive_test_and_not_the_confidence_sequence) {
    const struct stream_rates r = simulate_streams((struct stream_plan){STREAMS, 50, 30, 20261122});
    /* Four standard errors of 4,000 runs around what the full gate finds. */
    cr_expect(r.naive > .29 && r.naive < .35, "naive %g", r.naive);
    cr_expect(r.last > .037 && r.last < .063, "last %g", r.last);
    cr_expect(r.sequence > .005 && r.sequence < .025, "sequence %g", r.sequence);
    cr_expect(r.beyond > .01 && r.beyond < .031, "sequence, five times as long %g", r.beyond);
    cr_expect(r.guardrail > 0 && r.guardrail < .05, "guardrail %g", r.guardrail);
    cr_expect_float_eq(r.half_widths, 3.0352, 1e-4);
}

Test(gate, fixed_intervals_cover_95_of_100) {
    for (int kind = 0; kind < COVER_KINDS; kind++) {
        const double covers = simulate_coverage((enum coverage_kind)kind, RUNS, 20261122 + 1 + (uint64_t)kind);
        /* 94 to 96 %, and three standard errors of 4,000 runs. */
        cr_expect(covers > .93 && covers < .97, "%s: %g", coverage_name((enum coverage_kind)kind), covers);
    }
}
