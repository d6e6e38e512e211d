/* The calculator from the outside: JSON in, JSON out. What the numbers must be is tested in tests/experiments/stats. */
#include "experiments/judge/calculator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/core/base/kept.h"

TestSuite(calculator, .fini = give_back);

static json_t *answer(const char *request) {
    struct buffer out = {0};
    const bool fine = calculator_answer(text_of(request), &out);
    json_error_t error;
    json_t *json = keep(json_loadb(out.at, out.n, JSON_REJECT_DUPLICATES, &error));
    cr_assert(json, "not JSON (%s): %.*s", error.text, (int)out.n, out.at);
    cr_expect_eq(fine, json_object_get(json, "error") == NULL);
    buffer_free(&out);
    return json;
}

static const char *complaint(const char *request) {
    const char *text = json_string_value(json_object_get(answer(request), "error"));
    cr_assert(text, "no error for %s", request);
    return text;
}

static double figure(const char *request, const char *name) {
    const json_t *value = json_object_get(answer(request), name);
    cr_assert(json_is_number(value), "no number %s for %s", name, request);
    return json_number_value(value);
}

static void members_are(const char *request, const char *expected) {
    const json_t *json = answer(request);
    char names[256] = "";
    const char *key;
    const json_t *value;
    json_object_foreach((json_t *)json, key, value)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", *names ? " " : "", key);
    cr_expect_str_eq(names, expected);
}

#define ARMS                                                                                                           \
    "\"control\":{\"n\":50,\"mean\":10,\"variance\":6.25},\"treatment\":{\"n\":45,\"mean\":11.2,\"variance\":9.61}"
#define COUNTS "\"control\":{\"n\":1000,\"successes\":200},\"treatment\":{\"n\":1000,\"successes\":250}"
#define PAIR   "{\"n\":40,\"y\":{\"mean\":4,\"variance\":3},\"x\":{\"mean\":5,\"variance\":3},\"covariance\":2}"

Test(calculator, every_test_answers_with_exactly_its_members) {
    members_are("{\"test\":\"means\"," ARMS ",\"alpha\":0.05}", "estimate se df t p low high");
    members_are("{\"test\":\"proportions\"," COUNTS "}", "estimate z p wald newcombe miettinenNurminen");
    members_are("{\"test\":\"lift\"," ARMS "}", "estimate delta fieller");
    members_are("{\"test\":\"ratio\",\"n\":12,\"num\":{\"mean\":1,\"variance\":2},\"den\":{\"mean\":5,\"variance\":6},"
                "\"covariance\":1}",
                "estimate se");
    members_are("{\"test\":\"cuped\",\"control\":" PAIR ",\"treatment\":" PAIR "}", "theta estimate se reduction");
    members_are("{\"test\":\"sequential\"," ARMS ",\"nStar\":5000}", "estimate se rho low high p");
    members_are("{\"test\":\"msprt\",\"n\":1000,\"difference\":0.1,\"varianceSum\":2,\"tau2\":0.01}", "lambda p half");
    members_are("{\"test\":\"groupSequential\",\"information\":[0.5,1],\"alpha\":0.05,\"spending\":\"obf\"}",
                "z spent");
    members_are("{\"test\":\"srm\",\"counts\":[10,12],\"weights\":[1,1]}", "chi2 df p");
    members_are("{\"test\":\"srmSequential\",\"counts\":[10,12],\"weights\":[1,1]}", "logBayesFactor p");
    members_are("{\"test\":\"adjust\",\"p\":[0.01,0.04],\"method\":\"by\"}", "p");
    members_are("{\"test\":\"betaBinomial\"," COUNTS ",\"prior\":[1,1]}", "chanceToBeat expectedLoss");
    members_are("{\"test\":\"thompson\",\"means\":[1,2],\"sds\":[1,1]}", "best topTwo weights");
    members_are("{\"test\":\"quantile\",\"values\":[3,1,2],\"q\":0.5}", "estimate cdfSe low high");
    members_are("{\"test\":\"sampleSize\",\"sd\":10,\"mde\":1,\"alpha\":0.05,\"power\":0.8}", "perArm");
    members_are("{\"test\":\"mde\",\"variance\":25,\"control\":{\"n\":1000},\"treatment\":{\"n\":1000}}", "mde");
    members_are(
        "{\"test\":\"power\",\"variance\":25,\"difference\":0.5,\"control\":{\"n\":1000},\"treatment\":{\"n\":1000}}",
        "power");
}

