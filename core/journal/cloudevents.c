#include "core/journal/cloudevents.h"

#include "core/base/clock.h"
#include "core/base/json_write.h"

struct event {
    const struct json *json;
    json_at at;
    const struct segment_caller *caller;
    int64_t received;
    struct arena *arena;
    const char *fault; /* the first one, or NULL */
};

static bool refuse(struct event *e, const char *fault) {
    if (!e->fault) e->fault = fault;
    return false;
}

/* A text of 1 to 256 bytes; TEXT_NONE where it is absent, null or, with a fault, wrong. */
static struct text read_attribute(struct event *e, struct text name) {
    json_at at = json_get(e->json, e->at, name);
    if (json_kind(e->json, at) == JSON_KIND_NULL) return TEXT_NONE;
    struct text value = json_unescaped(e->json, at, e->arena);
    if (value.n > 0 && value.n <= SEGMENT_ID_BYTES) return value;
    refuse(e, arena_printf(e->arena, "`%.*s` must be a text of 1 to %d bytes", TEXT_ARGS(name), SEGMENT_ID_BYTES).at);
    return TEXT_NONE;
}

static struct text read_required(struct event *e, struct text name) {
    struct text value = read_attribute(e, name);
    if (!value.at) refuse(e, arena_printf(e->arena, "`%.*s` is needed", TEXT_ARGS(name)).at);
    return value;
}

static bool is_payload(struct text name) {
    return text_is(name, "data") || text_is(name, "data_base64");
}

/* Every member but the payload is an attribute: a name of small letters and digits, a value that is no container. */
static bool check_attributes(struct event *e) {
    for (json_at c = json_first(e->json, e->at); c != JSON_NONE; c = json_after(e->json, e->at, c)) {
        struct text name = json_unescaped(e->json, c, e->arena);
        bool plain = name.n > 0;
        for (size_t i = 0; i < name.n; i++)
            plain &= (name.at[i] >= 'a' && name.at[i] <= 'z') || (name.at[i] >= '0' && name.at[i] <= '9');
        if (is_payload(name)) continue;
        if (!plain) return refuse(e, "an attribute's name has small letters and digits alone");
        if (json_kind(e->json, c + 1) >= JSON_KIND_ARRAY)
            return refuse(e, "an attribute is a text, a number or a truth value; objects belong into `data`");
    }
    if (json_kind(e->json, json_get(e->json, e->at, TEXT("data_base64"))) != JSON_KIND_NULL)
        return refuse(e, "`data_base64` is not read: send JSON as `data`");
    return true;
}

static bool read_unit(struct event *e, struct journal_record *record) {
    struct text user = read_attribute(e, TEXT("userid")), anonymous = read_attribute(e, TEXT("anonymousid"));
    struct text subject = read_attribute(e, TEXT("subject"));
    if (!user.at && !anonymous.at) user = subject;
    if (e->fault) return false;
    if (e->caller->browser) {
        if (!segment_speaks_for(e->caller, user, anonymous))
            return refuse(e, "`userid`, `anonymousid` or `subject` is not that of the shopper who sends this");
        if (!user.at && !anonymous.at) {
            user = e->caller->user;
            anonymous = e->caller->anonymous;
        }
        record->flags |= JOURNAL_BROWSER;
    }
    if (!user.at && !anonymous.at)
        return refuse(e, "`userid`, `anonymousid` or `subject` is needed: whose event it is");
    if (user.at) record->flags |= JOURNAL_KNOWN;
    record->unit = user.at ? user : anonymous;
    return true;
}

static void put_properties(struct event *e, struct json_writer *w) {
    json_at data = json_get(e->json, e->at, TEXT("data"));
    enum json_kind kind = json_kind(e->json, data);
    json_key(w, TEXT("properties"));
    if (kind == JSON_KIND_OBJECT) {
        json_raw(w, json_source(e->json, data));
        return;
    }
    json_open_object(w);
    if (kind != JSON_KIND_NULL) json_put_raw(w, "value", json_source(e->json, data));
    json_close_object(w);
}

