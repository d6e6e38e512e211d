/* JsonLogic's semantics as jsonlogic.com publishes them, flagd's operators, ours; and what a condition refuses. */
#include "experiments/decide/condition.h"

#include <criterion/criterion.h>

#include "core/base/json_dump.h"
#include "core/base/number.h"

struct fixture {
    struct arena arena;
    struct error error;
    struct json json;
    struct condition_input input;
};

static void begin(struct fixture *f, const char *data) {
    *f = (struct fixture){0};
    arena_init(&f->arena, 4096);
    cr_assert_eq(json_scan(&f->json, text_of(data), &f->arena, &f->error), 0, "%s: %s", data, f->error.detail);
    f->input = (struct condition_input){.json = &f->json, .root = 0, .arena = &f->arena};
}

static const struct condition *compile(struct fixture *f, const char *logic) {
    json_t *json = json_loads(logic, JSON_DECODE_ANY, NULL);
    cr_assert(json, "%s is no JSON", logic);
    struct reader reader = {&f->arena, &f->error, 0};
    const struct condition *condition = condition_compile(&reader, NULL, json);
    json_decref(json);
    return condition;
}

static void put_value(struct buffer *out, const struct value_home *home, struct value v) {
    char digits[NUMBER_ROOM];
    struct value_cursor cursor = {0};
    struct value item;
    switch ((enum value_kind)v.kind) {
    case VALUE_NULL: buffer_cstr(out, "null"); return;
    case VALUE_BOOL: buffer_cstr(out, v.truth ? "true" : "false"); return;
    case VALUE_NUMBER:
        if (v.number != v.number)
            buffer_cstr(out, "NaN");
        else
            buffer_put(out, digits, number_print(digits, v.number));
        return;
    case VALUE_STRING: json_escape(out, v.string); return;
    case VALUE_LIST:
    case VALUE_TAPE: break;
    }
    if (!value_is_list(home, v)) {
        buffer_text(out, json_source(home->json, v.at));
        return;
    }
    buffer_byte(out, '[');
    while (value_next(home, v, &cursor, &item)) {
        if (cursor.i > 1) buffer_byte(out, ',');
        put_value(out, home, item);
    }
    buffer_byte(out, ']');
}

static void gives(const char *logic, const char *data, const char *expected) {
    struct fixture f;
    struct buffer out = {0};
    begin(&f, data);
    const struct condition *condition = compile(&f, logic);
    cr_assert(condition, "%s: %s", logic, f.error.detail);
    put_value(&out, &(struct value_home){&f.json, &f.arena}, condition_value(condition, &f.input));
    cr_expect(text_is(buffer_view(&out), expected), "%s over %s gives %.*s, not %s", logic, data,
              TEXT_ARGS(buffer_view(&out)), expected);
    buffer_free(&out);
    arena_free(&f.arena);
}

struct example {
    const char *logic, *data, *expected;
};

static void all_give(const struct example *examples, size_t n) {
    for (size_t i = 0; i < n; i++) gives(examples[i].logic, examples[i].data, examples[i].expected);
}
#define ALL_GIVE(...)                                                                                                  \
    all_give((struct example[]){__VA_ARGS__}, sizeof((struct example[]){__VA_ARGS__}) / sizeof(struct example))

Test(condition, literals_pass_through) {
    ALL_GIVE({"true", "{}", "true"}, {"17", "{}", "17"}, {"\"apple\"", "{}", "\"apple\""},
             {"[\"a\",\"b\"]", "null", "[\"a\",\"b\"]"});
}

Test(condition, equality_coerces_and_identity_does_not) {
    ALL_GIVE({"{\"==\":[1,1]}", "{}", "true"}, {"{\"==\":[1,\"1\"]}", "{}", "true"}, {"{\"==\":[1,2]}", "{}", "false"},
             {"{\"===\":[1,1]}", "{}", "true"}, {"{\"===\":[1,\"1\"]}", "{}", "false"},
             {"{\"!=\":[1,\"1\"]}", "{}", "false"}, {"{\"!==\":[1,\"1\"]}", "{}", "true"},
             {"{\"==\":[0,false]}", "{}", "true"}, {"{\"==\":[\"\",0]}", "{}", "true"},
             {"{\"==\":[\" \",0]}", "{}", "true"}, {"{\"==\":[null,0]}", "{}", "false"},
             {"{\"==\":[null,null]}", "{}", "true"}, {"{\"==\":[null,false]}", "{}", "false"},
             {"{\"==\":[\"abc\",0]}", "{}", "false"}, {"{\"==\":[\"1e1\",10]}", "{}", "true"},
             {"{\"==\":[{\"var\":\"a\"},\"1,2\"]}", "{\"a\":[1,2]}", "true"},
             {"{\"==\":[{\"var\":\"a\"},{\"var\":\"a\"}]}", "{\"a\":[1]}", "false"}, {"{\"==\":[[],0]}", "{}", "true"},
             {"{\"==\":[true,\"1\"]}", "{}", "true"});
}