Test(calculator, figures_are_the_engine_s) {
    cr_expect_float_eq(figure("{\"test\":\"means\"," ARMS "}", "p"), 0.0422416779107524, 1e-12);
    cr_expect_float_eq(figure("{\"test\":\"srm\",\"counts\":[1000,1200,900],\"weights\":[0.5,0.5,0]}", "p"),
                       2.0078656124e-05, 1e-14);
    cr_expect_float_eq(figure("{\"test\":\"sampleSize\",\"baseline\":0.1,\"mde\":0.01}", "perArm"), 14748.045020841953,
                       1e-5);
    cr_expect_eq(figure("{\"test\":\"quantile\",\"values\":[3,1,2],\"q\":0.5}", "estimate"), 2);
    cr_expect_eq(figure("{\"test\":\"quantile\",\"clusters\":[[3,1],[2],[]],\"q\":0.5}", "estimate"), 2);
}

Test(calculator, alpha_is_005_unless_given) {
    const char *with = "{\"test\":\"means\"," ARMS ",\"alpha\":0.05}", *without = "{\"test\":\"means\"," ARMS "}";
    const char *other = "{\"test\":\"means\"," ARMS ",\"alpha\":0.01}";
    cr_expect_eq(figure(with, "low"), figure(without, "low"));
    cr_expect_lt(figure(other, "low"), figure(without, "low"));
}

Test(calculator, numbers_read_back_to_the_same_double) {
    struct buffer out = {0};
    calculator_answer(TEXT("{\"test\":\"sampleSize\",\"sd\":10,\"mde\":1}"), &out);
    buffer_byte(&out, 0);
    cr_expect_str_eq(out.at, "{\"perArm\":1569.7759468698177}");
    buffer_free(&out);
}

Test(calculator, an_array_is_answered_in_order_with_errors_in_their_place) {
    json_t *answers = answer("[{\"test\":\"nope\"},{\"test\":\"srm\",\"counts\":[5,5],\"weights\":[1,1]},7,{}]");
    cr_assert_eq(json_array_size(answers), 4);
    for (size_t i = 0; i < 4; i++) cr_expect_eq(json_object_get(json_array_get(answers, i), "error") == NULL, i == 1);
    cr_expect_eq(json_array_size(answer("[]")), 0);
}

