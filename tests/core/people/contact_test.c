#include "core/people/contact.h"

#include "core/base/clock.h"
#include "core/people/customers.h"
#include "tests/core/store/main.h"

TestSuite(contact, .init = main_make, .fini = main_remove);

static const struct text keys[] = {{"u1", 2}, {"anon", 4}};
static const struct contact_caps caps = {.day = 2, .week = 3};
static const int64_t start = 1000 * (int64_t)CLOCK_DAY;

static enum contact_answer ask(struct contact contact, int64_t now) {
    if (!contact.n) contact.keys = keys, contact.n = 2;
    int rc = may_contact(sql, &arena, &contact, &caps, now, &error);
    cr_assert_geq(rc, 0, "%s", error.detail);
    return (enum contact_answer)rc;
}

static void wish(const char *json) {
    struct preferences before, after;
    cr_assert_eq(customers_preferences(sql, &arena, keys, 1, &before, &error), 0);
    cr_assert_eq(preferences_read(&after, text_of(json), &before, start, &arena, &error), 0, "%s", error.detail);
    cr_assert_eq(customers_prefer(sql, keys[0], &after, &error), 0);
}

Test(contact, the_cap_counts_over_all_plugins_and_all_her_keys) {
    cr_assert_eq(ask((struct contact){.plugin = TEXT("polls")}, start), CONTACT_YES);
    cr_assert_eq(ask((struct contact){.plugin = TEXT("boards"), .keys = &keys[1], .n = 1}, start), CONTACT_YES);
    cr_assert_eq(ask((struct contact){.plugin = TEXT("qa")}, start), CONTACT_CAP_DAY);
}

Test(contact, a_day_later_only_the_week_counts) {
    for (int i = 0; i < 2; i++) cr_assert_eq(ask((struct contact){0}, start), CONTACT_YES);
    cr_assert_eq(ask((struct contact){0}, start + CLOCK_DAY - 1), CONTACT_CAP_DAY);
    cr_assert_eq(ask((struct contact){0}, start + CLOCK_DAY), CONTACT_YES);
    cr_assert_eq(ask((struct contact){0}, start + 2 * (int64_t)CLOCK_DAY), CONTACT_CAP_WEEK);
    cr_assert_eq(ask((struct contact){0}, start + 8 * (int64_t)CLOCK_DAY), CONTACT_YES);
}

Test(contact, a_refusal_is_not_counted) {
    wish("{\"pushes\":false}");
    for (int i = 0; i < 5; i++) cr_assert_eq(ask((struct contact){0}, start), CONTACT_OPTED_OUT);
    wish("{\"pushes\":true}");
    cr_assert_eq(ask((struct contact){0}, start), CONTACT_YES);
}

Test(contact, her_own_cap_can_only_be_lower) {
    wish("{\"perDay\":1}");
    cr_assert_eq(ask((struct contact){0}, start), CONTACT_YES);
    cr_assert_eq(ask((struct contact){0}, start), CONTACT_CAP_DAY);
    wish("{\"perDay\":100}");
    cr_assert_eq(ask((struct contact){0}, start), CONTACT_YES);
    cr_assert_eq(ask((struct contact){0}, start), CONTACT_CAP_DAY);
}

Test(contact, an_answer_passes_opt_out_and_caps_but_not_a_mute) {
    wish("{\"pushes\":false,\"muted\":[\"chat\"],\"consent\":{\"marketing\":false}}");
    struct contact answer = {.kind = CONTACT_ANSWER};
    for (int i = 0; i < 5; i++) cr_assert_eq(ask(answer, start), CONTACT_YES);
    answer.feature = TEXT("chat");
    cr_assert_eq(ask(answer, start), CONTACT_MUTED);
}
