/* POST /v1/events: CloudEvents 1.0 over HTTP, structured, binary and batch. The binary form's headers and body are put
 * together as a structured event, so that there is one reader. */
#include "api/app.h"
#include "api/public/tables.h"
#include "api/public/tracking.h"
#include "core/base/json_write.h"
#include "core/journal/cloudevents.h"

static void read_structured(const struct tracking_body *body, struct request *request,
                            const struct segment_caller *caller, int64_t received, struct segment_intake *out,
                            struct error *error) {
    struct json json;
    if (json_scan(&json, request->body, &request->arena, error) == 0)
        cloudevents_read(out, &json, (enum cloudevents_form)body->form, caller, received, &request->arena, error);
}

/* The body is scanned alone first: in one piece with the headers it could end the event and begin members of its own. */
static void read_binary(const struct tracking_body *body, struct request *request, const struct segment_caller *caller,
                        int64_t received, struct segment_intake *out, struct error *error) {
    struct arena *arena = &request->arena;
    struct text data = request->body.n ? request->body : TEXT("null");
    struct json json;
    if (json_scan(&json, data, arena, error) != 0) return;
    struct text whole = arena_printf(arena, "{%.*s\"data\":%.*s}", TEXT_ARGS(body->headers), TEXT_ARGS(data));
    if (json_scan(&json, whole, arena, error) == 0)
        cloudevents_read(out, &json, CLOUDEVENTS_ONE, caller, received, arena, error);
}

/* ---- the binary form's headers ---- */

struct attributes {
    struct request *request;
    struct buffer out; /* "name":"value", for each */
    bool wrong;
};

/* Values are percent-encoded where they are not printable ASCII (HTTP binding, 3.1.3.2). */
static void put_attribute(void *visitor, struct text name, struct text value) {
    struct attributes *a = visitor;
    char *lower = arena_cstr(&a->request->arena, name);
    struct text decoded;
    for (size_t i = 0; i < name.n; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z') lower[i] = (char)(lower[i] + 'a' - 'A');
    if (!percent_decode(value, false, &a->request->arena, &decoded)) {
        a->wrong = true;
        return;
    }
    json_escape(&a->out, text_n(lower + 3, name.n - 3));
    buffer_byte(&a->out, ':');
    json_escape(&a->out, decoded);
    buffer_byte(&a->out, ',');
}

static void take_binary(struct request *request) {
    struct attributes a = {.request = request};
    request_headers_of(request, TEXT("ce-"), put_attribute, &a);
    struct text headers = arena_text(&request->arena, buffer_view(&a.out));
    buffer_free(&a.out);
    if (a.wrong)
        reply_problem(request, ERR_INVALID, "a ce- header is not percent-encoded UTF-8");
    else
        tracking_take(request, (struct tracking_body){.read = read_binary, .headers = headers});
}

/* "application/json; charset=utf-8" → "application/json" */
static struct text media_type(struct text header) {
    struct text type, rest;
    text_cut(header, ';', &type, &rest);
    return text_trim(type);
}

static void handle_events(struct request *request) {
    struct text type = media_type(request->headers.content_type);
    bool json = !type.n || text_eq_nocase(type, TEXT("application/json")) || text_ends(type, TEXT("+json"));
    if (text_eq_nocase(type, TEXT("application/cloudevents+json")))
        tracking_take(request, (struct tracking_body){.read = read_structured, .form = CLOUDEVENTS_ONE});
    else if (text_eq_nocase(type, TEXT("application/cloudevents-batch+json")))
        tracking_take(request, (struct tracking_body){.read = read_structured, .form = CLOUDEVENTS_BATCH});
    else if (json)
        take_binary(request);
    else
        reply_problem(
            request, ERR_MEDIA_TYPE,
            "send application/cloudevents+json, application/cloudevents-batch+json, or JSON with ce- headers");
}

const struct route cloudevent_routes[] = {
    {METHOD_POST, "/v1/events", TRACKING_ROLES, TRACKING_BODY, TRACKING_HOW, handle_events},
    {0},
};
