/* Bodies of the tracking endpoints, by a server and by a visitor: whatever is sent, each event is either a record that keeps the
 * rules of intake or refused with a reason, and no visitor speaks for another. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/journal/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "segment_fuzz: %s\n", what);
    abort();
}

static bool own(const struct segment_caller *caller, struct text id) {
    return text_eq(id, caller->user) || text_eq(id, caller->anonymous);
}

static void check_record(const struct journal_record *r, const struct segment_caller *caller) {
    require(r->kind >= JOURNAL_TRACK && r->kind <= JOURNAL_PAGE, "a kind that intake does not take");
    require(clock_shown(r->at), "a time that no calendar shows");
    require(r->unit.n > 0 && r->unit.n <= SEGMENT_ID_BYTES, "a unit of no or too many bytes");
    require(r->message_id.n > 0 && r->message_id.n <= SEGMENT_ID_BYTES, "a messageId of no or too many bytes");
    require(r->body.n >= 2 && r->body.n <= SEGMENT_EVENT_BYTES && r->body.at[0] == '{', "a body that is no object");
    require(r->kind != JOURNAL_TRACK || r->name.n > 0, "a track without an event");
    require(r->kind != JOURNAL_ALIAS || (r->other.n > 0 && r->flags & JOURNAL_KNOWN), "an alias of nothing");
    require(text_utf8_valid(r->unit) && text_utf8_valid(r->name) && text_utf8_valid(r->message_id), "not UTF-8");
    if (!caller->browser) return;
    require(r->flags & JOURNAL_BROWSER, "a visitor's record does not say so");
    require(own(caller, r->unit) && (!r->other.at || own(caller, r->other)), "a visitor speaks for another");
}

static void check(const struct json *json, enum segment_call call, const struct segment_caller *caller,
                  struct arena *arena) {
    struct segment_intake intake;
    struct error error = {0};
    if (segment_read(&intake, json, call, caller, 1700000000000, arena, &error) != 0) {
        require(error.code == ERR_INVALID && *error.detail, "a body refused without a word");
        return;
    }
    for (size_t i = 0; i < intake.n; i++) check_record(&intake.records[i], caller);
    for (size_t i = 0; i < intake.rejected_n; i++)
        require(intake.rejected[i].detail && *intake.rejected[i].detail, "an event refused without a word");
    if (call != SEGMENT_BATCH) require(intake.n + intake.rejected_n == 1, "one event is neither kept nor refused");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static const struct segment_caller server = {0};
    static const struct segment_caller visitor = {.browser = true, .user = {"anna", 4}, .anonymous = {"anon-1", 6}};
    struct arena arena;
    struct json json;
    if (secret_init() != 0) return 0;
    arena_init(&arena, 16 * 1024);
    if (json_scan(&json, text_n((const char *)data, n), &arena, NULL) == 0)
        for (int call = SEGMENT_TRACK; call <= SEGMENT_BATCH; call++) {
            check(&json, (enum segment_call)call, &server, &arena);
            check(&json, (enum segment_call)call, &visitor, &arena);
        }
    arena_free(&arena);
    return 0;
}
