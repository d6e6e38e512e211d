/* What never may happen to a unit of an experiment: moved, dropped, in two experiments of a layer, let out of a holdout. */
#include "tests/experiments/decide/poll_scene.h"

TestSuite(evaluate_experiment, .init = begin, .fini = end);

/* ---- the experiment ---- */

/* A change here moves units of running experiments: it must never be made. Computed by Python's xxhash 3.2.0. */
Test(evaluate_experiment, who_gets_what_is_frozen_for_ever) {
    static const char expected[] = "t--tt---osts-otot-tt-otso-o-tsssotoootot";
    char got[41] = {0};
    feature("");
    trial(",'weights':{'off':50,'top':30,'side':20},'traffic':80");
    for (int i = 0; i < 40; i++) {
        const char *variant = variant_of(i);
        got[i] = scene.decision.experiment ? variant[0] : '-';
    }
    cr_expect_str_eq(got, expected);
}

Test(evaluate_experiment, the_experiment_draws_by_its_weights) {
    int top = 0, off = 0;
    feature("");
    trial(",'weights':{'off':3,'top':1}");
    for (int i = 0; i < 10000; i++) {
        const char *variant = variant_of(i);
        top += strcmp(variant, "top") == 0;
        off += strcmp(variant, "off") == 0;
        cr_assert(scene.decision.expose && !scene.decision.enrolled);
    }
    cr_expect_eq(top + off, 10000);
    cr_expect(top > 2300 && top < 2700, "%d", top);
}

Test(evaluate_experiment, ramping_up_never_moves_or_drops_a_unit) {
    enum { N = 3000 };
    static const char *before[N];
    static const char *const ramp[] = {"0.5", "5", "20", "50.25", "100"};
    int entered = 0;
    feature("");
    trial(",'weights':{'off':1,'top':1},'traffic':0.1");
    memset(before, 0, sizeof before);
    for (size_t step = 0; step < 5; step++) {
        char more[100];
        snprintf(more, sizeof more, ",'weights':{'off':1,'top':1},'traffic':%s", ramp[step]);
        change(more);
        for (int i = 0; i < N; i++) {
            const char *variant = variant_of(i);
            if (before[i]) cr_assert_str_eq(variant, before[i], "%s at %s", key_of(i), ramp[step]);
            if (!scene.decision.experiment) continue;
            entered += !before[i];
            before[i] = strcmp(variant, "top") == 0 ? "top" : "off";
        }
        double share = atof(ramp[step]) / 100;
        cr_expect(entered > N * share - 120 && entered < N * share + 120, "%d at %s", entered, ramp[step]);
    }
    cr_expect_eq(entered, N);
    cr_expect_eq(snapshot_experiment(scene.snapshot, TEXT("trial"))->state.n_epochs, 1u, "a ramp opens no epoch");
}

Test(evaluate_experiment, removing_an_arm_moves_only_its_units) {
    enum { N = 3000 };
    static char before[N];
    int moved = 0, to_off = 0;
    feature("");
    trial(",'weights':{'off':40,'top':40,'side':20}");
    for (int i = 0; i < N; i++) before[i] = variant_of(i)[0];
    change(",'weights':{'off':50,'side':25}");
    for (int i = 0; i < N; i++) {
        const char *variant = variant_of(i);
        if (before[i] != 't') {
            cr_assert_eq(variant[0], before[i], "%s", key_of(i));
            continue;
        }
        moved++;
        to_off += variant[0] == 'o';
    }
    cr_expect(moved > 1050 && moved < 1350, "%d", moved);
    cr_expect(to_off > moved * 0.6 && to_off < moved * 0.73, "%d of %d", to_off, moved);
}

Test(evaluate_experiment, an_exposed_unit_keeps_its_variant_over_new_weights_until_its_arm_is_removed) {
    enum { N = 500 };
    static char before[N];
    feature("");
    trial(",'weights':{'off':1,'top':1}");
    for (int i = 0; i < N; i++) {
        before[i] = variant_of(i)[0];
        scene_expose(&scene);
    }
    change(",'weights':{'off':99,'top':1}");
    for (int i = 0; i < N; i++) {
        cr_assert_eq(variant_of(i)[0], before[i]);
        cr_assert(scene.decision.enrolled && scene.decision.epoch == 0);
    }
    int off = 0;
    for (int i = N; i < 2 * N; i++) {
        off += variant_of(i)[0] == 'o';
        cr_assert_eq(scene.decision.epoch, 1, "new units belong to the new epoch");
    }
    cr_expect_gt(off, N * 95 / 100);
    change(",'weights':{'off':1}");
    for (int i = 0; i < N; i++) {
        cr_assert_eq(variant_of(i)[0], 'o');
        cr_assert_eq(scene.decision.expose, before[i] == 'o', "nobody is exposed to a second arm");
    }
}

