#include "experiments/model/page.h"

#include "tests/experiments/model/parsing.h"

TestSuite(page, .init = begin, .fini = end);

static int parse(struct page *page, const char *quoted, const char *canonical) {
    json_t *body = quoted_json(quoted);
    error_clear(&error);
    int code = page_parse(page, body, TEXT("home"), &arena, &error);
    if (!code && canonical) {
        json_t *out = page_canonical(page, body);
        quoted_expect(out, canonical);
        json_decref(out);
    }
    json_decref(body);
    return code;
}

Test(page, sections_come_as_they_are_written_where_no_order_is_given) {
    struct page page;
    cr_assert_eq(parse(&page, "{'sections':{'b':{'feature':'x'},'a':{'feature':'y'}}}",
                       "{'key':'home','sections':{'b':{'feature':'x'},'a':{'feature':'y'}},'order':['b','a'],"
                       "'deadline':100}"),
                 0);
    cr_expect_eq(page.n_order, 2);
    cr_expect(text_is(page.sections[page.order[0]].id, "b"));
    cr_expect_eq(page_section(&page, TEXT("a")), 1);
    cr_expect_eq(page_section(&page, TEXT("c")), -1);
}

Test(page, an_order_may_leave_sections_at_rest) {
    struct page page;
    cr_assert_eq(
        parse(&page, "{'sections':{'a':{'feature':'x'},'b':{'feature':'y'}},'order':['b'],'deadline':50}", NULL), 0);
    cr_expect_eq(page.n_sections, 2);
    cr_assert_eq(page.n_order, 1);
    cr_expect(text_is(page.sections[page.order[0]].id, "b"));
    cr_expect_eq(page.deadline, 50);
}

Test(page, a_section_knows_what_to_ask_how_and_when) {
    struct page page;
    cr_assert_eq(parse(&page,
                       "{'sections':{'a':{'feature':'x','title':'Tell "
                       "us','about':'home','path':'/polls?about=home','settings':{'n':1},"
                       "'from':'2027-01-01','until':'2027-02-01'}}}",
                       NULL),
                 0);
    cr_expect(text_is(page.sections[0].path, "/polls?about=home"));
    cr_expect(text_is(page.sections[0].title, "Tell us"));
    cr_expect(text_is(page.sections[0].about, "home"));
    cr_expect(text_is(page.sections[0].settings, "{\"n\":1}"));
    cr_expect_eq(page.sections[0].until - page.sections[0].from, 31 * 86400000ll);
}

static const struct {
    const char *body, *pointer, *words;
} defects[] = {
    {"{}", "/sections", "is missing"},
    {"{'sections':{'a b':{'feature':'x'}}}", "/sections", "has a section \"a b\""},
    {"{'sections':{'a':{}}}", "/sections/a/feature", "is missing"},
    {"{'sections':{'a':{'feature':'x','path':'p'}}}", "/sections/a/path", "must begin with '/'"},
    {"{'sections':{'a':{'feature':'x'}},'order':['a','a']}", "/order/1", "is there twice"},
    {"{'sections':{'a':{'feature':'x'}},'deadline':1}", "/deadline", "5"},
    {"{'sections':{'a':{'feature':'x'}},'sort':1}", "/sort", "is not a member"},
};

Test(page, what_is_wrong_is_said_in_its_place) {
    for (size_t i = 0; i < sizeof defects / sizeof *defects; i++) {
        struct page page;
        cr_assert_lt(parse(&page, defects[i].body, NULL), 0, "%s", defects[i].body);
        cr_expect_str_eq(error.at[0].pointer, defects[i].pointer, "%s: %s", defects[i].body, error.detail);
        cr_expect(strstr(error.at[0].detail, defects[i].words), "%s: %s", defects[i].body, error.at[0].detail);
    }
}
