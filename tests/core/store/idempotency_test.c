#include "core/store/idempotency.h"

#include "core/base/clock.h"
#include "tests/core/store/main.h"

TestSuite(idempotency, .init = main_make, .fini = main_remove);

static struct idempotency id = {TEXT("ann"), TEXT("k1"), TEXT("POST /admin/v1/features\n{\"key\":\"a\"}"), 1000};
static struct idempotency_answer answer;

static int find(struct idempotency what) {
    return idempotency_find(sql, &arena, &what, &answer, &error);
}
static void keep(struct idempotency what) {
    cr_assert_eq(idempotency_keep(sql, &what, (struct idempotency_answer){201, TEXT("{\"version\":1}")}, &error), 0);
}

Test(idempotency, a_new_key_is_new) {
    cr_assert_eq(find(id), 0);
}

Test(idempotency, the_same_request_again_gets_the_same_answer) {
    keep(id);
    id.now += CLOCK_HOUR;
    cr_assert_eq(find(id), 1);
    cr_assert_eq(answer.status, 201);
    cr_assert(text_is(answer.body, "{\"version\":1}"));
}

Test(idempotency, the_same_key_with_another_request_is_a_conflict_that_names_it) {
    keep(id);
    id.request = TEXT("POST /admin/v1/features\n{\"key\":\"b\"}");
    cr_assert_eq(find(id), ERR_CONFLICT);
    cr_assert(strstr(error.detail, "k1") != NULL);
}

Test(idempotency, keys_of_two_actors_do_not_meet) {
    keep(id);
    id.actor = TEXT("bob");
    cr_assert_eq(find(id), 0);
}

Test(idempotency, is_forgotten_after_a_day) {
    keep(id);
    id.now += CLOCK_DAY - 1;
    cr_assert_eq(find(id), 1);
    id.now += 1;
    cr_assert_eq(find(id), 0);
    keep(id);
    cr_assert_eq(find(id), 1, "and the key may be used anew");
}