Test(evaluate_experiment, an_exposed_unit_stays_when_it_leaves_the_audience_or_the_traffic_falls) {
    feature("");
    trial(",'weights':{'off':1,'top':1},'audience':{'==':[{'var':'country'},'DE']}");
    expect_decision("{'targetingKey':'u','country':'FR'}", "side", REASON_DEFAULT, STEP_DEFAULT);
    const char *first = scene_decide(&scene, "poll", NULL, "{'targetingKey':'u','country':'DE'}");
    cr_assert(scene.decision.expose);
    scene_expose(&scene);
    cr_expect_str_eq(scene_decide(&scene, "poll", NULL, "{'targetingKey':'u','country':'FR'}"), first);
    change(",'weights':{'off':1,'top':1},'traffic':0,'audience':{'==':[{'var':'country'},'DE']}");
    cr_expect_str_eq(scene_decide(&scene, "poll", NULL, "{'targetingKey':'u','country':'FR'}"), first);
    cr_expect(scene.decision.enrolled);
}

Test(evaluate_experiment, a_rule_that_catches_an_enrolled_unit_is_noted) {
    feature(",'rules':[{'id':'staff','if':{'var':'staff'},'serve':'side'}]");
    trial(",'weights':{'off':1,'top':1}");
    scene_decide(&scene, "poll", "u", NULL);
    scene_expose(&scene);
    scene_decide(&scene, "poll", NULL, "{'targetingKey':'u','staff':true}");
    cr_assert(scene.decision.overridden);
    cr_expect(text_is(scene.decision.overridden->definition.key, "trial"));
    cr_expect_null(scene.decision.experiment);
    scene_decide(&scene, "poll", NULL, "{'targetingKey':'new','staff':true}");
    cr_expect_null(scene.decision.overridden);
}

Test(evaluate_experiment, paused_serves_the_default_and_exposes_nobody) {
    feature("");
    trial(",'weights':{'off':1,'top':1}");
    scene_decide(&scene, "poll", "u", NULL);
    scene_expose(&scene);
    scene_phase(&scene, "trial", PHASE_PAUSED);
    expect_decision("{'targetingKey':'u'}", "side", REASON_DEFAULT, STEP_DEFAULT);
    cr_expect_not(scene.decision.expose);
}

Test(evaluate_experiment, before_the_start_and_after_the_end_nobody_enters) {
    feature("");
    experiment(",'weights':{'off':1,'top':1},'schedule':{'end':'1970-01-01T02:00:00Z'}");
    scene_start(&scene, "trial", 3600000);
    scene.now = 3599999;
    expect_decision("{'targetingKey':'u'}", "side", REASON_DEFAULT, STEP_DEFAULT);
    cr_expect_eq(snapshot_next_change(scene.snapshot, scene.now), 3600000);
    scene.now = 3600000;
    const char *variant = scene_decide(&scene, "poll", "u", NULL);
    cr_assert(scene.decision.expose);
    scene_expose(&scene);
    cr_expect_eq(snapshot_next_change(scene.snapshot, scene.now), 7200000);
    scene.now = 7200000;
    cr_expect_str_eq(scene_decide(&scene, "poll", "u", NULL), variant, "who is in keeps the variant");
    cr_expect_not(scene.decision.expose);
    expect_decision("{'targetingKey':'new'}", "side", REASON_DEFAULT, STEP_DEFAULT);
    cr_expect_eq(snapshot_next_change(scene.snapshot, scene.now), 0);
}

Test(evaluate_experiment, drafts_and_external_assignment_are_skipped) {
    feature("");
    experiment(",'weights':{'off':1,'top':1}");
    expect_decision("{'targetingKey':'u'}", "side", REASON_STATIC, STEP_DEFAULT);
    experiment(",'weights':{'off':1,'top':1},'assignment':'external'");
    scene_start(&scene, "trial", 1000);
    expect_decision("{'targetingKey':'u'}", "side", REASON_DEFAULT, STEP_DEFAULT);
    cr_expect_not(scene.decision.expose);
}

Test(evaluate_experiment, another_unit_is_taken_from_the_context) {
    feature("");
    trial(",'weights':{'off':1,'top':1},'unit':'company'");
    expect_decision("{'targetingKey':'u'}", "side", REASON_DEFAULT, STEP_DEFAULT);
    const char *variant = scene_decide(&scene, "poll", NULL, "{'targetingKey':'u','company':'acme'}");
    cr_expect_eq(scene.decision.step, STEP_EXPERIMENT);
    cr_expect(text_is(scene.decision.unit_text, "acme"));
    cr_expect(unit_eq(scene.decision.unit, unit_of(TEXT("acme"))));
    cr_expect_str_eq(scene_decide(&scene, "poll", NULL, "{'targetingKey':'v','company':'acme'}"), variant);
}

