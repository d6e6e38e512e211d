#include "api/router.h"

#include <criterion/criterion.h>

static void handle(struct request *request) {}

static const struct route table[] = {
    {METHOD_GET, "/", 0, 0, 0, handle},
    {METHOD_GET, "/a/{key}", 0, 0, 0, handle},
    {METHOD_PUT, "/a/{key}", 0, 0, 0, handle},
    {METHOD_GET, "/a/fixed", 0, 0, 0, handle},
    {METHOD_POST, "/a/{key}/start", 0, 0, 0, handle},
    {METHOD_GET, "/files/{name}/{path...}", 0, 0, 0, handle},
    {0},
};

static struct route_match match(enum method method, const char *path) {
    static const struct route *const tables[] = {table};
    struct router *router = router_new(tables, 1);
    struct route_match found;
    router_match(router, method, text_of(path), &found);
    router_free(router);
    return found;
}

Test(router, takes_a_parameter_from_the_path) {
    struct route_match m = match(METHOD_GET, "/a/poll-1");
    cr_assert_eq(m.route, &table[1]);
    cr_assert(text_is(m.params[0], "poll-1"));
}

Test(router, prefers_what_is_written_out) {
    cr_assert_eq(match(METHOD_GET, "/a/fixed").route, &table[3]);
}

Test(router, falls_back_to_a_parameter_where_the_written_out_leads_nowhere) {
    struct route_match m = match(METHOD_POST, "/a/fixed/start");
    cr_assert_eq(m.route, &table[4]);
    cr_assert(text_is(m.params[0], "fixed"));
}

Test(router, gives_the_rest_of_a_path_whole) {
    struct route_match m = match(METHOD_GET, "/files/polls/web/a/b.js");
    cr_assert_eq(m.route, &table[5]);
    cr_assert(text_is(m.params[1], "web/a/b.js"));
}

Test(router, names_the_methods_that_a_path_takes) {
    struct route_match m = match(METHOD_DELETE, "/a/x");
    cr_assert_null(m.route);
    cr_assert(m.path_known);
    cr_assert_str_eq(m.allow, "GET, PUT");
}

Test(router, does_not_know_a_path_that_is_longer_or_shorter_or_empty) {
    cr_assert_not(match(METHOD_GET, "/a").path_known);
    cr_assert_not(match(METHOD_GET, "/a/").path_known);
    cr_assert_not(match(METHOD_GET, "/a/x/start/now").path_known);
    cr_assert_not(match(METHOD_GET, "").path_known);
    cr_assert_eq(match(METHOD_GET, "/").route, &table[0]);
}

Test(router, takes_head_for_get) {
    cr_assert_eq(method_of(TEXT("HEAD")), METHOD_GET);
    cr_assert_eq(method_of(TEXT("BREW")), METHOD_UNKNOWN);
}