Test(calculator, what_is_wrong_names_the_member_and_what_it_must_be) {
    static const struct {
        const char *request, *says;
    } wrong[] = {
        {"{\"test\":\"means\",\"control\":{\"n\":1,\"mean\":1,\"variance\":1},\"treatment\":{\"n\":5,\"mean\":1,"
         "\"variance\":1}}",
         "control.n must be a whole number of at least 2"},
        {"{\"test\":\"means\",\"control\":{\"n\":-3,\"mean\":1,\"variance\":1}}", "control.n must be a whole number"},
        {"{\"test\":\"means\",\"control\":{\"n\":2.5,\"mean\":1,\"variance\":1}}", "control.n must be a whole number"},
        {"{\"test\":\"means\",\"control\":{\"n\":5,\"mean\":1,\"variance\":-1}}",
         "control.variance must be a number of at least 0"},
        {"{\"test\":\"means\",\"control\":{\"n\":5,\"mean\":\"1\",\"variance\":1}}", "control.mean must be a number"},
        {"{\"test\":\"means\",\"control\":[],\"treatment\":{}}", "control must be an object with n mean variance"},
        {"{\"test\":\"means\"," ARMS ",\"alpha\":1}", "alpha must be a number between 0 and 1"},
        {"{\"test\":\"means\"," ARMS ",\"apha\":0.1}", "apha: there is no such member here"},
        {"{\"test\":\"proportions\",\"control\":{\"n\":5,\"successes\":6},\"treatment\":{\"n\":5,\"successes\":1}}",
         "control.successes must be at most control.n"},
        {"{\"test\":\"lift\",\"control\":{\"n\":5,\"mean\":0,\"variance\":1},\"treatment\":{\"n\":5,\"mean\":1,"
         "\"variance\":1}}",
         "control.mean must be a number other than 0"},
        {"{\"test\":\"cuped\",\"control\":{\"n\":4,\"y\":{\"mean\":1,\"variance\":1},\"x\":{\"mean\":1},\"covariance\":"
         "0}}",
         "control.x.variance must be a number"},
        {"{\"test\":\"ratio\",\"n\":5,\"num\":{\"mean\":1,\"variance\":1},\"den\":{\"mean\":1,\"variance\":1},"
         "\"covariance\":2}",
         "covariance is larger than both variances allow"},
        {"{\"test\":\"sequential\"," ARMS "}", "nStar must be a number above 0"},
        {"{\"test\":\"sequential\"," ARMS ",\"nStar\":9,\"sided\":\"left\"}", "sided must be one of two|greater|less"},
        {"{\"test\":\"sequential\"," ARMS ",\"nStar\":9,\"sided\":\"less\",\"alpha\":0.6}", "alpha must be below 0.5"},
        {"{\"test\":\"groupSequential\",\"information\":[0.5,0.4]}",
         "information[1] must be at most 1 and at least 0.002 above"},
        {"{\"test\":\"srm\",\"counts\":[1,2,3],\"weights\":[1,1]}",
         "counts and weights must have the same number of arms"},
        {"{\"test\":\"srm\",\"counts\":[1,-2],\"weights\":[1,1]}", "counts[1] must be a whole number"},
        {"{\"test\":\"srm\",\"counts\":[1,2],\"weights\":[1,0]}", "weights must be above 0 for at least two arms"},
        {"{\"test\":\"adjust\",\"p\":[0.1,1.5],\"method\":\"bh\"}", "p[1] must be a number from 0 to 1"},
        {"{\"test\":\"adjust\",\"p\":[0.1]}", "method must be one of"},
        {"{\"test\":\"thompson\",\"means\":[1,2],\"sds\":[1,0]}", "sds[1] must be a number above 0"},
        {"{\"test\":\"thompson\",\"means\":[1,2],\"sds\":[1,1],\"floor\":0.6}",
         "floor must be at most 1 / number of arms"},
        {"{\"test\":\"quantile\",\"q\":0.5}", "either values or clusters must be given"},
        {"{\"test\":\"quantile\",\"q\":0.5,\"values\":[]}", "values must have 1 to"},
        {"{\"test\":\"quantile\",\"q\":0.5,\"clusters\":[[1],2]}", "clusters[1] must be an array of numbers"},
        {"{\"test\":\"sampleSize\",\"baseline\":0.95,\"mde\":0.1}", "baseline + mde must be between 0 and 1"},
        {"{\"test\":\"sampleSize\",\"sd\":1,\"mde\":0}", "mde must be a number other than 0"},
        {"{\"test\":\"nope\"}", "test must be one of means proportions lift"},
        {"{\"test\":3}", "test must be one of means"},
        {"[1", "not valid JSON"},
        {"", "not valid JSON"},
        {"\"means\"", "a request is an object"},
        {"{\"test\":\"means\",\"test\":\"means\"}", "JSON"},
        {"{\"test\":\"power\",\"variance\":1e999}", "JSON"},
        {"{\"test\":\"power\",\"variance\":NaN}", "JSON"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *said = complaint(wrong[i].request);
        cr_expect(strstr(said, wrong[i].says), "%s\n  says: %s\n  not:  %s", wrong[i].request, said, wrong[i].says);
    }
}

Test(calculator, what_does_not_exist_is_null_and_never_nan_or_infinite) {
    static const char *const edges[] = {
        "{\"test\":\"means\",\"control\":{\"n\":2,\"mean\":1,\"variance\":0},\"treatment\":{\"n\":2,\"mean\":1,"
        "\"variance\":0}}",
        "{\"test\":\"means\",\"control\":{\"n\":2,\"mean\":1e308,\"variance\":1e308},\"treatment\":{\"n\":2,\"mean\":-"
        "1e308,\"variance\":1e308}}",
        "{\"test\":\"proportions\",\"control\":{\"n\":1,\"successes\":0},\"treatment\":{\"n\":1,\"successes\":0}}",
        "{\"test\":\"proportions\",\"control\":{\"n\":9007199254740992,\"successes\":1},\"treatment\":{\"n\":1,"
        "\"successes\":1}}",
        "{\"test\":\"lift\",\"control\":{\"n\":2,\"mean\":1e-300,\"variance\":1},\"treatment\":{\"n\":2,\"mean\":1,"
        "\"variance\":1}}",
        "{\"test\":\"sequential\",\"control\":{\"n\":2,\"mean\":1,\"variance\":0},\"treatment\":{\"n\":2,\"mean\":2,"
        "\"variance\":0},\"nStar\":1e300}",
        "{\"test\":\"msprt\",\"n\":100000000,\"difference\":5,\"varianceSum\":0.001,\"tau2\":1e10}",
        "{\"test\":\"srm\",\"counts\":[0,0],\"weights\":[1,1]}",
        "{\"test\":\"srmSequential\",\"counts\":[9007199254740992,0],\"weights\":[1,1e-300]}",
        "{\"test\":\"betaBinomial\",\"control\":{\"n\":0,\"successes\":0},\"treatment\":{\"n\":1000000000,"
        "\"successes\":0},\"prior\":[0.1,0.1]}",
        "{\"test\":\"quantile\",\"clusters\":[[],[]],\"q\":0.5}",
        "{\"test\":\"quantile\",\"values\":[1],\"q\":0.999999}",
        "{\"test\":\"thompson\",\"means\":[-1e300,1e300],\"sds\":[1e-300,1e300]}",
        "{\"test\":\"groupSequential\",\"information\":[0.002,0.004,1],\"alpha\":1e-300}",
        "{\"test\":\"power\",\"variance\":1e-300,\"difference\":1e300,\"control\":{\"n\":1},\"treatment\":{\"n\":1}}",
    };
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        struct buffer out = {0};
        calculator_answer(text_of(edges[i]), &out);
        buffer_byte(&out, 0);
        cr_expect(!strstr(out.at, "nan") && !strstr(out.at, "inf") && !strstr(out.at, "NaN"), "%s", out.at);
        json_t *json = json_loads(out.at, 0, NULL);
        cr_expect(json, "%s", out.at);
        json_decref(json);
        buffer_free(&out);
    }
    json_t *fieller = json_object_get(answer("{\"test\":\"lift\",\"control\":{\"n\":2,\"mean\":1,\"variance\":9},"
                                             "\"treatment\":{\"n\":9,\"mean\":1,\"variance\":1}}"),
                                      "fieller");
    cr_expect(json_is_null(json_object_get(fieller, "low")) && json_is_null(json_object_get(fieller, "high")));
    cr_expect(json_is_null(
        json_object_get(answer("{\"test\":\"sequential\"," ARMS ",\"nStar\":99,\"sided\":\"greater\"}"), "high")));
}
