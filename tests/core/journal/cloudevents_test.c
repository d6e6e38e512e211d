#include <criterion/criterion.h>

#include "core/journal/cloudevents.h"
#include "tests/core/journal/intake.h"

TestSuite(cloudevents, .init = set_up, .fini = tear_down);

static struct segment_intake take_as(const struct segment_caller *caller, enum cloudevents_form form,
                                     const char *body) {
    struct json json;
    struct segment_intake intake;
    struct error error = {0};
    cr_assert_eq(json_scan(&json, text_of(body), &arena, &error), 0, "%s", error.detail);
    cr_assert_eq(cloudevents_read(&intake, &json, form, caller, received, &arena, &error), 0, "%s", error.detail);
    return intake;
}
static const char *refusal(const struct segment_caller *caller, const char *body) {
    struct segment_intake intake = take_as(caller, CLOUDEVENTS_ONE, body);
    return intake.rejected_n ? intake.rejected[0].detail : "";
}

#define HEAD "{\"specversion\":\"1.0\",\"type\":\"Order Completed\",\"source\":\"/shop\",\"id\":\"7\""

Test(cloudevents, an_event_becomes_what_segments_track_would_have_been) {
    struct segment_intake in =
        take_as(&server, CLOUDEVENTS_ONE,
                HEAD ",\"subject\":\"anna\",\"time\":\"2026-11-21T11:00:00Z\",\"channel\":\"web\","
                     "\"data\":{\"order_id\":\"1\",\"revenue\":19.99}}");
    cr_assert_eq(in.n, 1);
    struct journal_record *r = &in.records[0];
    cr_expect_eq(r->kind, JOURNAL_TRACK);
    cr_expect_eq(r->flags, JOURNAL_KNOWN);
    cr_expect(text_is(r->name, "Order Completed"));
    cr_expect(text_is(r->unit, "anna"));
    cr_expect(text_is(r->message_id, "/shop 7"));
    cr_expect_eq(r->at, received - 25 * CLOCK_HOUR);
    cr_expect(
        text_is(
            r->body,
            "{\"type\":\"track\",\"event\":\"Order Completed\",\"userId\":\"anna\",\"messageId\":\"/shop 7\","
            "\"timestamp\":\"2026-11-21T11:00:00.000Z\",\"properties\":{\"order_id\":\"1\",\"revenue\":19.99},"
            "\"context\":{\"cloudevent\":{\"specversion\":\"1.0\",\"type\":\"Order Completed\",\"source\":\"/shop\","
            "\"id\":\"7\",\"subject\":\"anna\",\"time\":\"2026-11-21T11:00:00Z\",\"channel\":\"web\"}}}"),
        "%.*s", TEXT_ARGS(r->body));
}

Test(cloudevents, the_unit_is_userid_else_anonymousid_else_the_subject) {
    struct segment_intake in =
        take_as(&server, CLOUDEVENTS_ONE, HEAD ",\"subject\":\"order/1\",\"userid\":\"u\",\"anonymousid\":\"a\"}");
    cr_expect(text_is(in.records[0].unit, "u"));
    in = take_as(&server, CLOUDEVENTS_ONE, HEAD ",\"subject\":\"order/1\",\"anonymousid\":\"a\"}");
    cr_expect(text_is(in.records[0].unit, "a"));
    cr_expect_eq(in.records[0].flags, 0);
    cr_expect_gt(strlen(refusal(&server, HEAD "}")), 10);
}

Test(cloudevents, data_that_is_no_object_is_the_property_value) {
    struct segment_intake in = take_as(&server, CLOUDEVENTS_ONE, HEAD ",\"subject\":\"u\",\"data\":4.5}");
    struct json json;
    double value;
    cr_assert_eq(json_scan(&json, in.records[0].body, &arena, NULL), 0);
    cr_assert(json_number(&json, json_get(&json, json_get(&json, 0, TEXT("properties")), TEXT("value")), &value));
    cr_expect_eq(value, 4.5);
}

Test(cloudevents, what_breaks_the_rules_is_refused_with_a_reason) {
    static const char *const wrong[] = {
        "{\"specversion\":\"0.3\",\"type\":\"E\",\"source\":\"s\",\"id\":\"1\",\"subject\":\"u\"}",
        "{\"type\":\"E\",\"source\":\"s\",\"id\":\"1\",\"subject\":\"u\"}",
        "{\"specversion\":\"1.0\",\"source\":\"s\",\"id\":\"1\",\"subject\":\"u\"}",
        "{\"specversion\":\"1.0\",\"type\":\"E\",\"id\":\"1\",\"subject\":\"u\"}",
        "{\"specversion\":\"1.0\",\"type\":\"E\",\"source\":\"s\",\"subject\":\"u\"}",
        HEAD ",\"subject\":\"u\",\"time\":\"yesterday\"}",
        "{\"specversion\":\"1.0\",\"type\":\"E\",\"source\":\"a b\",\"id\":\"c\",\"subject\":\"u\"}",
        HEAD ",\"subject\":\"u\",\"data_base64\":\"AAAA\"}",
        HEAD ",\"subject\":\"u\",\"userId\":\"u\"}",
        HEAD ",\"subject\":\"u\",\"more\":{}}",
        HEAD ",\"subject\":7}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_gt(strlen(refusal(&server, wrong[i])), 10, "%s", wrong[i]);
}

Test(cloudevents, a_browser_speaks_for_itself_alone) {
    cr_expect_gt(strlen(refusal(&anna, HEAD ",\"subject\":\"somebody\"}")), 10);
    struct segment_intake in = take_as(&anna, CLOUDEVENTS_ONE, HEAD "}");
    cr_assert_eq(in.n, 1);
    cr_expect(text_is(in.records[0].unit, "anna"));
    cr_expect_eq(in.records[0].flags, JOURNAL_BROWSER | JOURNAL_KNOWN);
}

Test(cloudevents, a_batch_refuses_single_events_with_their_index) {
    struct segment_intake in = take_as(&server, CLOUDEVENTS_BATCH, "[" HEAD ",\"subject\":\"u\"},7," HEAD "}]");
    cr_expect_eq(in.n, 1);
    cr_assert_eq(in.rejected_n, 2);
    cr_expect_eq(in.rejected[0].index, 1);
    cr_expect_eq(in.rejected[1].index, 2);
}