Test(condition, order_compares_numbers_and_texts) {
    ALL_GIVE({"{\">\":[2,1]}", "{}", "true"}, {"{\">\":[\"2\",1]}", "{}", "true"}, {"{\">\":[1,1]}", "{}", "false"},
             {"{\">=\":[1,1]}", "{}", "true"}, {"{\"<\":[\"b\",\"a\"]}", "{}", "false"},
             {"{\"<\":[\"10\",\"9\"]}", "{}", "true"}, {"{\"<\":[10,\"9\"]}", "{}", "false"},
             {"{\"<\":[1,\"abc\"]}", "{}", "false"}, {"{\">=\":[1,\"abc\"]}", "{}", "false"},
             {"{\"<\":[null,1]}", "{}", "true"}, {"{\"<=\":[1,true]}", "{}", "true"});
}

Test(condition, an_attribute_against_a_text_is_what_it_is_in_the_general_way) {
    ALL_GIVE({"{\"==\":[{\"var\":\"c\"},\"DE\"]}", "{\"c\":\"DE\"}", "true"},
             {"{\"==\":[{\"var\":\"c\"},\"DE\"]}", "{\"c\":\"D\\u0045\"}", "true"},
             {"{\"==\":[{\"var\":\"c\"},\"DE\"]}", "{\"\\u0063\":\"DE\"}", "true"},
             {"{\"==\":[{\"var\":\"c\"},\"DE\"]}", "{\"c\":\"FR\"}", "false"},
             {"{\"==\":[{\"var\":\"c\"},\"DE\"]}", "{}", "false"}, {"{\"!=\":[{\"var\":\"c\"},\"DE\"]}", "{}", "true"},
             {"{\"==\":[{\"var\":\"c\"},\"1\"]}", "{\"c\":1}", "true"},
             {"{\"===\":[{\"var\":\"c\"},\"1\"]}", "{\"c\":1}", "false"},
             {"{\"===\":[{\"var\":\"c\"},\"1\"]}", "{\"c\":\"1\"}", "true"},
             {"{\"!=\":[{\"var\":\"c\"},\"DE\"]}", "{\"c\":\"DE\"}", "false"},
             {"{\"!==\":[{\"var\":\"c\"},\"DE\"]}", "{\"c\":\"FR\"}", "true"},
             {"{\"==\":[{\"var\":\"c\"},\"a\"]}", "{\"c\":[\"a\"]}", "true"},
             {"{\"==\":[{\"var\":[\"c\",\"DE\"]},\"DE\"]}", "{}", "true"},
             {"{\"filter\":[{\"var\":\"l\"},{\"==\":[{\"var\":\"c\"},\"x\"]}]}", "{\"c\":\"x\",\"l\":[{\"c\":\"y\"}]}",
              "[]"},
             {"{\"reduce\":[{\"var\":\"l\"},{\"==\":[{\"var\":\"current\"},\"x\"]},0]}",
              "{\"current\":\"y\",\"l\":[\"x\"]}", "true"});
}

Test(condition, between_takes_three_arguments) {
    ALL_GIVE({"{\"<\":[1,2,3]}", "{}", "true"}, {"{\"<\":[1,1,3]}", "{}", "false"}, {"{\"<\":[1,4,3]}", "{}", "false"},
             {"{\"<=\":[1,1,3]}", "{}", "true"}, {"{\"<=\":[1,4,3]}", "{}", "false"},
             {"{\"<\":[0,{\"var\":\"temp\"},100]}", "{\"temp\":37}", "true"}, {"{\">\":[3,2,1]}", "{}", "true"},
             {"{\">=\":[3,3,4]}", "{}", "false"});
}

Test(condition, truth_is_javascripts_but_for_empty_arrays) {
    ALL_GIVE({"{\"!!\":[[]]}", "{}", "false"}, {"{\"!!\":[[0]]}", "{}", "true"}, {"{\"!!\":[\"0\"]}", "{}", "true"},
             {"{\"!!\":[\"\"]}", "{}", "false"}, {"{\"!!\":[0]}", "{}", "false"}, {"{\"!!\":[null]}", "{}", "false"},
             {"{\"!!\":{\"var\":\"o\"}}", "{\"o\":{}}", "true"}, {"{\"!!\":{\"var\":\"o\"}}", "{\"o\":[]}", "false"},
             {"{\"!\":[[]]}", "{}", "true"}, {"{\"!\":true}", "{}", "false"}, {"{\"!\":[\"0\"]}", "{}", "false"},
             {"{\"!\":0}", "{}", "true"}, {"{\"!!\":[-1]}", "{}", "true"});
}

Test(condition, or_and_and_return_the_deciding_value) {
    ALL_GIVE({"{\"or\":[false,true]}", "{}", "true"}, {"{\"or\":[0,\"a\",\"b\"]}", "{}", "\"a\""},
             {"{\"or\":[false,0]}", "{}", "0"}, {"{\"and\":[1,3]}", "{}", "3"},
             {"{\"and\":[\"a\",\"\",3]}", "{}", "\"\""}, {"{\"and\":[true,true]}", "{}", "true"},
             {"{\"or\":[[],\"x\"]}", "{}", "\"x\""});
}