Test(evaluate_experiment, experiments_in_one_layer_never_share_a_unit) {
    int both = 0, one = 0, neither = 0;
    scene_define(&scene, DEFINITION_LAYER, "{'key':'home'}", NULL);
    feature("");
    scene_define(&scene, DEFINITION_FEATURE,
                 "{'key':'board','type':'boolean','variants':{'off':{'value':false},'on':{'value':true}}}", NULL);
    trial(",'weights':{'off':1,'top':1},'layer':'home','traffic':40");
    scene_define(&scene, DEFINITION_EXPERIMENT,
                 "{'key':'boards','feature':'board','weights':{'off':1,'on':1},'layer':'home','traffic':50}", NULL);
    scene_start(&scene, "boards", 1000);
    for (int i = 0; i < 5000; i++) {
        variant_of(i);
        bool in_first = scene.decision.experiment != NULL;
        scene_decide(&scene, "board", key_of(i), NULL);
        bool in_second = scene.decision.experiment != NULL;
        both += in_first && in_second;
        one += in_first != in_second;
        neither += !in_first && !in_second;
    }
    cr_expect_eq(both, 0);
    cr_expect(one > 4350 && one < 4650, "%d", one);
    cr_expect(neither > 350 && neither < 650, "%d", neither);
}

Test(evaluate_experiment, raising_a_layers_share_keeps_everybody_in) {
    enum { N = 2000 };
    static char before[N];
    scene_define(&scene, DEFINITION_LAYER, "{'key':'home'}", NULL);
    feature("");
    trial(",'weights':{'off':1,'top':1},'layer':'home','traffic':30");
    for (int i = 0; i < N; i++) {
        const char *variant = variant_of(i);
        before[i] = scene.decision.experiment ? variant[0] : 0;
    }
    change(",'weights':{'off':1,'top':1},'layer':'home','traffic':60");
    int in = 0;
    for (int i = 0; i < N; i++) {
        const char *variant = variant_of(i);
        in += scene.decision.experiment != NULL;
        if (before[i]) cr_assert_eq(variant[0], before[i]);
    }
    cr_expect(in > 1100 && in < 1300, "%d", in);
    cr_expect_eq(snapshot_experiment(scene.snapshot, TEXT("trial"))->state.n_epochs, 2u,
                 "a layer's share opens an epoch");
}

Test(evaluate_experiment, a_holdout_keeps_its_share_out_of_trials_that_start_after_it) {
    int held = 0, covered = 0;
    scene.now = 1000LL * CLOCK_DAY;
    scene_define(&scene, DEFINITION_HOLDOUT,
                 "{'key':'q1','share':10,'start':'1970-01-02','end':'1973-01-01','features':['poll']}", NULL);
    feature("");
    experiment(",'weights':{'off':1,'top':1}");
    scene_start(&scene, "trial", CLOCK_DAY / 2);
    variant_of(1);
    cr_expect_null(scene.decision.holdout, "the trial is older");
    experiment(",'weights':{'off':1,'top':1}");
    scene_start(&scene, "trial", 2 * CLOCK_DAY);
    for (int i = 0; i < 5000; i++) {
        variant_of(i);
        covered += scene.decision.holdout != NULL;
        held += scene.decision.held;
        cr_assert_eq(scene.decision.held, scene.decision.step == STEP_HOLDOUT);
    }
    cr_expect_eq(covered, 5000);
    cr_expect(held > 400 && held < 600, "%d", held);
    scene.now = 2000LL * CLOCK_DAY;
    variant_of(1);
    cr_expect_null(scene.decision.holdout, "it has ended");
}

Test(evaluate_experiment, the_variant_for_tracked_exposures_is_the_evaluated_one) {
    feature("");
    trial(",'weights':{'off':1,'top':1},'traffic':50");
    const struct snapshot_experiment *e = snapshot_experiment(scene.snapshot, TEXT("trial"));
    for (int i = 0; i < 1000; i++) {
        uint32_t epoch;
        variant_of(i);
        int arm = decide_arm(e, unit_of(text_of(key_of(i))), &scene.remembered, &epoch);
        if (scene.decision.experiment)
            cr_assert_eq(arm, scene.decision.arm);
        else
            cr_assert_eq(arm, -1);
    }
}
