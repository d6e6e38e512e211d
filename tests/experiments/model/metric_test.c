#include "experiments/model/metric.h"

#include "tests/experiments/model/parsing.h"

TestSuite(metric, .init = begin, .fini = end);

static int parse(struct metric *metric, const char *quoted) {
    json_t *body = quoted_json(quoted);
    error_clear(&error);
    int code = metric_parse(metric, body, TEXT_NONE, &arena, &error);
    json_decref(body);
    return code;
}

static struct metric good(const char *quoted) {
    struct metric m;
    cr_assert_eq(parse(&m, quoted), 0, "%s: %s", quoted, error.detail);
    return m;
}

Test(metric, the_contracts_examples_are_read) {
    struct metric m = good("{'key':'bought','kind':'conversion','event':'Order Completed','window':'P7D'}");
    cr_expect(m.kind == METRIC_CONVERSION && text_is(m.source.event, "Order Completed") && m.at_least == 1);
    cr_expect(m.window == 7LL * CLOCK_DAY && m.better == METRIC_HIGHER);
    m = good("{'key':'spend','kind':'mean','event':'Order Completed','value':'revenue','cap':0.999}");
    cr_expect(m.kind == METRIC_MEAN && text_is(m.source.value, "revenue") && m.cap == 0.999 &&
              m.window == METRIC_NO_WINDOW);
    m = good("{'key':'pins','kind':'count','event':'Product Added to Wishlist'}");
    cr_expect(m.kind == METRIC_COUNT && m.source.value.n == 0);
    m = good("{'key':'aov','kind':'ratio','numerator':{'event':'Order "
             "Completed','value':'revenue'},'denominator':{'event':'Order Completed'}}");
    cr_expect(m.kind == METRIC_RATIO && text_is(m.source.value, "revenue") &&
              text_is(m.denominator.event, "Order Completed"));
    m = good("{'key':'back-d7','kind':'retention','event':'*','from':'P7D','to':'P8D'}");
    cr_expect(m.kind == METRIC_RETENTION && m.from == 7LL * CLOCK_DAY && m.to == 8LL * CLOCK_DAY);
    m = good("{'key':'slow','kind':'quantile','event':'Page Timed','value':'ms','q':0.9}");
    cr_expect(m.kind == METRIC_QUANTILE && m.quantile == 0.9);
    m = good("{'key':'checkout','kind':'funnel','steps':['Product Viewed','Product Added','Order "
             "Completed'],'window':'P1D'}");
    cr_expect(m.kind == METRIC_FUNNEL && m.n_steps == 3 && text_is(m.steps[2], "Order Completed"));
    m = good("{'key':'looked','kind':'funnel','steps':['Product Viewed','Product Viewed']}");
    cr_expect(m.n_steps == 2 && text_eq(m.steps[0], m.steps[1]), "two views, in order");
}

Test(metric, options_are_read) {
    struct metric m = good("{'key':'again','kind':'conversion','event':'Order Completed','atLeast':2,'better':'lower',"
                           "'where':{'>':[{'var':'properties.total'},50]}}");
    cr_expect(m.at_least == 2 && m.better == METRIC_LOWER && m.source.where);
    m = good("{'key':'net','kind':'mean','event':'Order Completed','value':'total','net':true}");
    cr_expect(m.net);
    m = good("{'key':'d0','kind':'retention','event':'*','from':'P0D','to':'P1D'}");
    cr_expect(m.from == 0);
    m = good("{'key':'r','kind':'ratio','numerator':{'event':'A','where':{'var':'x'}},'denominator':{'event':'B'}}");
    cr_expect(m.source.where && !m.denominator.where);
}

Test(metric, where_is_evaluated_over_an_event) {
    struct metric m =
        good("{'key':'big','kind':'count','event':'Order Completed','where':{'>':[{'var':'properties.total'},50]}}");
    const struct {
        const char *event;
        bool counts;
    } events[] = {{"{\"properties\":{\"total\":51}}", true}, {"{\"properties\":{\"total\":50}}", false}, {"{}", false}};
    for (size_t i = 0; i < 3; i++) {
        struct json json;
        cr_assert_eq(json_scan(&json, text_of(events[i].event), &arena, &error), 0);
        struct condition_input input = {.json = &json, .root = 0, .arena = &arena};
        cr_expect_eq(condition_true(m.source.where, &input), events[i].counts, "%s", events[i].event);
    }
}

