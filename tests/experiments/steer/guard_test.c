#include "experiments/steer/guard.h"

#include <math.h>

#include "experiments/stats/random.h"
#include "tests/experiments/measure/trial.h"

/* Figures are laid into the cells of a real definition, judged, and read as steer reads them. */
static struct fold fold;
static struct measure_results *r;
static struct arena arena;
static struct guard_finding *found;

static void begin(void) {
    folder_make();
    arena_init(&arena, 65536);
}
static void end(void) {
    measure_results_free(r);
    fold_free(&fold);
    arena_free(&arena);
    folder_remove();
}
TestSuite(guard, .init = begin, .fini = end);

#define EXPERIMENT(guardrails)                                                                                         \
    "{\"key\":\"trial\",\"feature\":\"poll\",\"control\":\"off\",\"weights\":{\"off\":1,\"top\":1,\"mid\":1},"         \
    "\"analysis\":{\"nStar\":4000},\"metrics\":{\"primary\":\"bought\",\"guardrails\":[" guardrails "]}}"
#define COMPLAINTS(action, margin)                                                                                     \
    "{\"metric\":\"complaints\",\"harm\":\"increase\",\"action\":\"" action "\"," margin "}"

static void open_trial(const char *experiment) {
    static const struct trial_definition metrics = {
        NULL,
        {"{\"key\":\"bought\",\"kind\":\"conversion\",\"event\":\"Order Completed\"}",
         "{\"key\":\"complaints\",\"kind\":\"conversion\",\"event\":\"Complained\",\"better\":\"lower\"}"},
        T,
        0};
    struct trial_definition definition = metrics;
    definition.experiment = experiment;
    struct snapshot *snapshot = trial_snapshot(&definition);
    fold_init(&fold, NULL, NULL, 0);
    fold_set_plan(&fold, plan_new(snapshot));
    snapshot_release(snapshot);
    r = cells_read(&fold, fold.measured[0], -1, T + 10 * (int64_t)DAY);
}

enum { BOUGHT, COMPLAINTS };
enum { OFF, TOP, MID };

/* `n` units of which `k` have the event. */
static void lay(int metric, int arm, int64_t n, int64_t k) {
    __int128 sum = (__int128)k * CELL_SCALE;
    r->groups[0].metrics[metric].cells[arm] = (struct cell){.n = (uint64_t)n, .sum_x = sum};
    struct cell *cell = &r->groups[0].metrics[metric].cells[arm], one = {0};
    cell_add(&one, CELL_SCALE, 0);
    cell->sum_xx = one.sum_xx;
    struct cell squares = {0}; /* k times the square of one, by doubling: the cell's own arithmetic */
    for (int64_t bit = k; bit; bit >>= 1) {
        if (bit & 1) cell_merge(&squares, &one);
        struct cell twice = one;
        cell_merge(&one, &twice);
    }
    cell->sum_xx = squares.sum_xx;
    r->groups[0].units[arm] = n;
}

static struct guard_rules rules; /* guardrails alone, where a test does not say more */

static int64_t changed_at;

static uint32_t findings(void) {
    return guard_findings(judge(r, &r->groups[0], NULL, &arena), changed_at, &rules, &found, &arena);
}

static void lay_complaints(int64_t off, int64_t top, int64_t mid) {
    for (int arm = OFF; arm <= MID; arm++) lay(BOUGHT, arm, 2000, 100);
    lay(COMPLAINTS, OFF, 2000, off);
    lay(COMPLAINTS, TOP, 2000, top);
    lay(COMPLAINTS, MID, 2000, mid);
}

Test(guard, certain_harm_is_found_for_the_arm_that_does_it_with_its_evidence) {
    open_trial(EXPERIMENT(COMPLAINTS("rollback", "\"margin\":0.01")));
    lay_complaints(100, 300, 100);
    cr_assert_eq(findings(), 1u);
    cr_expect(text_is(found->variant, "top") && text_is(found->control, "off"));
    cr_expect_float_eq(found->estimate, 0.1, 1e-12);
    cr_expect(found->bound > 0.01 && found->bound < 0.1 && found->margin == 0.01 && found->n == 4000);
    struct text words = guard_words(found, &arena);
    cr_expect(strstr(words.at, "by 0.1, and by at least"), "%s", words.at);
}

Test(guard, a_change_for_the_better_is_no_harm_and_nothing_is_certain_from_few_units) {
    open_trial(EXPERIMENT(COMPLAINTS("rollback", "\"margin\":0")));
    lay_complaints(300, 100, 300);
    cr_expect_eq(findings(), 0u);
    lay(COMPLAINTS, OFF, 10, 1);
    lay(COMPLAINTS, TOP, 10, 3);
    lay(COMPLAINTS, MID, 0, 0);
    cr_expect_eq(findings(), 0u);
}

#define FEWER_BOUGHT(action)                                                                                           \
    "{\"metric\":\"bought\",\"harm\":\"decrease\",\"margin\":0.2,\"relative\":true,\"action\":\"" action "\"}"

static void lay_bought(int64_t off, int64_t top, int64_t mid) {
    lay(BOUGHT, OFF, 2000, off);
    lay(BOUGHT, TOP, 2000, top);
    lay(BOUGHT, MID, 2000, mid);
}

Test(guard, harm_may_be_a_decrease_and_a_margin_a_share_of_control) {
    open_trial(EXPERIMENT(FEWER_BOUGHT("pause")));
    lay_bought(1000, 600, 850); /* 40 % and 15 % less */
    cr_assert_eq(findings(), 1u);
    cr_expect(text_is(found->variant, "top"));
    cr_expect_float_eq(found->margin, 0.1, 1e-12);
    cr_expect(found->estimate < 0 && found->harm > 0.19);
}

Test(guard, the_most_severe_of_what_fires_is_done) {
    open_trial(EXPERIMENT(COMPLAINTS("warn", "\"margin\":0") "," FEWER_BOUGHT("pause")));
    lay_complaints(100, 300, 100);
    lay_bought(1000, 600, 1000);
    uint32_t n = findings();
    cr_assert_eq(n, 2u);
    cr_expect_eq(guard_action(found, n), ACTION_PAUSE);
    cr_expect_eq(guard_action(found, 1), ACTION_WARN);
}

/* 400 trials whose true harm is exactly the margin, looked at 20 times each: at most 5 % may ever fire for an arm. */
Test(guard, harm_equal_to_the_margin_is_rolled_back_no_more_often_than_alpha) {
    enum { TRIALS = 400, LOOKS = 20, UNITS = 100 };
    struct random random = random_seeded(20261122);
    open_trial(EXPERIMENT(COMPLAINTS("rollback", "\"margin\":0.1")));
    int fired = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        int64_t off = 0, top = 0, fires = 0;
        for (int look = 1; look <= LOOKS; look++) {
            for (int i = 0; i < UNITS; i++) {
                off += random_uniform(&random) < 0.2;
                top += random_uniform(&random) < 0.3;
            }
            lay_complaints(0, 0, 0);
            lay(COMPLAINTS, OFF, look * UNITS, off);
            lay(COMPLAINTS, TOP, look * UNITS, top);
            lay(COMPLAINTS, MID, 0, 0);
            fires |= findings() > 0;
        }
        fired += fires != 0;
    }
    cr_expect(fired <= TRIALS / 20, "%d of %d", fired, TRIALS);
    cr_expect_gt(fired, 0, "a test that never fires shows nothing");
}
