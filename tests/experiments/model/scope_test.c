#include "experiments/model/scope.h"

#include "tests/experiments/model/parsing.h"

TestSuite(scope, .init = begin, .fini = end);

enum kind { SEGMENT, LAYER, HOLDOUT };

static int parse(enum kind kind, const char *quoted, const char *canonical) {
    struct segment segment;
    struct layer layer;
    struct holdout holdout;
    json_t *body = quoted_json(quoted), *out = NULL;
    error_clear(&error);
    int code = kind == SEGMENT ? segment_parse(&segment, body, TEXT_NONE, &arena, &error)
               : kind == LAYER ? layer_parse(&layer, body, TEXT_NONE, &arena, &error)
                               : holdout_parse(&holdout, body, TEXT_NONE, &arena, &error);
    if (!code && canonical) {
        out = kind == SEGMENT ? segment_canonical(&segment, body)
              : kind == LAYER ? layer_canonical(&layer, body)
                              : holdout_canonical(&holdout, body);
        quoted_expect(out, canonical);
    }
    json_decref(out);
    json_decref(body);
    return code;
}

Test(scope, what_was_written_comes_back_with_defaults) {
    cr_expect_eq(parse(SEGMENT, "{'key':'vip','name':'Best','if':{'>':[{'var':'spend'},1000]}}",
                       "{'key':'vip','name':'Best','if':{'>':[{'var':'spend'},1000]}}"),
                 0);
    cr_expect_eq(parse(LAYER, "{'key':'home'}", "{'key':'home','unit':'targetingKey','salt':'home'}"), 0);
    cr_expect_eq(
        parse(HOLDOUT, "{'key':'q1','share':5,'start':'2027-01-01','features':['a']}",
              "{'key':'q1','share':5,'unit':'targetingKey','features':['a'],'start':'2027-01-01','salt':'q1'}"),
        0);
}

static const struct {
    enum kind kind;
    const char *body, *pointer, *words;
} defects[] = {
    {SEGMENT, "{'key':'a'}", "/if", "is missing; write the condition that its members meet"},
    {SEGMENT, "{'key':'a','if':{'?':1}}", "/if/?", "is not an operator"},
    {SEGMENT, "{'key':'a','if':true,'of':1}", "/of", "is not a member"},
    {LAYER, "{'unit':'x'}", "/key", "is missing"},
    {LAYER, "{'key':'a','slots':5}", "/slots", "is not a member that is known here; there are key, name, unit or salt"},
    {HOLDOUT, "{'key':'a','start':'2027-01-01'}", "/share", "is missing; write how many percent"},
    {HOLDOUT, "{'key':'a','share':60,'start':'2027-01-01'}", "/share", "must lie above 0 and be at most 50 percent"},
    {HOLDOUT, "{'key':'a','share':5}", "/start", "is missing; say when it begins"},
    {HOLDOUT, "{'key':'a','share':5,'start':'2027-01-01','end':'2026-01-01'}", "/end", "does not lie after start"},
    {HOLDOUT, "{'key':'a','share':5,'start':'2027-01-01','features':'all'}", "/features",
     "is a string; write an array"},
};

Test(scope, each_defect_is_named_with_its_place) {
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        cr_expect_eq(parse(defects[i].kind, defects[i].body, NULL), ERR_INVALID, "%s", defects[i].body);
        cr_expect_str_eq(error.at[0].pointer, defects[i].pointer, "%s: %s", defects[i].body, error.detail);
        cr_expect(strstr(error.at[0].detail, defects[i].words), "%s: %s", defects[i].body, error.at[0].detail);
        cr_expect_eq(error.places, 1, "%s: %s", defects[i].body, error.at[1].detail);
    }
}
