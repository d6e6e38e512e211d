#include "experiments/insight/insight.h"

#include <unistd.h>
#include <uv.h>

#include "core/base/arena.h"
#include "tests/core/journal/write.h"

TestSuite(insight, .init = folder_make, .fini = folder_remove);

static const int64_t DAY = CLOCK_DAY, T = 1322611200000; /* 2011-11-30T00:00:00Z */

static struct {
    uv_loop_t loop;
    struct mailbox box;
    struct journal *journal;
    struct insight *insight;
    struct clock clock;
    int answered;
} h;

static void open_insight(void) {
    struct error error = {0};
    struct journal_stats stats;
    char journal[128], path[128];
    journal_stats(h.journal, &stats);
    snprintf(journal, sizeof journal, "%s", in_folder("journal"));
    snprintf(path, sizeof path, "%s", in_folder("insight.db"));
    struct insight_options options = {
        .path = path, .journal_folder = journal, .journal_last = stats.last, .clock = &h.clock};
    cr_assert_eq(insight_open(&h.insight, &options, &error), 0, "%s", error.detail);
}

static void start(void) {
    h.journal = journal_start((struct journal_options){0});
    clock_fix(&h.clock, T + 3600 * 1000);
    open_insight();
    uv_loop_init(&h.loop);
    mailbox_open(&h.box, &h.loop);
}

static void stop(void) {
    insight_close(h.insight);
    journal_close(h.journal);
    mailbox_close(&h.box);
    uv_run(&h.loop, UV_RUN_DEFAULT);
    uv_loop_close(&h.loop);
}

static void on_answer(struct mail *mail) {
    h.answered = 1;
}
static void wait_for_answer(void) {
    h.answered = 0;
    while (!h.answered) uv_run(&h.loop, UV_RUN_ONCE);
}

/* Both answers as one text, so that a test says what it wants to see in it. */
static char *trends(enum insight_kind kind, int64_t least) {
    struct insight_trends q = {.job = {.mail.receive = on_answer, .reply_to = &h.box},
                               .kind = kind,
                               .least = least,
                               .window = 7,
                               .base = 28,
                               .limit = 100};
    insight_ask_trends(h.insight, &q);
    wait_for_answer();
    cr_assert_eq(q.error.code, 0, "%s", q.error.detail);
    size_t n;
    return buffer_take(&q.out, &n);
}
static char *cohorts(void) {
    struct insight_cohorts q = {.job = {.mail.receive = on_answer, .reply_to = &h.box}, .limit = 100};
    insight_ask_cohorts(h.insight, &q);
    wait_for_answer();
    cr_assert_eq(q.error.code, 0, "%s", q.error.detail);
    size_t n;
    return buffer_take(&q.out, &n);
}

static char *visits(void) {
    struct insight_visits q = {.job = {.mail.receive = on_answer, .reply_to = &h.box}, .before = INT64_MAX, .limit = 2};
    insight_ask_visits(h.insight, &q);
    wait_for_answer();
    cr_assert_eq(q.error.code, 0, "%s", q.error.detail);
    size_t n;
    return buffer_take(&q.out, &n);
}

static void expect(char *answer, const char *part) {
    cr_expect_neq(strstr(answer, part), NULL, "%s has no %s", answer, part);
    free(answer);
}

static void tell(const char *unit, int flags, const char *name, int64_t at, const char *properties) {
    char body[400];
    snprintf(body, sizeof body, "{\"properties\":%s}", properties);
    struct journal_record r = track(unit, name, NULL, at);
    r.received = T + DAY;
    r.flags = (uint8_t)flags;
    r.body = text_of(body);
    cr_assert_eq(journal_write(h.journal, &r, 1).code, 0);
}

