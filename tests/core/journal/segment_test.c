#include <criterion/criterion.h>
#include <stdio.h>

#include "core/base/buffer.h"
#include "tests/core/journal/intake.h"

TestSuite(segment, .init = set_up, .fini = tear_down);

static struct segment_intake take_as(const struct segment_caller *caller, enum segment_call call, const char *body) {
    struct json json;
    struct segment_intake intake;
    struct error error = {0};
    cr_assert_eq(json_scan(&json, text_of(body), &arena, &error), 0, "%s", error.detail);
    cr_assert_eq(segment_read(&intake, &json, call, caller, received, &arena, &error), 0, "%s", error.detail);
    return intake;
}
static struct segment_intake take(enum segment_call call, const char *body) {
    return take_as(&server, call, body);
}
static const char *refusal(enum segment_call call, const char *body) {
    struct segment_intake intake = take(call, body);
    return intake.rejected_n ? intake.rejected[0].detail : "";
}

Test(segment, a_track_call_becomes_one_record_with_its_body_as_sent) {
    const char *body = "{\"userId\":\"anna\",\"anonymousId\":\"x\",\"event\":\"Order Completed\",\"messageId\":\"m-1\","
                       "\"properties\":{\"revenue\":19.99}}";
    struct segment_intake intake = take(SEGMENT_TRACK, body);
    cr_assert_eq(intake.n, 1);
    struct journal_record *r = &intake.records[0];
    cr_expect(text_is(r->unit, "anna"));
    cr_expect(text_is(r->name, "Order Completed"));
    cr_expect(text_is(r->message_id, "m-1"));
    cr_expect(text_is(r->body, body));
    cr_expect_eq(r->kind, JOURNAL_TRACK);
    cr_expect_eq(r->flags, JOURNAL_KNOWN);
    cr_expect_eq(r->at, received);
    cr_expect_null(r->other.at);
}

Test(segment, the_unit_is_the_user_else_the_anonymous_id) {
    struct segment_intake intake = take(SEGMENT_TRACK, "{\"userId\":null,\"anonymousId\":\"x\",\"event\":\"E\"}");
    cr_assert_eq(intake.n, 1);
    cr_expect(text_is(intake.records[0].unit, "x"));
    cr_expect_eq(intake.records[0].flags, 0);
    cr_expect_eq(intake.records[0].message_id.n, 26, "a messageId is made where none was sent");
}

Test(segment, the_clock_of_the_sender_is_corrected_by_its_sentAt) {
    /* sent one hour after it happened, by a clock that is a day slow */
    struct segment_intake intake = take(SEGMENT_TRACK, "{\"userId\":\"a\",\"event\":\"E\",\"timestamp\":\"2026-11-21T"
                                                       "11:00:00Z\",\"sentAt\":\"2026-11-21T12:00:00Z\"}");
    cr_assert_eq(intake.n, 1);
    cr_expect_eq(intake.records[0].at, received - CLOCK_HOUR);
    intake =
        take(SEGMENT_BATCH, "{\"sentAt\":\"2026-11-21T12:00:00Z\",\"batch\":[{\"type\":\"track\",\"userId\":\"a\","
                            "\"event\":\"E\",\"timestamp\":\"2026-11-21T11:30:00Z\"},{\"type\":\"page\",\"userId\":"
                            "\"a\",\"name\":\"Home\"}]}");
    cr_assert_eq(intake.n, 2);
    cr_expect_eq(intake.records[0].at, received - CLOCK_HOUR / 2);
    cr_expect_eq(intake.records[1].at, received, "without a timestamp it is when it was received");
}

Test(segment, what_is_corrected_is_the_original_timestamp_where_somebody_on_the_way_made_another) {
    struct segment_intake intake = take(
        SEGMENT_TRACK, "{\"userId\":\"a\",\"event\":\"E\",\"timestamp\":\"2026-11-22T11:00:00Z\",\"originalTimestamp\":"
                       "\"2026-11-21T11:00:00Z\",\"sentAt\":\"2026-11-21T12:00:00Z\"}");
    cr_assert_eq(intake.n, 1);
    cr_expect_eq(intake.records[0].at, received - CLOCK_HOUR);
    intake = take(SEGMENT_TRACK, "{\"userId\":\"a\",\"event\":\"E\",\"timestamp\":\"2026-11-22T11:00:00Z\","
                                 "\"originalTimestamp\":\"2026-11-21T11:00:00Z\"}");
    int64_t corrected;
    clock_parse(TEXT("2026-11-22T11:00:00Z"), &corrected);
    cr_expect_eq(intake.records[0].at, corrected, "without sentAt it is as sent");
    intake = take(SEGMENT_TRACK, "{\"userId\":\"a\",\"event\":\"E\",\"originalTimestamp\":\"2026-11-22T11:00:00Z\"}");
    cr_expect_eq(intake.records[0].at, corrected);
    cr_expect(strstr(refusal(SEGMENT_TRACK, "{\"userId\":\"a\",\"event\":\"E\",\"originalTimestamp\":\"once\"}"),
                     "`originalTimestamp`"));
}