Test(condition, if_chains_and_may_lack_an_else) {
    ALL_GIVE({"{\"if\":[true,\"a\",\"b\"]}", "{}", "\"a\""}, {"{\"if\":[false,\"a\"]}", "{}", "null"},
             {"{\"if\":[]}", "{}", "null"}, {"{\"if\":[\"apple\"]}", "{}", "\"apple\""},
             {"{\"if\":[{\"<\":[{\"var\":\"t\"},0]},\"ice\",{\"<\":[{\"var\":\"t\"},100]},\"water\",\"gas\"]}",
              "{\"t\":55}", "\"water\""},
             {"{\"if\":[false,1,false,2,3]}", "{}", "3"}, {"{\"?:\":[\"0\",1,2]}", "{}", "1"},
             {"{\"if\":[[],\"yes\",\"no\"]}", "{}", "\"no\""});
}

Test(condition, var_follows_paths_and_has_a_default) {
    ALL_GIVE({"{\"var\":\"a\"}", "{\"a\":1}", "1"}, {"{\"var\":[\"a\"]}", "{\"a\":1}", "1"},
             {"{\"var\":\"b\"}", "{\"a\":1}", "null"}, {"{\"var\":[\"b\",26]}", "{\"a\":1}", "26"},
             {"{\"var\":\"a.b.c\"}", "{\"a\":{\"b\":{\"c\":\"deep\"}}}", "\"deep\""},
             {"{\"var\":[\"a.q\",9]}", "{\"a\":{\"b\":2}}", "9"},
             {"{\"var\":1}", "[\"apple\",\"banana\"]", "\"banana\""},
             {"{\"var\":\"1.1\"}", "[\"a\",[\"b\",\"c\"]]", "\"c\""}, {"{\"var\":\"\"}", "3", "3"},
             {"{\"var\":[]}", "[1,2]", "[1,2]"}, {"{\"var\":null}", "\"x\"", "\"x\""},
             {"{\"var\":[\"a\",7]}", "{\"a\":null}", "null"}, {"{\"var\":\"a.0.x\"}", "{\"a\":[{\"x\":5}]}", "5"},
             {"{\"var\":{\"cat\":[\"a.\",\"b\"]}}", "{\"a\":{\"b\":4}}", "4"},
             {"{\"var\":[\"x\",{\"var\":\"y\"}]}", "{\"y\":8}", "8"}, {"{\"var\":\"5\"}", "[1]", "null"},
             {"{\"var\":\"\\u00fc\"}", "{\"\\u00fc\":\"a\\nb\"}", "\"a\\nb\""});
}

Test(condition, missing_names_what_is_not_there) {
    ALL_GIVE({"{\"missing\":[\"a\",\"b\"]}", "{\"a\":1}", "[\"b\"]"}, {"{\"missing\":\"a\"}", "{}", "[\"a\"]"},
             {"{\"missing\":[[\"a\",\"b\"]]}", "{\"a\":1,\"b\":2}", "[]"}, {"{\"missing\":[]}", "{}", "[]"},
             {"{\"missing\":[\"a\"]}", "{\"a\":\"\"}", "[\"a\"]"}, {"{\"missing\":[\"a\"]}", "{\"a\":0}", "[]"},
             {"{\"missing\":[\"a.b\"]}", "{\"a\":{\"b\":1}}", "[]"},
             {"{\"missing\":{\"merge\":[\"vin\",{\"if\":[{\"var\":\"f\"},[\"apr\"],[]]}]}}", "{\"f\":true}",
              "[\"vin\",\"apr\"]"},
             {"{\"missing_some\":[1,[\"a\",\"b\",\"c\"]]}", "{\"a\":1}", "[]"},
             {"{\"missing_some\":[2,[\"a\",\"b\",\"c\"]]}", "{\"a\":1}", "[\"b\",\"c\"]"},
             {"{\"if\":[{\"missing\":\"a\"},\"m\",\"ok\"]}", "{\"a\":\"x\"}", "\"ok\""});
}

Test(condition, arithmetic_reads_texts_as_javascript_does) {
    ALL_GIVE({"{\"+\":[1,2,3]}", "{}", "6"}, {"{\"+\":[\"3.5\"]}", "{}", "3.5"}, {"{\"+\":[\"1\",1]}", "{}", "2"},
             {"{\"+\":\"3px\"}", "{}", "3"}, {"{\"+\":[\"a\"]}", "{}", "NaN"}, {"{\"-\":[2,3]}", "{}", "-1"},
             {"{\"-\":[\"3\"]}", "{}", "-3"}, {"{\"*\":[2,\"3\",4]}", "{}", "24"}, {"{\"/\":[1,\"2\"]}", "{}", "0.5"},
             {"{\"%\":[7,3]}", "{}", "1"}, {"{\"%\":[-7,3]}", "{}", "-1"}, {"{\"max\":[1,\"9\",3]}", "{}", "9"},
             {"{\"min\":[1,2,-3]}", "{}", "-3"}, {"{\"max\":[1,\"x\"]}", "{}", "NaN"}, {"{\"-\":[true]}", "{}", "-1"},
             {"{\"+\":[\".5\",\"1e2\"]}", "{}", "100.5"});
}

