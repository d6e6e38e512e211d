/* Routes: which one a request means, and what its query says. */
#include <criterion/criterion.h>

#include "core/plugins/worker_route.h"

static int handle(parley_call *c) {
    return 0;
}
static const struct parley_route routes[] = {
    {"GET", "/polls", PARLEY_READ, PARLEY_SHOPPER, handle},
    {"GET", "/polls/{id}", PARLEY_READ, PARLEY_SHOPPER, handle},
    {"PUT", "/polls/{id}/options/{key}", PARLEY_WRITE, PARLEY_SHOPPER, handle},
    {"POST", "/polls", PARLEY_WRITE, PARLEY_STAFF, handle},
    {"DELETE", "/polls/{id}", PARLEY_WRITE, PARLEY_SHOPPER, handle},
    {"GET", "/polls/latest", PARLEY_READ, PARLEY_SHOPPER, handle},
};

static struct route_match match;
static struct arena arena;

static void open_arena(void) {
    arena_init(&arena, 1024);
}
static void close_arena(void) {
    arena_free(&arena);
}
TestSuite(route, .init = open_arena, .fini = close_arena);

static int find(int audience, const char *method, const char *path) {
    return route_find(&match, routes, sizeof routes / sizeof *routes, sizeof *routes, audience, text_of(method),
                      text_of(path), &arena, NULL);
}

Test(route, names_in_braces_take_one_segment) {
    cr_assert_eq(find(PARLEY_SHOPPER, "PUT", "/polls/p1/options/a b"), 0);
    cr_expect_eq(match.route, &routes[2]);
    cr_expect_eq(match.params_n, 2);
    cr_expect(text_is(match.params[0].name, "id") && text_is(match.params[0].value, "p1"));
    cr_expect(text_is(match.params[1].name, "key") && text_is(match.params[1].value, "a b"));
}

Test(route, a_slash_and_a_percent_sign_may_be_in_a_name) {
    cr_assert_eq(find(PARLEY_SHOPPER, "GET", "/polls/100%25 a%2Fb%2525%41"), 0);
    cr_expect(text_is(match.params[0].value, "100% a/b%25%41"));
}

Test(route, the_whole_path_must_fit) {
    cr_expect_eq(find(PARLEY_SHOPPER, "GET", "/polls/"), ERR_NOT_FOUND);
    cr_expect_eq(find(PARLEY_SHOPPER, "GET", "/polls/p1/x"), ERR_NOT_FOUND);
    cr_expect_eq(find(PARLEY_SHOPPER, "GET", "/poll"), ERR_NOT_FOUND);
    cr_expect_eq(find(PARLEY_SHOPPER, "GET", ""), ERR_NOT_FOUND);
}

Test(route, another_method_is_told_from_another_path) {
    cr_expect_eq(find(PARLEY_SHOPPER, "DELETE", "/polls"), ERR_METHOD);
    cr_expect_eq(find(PARLEY_SHOPPER, "POST", "/polls"), ERR_METHOD, "the staff's route is not there for shoppers");
    cr_expect_eq(find(PARLEY_STAFF, "GET", "/polls"), ERR_METHOD);
    cr_expect(text_is(match.allow, "POST"));
    cr_expect_eq(find(PARLEY_SHOPPER, "PUT", "/polls/latest"), ERR_METHOD);
    cr_expect(text_is(match.allow, "GET, DELETE"), "each method once: %.*s", TEXT_ARGS(match.allow));
    cr_expect_eq(find(PARLEY_SHOPPER, "GET", "/nowhere"), ERR_NOT_FOUND);
    cr_expect_eq(match.allow.n, 0);
}

Test(route, templates_are_checked) {
    cr_expect(route_template_valid("/"));
    cr_expect(route_template_valid("/polls/{id}"));
    cr_expect(!route_template_valid(NULL));
    cr_expect(!route_template_valid("polls"));
    cr_expect(!route_template_valid("/polls//x"));
    cr_expect(!route_template_valid("/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}"));
}

Test(route, a_query_is_decoded_and_hostile_percents_stay) {
    struct text query = TEXT("about=sku%3A85123A&a+b=c%20d&empty=&flag&bad=%zz%4&nul=%00x");
    cr_expect(text_is(route_query(query, TEXT("about"), &arena), "sku:85123A"));
    cr_expect(text_is(route_query(query, TEXT("a b"), &arena), "c d"));
    cr_expect(text_is(route_query(query, TEXT("empty"), &arena), ""));
    cr_expect(text_is(route_query(query, TEXT("flag"), &arena), ""));
    cr_expect(text_is(route_query(query, TEXT("bad"), &arena), "%zz%4"));
    cr_expect(text_is(route_query(query, TEXT("nul"), &arena), "%00x"));
    cr_expect_null(route_query(query, TEXT("absent"), &arena).at);
}