Test(segment, a_time_that_no_calendar_shows_is_refused) {
    static const char *const bodies[] = {
        "{\"userId\":\"a\",\"event\":\"E\",\"timestamp\":\"0001-01-01T00:00:00Z\",\"sentAt\":\"9999-12-31T23:59:59Z\"}",
        "{\"userId\":\"a\",\"event\":\"E\",\"timestamp\":\"9999-12-31T23:59:59Z\",\"sentAt\":\"0001-01-01T00:00:00Z\"}",
        "{\"userId\":\"a\",\"event\":\"E\",\"timestamp\":\"9999-12-31T23:59:59-14:00\"}"};
    for (size_t i = 0; i < 3; i++)
        cr_expect(strstr(refusal(SEGMENT_TRACK, bodies[i]), "too far apart for any clock"), "%s", bodies[i]);
    cr_expect_eq(take(SEGMENT_TRACK, "{\"userId\":\"a\",\"event\":\"E\",\"timestamp\":\"9999-12-31T23:59:59Z\"}").n, 1);
    cr_expect_eq(take(SEGMENT_TRACK, "{\"userId\":\"a\",\"event\":\"E\",\"timestamp\":\"0001-01-01\"}").n, 1);
}

Test(segment, without_sentAt_the_timestamp_counts_as_it_is) {
    struct segment_intake intake =
        take(SEGMENT_TRACK, "{\"userId\":\"a\",\"event\":\"E\",\"timestamp\":\"2026-11-01T00:00:00+01:00\"}");
    int64_t expected;
    clock_parse(TEXT("2026-10-31T23:00:00Z"), &expected);
    cr_expect_eq(intake.records[0].at, expected);
}

Test(segment, identify_and_alias_say_which_two_keys_belong_together) {
    struct segment_intake intake = take(SEGMENT_IDENTIFY, "{\"userId\":\"anna\",\"anonymousId\":\"x\",\"traits\":{}}");
    cr_assert_eq(intake.n, 1);
    cr_expect(text_is(intake.records[0].other, "x"));
    intake = take(SEGMENT_ALIAS, "{\"userId\":\"anna\",\"previousId\":\"y\"}");
    cr_assert_eq(intake.n, 1);
    cr_expect(text_is(intake.records[0].other, "y"));
    cr_expect_str_eq(refusal(SEGMENT_ALIAS, "{\"userId\":\"anna\"}"), "`previousId` must be a text of 1 to 256 bytes");
    cr_expect_str_eq(refusal(SEGMENT_ALIAS, "{\"anonymousId\":\"b\",\"previousId\":\"y\"}"), "`userId` is needed");
}

Test(segment, events_that_are_wrong_are_refused_one_by_one_with_their_place) {
    struct segment_intake intake =
        take(SEGMENT_BATCH,
             "{\"batch\":[{\"type\":\"track\",\"userId\":\"a\",\"event\":\"E\"},{\"type\":\"track\","
             "\"event\":\"E\"},7,{\"type\":\"screen\",\"userId\":\"a\"},{\"type\":\"track\",\"userId\":"
             "\"a\",\"event\":\"\"},{\"type\":\"track\",\"userId\":7,\"event\":\"E\"},{\"type\":\"track\","
             "\"userId\":\"a\",\"event\":\"E\",\"timestamp\":\"yesterday\"},{\"type\":\"track\",\"userId\":"
             "\"b\",\"event\":\"E\",\"messageId\":7},{\"type\":\"track\",\"userId\":\"b\",\"event\":\"E\"}]}");
    cr_assert_eq(intake.n, 2);
    cr_assert_eq(intake.rejected_n, 7);
    static const char *const words[] = {"needed",   "object",      "`type`",     "`event`",
                                        "`userId`", "`timestamp`", "`messageId`"};
    for (size_t i = 0; i < 7; i++) {
        cr_expect_eq(intake.rejected[i].index, i + 1);
        cr_expect(strstr(intake.rejected[i].detail, words[i]), "%zu: %s", i, intake.rejected[i].detail);
    }
    cr_expect(text_is(intake.records[1].unit, "b"));
}