Test(condition, lists_are_mapped_filtered_and_reduced) {
    ALL_GIVE({"{\"map\":[{\"var\":\"n\"},{\"*\":[{\"var\":\"\"},2]}]}", "{\"n\":[1,2,3]}", "[2,4,6]"},
             {"{\"map\":[{\"var\":\"none\"},{\"var\":\"\"}]}", "{}", "[]"},
             {"{\"map\":[{\"var\":\"d\"},{\"var\":\"q\"}]}", "{\"d\":[{\"q\":1},{\"q\":2}]}", "[1,2]"},
             {"{\"filter\":[{\"var\":\"n\"},{\">=\":[{\"var\":\"\"},2]}]}", "{\"n\":[1,2,3]}", "[2,3]"},
             {"{\"filter\":[[1,0,2],{\"var\":\"\"}]}", "{}", "[1,2]"},
             {"{\"reduce\":[{\"var\":\"n\"},{\"+\":[{\"var\":\"current\"},{\"var\":\"accumulator\"}]},0]}",
              "{\"n\":[1,2,3,4]}", "10"},
             {"{\"reduce\":[{\"var\":\"d\"},{\"+\":[{\"var\":\"accumulator\"},{\"var\":\"current.q\"}]},0]}",
              "{\"d\":[{\"q\":1},{\"q\":4}]}", "5"},
             {"{\"reduce\":[{\"var\":\"x\"},{\"var\":\"current\"},9]}", "{}", "9"},
             {"{\"map\":[[[1,2],[3]],{\"reduce\":[{\"var\":\"\"},{\"+\":[{\"var\":\"current\"},{\"var\":"
              "\"accumulator\"}]},0]}]}",
              "{}", "[3,3]"},
             {"{\"merge\":[1,[2,3],[[4]]]}", "{}", "[1,2,3,[4]]"}, {"{\"merge\":[]}", "{}", "[]"});
}

Test(condition, all_none_and_some_look_at_every_element) {
    ALL_GIVE({"{\"all\":[[1,2,3],{\">\":[{\"var\":\"\"},0]}]}", "{}", "true"},
             {"{\"all\":[[1,-2],{\">\":[{\"var\":\"\"},0]}]}", "{}", "false"},
             {"{\"all\":[[],{\">\":[{\"var\":\"\"},0]}]}", "{}", "false"},
             {"{\"none\":[[],{\">\":[{\"var\":\"\"},0]}]}", "{}", "true"},
             {"{\"none\":[[1],{\">\":[{\"var\":\"\"},0]}]}", "{}", "false"},
             {"{\"some\":[{\"var\":\"pies\"},{\"==\":[{\"var\":\"f\"},\"apple\"]}]}",
              "{\"pies\":[{\"f\":\"pecan\"},{\"f\":\"apple\"}]}", "true"},
             {"{\"some\":[[],true]}", "{}", "false"}, {"{\"all\":[{\"var\":\"no\"},true]}", "{}", "false"});
}

Test(condition, in_looks_into_texts_and_lists) {
    ALL_GIVE({"{\"in\":[\"Spring\",\"Springfield\"]}", "{}", "true"}, {"{\"in\":[\"i\",\"team\"]}", "{}", "false"},
             {"{\"in\":[\"Bart\",[\"Bart\",\"Lisa\"]]}", "{}", "true"},
             {"{\"in\":[\"beta\",{\"var\":\"groups\"}]}", "{\"groups\":[\"a\",\"beta\"]}", "true"},
             {"{\"in\":[1,[\"1\"]]}", "{}", "false"}, {"{\"in\":[\"a\",{\"var\":\"x\"}]}", "{}", "false"},
             {"{\"in\":[\"\",\"abc\"]}", "{}", "true"}, {"{\"in\":[\"a\",5]}", "{}", "false"},
             {"{\"in\":[1,\"a1\"]}", "{}", "true"});
}

Test(condition, texts_are_joined_and_cut) {
    ALL_GIVE({"{\"cat\":[\"I love \",{\"var\":\"f\"},\" pie\"]}", "{\"f\":\"apple\"}", "\"I love apple pie\""},
             {"{\"cat\":[1,null,true,[1,[2,3]]]}", "{}", "\"1true1,2,3\""}, {"{\"cat\":[]}", "{}", "\"\""},
             {"{\"cat\":\"x\"}", "{}", "\"x\""}, {"{\"cat\":[0.1]}", "{}", "\"0.1\""},
             {"{\"substr\":[\"jsonlogic\",4]}", "{}", "\"logic\""},
             {"{\"substr\":[\"jsonlogic\",-5]}", "{}", "\"logic\""},
             {"{\"substr\":[\"jsonlogic\",0,1]}", "{}", "\"j\""}, {"{\"substr\":[\"jsonlogic\",-1,1]}", "{}", "\"c\""},
             {"{\"substr\":[\"jsonlogic\",4,5]}", "{}", "\"logic\""},
             {"{\"substr\":[\"jsonlogic\",-5,5]}", "{}", "\"logic\""},
             {"{\"substr\":[\"jsonlogic\",-5,-2]}", "{}", "\"log\""},
             {"{\"substr\":[\"jsonlogic\",1,-5]}", "{}", "\"son\""}, {"{\"substr\":[\"abc\",-9]}", "{}", "\"abc\""},
             {"{\"substr\":[\"abc\",9]}", "{}", "\"\""}, {"{\"substr\":[\"Größe\",2,2]}", "{}", "\"öß\""},
             {"{\"substr\":[\"abc\",1,-9]}", "{}", "\"\""}, {"{\"substr\":[1234,1,2]}", "{}", "\"23\""});
}