static const struct {
    const char *body, *pointer, *words;
} defects[] = {
    {"{'kind':'count','event':'A'}", "/key", "is missing"},
    {"{'key':'m','event':'A'}", "/kind", "is missing; write conversion, count, mean"},
    {"{'key':'m','kind':'sum','event':'A'}", "/kind",
     "is \"sum\"; write conversion, count, mean, ratio, retention, quantile or funnel"},
    {"{'key':'m','kind':'count'}", "/event", "is missing; name the event that is looked at"},
    {"{'key':'m','kind':'count','event':'A','value':'x'}", "/value",
     "is no part of a metric of kind count; leave it out"},
    {"{'key':'m','kind':'mean','event':'A'}", "/value", "is missing; name the number in the event's properties"},
    {"{'key':'m','kind':'conversion','event':'A','cap':0.9}", "/cap", "is no part of a metric of kind conversion"},
    {"{'key':'m','kind':'ratio','numerator':{'event':'A'},'denominator':{'event':'B'},'cap':0.9}", "/cap",
     "of kind ratio"},
    {"{'key':'m','kind':'conversion','event':'A','atLeast':0}", "/atLeast", "is 0; write a number from 1 to 1000000"},
    {"{'key':'m','kind':'conversion','event':'A','atLeast':1.5}", "/atLeast", "is not a whole number"},
    {"{'key':'m','kind':'conversion','event':'A','window':'7 days'}", "/window",
     "is not a duration above 0; write weeks, days"},
    {"{'key':'m','kind':'conversion','event':'A','window':'P1M'}", "/window", "is not a duration above 0"},
    {"{'key':'m','kind':'mean','event':'A','value':'x','cap':1}", "/cap", "must lie between 0 and 1"},
    {"{'key':'m','kind':'mean','event':'A','value':'x','cap':99.9}", "/cap", "is 99.9; write a number from 0 to 1"},
    {"{'key':'m','kind':'mean','event':'A','value':'x','better':'more'}", "/better",
     "is \"more\"; write higher or lower"},
    {"{'key':'m','kind':'ratio','numerator':{'event':'A'}}", "/denominator", "is missing; say what it is divided by"},
    {"{'key':'m','kind':'ratio','numerator':{'value':'x'},'denominator':{'event':'A'}}", "/numerator/event",
     "is missing; name the event"},
    {"{'key':'m','kind':'ratio','numerator':{'event':'A','vlaue':'x'},'denominator':{'event':'A'}}", "/numerator/vlaue",
     "is not a member that is known here; there are event, value or where"},
    {"{'key':'m','kind':'ratio','numerator':{'event':'A'},'denominator':{'event':'A'},'where':true}", "/where",
     "is no part of a ratio"},
    {"{'key':'m','kind':'retention','event':'*','from':'P7D'}", "/to", "is missing; say when the span ends"},
    {"{'key':'m','kind':'retention','event':'*','from':'P8D','to':'P7D'}", "/to", "does not lie after from"},
    {"{'key':'m','kind':'retention','event':'*','from':'P1D','to':'P2D','window':'P1D'}", "/window",
     "is no part of a metric of kind retention"},
    {"{'key':'m','kind':'quantile','event':'A','value':'ms'}", "/q", "is missing; write the quantile, like 0.9"},
    {"{'key':'m','kind':'quantile','event':'A','value':'ms','q':0}", "/q", "must lie between 0 and 1"},
    {"{'key':'m','kind':'funnel','steps':['A']}", "/steps", "has 1 steps; give at least 2"},
    {"{'key':'m','kind':'count','event':'A','where':{'==':[1]}}", "/where/==", "takes 2 arguments, not 1"},
    {"{'key':'m','kind':'count','event':'A','unit':'x'}", "/unit", "is not a member that is known here"},
};

Test(metric, each_defect_is_named_with_its_place_and_how_to_mend_it) {
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        struct metric m;
        cr_expect_eq(parse(&m, defects[i].body), ERR_INVALID, "%s", defects[i].body);
        cr_expect_str_eq(error.at[0].pointer, defects[i].pointer, "%s: %s", defects[i].body, error.detail);
        cr_expect(strstr(error.at[0].detail, defects[i].words), "%s: %s", defects[i].body, error.at[0].detail);
        cr_expect_eq(error.places, 1, "one defect, one fault: %s: %s", defects[i].body, error.at[1].detail);
    }
}

Test(metric, what_was_written_comes_back_with_its_direction) {
    json_t *body =
        quoted_json("{'window':'P7D','key':'bought','kind':'conversion','event':'Order Completed','version':2}");
    struct metric m;
    cr_assert_eq(metric_parse(&m, body, TEXT_NONE, &arena, &error), 0);
    json_t *canonical = metric_canonical(&m, body);
    quoted_expect(canonical,
                  "{'key':'bought','kind':'conversion','event':'Order Completed','window':'P7D','better':'higher'}");
    json_decref(canonical);
    json_decref(body);
}