Test(segment, what_has_to_be_an_object_is_one_or_absent) {
    cr_expect_eq(take(SEGMENT_TRACK, "{\"userId\":\"a\",\"event\":\"E\",\"properties\":null,\"context\":{}}").n, 1);
    cr_expect_str_eq(refusal(SEGMENT_TRACK, "{\"userId\":\"a\",\"event\":\"E\",\"properties\":[1]}"),
                     "`properties` must be an object");
    cr_expect_str_eq(refusal(SEGMENT_IDENTIFY, "{\"userId\":\"a\",\"traits\":\"blond\"}"),
                     "`traits` must be an object");
    cr_expect_str_eq(refusal(SEGMENT_PAGE, "{\"userId\":\"a\",\"context\":7}"), "`context` must be an object");
}

Test(segment, a_sentAt_that_is_no_time_is_refused_whether_or_not_there_is_a_timestamp) {
    cr_expect(strstr(refusal(SEGMENT_TRACK, "{\"userId\":\"a\",\"event\":\"E\",\"sentAt\":\"soon\"}"), "`sentAt`"));
}

Test(segment, a_visitor_speaks_for_herself_alone) {
    struct segment_intake intake = take_as(
        &anna, SEGMENT_BATCH,
        "{\"batch\":[{\"type\":\"track\",\"userId\":\"anna\",\"event\":\"E\"},{\"type\":\"track\",\"userId\":\"ben\","
        "\"event\":\"E\"},{\"type\":\"track\",\"anonymousId\":\"anon-2\",\"event\":\"E\"},{\"type\":\"track\","
        "\"event\":"
        "\"E\"},{\"type\":\"alias\",\"userId\":\"anna\",\"previousId\":\"ben\"},{\"type\":\"identify\"}]}");
    cr_assert_eq(intake.n, 3);
    cr_assert_eq(intake.rejected_n, 3);
    cr_expect_eq(intake.rejected[0].index, 1);
    cr_expect_eq(intake.rejected[1].index, 2);
    cr_expect_eq(intake.rejected[2].index, 4);
    cr_expect(text_is(intake.records[1].unit, "anna"), "an event that names nobody is the sender's");
    cr_expect_eq(intake.records[1].flags, JOURNAL_BROWSER | JOURNAL_KNOWN);
    cr_expect(text_is(intake.records[2].other, "anon-1"));
}

Test(segment, a_visitor_without_a_cookie_or_a_login_cannot_claim_an_id) {
    struct segment_caller nobody = {.browser = true};
    struct segment_intake intake = take_as(&nobody, SEGMENT_TRACK, "{\"userId\":\"anna\",\"event\":\"E\"}");
    cr_expect_eq(intake.rejected_n, 1);
    intake = take_as(&nobody, SEGMENT_TRACK, "{\"event\":\"E\"}");
    cr_expect_eq(intake.rejected_n, 1);
}

Test(segment, limits_hold_to_the_byte) {
    static char body[SEGMENT_EVENT_BYTES + 200];
    const char *head = "{\"userId\":\"a\",\"event\":\"E\",\"properties\":{\"x\":\"";
    for (int over = 0; over < 2; over++) {
        size_t n = strlen(head), fill = SEGMENT_EVENT_BYTES - n - 3 + (size_t)over;
        snprintf(body, sizeof body, "%s%0*d\"}}", head, (int)fill, 0);
        cr_assert_eq(strlen(body), SEGMENT_EVENT_BYTES + (size_t)over);
        cr_expect_eq(take(SEGMENT_TRACK, body).rejected_n, (size_t)over);
        snprintf(body, sizeof body, "{\"userId\":\"%0*d\",\"event\":\"E\"}", 256 + over, 0);
        cr_expect_eq(take(SEGMENT_TRACK, body).rejected_n, (size_t)over);
    }
}

static int whole(const char *body) {
    struct json json;
    struct segment_intake intake;
    struct error error = {0};
    cr_assert_eq(json_scan(&json, text_of(body), &arena, &error), 0);
    return segment_read(&intake, &json, SEGMENT_BATCH, &server, received, &arena, &error);
}

Test(segment, a_batch_that_is_none_or_too_long_is_refused_as_a_whole) {
    cr_expect_eq(whole("[]"), ERR_INVALID);
    cr_expect_eq(whole("{}"), ERR_INVALID);
    cr_expect_eq(whole("{\"batch\":{}}"), ERR_INVALID);
    cr_expect_eq(whole("{\"batch\":[],\"sentAt\":\"soon\"}"), ERR_INVALID);
    cr_expect_eq(whole("{\"batch\":[]}"), 0);
    struct buffer b = {0};
    for (int n = SEGMENT_BATCH_EVENTS; n <= SEGMENT_BATCH_EVENTS + 1; n++) {
        buffer_clear(&b);
        buffer_cstr(&b, "{\"batch\":[0");
        for (int i = 1; i < n; i++) buffer_cstr(&b, ",0");
        buffer_put(&b, "]}", 3);
        cr_expect_eq(whole(b.at), n > SEGMENT_BATCH_EVENTS ? ERR_INVALID : 0);
    }
    buffer_free(&b);
}