Test(condition, affixes_are_of_texts_alone) {
    ALL_GIVE({"{\"starts_with\":[{\"var\":\"ip\"},\"192.168\"]}", "{\"ip\":\"192.168.0.1\"}", "true"},
             {"{\"starts_with\":[{\"var\":\"ip\"},\"10.\"]}", "{\"ip\":\"192.168.0.1\"}", "false"},
             {"{\"ends_with\":[\"a@faas.com\",\"@faas.com\"]}", "{}", "true"},
             {"{\"ends_with\":[\"com\",\"@faas.com\"]}", "{}", "false"},
             {"{\"starts_with\":[12,\"1\"]}", "{}", "false"},
             {"{\"ends_with\":[{\"var\":\"no\"},\"\"]}", "{}", "false"});
}

Test(condition, versions_compare_as_flagd_does) {
    ALL_GIVE({"{\"sem_ver\":[\"1.2.3\",\"=\",\"1.2.3\"]}", "{}", "true"},
             {"{\"sem_ver\":[\"v1.2.3\",\"=\",\"1.2.3\"]}", "{}", "true"},
             {"{\"sem_ver\":[\"1.2.3\",\"!=\",\"1.2.4\"]}", "{}", "true"},
             {"{\"sem_ver\":[\"1.10.0\",\">\",\"1.9.9\"]}", "{}", "true"},
             {"{\"sem_ver\":[\"1.2.3\",\"<\",\"1.2.3\"]}", "{}", "false"},
             {"{\"sem_ver\":[\"1.2.3\",\"<=\",\"1.2.3\"]}", "{}", "true"},
             {"{\"sem_ver\":[\"2.0.0\",\">=\",\"1.9.9\"]}", "{}", "true"},
             {"{\"sem_ver\":[\"1.9.0\",\"^\",\"1.2.3\"]}", "{}", "true"},
             {"{\"sem_ver\":[\"2.0.0\",\"^\",\"1.2.3\"]}", "{}", "false"},
             {"{\"sem_ver\":[\"1.2.9\",\"~\",\"1.2.3\"]}", "{}", "true"},
             {"{\"sem_ver\":[\"1.3.0\",\"~\",\"1.2.3\"]}", "{}", "false"},
             {"{\"sem_ver\":[\"1.0.0-alpha\",\"<\",\"1.0.0\"]}", "{}", "true"},
             {"{\"sem_ver\":[\"1.0.0-alpha.1\",\">\",\"1.0.0-alpha\"]}", "{}", "true"},
             {"{\"sem_ver\":[\"1.0.0-2\",\"<\",\"1.0.0-11\"]}", "{}", "true"},
             {"{\"sem_ver\":[\"1.0.0-11\",\"<\",\"1.0.0-beta\"]}", "{}", "true"},
             {"{\"sem_ver\":[\"1.0.0+a\",\"=\",\"1.0.0+b\"]}", "{}", "true"},
             {"{\"sem_ver\":[\"1.2\",\"=\",\"1.2.0\"]}", "{}", "true"},
             {"{\"sem_ver\":[\"01.2.3\",\"=\",\"1.2.3\"]}", "{}", "false"},
             {"{\"sem_ver\":[\"x\",\"=\",\"x\"]}", "{}", "false"},
             {"{\"sem_ver\":[\"1.2.3\",\"==\",\"1.2.3\"]}", "{}", "false"},
             {"{\"sem_ver\":[1,\"=\",\"1\"]}", "{}", "false"});
}

Test(condition, dates_lie_before_or_after_each_other) {
    ALL_GIVE({"{\"before\":[\"2026-01-01\",\"2026-01-01T00:00:01Z\"]}", "{}", "true"},
             {"{\"after\":[{\"var\":\"d\"},\"2026-01-01\"]}", "{\"d\":\"2026-01-01T01:00:00+02:00\"}", "false"},
             {"{\"before\":[{\"var\":\"d\"},\"2026-01-01\"]}", "{\"d\":\"2026-01-01T01:00:00+02:00\"}", "true"},
             {"{\"after\":[\"2026-02-30\",\"2026-01-01\"]}", "{}", "false"}, {"{\"before\":[1,2]}", "{}", "false"});
}

/* The e-mail addresses hash to 71.45, 90.62, 38.18 and 16.09 of 100 by an independent MurmurHash3_x86_32 and flagd's formula,
 * |int32(h)| / (2^31 - 1) * 100. */
