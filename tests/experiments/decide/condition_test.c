/* JsonLogic's semantics as jsonlogic.com publishes them, and segments. */
#include "tests/experiments/decide/conditions.h"

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
             {"{\"==\":[{\"var\":\"a\"},{\"var\":\"b\"}]}", "{\"a\":[1],\"b\":[1]}", "false"},
             {"{\"==\":[[],0]}", "{}", "true"}, {"{\"==\":[true,\"1\"]}", "{}", "true"});
}

Test(condition, arrays_and_objects_are_the_same_as_themselves_alone) {
    ALL_GIVE({"{\"===\":[{\"var\":\"a\"},{\"var\":\"a\"}]}", "{\"a\":[1]}", "true"},
             {"{\"!=\":[{\"var\":\"a\"},{\"var\":\"a\"}]}", "{\"a\":{}}", "false"},
             {"{\"===\":[{\"var\":\"a\"},{\"var\":\"b\"}]}", "{\"a\":{},\"b\":{}}", "false"},
             {"{\"===\":[[1],[1]]}", "{}", "false"}, {"{\"===\":[[],[]]}", "{}", "false"});
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
             {"{\"+\":[\".5\",\"1e2\"]}", "{}", "100.5"}, {"{\"*\":[\"3\"]}", "{}", "\"3\""},
             {"{\"cat\":{\"-\":[0]}}", "{}", "\"0\""});
}

Test(condition, numbers_in_other_bases_are_read_where_javascript_reads_them) {
    ALL_GIVE({"{\"==\":[\"0x1F\",31]}", "{}", "true"}, {"{\"-\":[\"0b11\",1]}", "{}", "2"},
             {"{\"max\":[\" 0o17 \"]}", "{}", "15"}, {"{\"max\":[\"0x1G\"]}", "{}", "NaN"},
             {"{\"max\":[\"0x\"]}", "{}", "NaN"}, {"{\"max\":[\"0b2\"]}", "{}", "NaN"},
             {"{\"max\":[\"-0x1\"]}", "{}", "NaN"}, {"{\"+\":[\"0x1F\"]}", "{}", "0"});
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

Test(condition, all_of_what_reduce_sees_is_an_object_as_in_javascript) {
#define REDUCE(logic) "{\"reduce\":[[1,2]," logic ",7]}"
    ALL_GIVE({REDUCE("{\"!!\":{\"var\":\"\"}}"), "{}", "true"},
             {REDUCE("{\"cat\":[{\"var\":\"\"}]}"), "{}", "\"[object Object]\""},
             {REDUCE("{\"===\":[{\"var\":\"\"},{\"var\":\"\"}]}"), "{}", "true"},
             {REDUCE("{\"==\":[{\"var\":\"\"},\"[object Object]\"]}"), "{}", "true"},
             {REDUCE("{\"+\":[{\"var\":\"\"},1]}"), "{}", "NaN"}, {REDUCE("{\"-\":[{\"var\":\"\"},1]}"), "{}", "NaN"},
             {REDUCE("{\"merge\":[{\"var\":\"accumulator.accumulator\"},{\"var\":\"accumulator.current\"},"
                     "{\"var\":\"\"}]}"),
              "{}", "[null,null,{\"current\":2,\"accumulator\":[null,null,{\"current\":1,\"accumulator\":7}]}]"},
             {"{\"cat\":[{\"var\":[\"accumulator.current\",\"none\"]}]}", "{}", "\"none\""},
             {"{\"reduce\":[[1],{\"var\":[\"accumulator\",5]},{\"var\":\"gone\"}]}", "{}", "null"},
             {"{\"reduce\":[[1,2],{\"if\":[{\"var\":\"accumulator.current\"},{\"var\":\"accumulator.current\"},"
              "{\"var\":\"\"}]},7]}",
              "{}", "1"});
#undef REDUCE
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
             {"{\"in\":[\"\",\"abc\"]}", "{}", "true"}, {"{\"in\":[\"\",\"\"]}", "{}", "false"},
             {"{\"in\":[\"a\",5]}", "{}", "false"}, {"{\"in\":[1,\"a1\"]}", "{}", "true"});
}

