/* The operators that flagd adds, and dates. */
#include "tests/experiments/decide/conditions.h"

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
             {"{\"sem_ver\":[true,\"=\",\"1\"]}", "{}", "false"});
}

/* semver.feature of flagd's testbed. */
Test(condition, versions_may_come_as_numbers) {
    ALL_GIVE({"{\"sem_ver\":[1,\"=\",\"1.0.0\"]}", "{}", "true"},
             {"{\"sem_ver\":[{\"var\":\"v\"},\">=\",\"1.2\"]}", "{\"v\":1.2}", "true"},
             {"{\"sem_ver\":[{\"var\":\"v\"},\">=\",\"1.2\"]}", "{\"v\":1.1}", "false"},
             {"{\"sem_ver\":[{\"var\":\"v\"},\">=\",1.2]}", "{\"v\":2}", "true"},
             {"{\"sem_ver\":[{\"var\":\"v\"},\">=\",\"0\"]}", "{\"v\":-1}", "false"});
}

Test(condition, what_is_no_version_is_not_compared) {
    static const char *const wrong[] = {"1.2.3-",    "1.2.3-a..b", "1.2.3-01", "1.2.3-a_b", "1.2.3+", "1.2.3+a..b",
                                        "1.2+build", "1-alpha",    "1.2.3.4",  "1..2",      "",       "vv1.2.3"},
                             *const right[] = {"1.2.3-0", "1.2.3-0a", "1.2.3--5", "1.2.3-x-y.7", "1.2.3+001", "V1"};
    char logic[80];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(logic, sizeof logic, "{\"sem_ver\":[\"%s\",\"!=\",\"9.9.9\"]}", wrong[i]);
        ALL_GIVE({logic, "{}", "false"});
    }
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        snprintf(logic, sizeof logic, "{\"sem_ver\":[\"%s\",\"!=\",\"9.9.9\"]}", right[i]);
        ALL_GIVE({logic, "{}", "true"});
    }
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
             {"{\"fractional\":[\"x\",[\"a\",\"1\"]]}", "{}", "null"}, {"{\"fractional\":[[\"a\",1]]}", "{}", "null"},
             {"{\"fractional\":[{\"var\":\"no\"},[\"a\",1]]}", "{\"targetingKey\":\"u\"}", "\"a\""},
             {"{\"fractional\":[7,[\"a\",1]]}", "{\"targetingKey\":\"u\"}", "null"},
             {"{\"fractional\":[\"x\",[\"a\",-50],[\"b\",null]]}", "{}", "\"b\""},
             {"{\"fractional\":[\"x\",[\"a\",0],[\"b\",-1]]}", "{}", "null"},
             {split, "{\"email\":\"rachel@faas.com\"}", "\"green\""},
             {split, "{\"email\":\"monica@faas.com\"}", "\"yellow\""},
             {split, "{\"email\":\"joey@faas.com\"}", "\"blue\""}, {split, "{\"email\":\"ross@faas.com\"}", "\"red\""});
}

Test(condition, fractional_without_an_expression_hashes_feature_and_targeting_key) {
    struct fixture f;
    conditions_begin(&f, "{\"targetingKey\":\"joey@faas.com\"}");
    const struct condition *implied =
        conditions_compile(&f, "{\"fractional\":[[\"a\",1],[\"b\",1],[\"c\",1],[\"d\",1]]}");
    const struct condition *said =
        conditions_compile(&f, "{\"fractional\":[{\"cat\":[{\"var\":\"$flagd.flagKey\"},{\"var\":"
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
