#include "experiments/judge/planning.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>

static json_t *plan(struct planning p) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    planning_write(&p, &w);
    json_close_object(&w);
    json_t *json = json_loadb(out.at, out.n, 0, NULL);
    cr_assert(json, "%.*s", (int)out.n, out.at);
    buffer_free(&out);
    return json;
}

static double figure(const json_t *json, const char *a, const char *b, const char *c) {
    const json_t *at = json_object_get(json_object_get(json, a), b);
    return json_number_value(c ? json_object_get(at, c) : at);
}

static const struct planning shop = {.mean = 0.1,
                                     .variance = 0.09,
                                     .per_day = 500,
                                     .mde = 0.2,
                                     .alpha = 0.05,
                                     .power = 0.8,
                                     .weights = {1, 1},
                                     .arms = 2,
                                     .seed = 1};

Test(planning, a_fixed_test_needs_what_the_formula_says) {
    json_t *json = plan(shop);
    /* 2 * 2 * (1.959964 + 0.841621)^2 * 0.09 / 0.02^2 */
    cr_expect_eq(figure(json, "sampleSize", "fixed", "units"), 7064);
    cr_expect_eq(figure(json, "sampleSize", "fixed", "days"), 15);
    json_decref(json);
}

Test(planning, a_sequence_needs_more_and_says_how_much) {
    json_t *json = plan(shop);
    double fixed = figure(json, "sampleSize", "fixed", "units"),
           any = figure(json, "sampleSize", "sequential", "units");
    cr_expect(any > 1.1 * fixed && any < 2.5 * fixed, "%g against %g", any, fixed);
    struct planning at = shop;
    at.n_star = any; /* the plan's own length: there the any-look power is what was asked for */
    json_t *again = plan(at);
    cr_expect_float_eq(figure(again, "anyLook", "units", NULL), any, 1);
    cr_expect(figure(again, "anyLook", "power", NULL) > 0.75, "%g", figure(again, "anyLook", "power", NULL));
    json_decref(json);
    json_decref(again);
}

Test(planning, units_that_are_in_need_no_days) {
    struct planning half = shop;
    half.have = 7000;
    json_t *json = plan(half);
    cr_expect_eq(figure(json, "sampleSize", "fixed", "units"), 7064);
    cr_expect_eq(figure(json, "sampleSize", "fixed", "days"), 1);
    json_decref(json);
}

Test(planning, uneven_weights_and_more_arms_take_longer) {
    struct planning uneven = shop, three = shop;
    uneven.weights[0] = 9;
    three.weights[2] = 1;
    three.arms = 3;
    json_t *a = plan(uneven), *b = plan(three);
    cr_expect_float_eq(figure(a, "sampleSize", "fixed", "units"), 7064 / (4 * 0.9 * 0.1), 2,
                       "variance / .9 + variance / .1");
    cr_expect_float_eq(figure(b, "sampleSize", "fixed", "units"), 7064 * 1.5, 2);
    json_decref(a);
    json_decref(b);
}

Test(planning, what_can_be_seen_shrinks_with_the_root_of_the_days) {
    json_t *json = plan(shop), *list = json_object_get(json, "detectable");
    cr_assert_eq(json_array_size(list), 6);
    double week = json_number_value(json_object_get(json_array_get(list, 0), "fixed"));
    double month = json_number_value(json_object_get(json_array_get(list, 3), "fixed"));
    cr_expect_float_eq(week / month, 2, 1e-9);
    cr_expect_gt(json_number_value(json_object_get(json_array_get(list, 0), "sequential")), week);
    json_decref(json);
}

Test(planning, the_same_seed_gives_the_same_answer_and_no_rate_no_days) {
    json_t *a = plan(shop), *b = plan(shop);
    cr_expect(json_equal(a, b));
    struct planning head = shop;
    head.per_day = 0;
    json_t *c = plan(head);
    cr_expect_null(json_object_get(json_object_get(json_object_get(c, "sampleSize"), "fixed"), "days"));
    cr_expect_eq(json_array_size(json_object_get(c, "detectable")), 0);
    json_decref(a);
    json_decref(b);
    json_decref(c);
}
