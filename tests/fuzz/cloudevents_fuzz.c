/* CloudEvents, one or a batch, by a server and by a visitor: whatever is sent, each event is either a record that keeps the
 * rules of intake, with a body that is JSON in Segment's shape, or refused with a reason; and no visitor speaks for another. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/journal/cloudevents.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "cloudevents_fuzz: %s\n", what);
    abort();
}

static void check_body(const struct journal_record *r, struct arena *arena) {
    struct json json;
    require(json_scan(&json, r->body, arena, NULL) == 0, "a body that is no JSON");
    require(json_kind(&json, json_get(&json, 0, TEXT("properties"))) == JSON_KIND_OBJECT, "properties are no object");
    struct text user = json_unescaped(&json, json_get(&json, 0, TEXT("userId")), arena);
    struct text anonymous = json_unescaped(&json, json_get(&json, 0, TEXT("anonymousId")), arena);
    require(text_eq(r->unit, r->flags & JOURNAL_KNOWN ? user : anonymous), "the body names another unit");
}

static void check_record(const struct journal_record *r, const struct segment_caller *caller, struct arena *arena) {
    require(r->kind == JOURNAL_TRACK && r->name.n > 0 && r->name.n <= SEGMENT_ID_BYTES, "no event");
    require(clock_shown(r->at), "a time that no calendar shows");
    require(r->unit.n > 0 && r->unit.n <= SEGMENT_ID_BYTES, "a unit of no or too many bytes");
    require(r->message_id.n >= 3 && r->message_id.n <= 2 * SEGMENT_ID_BYTES + 1,
            "a messageId of too few or many bytes");
    require(text_utf8_valid(r->unit) && text_utf8_valid(r->name) && text_utf8_valid(r->message_id), "not UTF-8");
    check_body(r, arena);
    if (!caller->browser) return;
    require(r->flags & JOURNAL_BROWSER, "a visitor's record does not say so");
    require(text_eq(r->unit, caller->user) || text_eq(r->unit, caller->anonymous), "a visitor speaks for another");
}

static void check(const struct json *json, enum cloudevents_form form, const struct segment_caller *caller,
                  struct arena *arena) {
    struct segment_intake intake;
    struct error error = {0};
    if (cloudevents_read(&intake, json, form, caller, 1700000000000, arena, &error) != 0) {
        require(error.code == ERR_INVALID && *error.detail, "a body refused without a word");
        return;
    }
    for (size_t i = 0; i < intake.n; i++) check_record(&intake.records[i], caller, arena);
    for (size_t i = 0; i < intake.rejected_n; i++)
        require(intake.rejected[i].detail && *intake.rejected[i].detail, "an event refused without a word");
    size_t sent = form == CLOUDEVENTS_ONE ? 1 : json->tokens[0].size;
    require(intake.n + intake.rejected_n == sent, "an event is neither kept nor refused");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static const struct segment_caller server = {0};
    static const struct segment_caller visitor = {.browser = true, .user = {"anna", 4}, .anonymous = {"anon-1", 6}};
    struct arena arena;
    struct json json;
    if (secret_init() != 0) return 0;
    arena_init(&arena, 16 * 1024);
    if (json_scan(&json, text_n((const char *)data, n), &arena, NULL) == 0)
        for (int form = CLOUDEVENTS_ONE; form <= CLOUDEVENTS_BATCH; form++) {
            check(&json, (enum cloudevents_form)form, &server, &arena);
            check(&json, (enum cloudevents_form)form, &visitor, &arena);
        }
    arena_free(&arena);
    return 0;
}