Test(insight, a_customer_counts_once_in_the_window_and_once_in_the_base) {
    start();
    for (int i = 0; i < 3; i++) {
        tell("anna", 0, "Product Viewed", T - i * DAY, "{\"sku\":\"mug\"}");
        tell("bert", 0, "Product Added", T - i * DAY, "{\"product_id\":\"mug\",\"sku\":\"other\"}");
        tell("anna", 0, "Product Viewed", T - (8 + i) * DAY, "{\"sku\":\"mug\"}");
    }
    tell("carl", 0, "Product Viewed", T - 36 * DAY, "{\"sku\":\"mug\"}");
    tell("dora", 0, "Product Removed", T, "{\"sku\":\"mug\"}");
    expect(trends(INSIGHT_SHOPPING, 1),
           "{\"item\":\"mug\",\"customers\":2,\"before\":1,\"expected\":1.25,\"z\":0.6708203932499369");
    expect(trends(INSIGHT_SHOPPING, 3), "\"items\":[]");
    expect(trends(INSIGHT_PURCHASING, 1), "\"items\":[]");
    stop();
}

static int asked_back(int window, int base, const char *word) {
    struct insight_trends q = {.job = {.mail.receive = on_answer, .reply_to = &h.box},
                               .kind = INSIGHT_SHOPPING,
                               .least = 1,
                               .window = window,
                               .base = base,
                               .limit = 10};
    insight_ask_trends(h.insight, &q);
    wait_for_answer();
    if (q.error.code) cr_expect(strstr(q.error.detail, word), "%s", q.error.detail);
    buffer_free(&q.out);
    return q.error.code;
}

Test(insight, a_base_of_which_a_part_was_dropped_is_refused_and_not_taken_for_quiet) {
    start();
    tell("anna", 0, "Product Viewed", T - 400 * DAY, "{\"sku\":\"mug\"}");
    tell("anna", 0, "Product Viewed", T, "{\"sku\":\"mug\"}");
    cr_expect_eq(asked_back(366, 366, ""), 0, "all there was is there");
    tell("bert", 0, "Product Viewed", T - 401 * DAY, "{\"sku\":\"mug\"}");
    tell("bert", 0, "Product Viewed", T + DAY / 2, "{\"sku\":\"mug\"}");
    cr_expect_eq(asked_back(35, 366, ""), 0, "what comes so late is let go with the next new day");
    tell("bert", 0, "Product Viewed", T + DAY, "{\"sku\":\"mug\"}");
    cr_expect_eq(asked_back(34, 366, ""), 0);
    cr_expect_eq(asked_back(36, 366, "from 2010-10-27 on"), ERR_INVALID);
    insight_close(h.insight);
    open_insight();
    cr_expect_eq(asked_back(36, 366, "from 2010-10-27 on"), ERR_INVALID, "after a restart too");
    stop();
}

Test(insight, an_event_is_never_later_than_its_receipt) {
    start();
    tell("anna", 0, "Product Viewed", T + 400 * DAY, "{\"sku\":\"mug\"}");
    clock_fix(&h.clock, T + DAY);
    expect(trends(INSIGHT_SHOPPING, 1), "\"customers\":1");
    stop();
}

Test(insight, an_order_counts_once_and_a_browsers_gives_way_to_the_servers) {
    start();
    tell("thief", JOURNAL_KNOWN | JOURNAL_BROWSER, "Order Completed", T, "{\"order_id\":\"1\",\"revenue\":1}");
    expect(cohorts(), "\"customers\":1,\"again\":0");
    tell("anna", JOURNAL_KNOWN, "Order Completed", T, "{\"order_id\":\"1\",\"revenue\":20.5}");
    tell("thief", JOURNAL_KNOWN | JOURNAL_BROWSER, "Order Completed", T, "{\"order_id\":\"1\",\"revenue\":1}");
    tell("anna", JOURNAL_KNOWN, "Order Completed", T, "{\"order_id\":\"1\",\"revenue\":20.5}");
    expect(cohorts(), "\"customers\":1,\"again\":0,\"againShare\":0,\"orders\":1,\"revenue\":20.5,");
    stop();
}

