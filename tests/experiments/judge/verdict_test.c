#include "tests/experiments/judge/results_scene.h"

TestSuite(verdict, .init = folder_make, .fini = folder_remove);

Test(verdict, the_verdict_says_the_effect_its_interval_the_guardrails_and_what_is_open) {
    open_results(EXPERIMENT(TWO, ",\"mde\":0.02"));
    lay_all(0, 21306, 122, 100);
    lay_all(1, 21307, 267, 100);
    lay(SPEND, 1, 21307, 150, 20);
    read_back();
    const char *said = words("verdict.words");
    cr_expect(!strncmp(said, "`top`: 118.8 % more `bought`, between ", 38), "%s", said);
    cr_expect(strstr(said, " %, sure enough to ship; `complaints` unchanged; about "), "%s", said);
    cr_expect(strstr(said, " more days would settle `spend`."), "%s", said);
    json_decref(answer);
    lay(SPEND, 1, 21307, 125, 20);
    read_back();
    cr_expect(!strstr(words("verdict.words"), "settle"), "nobody waits for years");
    close_results();
}

Test(verdict, bounds_on_either_side_of_none_say_which_is_which) {
    laid_out(EXPERIMENT(TWO, ",\"mde\":0.1"), ARM(20000, 2000, 100), ARM(20000, 2010, 190));
    const char *said = words("verdict.words");
    cr_expect(!strncmp(said, "`top`: 0.5 % more `bought`, between ", 36), "%s", said);
    cr_expect(strstr(said, " % less and ") && strstr(said, " % more, not decided yet; `complaints` "), "%s", said);
    cr_expect(strstr(said, " would settle it."), "%s", said);
    close_results();
}

Test(verdict, a_guardrail_that_nothing_is_known_of_is_not_called_unchanged) {
    laid_out(EXPERIMENT(TWO, ",\"mde\":0.1"), ARM(500, 50, 20), ARM(500, 52, 22));
    cr_expect(strstr(words("verdict.words"), "`complaints` is not known to be safe yet"), "%s", words("verdict.words"));
    close_results();
}

Test(verdict, a_split_that_is_off_blocks_the_verdict_and_is_warned_of) {
    laid_out(EXPERIMENT(TWO, ",\"mde\":0.02"), ARM(21306, 122, 100), ARM(20307, 267, 100));
    cr_expect_str_eq(words("srm.verdict"), "alarm");
    cr_expect_str_eq(words("verdict.call"), "keep-running");
    cr_expect_str_eq(words("warnings.0.code"), "srm");
    near("warnings.0.evidence.p", number("srm.p"), 0);
    cr_expect_lt(number("srm.anytime.p"), 0.001);
    close_results();
}

Test(verdict, a_guardrail_that_is_certainly_broken_stops_whatever_the_primary_says) {
    laid_out(EXPERIMENT(TWO, ",\"mde\":0.02"), ARM(21306, 122, 300), ARM(21307, 267, 1500));
    cr_expect_str_eq(words("metrics.2.role"), "guardrail");
    cr_expect(json_is_true(at("metrics.2.variants.1.guardrail.fires")));
    cr_expect_str_eq(words("verdict.call"), "stop-harm");
    cr_expect_str_eq(words("verdict.variant"), "top");
    cr_expect_str_eq(words("verdict.words"),
                     "`top` does harm: `complaints` is worse than under control by 0.0563, and by "
                     "at least 0.0506: more than its margin of 0.01.");
    cr_expect_lt(number("metrics.2.variants.1.bayes.chanceToBeat"), 0.001, "more complaints are not better");
    close_results();
}

Test(verdict, a_worse_primary_metric_stops) {
    laid_out(EXPERIMENT(TWO, ""), ARM(21306, 267, 100), ARM(21307, 122, 100));
    cr_expect_str_eq(words("verdict.call"), "stop-harm");
    close_results();
}

Test(verdict, without_an_mde_there_is_no_verdict_to_ship) {
    laid_out(EXPERIMENT(TWO, ""), ARM(21306, 122, 100), ARM(21307, 267, 100));
    cr_expect_str_eq(words("verdict.call"), "keep-running");
    cr_expect_str_eq(
        words("verdict.words"),
        "`top`: 118.8 % more `bought`, between 56.4 % and 221.7 %: no verdict, because `mde`, the smallest "
        "relative difference that would matter, is not set; `complaints` unchanged.");
    lay_all(0, 0, 0, 0);
    lay_all(1, 0, 0, 0);
    json_decref(answer);
    read_back();
    cr_expect_str_eq(words("verdict.words"),
                     "No verdict without `mde`, the smallest relative difference that would matter to you.");
    close_results();
}

Test(verdict, an_interval_within_the_mde_is_no_difference) {
    laid_out(EXPERIMENT(TWO, ",\"mde\":0.2"), ARM(200000, 40000, 100), ARM(200000, 40010, 100));
    cr_expect_str_eq(words("verdict.call"), "no-difference");
    close_results();
}

Test(verdict, an_open_question_keeps_running_and_says_for_how_long) {
    laid_out(EXPERIMENT(TWO, ",\"mde\":0.1"), ARM(20000, 2000, 100), ARM(20000, 2010, 100));
    cr_expect_str_eq(words("verdict.call"), "keep-running");
    cr_expect_gt(number("verdict.daysLeft"), 0);
    cr_expect_lt(number("verdict.daysLeft"), 60);
    close_results();
}

Test(verdict, a_fixed_test_is_not_called_before_its_planned_units_are_in) {
    laid_out(EXPERIMENT(TWO, ",\"mde\":0.02,\"analysis\":{\"method\":\"fixed\",\"nStar\":100000}"),
             ARM(21306, 122, 100), ARM(21307, 267, 100));
    cr_expect_str_eq(words("verdict.call"), "keep-running");
    near("metrics.0.variants.1.difference.p", 1.5e-13, 5e-15);
    close_results();
    laid_out(EXPERIMENT(TWO, ",\"mde\":0.02,\"analysis\":{\"method\":\"fixed\",\"nStar\":40000}"), ARM(21306, 122, 100),
             ARM(21307, 267, 100));
    cr_expect_str_eq(words("verdict.call"), "ship");
    close_results();
}

Test(verdict, bayes_calls_by_the_chance_to_beat) {
    laid_out(EXPERIMENT(TWO, ",\"mde\":0.02,\"analysis\":{\"method\":\"bayes\"}"), ARM(21306, 122, 100),
             ARM(21307, 267, 100));
    cr_expect_str_eq(words("verdict.call"), "ship");
    cr_expect(json_is_null(at("metrics.0.variants.1.difference.p")));
    cr_expect_gt(number("metrics.0.variants.1.difference.low"), 0);
    close_results();
}
