#include "core/journal/segment.h"

#include "core/base/clock.h"
#include "core/base/secret.h"

struct event {
    const struct json *json;
    json_at at;
    const struct segment_caller *caller;
    int64_t received;
    json_at batch_sent_at; /* JSON_NONE outside a batch, or where it says nothing */
    struct arena *arena;
    const char *fault; /* the first one, or NULL */
};

static bool refuse(struct event *e, const char *fault) {
    if (!e->fault) e->fault = fault;
    return false;
}

/* --- members --- */

enum presence { MAY_BE_ABSENT, MUST_BE_THERE };

/* A string of 1 to 256 bytes; null is as good as absent. */
static struct text read_id(struct event *e, struct text name, enum presence presence) {
    json_at at = json_get(e->json, e->at, name);
    struct text value = json_unescaped(e->json, at, e->arena);
    if (value.n > 0 && value.n <= SEGMENT_ID_BYTES) return value;
    if (json_kind(e->json, at) == JSON_KIND_NULL && presence == MAY_BE_ABSENT) return TEXT_NONE;
    refuse(e, arena_printf(e->arena, "`%.*s` must be a text of 1 to %d bytes", TEXT_ARGS(name), SEGMENT_ID_BYTES).at);
    return TEXT_NONE;
}

/* False where it is absent or wrong; wrong is a fault. */
static bool read_time(struct event *e, json_at at, const char *fault, int64_t *ms) {
    if (json_kind(e->json, at) == JSON_KIND_NULL) return false;
    if (clock_parse(json_unescaped(e->json, at, e->arena), ms)) return true;
    return refuse(e, fault);
}

/* When it happened, by our clock: the sender's own error is the same in `originalTimestamp` and `sentAt`, so it cancels. Most senders
 * call that time `timestamp`; where there are both, `timestamp` is one that somebody on the way has corrected already. */
static int64_t read_at(struct event *e) {
    int64_t original, timestamp, sent;
    json_at sent_at = json_get(e->json, e->at, TEXT("sentAt"));
    if (json_kind(e->json, sent_at) == JSON_KIND_NULL) sent_at = e->batch_sent_at;
    bool says_sent = read_time(e, sent_at, "`sentAt` must be an ISO 8601 date and time with its zone", &sent);
    bool says_original = read_time(e, json_get(e->json, e->at, TEXT("originalTimestamp")),
                                   "`originalTimestamp` must be an ISO 8601 date and time with its zone", &original);
    bool says_when = read_time(e, json_get(e->json, e->at, TEXT("timestamp")),
                               "`timestamp` must be an ISO 8601 date and time with its zone", &timestamp);
    if (!says_original && !says_when) return e->received;
    if (says_sent) return e->received - (sent - (says_original ? original : timestamp));
    return says_when ? timestamp : original;
}

/* What has to be an object, where it is there: whoever reads the journal need not ask again. */
static bool check_objects(struct event *e) {
    static const struct text names[] = {{"properties", 10}, {"traits", 6}, {"context", 7}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        enum json_kind kind = json_kind(e->json, json_get(e->json, e->at, names[i]));
        if (kind != JSON_KIND_OBJECT && kind != JSON_KIND_NULL)
            return refuse(e, arena_printf(e->arena, "`%.*s` must be an object", TEXT_ARGS(names[i])).at);
    }
    return true;
}

/* --- who --- */

bool segment_speaks_for(const struct segment_caller *caller, struct text user, struct text anonymous) {
    return (!user.at || (caller->user.at && text_eq(user, caller->user))) &&
           (!anonymous.at || (caller->anonymous.at && text_eq(anonymous, caller->anonymous)));
}

static bool read_unit(struct event *e, struct journal_record *record) {
    struct text user = read_id(e, TEXT("userId"), MAY_BE_ABSENT);
    struct text anonymous = read_id(e, TEXT("anonymousId"), MAY_BE_ABSENT);
    if (e->fault) return false;
    if (e->caller->browser) {
        if (!segment_speaks_for(e->caller, user, anonymous))
            return refuse(e, "`userId` or `anonymousId` is not that of the shopper who sends this");
        if (!user.at && !anonymous.at) {
            user = e->caller->user;
            anonymous = e->caller->anonymous;
        }
        record->flags |= JOURNAL_BROWSER;
    }
    if (!user.at && !anonymous.at) return refuse(e, "`userId` or `anonymousId` is needed");
    if (user.at) record->flags |= JOURNAL_KNOWN;
    record->unit = user.at ? user : anonymous;
    if (record->kind == JOURNAL_IDENTIFY && user.at) record->other = anonymous;
    return true;
}