Test(insight, guests_are_in_trends_and_in_no_cohort) {
    start();
    tell("guest", 0, "Order Completed", T, "{\"order_id\":\"1\",\"revenue\":7,\"products\":[{\"sku\":\"mug\"}]}");
    expect(trends(INSIGHT_PURCHASING, 1), "\"customers\":1");
    expect(cohorts(), "\"customers\":0");
    stop();
}

static void tell_link(enum journal_kind kind, enum journal_actor actor, const char *unit, const char *other) {
    struct journal_record r = track(unit, "", NULL, T);
    r.kind = (uint8_t)kind;
    r.actor = (uint8_t)actor;
    r.flags = JOURNAL_KNOWN;
    r.other = text_of(other);
    cr_assert_eq(journal_write(h.journal, &r, 1).code, 0);
}

Test(insight, a_visitor_who_says_who_she_is_is_one_customer_with_what_she_did_before) {
    start();
    tell("her-phone", 0, "Product Viewed", T - 8 * DAY, "{\"sku\":\"mug\"}");
    tell("her-phone", 0, "Product Viewed", T - 7 * DAY, "{\"sku\":\"lamp\"}");
    tell("her-phone", 0, "Order Completed", T, "{\"order_id\":\"1\",\"revenue\":7,\"products\":[{\"sku\":\"mug\"}]}");
    expect(cohorts(), "\"customers\":0,\"again\":0");
    tell_link(JOURNAL_IDENTIFY, JOURNAL_CUSTOMER, "anna", "her-phone");
    tell("anna", JOURNAL_KNOWN, "Product Viewed", T, "{\"sku\":\"lamp\"}");
    tell("her-phone", 0, "Product Viewed", T, "{\"sku\":\"lamp\"}");
    tell("anna", JOURNAL_KNOWN, "Order Completed", T,
         "{\"order_id\":\"2\",\"revenue\":5,\"products\":[{\"sku\":\"mug\"}]}");
    expect(trends(INSIGHT_SHOPPING, 1), "{\"item\":\"lamp\",\"customers\":1,\"before\":1,");
    expect(trends(INSIGHT_PURCHASING, 1), "{\"item\":\"mug\",\"customers\":1,\"before\":0,");
    expect(cohorts(), "\"customers\":1,\"again\":1,\"againShare\":1,\"orders\":2,\"revenue\":12,");
    expect(visits(), "{\"day\":\"2011-11-30\",\"visitors\":1,\"new\":0,\"returning\":1,");
    stop();
}

Test(insight, two_customers_are_one_by_the_staffs_word_alone_and_two_again_when_they_are_taken_apart) {
    start();
    tell("anna", JOURNAL_KNOWN, "Order Completed", T - DAY,
         "{\"order_id\":\"1\",\"revenue\":7,\"products\":[{\"sku\":\"mug\"}]}");
    tell("bert", JOURNAL_KNOWN, "Order Completed", T,
         "{\"order_id\":\"2\",\"revenue\":5,\"products\":[{\"sku\":\"mug\"}]}");
    tell_link(JOURNAL_ALIAS, JOURNAL_CUSTOMER, "anna", "bert");
    char *two = cohorts();
    expect(strdup(two), "\"customers\":2,\"again\":0");
    tell_link(JOURNAL_ALIAS, JOURNAL_STAFF, "anna", "bert");
    expect(cohorts(), "\"customers\":1,\"again\":1,\"againShare\":1,\"orders\":2,\"revenue\":12,");
    expect(trends(INSIGHT_PURCHASING, 1), "{\"item\":\"mug\",\"customers\":1,");
    tell_link(JOURNAL_PART, JOURNAL_STAFF, "anna", "bert");
    expect(cohorts(), strstr(two, "\"customers\""));
    expect(trends(INSIGHT_PURCHASING, 1), "{\"item\":\"mug\",\"customers\":2,");
    free(two);
    stop();
}

