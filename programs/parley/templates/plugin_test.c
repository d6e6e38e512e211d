/* The plugin as its shoppers see it, without a server: <parley/test.h> says what every call does. Gets the library's path. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <parley/test.h>

static void counts_each_shoppers_greetings(parley_test *t) {
    parley_test_as(t, "anna");
    assert(parley_test_call(t, "GET", "/greetings", NULL) == 404);
    assert(parley_test_call(t, "POST", "/greetings", "{\"mood\":\"sunny\"}") == 200);
    assert(parley_test_call(t, "POST", "/greetings", "{}") == 200);
    assert(parley_test_says(t, "/words", "\"Hello\""));
    assert(parley_test_call(t, "GET", "/greetings", NULL) == 200);
    assert(parley_test_says(t, "/count", "2"));
    parley_test_as(t, "bert");
    assert(parley_test_call(t, "GET", "/greetings", NULL) == 404);
}

static void tracks_what_a_metric_can_count(parley_test *t) {
    parley_test_as(t, "carl");
    size_t before = parley_test_tracked(t, "Greeted");
    assert(parley_test_call(t, "POST", "/greetings", "{\"mood\":\"calm\"}") == 200);
    assert(parley_test_tracked(t, "Greeted") == before + 1);
    assert(strcmp(parley_test_properties(t, "Greeted", before), "{\"count\":1,\"mood\":\"calm\"}") == 0);
}

static void answers_in_the_words_of_the_variant(parley_test *t) {
    parley_test_variant(t, "greeting", "on", "{\"words\":\"Moin\"}");
    assert(parley_test_call(t, "POST", "/greetings", "{}") == 200);
    assert(parley_test_says(t, "/words", "\"Moin\""));
}

static void refuses_what_it_does_not_know(parley_test *t) {
    assert(parley_test_call(t, "POST", "/greetings", "{\"colour\":\"red\"}") == 400);
    assert(parley_test_says(t, "/errors/0/pointer", "\"/colour\""));
    assert(parley_test_call(t, "POST", "/greetings", "{\"mood\":\"far too long for any mood\"}") == 400);
    assert(parley_test_says(t, "/errors/0/pointer", "\"/mood\""));
}

static void shows_and_forgets_all_it_holds_of_a_customer(parley_test *t) {
    parley_test_as(t, "dora");
    assert(parley_test_call(t, "POST", "/greetings", "{}") == 200);
    assert(strcmp(parley_test_json(t, parley_test_export(t, "dora"), "/count"), "1") == 0);
    assert(parley_test_forget(t, "dora") == 0);
    assert(strcmp(parley_test_export(t, "dora"), "{}") == 0);
    assert(parley_test_forget(t, "dora") == 0);
}

#define RUN(test) (test(t), puts("ok - " #test))

int main(int argc, char **argv) {
    assert(argc > 1);
    parley_test *t = parley_test_start(&(struct parley_test_options){.library = argv[1]});
    if (parley_test_why(t)) puts(parley_test_why(t));
    RUN(counts_each_shoppers_greetings);
    RUN(tracks_what_a_metric_can_count);
    RUN(answers_in_the_words_of_the_variant);
    RUN(refuses_what_it_does_not_know);
    RUN(shows_and_forgets_all_it_holds_of_a_customer);
    parley_test_stop(t);
    return 0;
}