Test(condition, fractional_draws_as_flagd_does) {
    static const char split[] =
        "{\"fractional\":[{\"var\":\"email\"},[\"red\",25],[\"blue\",25],[\"green\",25],[\"yellow\",25]]}";
    ALL_GIVE({"{\"fractional\":[\"x\",[\"only\",1]]}", "{}", "\"only\""},
             {"{\"fractional\":[\"x\",[\"never\",0],[\"always\",7]]}", "{}", "\"always\""},
             {"{\"fractional\":[{\"var\":\"no\"},[\"a\",1]]}", "{}", "null"},
             {"{\"fractional\":[\"x\",[\"a\",\"1\"]]}", "{}", "null"},
             {split, "{\"email\":\"rachel@faas.com\"}", "\"green\""},
             {split, "{\"email\":\"monica@faas.com\"}", "\"yellow\""},
             {split, "{\"email\":\"joey@faas.com\"}", "\"blue\""}, {split, "{\"email\":\"ross@faas.com\"}", "\"red\""});
}

Test(condition, fractional_without_an_expression_hashes_feature_and_targeting_key) {
    struct fixture f;
    begin(&f, "{\"targetingKey\":\"joey@faas.com\"}");
    const struct condition *implied = compile(&f, "{\"fractional\":[[\"a\",1],[\"b\",1],[\"c\",1],[\"d\",1]]}");
    const struct condition *said = compile(&f, "{\"fractional\":[{\"cat\":[{\"var\":\"$flagd.flagKey\"},{\"var\":"
                                               "\"targetingKey\"}]},[\"a\"],[\"b\"],[\"c\"],[\"d\"]]}");
    bool differ = false;
    struct text first = TEXT_NONE;
    for (int i = 0; i < 20; i++) {
        f.input.feature_key = arena_printf(&f.arena, "feature-%d", i);
        struct value a = condition_value(implied, &f.input), b = condition_value(said, &f.input);
        cr_assert(a.kind == VALUE_STRING && b.kind == VALUE_STRING);
        cr_expect(text_eq(a.string, b.string));
        if (i == 0) first = a.string;
        differ |= !text_eq(first, a.string);
    }
    cr_expect(differ, "the feature's key takes part in the hash");
    arena_free(&f.arena);
}

Test(condition, segments_are_looked_up_by_name) {
    struct fixture f;
    struct map segments = {0};
    begin(&f, "{\"country\":\"DE\",\"spend\":900}");
    struct condition_segment germans = {.condition = compile(&f, "{\"==\":[{\"var\":\"country\"},\"DE\"]}")},
                             vip = {.condition = compile(&f, "{\">\":[{\"var\":\"spend\"},1000]}")},
                             both = {.condition = compile(&f, "{\"and\":[{\"in_segment\":\"germans\"},"
                                                              "{\"in_segment\":\"vip\"}]}")},
                             loop = {.condition = compile(&f, "{\"in_segment\":\"loop\"}")};
    map_put(&segments, TEXT("germans"), &germans);
    map_put(&segments, TEXT("vip"), &vip);
    map_put(&segments, TEXT("both"), &both);
    map_put(&segments, TEXT("loop"), &loop);
    f.input.segments = &segments;
    const struct {
        const char *logic;
        bool holds, unknown;
    } cases[] = {
        {"{\"in_segment\":\"germans\"}", true, false},
        {"{\"in_segment\":\"vip\"}", false, false},
        {"{\"in_segment\":[\"vip\",\"germans\"]}", true, false},
        {"{\"in_segment\":\"both\"}", false, false},
        {"{\"in_segment\":\"nobody\"}", false, true},
        {"{\"in_segment\":\"loop\"}", false, true},
        {"{\"!\":{\"in_segment\":\"vip\"}}", true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct value v = condition_value(compile(&f, cases[i].logic), &f.input);
        cr_expect_eq(v.truth, cases[i].holds, "%s", cases[i].logic);
        cr_expect_eq(v.absent, cases[i].unknown, "%s", cases[i].logic);
    }
    map_free(&segments);
    arena_free(&f.arena);
}

Test(condition, usual_rules_allocate_nothing) {
    struct fixture f;
    begin(&f, "{\"country\":\"DE\",\"groups\":[\"a\",\"beta\"],\"age\":30,\"version\":\"1.2.3\"}");
    const struct condition *condition = compile(&f, "{\"and\":[{\"==\":[{\"var\":\"country\"},\"DE\"]},{\"in\":["
                                                    "\"beta\",{\"var\":\"groups\"}]},{\"<\":[18,{\"var\":\"age\"},65]},"
                                                    "{\"!\":{\"in\":[{\"var\":\"country\"},[\"FR\",\"IT\"]]}},{\"sem_"
                                                    "ver\":[{\"var\":\"version\"},\">=\",\"1.2.0\"]},"
                                                    "{\"starts_with\":[{\"var\":\"country\"},\"D\"]}]}");
    size_t before = f.arena.total;
    cr_expect(condition_true(condition, &f.input));
    cr_expect_eq(f.arena.total, before);
    arena_free(&f.arena);
}

/* ---- generated conditions ---- */

static uint32_t draw(uint32_t *seed, uint32_t n) {
    *seed = *seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)*seed * n) >> 32);
}