Test(insight, nothing_of_a_person_with_several_keys_stays_when_she_is_forgotten) {
    start();
    tell("her-phone", 0, "Order Completed", T, "{\"order_id\":\"1\",\"revenue\":7,\"products\":[{\"sku\":\"mug\"}]}");
    tell_link(JOURNAL_IDENTIFY, JOURNAL_CUSTOMER, "anna", "her-phone");
    tell("anna", JOURNAL_KNOWN, "Order Completed", T,
         "{\"order_id\":\"2\",\"revenue\":5,\"products\":[{\"sku\":\"mug\"}]}");
    expect(cohorts(), "\"customers\":1,\"again\":1");
    const struct text units[] = {TEXT("anna"), TEXT("her-phone")};
    struct insight_forgetting f = {.job = {.mail.receive = on_answer, .reply_to = &h.box}, .units = units, .n = 2};
    insight_forget(h.insight, &f);
    wait_for_answer();
    cr_assert_eq(f.error.code, 0, "%s", f.error.detail);
    expect(cohorts(), "\"customers\":0,\"again\":0,\"againShare\":null,\"orders\":0,\"revenue\":0,");
    expect(trends(INSIGHT_PURCHASING, 1), "\"items\":[]");
    stop();
}

Test(insight, who_buys_again_is_followed_month_by_month_and_refunds_are_told_apart) {
    start();
    tell("anna", JOURNAL_KNOWN, "Order Completed", T - 60 * DAY, "{\"order_id\":\"1\",\"revenue\":10}");
    tell("anna", JOURNAL_KNOWN, "Order Completed", T, "{\"order_id\":\"2\",\"revenue\":5}");
    tell("anna", JOURNAL_KNOWN, "Order Refunded", T, "{\"order_id\":\"2\",\"total\":1.25}");
    tell("bert", JOURNAL_KNOWN, "Order Completed", T, "{\"order_id\":\"3\",\"revenue\":3}");
    expect(cohorts(), "{\"cohort\":\"2011-10\",\"customers\":1,\"active\":[1,1],\"revenue\":[10,5]}");
    expect(
        cohorts(),
        "\"customers\":2,\"again\":1,\"againShare\":0.5,\"orders\":3,\"revenue\":18,\"refunded\":1.25,\"net\":16.75");
    stop();
}

Test(insight, a_restart_goes_on_where_it_was_and_another_journal_begins_anew) {
    start();
    tell("anna", 0, "Product Viewed", T, "{\"sku\":\"mug\"}");
    expect(trends(INSIGHT_SHOPPING, 1), "\"customers\":1");
    insight_close(h.insight);
    tell("bert", 0, "Product Viewed", T, "{\"sku\":\"mug\"}");
    open_insight();
    expect(trends(INSIGHT_SHOPPING, 1), "\"customers\":2");
    stop();
    char remove[200];
    snprintf(remove, sizeof remove, "rm -r %s", in_folder("journal"));
    cr_assert_eq(system(remove), 0);
    start();
    tell("carl", 0, "Product Viewed", T, "{\"sku\":\"lamp\"}");
    expect(trends(INSIGHT_SHOPPING, 1), "\"items\":[{\"item\":\"lamp\",\"customers\":1");
    stop();
}

static void wait_for_position(int64_t row) {
    while (insight_position(h.insight) < row) usleep(1000);
}

Test(insight, while_events_keep_coming_it_takes_in_a_few_and_the_rest_when_they_pause) {
    enum { ROWS = 12000 };
    start();
    struct journal_record *records = calloc(ROWS, sizeof *records);
    for (int i = 0; i < ROWS; i++) records[i] = track("anna", "Product Viewed", NULL, T);
    cr_assert_eq(journal_write(h.journal, records, ROWS).code, 0);
    free(records);
    insight_tick(h.insight, ROWS);
    wait_for_position(1);
    usleep(100 * 1000);
    cr_expect_lt(insight_position(h.insight), ROWS, "a page, not all: %lld", (long long)insight_position(h.insight));
    insight_tick(h.insight, ROWS); /* nothing has come since */
    wait_for_position(ROWS);
    stop();
}