static bool read_alias(struct event *e, struct journal_record *record) {
    if (!(record->flags & JOURNAL_KNOWN)) return refuse(e, "`userId` is needed");
    record->other = read_id(e, TEXT("previousId"), MUST_BE_THERE);
    if (e->caller->browser && record->other.at && !segment_speaks_for(e->caller, TEXT_NONE, record->other))
        return refuse(e, "`previousId` is not that of the shopper who sends this");
    return true;
}

/* --- events --- */

static bool read_kind(struct event *e, enum segment_call call, struct journal_record *record) {
    static const struct {
        const char *type;
        enum journal_kind kind;
    } kinds[] = {
        {"track", JOURNAL_TRACK}, {"identify", JOURNAL_IDENTIFY}, {"alias", JOURNAL_ALIAS}, {"page", JOURNAL_PAGE}};
    if (call != SEGMENT_BATCH) {
        record->kind = (uint8_t)kinds[call].kind;
        return true;
    }
    struct text type = json_unescaped(e->json, json_get(e->json, e->at, TEXT("type")), e->arena);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (text_is(type, kinds[i].type)) {
            record->kind = (uint8_t)kinds[i].kind;
            return true;
        }
    return refuse(e, "`type` must be track, identify, alias or page");
}

static struct text read_message_id(struct event *e) {
    struct text id = read_id(e, TEXT("messageId"), MAY_BE_ABSENT);
    if (id.at) return id;
    char made[ID_ROOM];
    id_new(made, e->received);
    return arena_text(e->arena, text_of(made));
}

static bool read_event(struct event *e, enum segment_call call, struct journal_record *record) {
    *record = (struct journal_record){.received = e->received, .actor = (uint8_t)e->caller->actor};
    record->body = json_source(e->json, e->at);
    if (json_kind(e->json, e->at) != JSON_KIND_OBJECT) return refuse(e, "an event is a JSON object");
    if (record->body.n > SEGMENT_EVENT_BYTES) return refuse(e, "an event may have 32 KiB at most");
    if (!read_kind(e, call, record) || !check_objects(e) || !read_unit(e, record)) return false;
    if (record->kind == JOURNAL_ALIAS && !read_alias(e, record)) return false;
    if (record->kind == JOURNAL_TRACK) record->name = read_id(e, TEXT("event"), MUST_BE_THERE);
    if (record->kind == JOURNAL_PAGE) record->name = read_id(e, TEXT("name"), MAY_BE_ABSENT);
    record->message_id = read_message_id(e);
    record->at = read_at(e);
    if (!clock_shown(record->at))
        return refuse(e, "`timestamp`, corrected by `sentAt`, lies outside of the years 0 to 9999: they are too far "
                         "apart for any clock");
    return !e->fault;
}

static void add(struct segment_intake *intake, struct event e, enum segment_call call, size_t index) {
    if (read_event(&e, call, &intake->records[intake->n]))
        intake->n++;
    else
        intake->rejected[intake->rejected_n++] = (struct segment_rejection){index, e.fault};
}

static int read_batch(struct segment_intake *intake, struct event e, struct error *error) {
    json_at batch = json_get(e.json, e.at, TEXT("batch")), sent = json_get(e.json, e.at, TEXT("sentAt"));
    int64_t ignored;
    if (json_kind(e.json, batch) != JSON_KIND_ARRAY) return error_at(error, "/batch", "must be an array of events");
    size_t n = e.json->tokens[batch].size;
    if (n > SEGMENT_BATCH_EVENTS)
        return error_at(error, "/batch", "has %zu events; %d at most", n, SEGMENT_BATCH_EVENTS);
    if (json_kind(e.json, sent) != JSON_KIND_NULL && !read_time(&e, sent, "", &ignored))
        return error_at(error, "/sentAt", "must be an ISO 8601 date and time with its zone");
    intake->records = arena_array(e.arena, struct journal_record, n ? n : 1);
    intake->rejected = arena_array(e.arena, struct segment_rejection, n ? n : 1);
    e.batch_sent_at = sent;
    size_t index = 0;
    for (json_at c = json_first(e.json, batch); c != JSON_NONE; c = json_after(e.json, batch, c)) {
        e.at = c;
        add(intake, e, SEGMENT_BATCH, index++);
    }
    return 0;
}

int segment_read(struct segment_intake *intake, const struct json *json, enum segment_call call,
                 const struct segment_caller *caller, int64_t received, struct arena *arena, struct error *error) {
    struct event e = {json, 0, caller, received, JSON_NONE, arena, NULL};
    *intake = (struct segment_intake){0};
    if (json_kind(json, 0) != JSON_KIND_OBJECT) return error_at(error, "", "must be a JSON object");
    if (call == SEGMENT_BATCH) return read_batch(intake, e, error);
    intake->records = arena_new(arena, struct journal_record);
    intake->rejected = arena_new(arena, struct segment_rejection);
    add(intake, e, call, 0);
    return 0;
}
