/* The statistics release gate, on random numbers: `./dev gate` (tools/gate-people.mjs goes on with real people). Simulates with a
 * fixed seed, prints the table that docs/statistics.md shows, and ends with status 1 where a figure is outside of its bounds. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/simulation.h"

enum { STREAMS = 20000, LOOKS = 50, PER_LOOK = 50, COVERAGE_RUNS = 20000 };
static const uint64_t default_seed = 20261122;

static bool row(const char *what, double figure, double low, double high, const char *unit, double scale) {
    const bool fine = figure >= low && figure <= high;
    printf("| %-64s | %7.3f %-1s | %.4g to %.4g | %s |\n", what, figure * scale, unit, low * scale, high * scale,
           fine ? "yes" : "NO");
    return fine;
}

int main(int argc, char **argv) {
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : default_seed;
    bool fine = true;
    printf("Seed %llu; %d A/A streams, %d looks, %d units an arm between looks; %d runs for each coverage.\n\n",
           (unsigned long long)seed, STREAMS, LOOKS, PER_LOOK, COVERAGE_RUNS);
    printf("| %-64s | found | allowed | holds |\n| --- | --- | --- | --- |\n", "what");
    const struct stream_rates r = simulate_streams((struct stream_plan){STREAMS, LOOKS, PER_LOOK, seed});
    fine &= row("A/A, Welch at the last look alone: rejects", r.last, 0.045, 0.055, "%", 100);
    fine &= row("A/A, naive: Welch at some of 50 looks", r.naive, 0.30, 0.36, "%", 100);
    fine &= row("A/A, confidence sequence at some of 50 looks, n to N*", r.sequence, 0, 0.05, "%", 100);
    fine &= row("A/A, confidence sequence at some of 50 looks, n to 5 N*", r.beyond, 0, 0.05, "%", 100);
    fine &= row("its half-width at n = N*, in se", r.half_widths, 3.034, 3.037, "", 1);
    fine &= row("guardrail with the margin as true difference: fires", r.guardrail, 0, 0.05, "%", 100);
    for (int kind = 0; kind < COVER_KINDS; kind++) {
        char what[96];
        snprintf(what, sizeof what, "95 %% interval covers: %s, n = %d", coverage_name(kind), coverage_units(kind));
        fine &= row(what, simulate_coverage(kind, COVERAGE_RUNS, seed + 1 + (uint64_t)kind), 0.94, 0.96, "%", 100);
    }
    printf("\n%s\n", fine ? "The gate is open." : "The gate is SHUT.");
    return fine ? 0 : 1;
}
