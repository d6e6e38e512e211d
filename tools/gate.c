/* The statistics release gate: `./dev gate [SEED]`. Simulates with a fixed seed, prints the table that docs/statistics.md shows, and
 * ends with status 1 where a figure is outside of its bounds. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/pipeline.h"
#include "tools/simulation.h"

enum { STREAMS = 20000, LOOKS = 50, PER_LOOK = 50, COVERAGE_RUNS = 20000, TRIALS = 1000 };
static const uint64_t default_seed = 20261122;

static bool row(const char *what, double figure, double low, double high, const char *unit, double scale) {
    const bool fine = figure >= low && figure <= high;
    printf("| %-64s | %7.3f %-1s | %.4g to %.4g | %s |\n", what, figure * scale, unit, low * scale, high * scale,
           fine ? "yes" : "NO");
    return fine;
}

/* A/A on the shop's own customers; passed over, with a word, where the data is not there. */
static bool real_people(uint64_t seed) {
    const char *shared = getenv("PARLEY_SHARED");
    char csv[1024];
    struct pipeline_found found;
    struct error error = {0};
    snprintf(csv, sizeof csv, "%s/data/online_retail.csv.gz", shared ? shared : "../shared");
    if (access(csv, R_OK) != 0) {
        printf("\nThe Online Retail data is not there (PARLEY_SHARED): the gate on real people is left out.\n");
        return true;
    }
    if (pipeline_run(csv, TRIALS, seed, &found, &error) < 0) {
        printf("\nThe gate on real people failed: %s\n", error.detail);
        return false;
    }
    bool fine = true;
    printf("\nThe whole pipeline: %d A/A trials with fresh salts on the %d customers of Online Retail, %d looks over "
           "the year.\n\n",
           found.trials, found.units, PIPELINE_LOOKS);
    printf("| %-64s | found | allowed | holds |\n| --- | --- | --- | --- |\n", "what");
    for (int i = 0; i < PIPELINE_METRICS; i++) {
        const struct pipeline_metric *m = &found.metrics[i];
        char what[4][96];
        snprintf(what[0], sizeof what[0], "%s: p of the fixed tests, uniform by Kolmogorov-Smirnov", m->name);
        snprintf(what[1], sizeof what[1], "%s: fixed test at the end rejects", m->name);
        snprintf(what[2], sizeof what[2], "%s: confidence sequence at some of %d looks", m->name, PIPELINE_LOOKS);
        snprintf(what[3], sizeof what[3], "%s: fixed test at some of %d looks (naive)", m->name, PIPELINE_LOOKS);
        fine &= row(what[0], m->ks, 0.01, 1, "", 1);
        fine &= row(what[1], m->rejects, 0.029, 0.071, "%", 100);
        fine &= row(what[2], m->ever, 0, 0.05, "%", 100);
        fine &= row(what[3], m->naive, 0.1, 0.5, "%", 100);
    }
    fine &= row("SRM alarms", found.split_alarms, 0, 0.005, "%", 100);
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
    fine &= real_people(seed);
    printf("\n%s\n", fine ? "The gate is open." : "The gate is SHUT.");
    return fine ? 0 : 1;
}
