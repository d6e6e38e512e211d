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

/* Three days at 10,000 units a day, looked at each hour: of 1,000 such trials whose true harm is exactly the margin, fewer than 5 %
 * may ever be rolled back. */
Test(guard, harm_equal_to_the_margin_is_rolled_back_in_fewer_than_5_of_100_trials) {
    enum { TRIALS = 1000, LOOKS = 72, UNITS = 10000 / 24 / 2 };
    struct random random = random_seeded(20261122);
    open_trial(EXPERIMENT(COMPLAINTS("rollback", "\"margin\":0.005")));
    lay_complaints(0, 0, 0);
    lay(COMPLAINTS, MID, 0, 0);
    int fired = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        int64_t off = 0, top = 0;
        for (int look = 1; look <= LOOKS; look++) {
            for (int i = 0; i < UNITS; i++) {
                off += random_uniform(&random) < 0.05;
                top += random_uniform(&random) < 0.055;
            }
            lay(COMPLAINTS, OFF, look * UNITS, off);
            lay(COMPLAINTS, TOP, look * UNITS, top);
            bool fires = findings() > 0;
            arena_reset(&arena);
            if (!fires) continue;
            fired++;
            break;
        }
    }
    cr_expect(fired < TRIALS / 20, "%d of %d", fired, TRIALS);
    cr_expect_gt(fired, 0, "a test that never fires shows nothing");
}

Test(guard, a_split_that_is_certainly_off_is_found_where_it_is_watched) {
    open_trial(EXPERIMENT(COMPLAINTS("warn", "\"margin\":0.5")));
    lay_complaints(100, 100, 100);
    r->groups[0].units[TOP] = 1700;
    cr_expect_eq(findings(), 0u, "nobody watches");
    rules = (struct guard_rules){.watch_split = true, .split = ACTION_PAUSE};
    cr_assert_eq(findings(), 1u);
    cr_expect(found->kind == GUARD_SPLIT && found->p < GUARD_SPLIT_P && found->n == 5700);
    cr_expect_eq(guard_action(found, 1), ACTION_PAUSE);
    cr_expect(strstr(guard_words(found, &arena).at, "do not split as the weights say"));
    r->groups[0].units[TOP] = 1950;
    cr_expect_eq(findings(), 0u, "that is chance");
}

Test(guard, what_an_earlier_look_was_sure_of_stays_sure) {
    open_trial(EXPERIMENT(COMPLAINTS("warn", "\"margin\":0.5")));
    lay_complaints(100, 100, 100);
    struct judged_past past = {.srm_p = 0.0002};
    rules = (struct guard_rules){.watch_split = true, .split = ACTION_WARN};
    cr_expect_eq(guard_findings(judge(r, &r->groups[0], &past, &arena), 0, &rules, &found, &arena), 1u);
}

Test(guard, a_running_trial_that_gets_no_data_is_found_after_the_time_that_is_set) {
    open_trial(EXPERIMENT(COMPLAINTS("warn", "\"margin\":0.5")));
    lay_complaints(100, 100, 100);
    rules = (struct guard_rules){.no_data_after = DAY, .no_data = ACTION_ROLLBACK};
    changed_at = r->as_of - DAY;
    cr_expect_eq(findings(), 0u);
    changed_at--;
    cr_assert_eq(findings(), 1u);
    cr_expect(found->kind == GUARD_NO_DATA && guard_action(found, 1) == ACTION_ROLLBACK);
    cr_expect(strstr(guard_words(found, &arena).at, "since 1970-01-2"));
}

Test(guard, a_ramp_may_go_on_when_harm_is_excluded_in_every_arm_and_only_then) {
    struct text why = TEXT_NONE;
    open_trial(EXPERIMENT(COMPLAINTS("warn", "\"margin\":0.05")));
    lay_complaints(100, 100, 100);
    cr_expect(judgement_harm_excluded(judge(r, &r->groups[0], NULL, &arena), &why, &arena));
    lay(COMPLAINTS, MID, 2000, 190);
    cr_expect(!judgement_harm_excluded(judge(r, &r->groups[0], NULL, &arena), &why, &arena));
    cr_expect(strstr(why.at, "`mid`") && strstr(why.at, "complaints"), "%s", why.at);
}

Test(guard, where_nobody_complains_at_all_harm_is_excluded_once_there_are_enough_units) {
    open_trial(EXPERIMENT(COMPLAINTS("warn", "\"margin\":0.05")));
    lay_complaints(0, 0, 0);
    cr_expect(judgement_harm_excluded(judge(r, &r->groups[0], NULL, &arena), NULL, &arena));
    for (int arm = OFF; arm <= MID; arm++) lay(COMPLAINTS, arm, 20, 0);
    cr_expect(!judgement_harm_excluded(judge(r, &r->groups[0], NULL, &arena), NULL, &arena));
    cr_expect_eq(findings(), 0u);
}