Test(condition, texts_are_joined_and_cut) {
    ALL_GIVE(
        {"{\"cat\":[\"I love \",{\"var\":\"f\"},\" pie\"]}", "{\"f\":\"apple\"}", "\"I love apple pie\""},
        {"{\"cat\":[1,null,true,[1,[2,3]]]}", "{}", "\"1true1,2,3\""}, {"{\"cat\":[]}", "{}", "\"\""},
        {"{\"cat\":\"x\"}", "{}", "\"x\""}, {"{\"cat\":[0.1]}", "{}", "\"0.1\""},
        {"{\"substr\":[\"jsonlogic\",4]}", "{}", "\"logic\""}, {"{\"substr\":[\"jsonlogic\",-5]}", "{}", "\"logic\""},
        {"{\"substr\":[\"jsonlogic\",0,1]}", "{}", "\"j\""}, {"{\"substr\":[\"jsonlogic\",-1,1]}", "{}", "\"c\""},
        {"{\"substr\":[\"jsonlogic\",4,5]}", "{}", "\"logic\""},
        {"{\"substr\":[\"jsonlogic\",-5,5]}", "{}", "\"logic\""},
        {"{\"substr\":[\"jsonlogic\",-5,-2]}", "{}", "\"log\""}, {"{\"substr\":[\"jsonlogic\",1,-5]}", "{}", "\"son\""},
        {"{\"substr\":[\"abc\",-9]}", "{}", "\"abc\""}, {"{\"substr\":[\"abc\",9]}", "{}", "\"\""},
        {"{\"substr\":[\"Größe\",2,2]}", "{}", "\"öß\""}, {"{\"substr\":[\"abc\",1,-9]}", "{}", "\"\""},
        {"{\"substr\":[1234,1,2]}", "{}", "\"23\""}, {"{\"substr\":[\"abcdef\",1,-2.75]}", "{}", "\"bc\""},
        {"{\"cat\":[1e-7,\" \",1e20]}", "{}", "\"1e-7 100000000000000000000\""},
        {"{\"log\":\"apple\"}", "{}", "\"apple\""}, {"{\"log\":[{\"+\":[1,2]}]}", "{}", "3"});
}

Test(condition, segments_are_looked_up_by_name) {
    struct fixture f;
    struct map segments = {0};
    conditions_begin(&f, "{\"country\":\"DE\",\"spend\":900}");
    struct condition_segment germans = {.condition = conditions_compile(&f, "{\"==\":[{\"var\":\"country\"},\"DE\"]}")},
                             vip = {.condition = conditions_compile(&f, "{\">\":[{\"var\":\"spend\"},1000]}")},
                             both = {.condition = conditions_compile(&f, "{\"and\":[{\"in_segment\":\"germans\"},"
                                                                         "{\"in_segment\":\"vip\"}]}")},
                             loop = {.condition = conditions_compile(&f, "{\"in_segment\":\"loop\"}")};
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
        struct value v = condition_value(conditions_compile(&f, cases[i].logic), &f.input);
        cr_expect_eq(v.truth, cases[i].holds, "%s", cases[i].logic);
        cr_expect_eq(v.absent, cases[i].unknown, "%s", cases[i].logic);
    }
    map_free(&segments);
    arena_free(&f.arena);
}

/* Each element costs three steps. */
static bool holds_over(const char *logic, int elements) {
    struct fixture f;
    struct buffer data = {0};
    buffer_cstr(&data, "{\"l\":[1");
    for (int i = 1; i < elements; i++) buffer_cstr(&data, ",1");
    buffer_put(&data, "]}", 3);
    conditions_begin(&f, data.at);
    bool holds = condition_true(conditions_compile(&f, logic), &f.input);
    arena_free(&f.arena);
    buffer_free(&data);
    return holds;
}

Test(condition, out_of_steps_it_holds_for_nobody_whatever_stands_around) {
    static const char *const logics[] = {"{\"all\":[{\"var\":\"l\"},{\"==\":[{\"var\":\"\"},1]}]}",
                                         "{\"!\":{\"some\":[{\"var\":\"l\"},{\"==\":[{\"var\":\"\"},2]}]}}",
                                         "{\"none\":[{\"var\":\"l\"},{\"==\":[{\"var\":\"\"},2]}]}",
                                         "{\"or\":[{\"some\":[{\"var\":\"l\"},{\"==\":[{\"var\":\"\"},2]}]},true]}"};
    for (size_t i = 0; i < sizeof logics / sizeof *logics; i++) {
        cr_expect(holds_over(logics[i], 30000), "%s", logics[i]);
        cr_expect(!holds_over(logics[i], 40000), "%s", logics[i]);
    }
}

Test(condition, usual_rules_allocate_nothing) {
    struct fixture f;
    conditions_begin(&f, "{\"country\":\"DE\",\"groups\":[\"a\",\"beta\"],\"age\":30,\"version\":\"1.2.3\"}");
    const struct condition *condition =
        conditions_compile(&f, "{\"and\":[{\"==\":[{\"var\":\"country\"},\"DE\"]},{\"in\":["
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