static void generate(struct buffer *out, uint32_t *seed, int depth) {
    static const char *const leaves[] = {"1",
                                         "0",
                                         "-2.5",
                                         "\"\"",
                                         "\"a\"",
                                         "\"2\"",
                                         "true",
                                         "false",
                                         "null",
                                         "[]",
                                         "[1,\"a\"]",
                                         "{\"var\":\"a\"}",
                                         "{\"var\":\"list\"}",
                                         "{\"var\":\"o.x\"}",
                                         "{\"var\":\"\"}",
                                         "{\"var\":[\"gone\",3]}",
                                         "{\"var\":\"list.1\"}",
                                         "{\"var\":\"current\"}"};
    static const struct {
        const char *name;
        uint32_t least, most;
    } ops[] = {{"var", 1, 2},     {"missing", 0, 3},     {"missing_some", 2, 2},
               {"if", 0, 5},      {"?:", 3, 3},          {"==", 2, 2},
               {"===", 2, 2},     {"!=", 2, 2},          {"!==", 2, 2},
               {"!", 1, 1},       {"!!", 1, 1},          {"or", 1, 3},
               {"and", 1, 3},     {"<", 2, 3},           {"<=", 2, 3},
               {">", 2, 3},       {">=", 2, 3},          {"max", 1, 3},
               {"min", 1, 3},     {"+", 1, 3},           {"-", 1, 2},
               {"*", 1, 3},       {"/", 2, 2},           {"%", 2, 2},
               {"map", 2, 2},     {"filter", 2, 2},      {"reduce", 2, 3},
               {"all", 2, 2},     {"none", 2, 2},        {"some", 2, 2},
               {"merge", 0, 3},   {"in", 2, 2},          {"cat", 0, 3},
               {"substr", 2, 3},  {"starts_with", 2, 2}, {"ends_with", 2, 2},
               {"sem_ver", 3, 3}, {"fractional", 1, 3},  {"in_segment", 1, 2},
               {"before", 2, 2},  {"after", 2, 2}};
    if (depth == 0 || draw(seed, 4) == 0) {
        buffer_cstr(out, leaves[draw(seed, sizeof leaves / sizeof *leaves)]);
        return;
    }
    uint32_t op = draw(seed, sizeof ops / sizeof *ops),
             n = ops[op].least + draw(seed, ops[op].most - ops[op].least + 1);
    buffer_printf(out, "{\"%s\":[", ops[op].name);
    for (uint32_t i = 0; i < n; i++) {
        if (i) buffer_byte(out, ',');
        generate(out, seed, depth - 1);
    }
    buffer_cstr(out, "]}");
}

/* Every operator over every kind of argument ends, and what is written back means the same. */
Test(condition, generated_conditions_mean_the_same_after_being_written_and_read) {
    static const char data[] = "{\"a\":\"1.2.3\",\"list\":[1,\"2\",null,{\"x\":4},[5]],\"o\":{\"x\":\"\\u00fcb\\n\"}}";
    uint32_t seed = 20261122;
    for (int i = 0; i < 20000; i++) {
        struct fixture f;
        struct buffer logic = {0}, written = {0}, first = {0}, second = {0};
        begin(&f, data);
        struct value_home home = {&f.json, &f.arena};
        generate(&logic, &seed, 1 + i % 6);
        buffer_byte(&logic, 0);
        if (strcmp(logic.at, "null") != 0) {
            const struct condition *condition = compile(&f, logic.at);
            cr_assert(condition, "%s: %s", logic.at, f.error.detail);
            condition_write(condition, &written);
            buffer_byte(&written, 0);
            put_value(&first, &home, condition_value(condition, &f.input));
            put_value(&second, &home, condition_value(compile(&f, written.at), &f.input));
            cr_assert(text_eq(buffer_view(&first), buffer_view(&second)), "%s and %s", logic.at, written.at);
        }
        buffer_free(&logic);
        buffer_free(&written);
        buffer_free(&first);
        buffer_free(&second);
        arena_free(&f.arena);
    }
}

static void refuses(const char *logic, const char *pointer, const char *words) {
    struct fixture f;
    begin(&f, "{}");
    cr_expect_null(compile(&f, logic), "%.60s", logic);
    cr_expect_str_eq(f.error.at[0].pointer, pointer, "%.60s: %s", logic, f.error.detail);
    cr_expect(strstr(f.error.at[0].detail, words), "%.60s: %s", logic, f.error.at[0].detail);
    arena_free(&f.arena);
}

Test(condition, what_is_wrong_is_named_with_its_place) {
    refuses("{\"equals\":[1,2]}", "/equals", "not an operator that is known");
    refuses("{\"and\":[true,{\"==\":[1]}]}", "/and/1/==", "takes 2 arguments, not 1");
    refuses("{\"<\":[1,2,3,4]}", "/<", "takes 2 to 3 arguments, not 4");
    refuses("{\"or\":[]}", "/or", "takes at least 1 argument, not 0");
    refuses("{\"==\":[1,2],\"!=\":[1,2]}", "", "has 2 members; an operator is an object with exactly one");
    refuses("{\"!\":{}}", "/!", "has 0 members");
    refuses("null", "", "is null; write a condition or leave it out");
    refuses("{\"/\":[{\"x\":1},2]}", "/~1/0/x", "not an operator");
}