static void put_attributes(struct event *e, struct json_writer *w) {
    json_key(w, TEXT("context"));
    json_open_object(w);
    json_key(w, TEXT("cloudevent"));
    json_open_object(w);
    for (json_at c = json_first(e->json, e->at); c != JSON_NONE; c = json_after(e->json, e->at, c)) {
        struct text name = json_unescaped(e->json, c, e->arena);
        if (is_payload(name)) continue;
        json_key(w, name);
        json_raw(w, json_source(e->json, c + 1));
    }
    json_close_object(w);
    json_close_object(w);
}

static struct text make_body(struct event *e, const struct journal_record *r) {
    struct buffer buffer = {0};
    struct json_writer w;
    json_writer_init(&w, &buffer);
    json_open_object(&w);
    json_put_text(&w, "type", TEXT("track"));
    json_put_text(&w, "event", r->name);
    json_key(&w, r->flags & JOURNAL_KNOWN ? TEXT("userId") : TEXT("anonymousId"));
    json_text(&w, r->unit);
    json_put_text(&w, "messageId", r->message_id);
    json_put_time(&w, "timestamp", r->at);
    put_properties(e, &w);
    put_attributes(e, &w);
    json_close_object(&w);
    struct text body = arena_text(e->arena, buffer_view(&buffer));
    buffer_free(&buffer);
    return body;
}

static bool read_event(struct event *e, struct journal_record *record) {
    *record = (struct journal_record){
        .received = e->received, .at = e->received, .kind = JOURNAL_TRACK, .actor = (uint8_t)e->caller->actor};
    if (json_kind(e->json, e->at) != JSON_KIND_OBJECT) return refuse(e, "an event is a JSON object");
    if (json_source(e->json, e->at).n > SEGMENT_EVENT_BYTES) return refuse(e, "an event may have 32 KiB at most");
    if (!text_is(read_required(e, TEXT("specversion")), "1.0")) return refuse(e, "`specversion` must be \"1.0\"");
    record->name = read_required(e, TEXT("type"));
    struct text id = read_required(e, TEXT("id")), source = read_required(e, TEXT("source"));
    if (memchr(source.n ? source.at : "", ' ', source.n)) refuse(e, "`source` must be a URI-reference: without blanks");
    struct text time = read_attribute(e, TEXT("time"));
    if (time.at && (!clock_parse(time, &record->at) || !clock_shown(record->at)))
        return refuse(e, "`time` must be an RFC 3339 date and time");
    if (e->fault || !check_attributes(e) || !read_unit(e, record)) return false;
    record->message_id = arena_printf(e->arena, "%.*s %.*s", TEXT_ARGS(source), TEXT_ARGS(id));
    record->body = make_body(e, record);
    return true;
}

static void add(struct segment_intake *intake, struct event e, size_t index) {
    if (read_event(&e, &intake->records[intake->n]))
        intake->n++;
    else
        intake->rejected[intake->rejected_n++] = (struct segment_rejection){index, e.fault};
}

int cloudevents_read(struct segment_intake *intake, const struct json *json, enum cloudevents_form form,
                     const struct segment_caller *caller, int64_t received, struct arena *arena, struct error *error) {
    struct event e = {json, 0, caller, received, arena, NULL};
    bool batch = form == CLOUDEVENTS_BATCH;
    *intake = (struct segment_intake){0};
    if (json_kind(json, 0) != (batch ? JSON_KIND_ARRAY : JSON_KIND_OBJECT))
        return error_at(error, "", batch ? "must be an array of events" : "must be a JSON object");
    size_t n = batch ? json->tokens[0].size : 1;
    if (n > SEGMENT_BATCH_EVENTS) return error_at(error, "", "has %zu events; %d at most", n, SEGMENT_BATCH_EVENTS);
    intake->records = arena_array(arena, struct journal_record, n ? n : 1);
    intake->rejected = arena_array(arena, struct segment_rejection, n ? n : 1);
    if (!batch) {
        add(intake, e, 0);
        return 0;
    }
    size_t index = 0;
    for (json_at c = json_first(json, 0); c != JSON_NONE; c = json_after(json, 0, c)) {
        e.at = c;
        add(intake, e, index++);
    }
    return 0;
}