Test(insight, what_is_of_no_interest_is_passed_and_not_walked_over_again_after_a_restart) {
    start();
    struct journal_record r = track("anna", "experiment", NULL, T);
    r.kind = JOURNAL_ENTRY;
    cr_assert_eq(journal_write(h.journal, &r, 1).code, 0);
    insight_tick(h.insight, 1);
    wait_for_position(1);
    insight_close(h.insight);
    open_insight();
    cr_expect_eq(insight_position(h.insight), 1);
    stop();
}

Test(insight, nothing_of_a_forgotten_person_stays) {
    start();
    tell("anna", JOURNAL_KNOWN, "Order Completed", T,
         "{\"order_id\":\"1\",\"revenue\":10,\"products\":[{\"sku\":\"mug\"}]}");
    tell("bert", JOURNAL_KNOWN, "Order Completed", T,
         "{\"order_id\":\"2\",\"revenue\":3,\"products\":[{\"sku\":\"mug\"}]}");
    expect(trends(INSIGHT_PURCHASING, 1), "\"customers\":2");
    const struct text units[] = {TEXT("anna"), TEXT("anon-anna")};
    struct insight_forgetting f = {.job = {.mail.receive = on_answer, .reply_to = &h.box}, .units = units, .n = 2};
    insight_forget(h.insight, &f);
    wait_for_answer();
    cr_assert_eq(f.error.code, 0, "%s", f.error.detail);
    expect(trends(INSIGHT_PURCHASING, 1), "\"customers\":1");
    expect(cohorts(), "\"customers\":1,\"again\":0,\"againShare\":0,\"orders\":1,\"revenue\":3,");
    stop();
}

static const int64_t MINUTE = CLOCK_MINUTE;

Test(insight, a_visit_lasts_until_half_an_hour_of_silence_and_returns_are_counted_from_the_first_day) {
    start();
    tell("anna", 0, "Product Viewed", T - 8 * DAY, "{}");
    tell("anna", 0, "Product Added", T - 8 * DAY + 20 * MINUTE, "{}");
    tell("anna", 0, "Cart Viewed", T - 8 * DAY + 50 * MINUTE, "{}");    /* 30 minutes of silence are not more than 30 */
    tell("anna", 0, "Product Viewed", T - 8 * DAY + 10 * MINUTE, "{}"); /* late: it lies within */
    tell("anna", 0, "Product Viewed", T - 8 * DAY + 81 * MINUTE, "{}"); /* another visit */
    tell("bert", 0, "Product Viewed", T - 8 * DAY, "{}");
    tell("bert", 0, "Order Refunded", T - 7 * DAY, "{\"total\":3}"); /* the shop's doing */
    tell("anna", 0, "Product Viewed", T - 7 * DAY, "{}");
    expect(visits(), "{\"day\":\"2011-11-23\",\"visitors\":1,\"new\":0,\"returning\":1,\"visits\":1,\"dwell\":0,"
                     "\"back\":{\"1\":0,\"7\":null,\"28\":null}}");
    expect(visits(), "{\"day\":\"2011-11-22\",\"visitors\":2,\"new\":2,\"returning\":0,\"visits\":3,\"dwell\":1000,"
                     "\"back\":{\"1\":1,\"7\":0,\"28\":null}}");
    insight_close(h.insight);
    open_insight();
    tell("anna", 0, "Product Viewed", T - DAY, "{}");
    tell("anna", 0, "Product Viewed", T - DAY + MINUTE, "{}");
    expect(visits(), "{\"day\":\"2011-11-29\",\"visitors\":1,\"new\":0,\"returning\":1,\"visits\":1,\"dwell\":60,");
    expect(visits(), "\"next\":\"15301\""); /* 2011-11-23: the day before it is the next page's first */
    stop();
}