Test(condition, depth_and_size_have_limits) {
    struct buffer deep = {0}, wide = {0};
    for (int i = 0; i < 70; i++) buffer_cstr(&deep, "{\"!\":");
    buffer_cstr(&deep, "1");
    for (int i = 0; i < 70; i++) buffer_cstr(&deep, "}");
    buffer_byte(&deep, 0);
    struct fixture f;
    begin(&f, "{}");
    cr_expect_null(compile(&f, deep.at));
    cr_expect(strstr(f.error.detail, "more than 64 deep"), "%s", f.error.detail);
    error_clear(&f.error);
    buffer_cstr(&wide, "{\"or\":[");
    for (int i = 0; i < 3000; i++) buffer_cstr(&wide, "{\"var\":\"a\"},");
    buffer_cstr(&wide, "1]}");
    buffer_byte(&wide, 0);
    cr_expect_null(compile(&f, wide.at));
    cr_expect(strstr(f.error.detail, "larger than 4096"), "%s", f.error.detail);
    buffer_free(&deep);
    buffer_free(&wide);
    arena_free(&f.arena);
}

Test(condition, a_hostile_context_cannot_make_it_run_long) {
    struct buffer data = {0};
    struct fixture f;
    buffer_cstr(&data, "{\"n\":[");
    for (int i = 0; i < 2000; i++) buffer_cstr(&data, i ? ",1" : "1");
    buffer_cstr(&data, "]}");
    buffer_byte(&data, 0);
    begin(&f, data.at);
    static const char doubling[] = "{\"reduce\":[{\"var\":\"n\"},{\"cat\":[{\"var\":\"accumulator\"},{\"var\":"
                                   "\"accumulator\"}]},\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"]}";
    struct value v = condition_value(compile(&f, doubling), &f.input);
    cr_expect_lt(f.arena.total, 64u << 20, "doubling stops: %zu bytes", f.arena.total);
    cr_expect(v.kind == VALUE_NULL || v.kind == VALUE_STRING);
    buffer_free(&data);
    arena_free(&f.arena);
}

static void traces(const char *logic, const char *data, const char *expected) {
    struct fixture f;
    struct buffer out = {0};
    struct json_writer w;
    begin(&f, data);
    json_writer_init(&w, &out);
    condition_trace(compile(&f, logic), &f.input, &w);
    cr_expect(text_is(buffer_view(&out), expected), "%s:\n%.*s instead of\n%s", logic, TEXT_ARGS(buffer_view(&out)),
              expected);
    buffer_free(&out);
    arena_free(&f.arena);
}

Test(condition, a_trace_tells_true_false_and_unknown_apart) {
    traces("{\"==\":[{\"var\":\"a\"},1]}", "{\"a\":1}",
           "{\"if\":{\"==\":[{\"var\":[\"a\"]},1]},\"result\":\"true\",\"taken\":true}");
    traces("{\"==\":[{\"var\":\"a\"},1]}", "{}",
           "{\"if\":{\"==\":[{\"var\":[\"a\"]},1]},\"result\":\"unknown\",\"taken\":false}");
    traces("{\"or\":[{\"var\":\"a\"},{\"var\":\"b\"}]}", "{\"b\":1}",
           "{\"if\":{\"or\":[{\"var\":[\"a\"]},{\"var\":[\"b\"]}]},\"result\":\"true\",\"taken\":true,\"of\":["
           "{\"if\":{\"var\":[\"a\"]},\"result\":\"unknown\",\"taken\":false},"
           "{\"if\":{\"var\":[\"b\"]},\"result\":\"true\",\"taken\":true}]}");
    traces("{\"!\":{\"var\":\"a\"}}", "{}",
           "{\"if\":{\"!\":[{\"var\":[\"a\"]}]},\"result\":\"unknown\",\"taken\":true,\"of\":["
           "{\"if\":{\"var\":[\"a\"]},\"result\":\"unknown\",\"taken\":false}]}");
    traces("{\"var\":[\"a\",5]}", "{}", "{\"if\":{\"var\":[\"a\",5]},\"result\":\"true\",\"taken\":true}");
}

Test(condition, the_deepest_condition_can_be_traced_and_written) {
    struct buffer deep = {0};
    for (int i = 0; i < 63; i++) buffer_cstr(&deep, "{\"!\":");
    buffer_cstr(&deep, "1");
    for (int i = 0; i < 63; i++) buffer_cstr(&deep, "}");
    buffer_byte(&deep, 0);
    struct fixture f;
    struct buffer out = {0};
    struct json_writer w;
    begin(&f, "{}");
    const struct condition *condition = compile(&f, deep.at);
    cr_assert(condition, "%s", f.error.detail);
    json_writer_init(&w, &out);
    condition_trace(condition, &f.input, &w);
    buffer_clear(&out);
    condition_write(condition, &out);
    cr_expect_eq(out.n, 63 * strlen("{\"!\":[]}") + 1);
    buffer_free(&out);
    buffer_free(&deep);
    arena_free(&f.arena);
}
