#include "experiments/measure/event.h"

/* A body that came through intake is JSON; one that somebody changed on the disk counts as empty. */
static const struct json *body(struct event *event) {
    if (!event->scanned) {
        event->scanned = true;
        if (json_scan(&event->json, event->record->body, event->arena, NULL) < 0) event->json = (struct json){0};
    }
    return &event->json;
}

static json_at member(struct event *event, struct text object, struct text name) {
    const struct json *json = body(event);
    return json_get(json, json_get(json, 0, object), name);
}

static struct text as_text(struct event *event, json_at at) {
    const struct json *json = &event->json;
    if (json_kind(json, at) == JSON_KIND_NUMBER) return json_source(json, at);
    return json_unescaped(json, at, event->arena);
}

static struct text root_text(struct event *event, struct text name) {
    return as_text(event, json_get(body(event), 0, name));
}

struct text event_property(struct event *event, struct text name) {
    return as_text(event, member(event, TEXT("properties"), name));
}

bool event_micros(struct event *event, struct text name, int64_t *out) {
    return json_micros(body(event), member(event, TEXT("properties"), name), out);
}

bool event_where(struct event *event, const struct condition *where, const struct map *segments) {
    if (!where) return true;
    struct condition_input input = {
        .json = body(event), .root = 0, .now = event->record->at, .segments = segments, .arena = event->arena};
    return condition_true(where, &input);
}

struct text event_unit(struct event *event, const struct plan_experiment *experiment) {
    const struct journal_record *r = event->record;
    if (experiment->unit == PLAN_TARGETING_KEY || r->kind == JOURNAL_EXPOSURE) return r->unit;
    if (experiment->unit == PLAN_USER_ID) return r->flags & JOURNAL_KNOWN ? r->unit : TEXT_NONE;
    struct text name = experiment->source->definition.unit;
    const struct json *json = body(event);
    struct text unit = as_text(event, json_get(json, member(event, TEXT("context"), TEXT("units")), name));
    return unit.n ? unit : event_property(event, name);
}

bool event_exposure(struct event *event, struct event_exposure *out) {
    const struct journal_record *r = event->record;
    *out = (struct event_exposure){.epoch = -1};
    if (r->kind == JOURNAL_EXPOSURE) {
        struct text cause = root_text(event, TEXT("cause"));
        out->experiment = r->name;
        out->variant = root_text(event, TEXT("variant"));
        out->salt = root_text(event, TEXT("salt"));
        json_whole(&event->json, json_get(&event->json, 0, TEXT("epoch")), &out->epoch);
        out->cause = text_is(cause, "rule-override") ? JOURNAL_RULE_OVERRIDE
                     : text_is(cause, "fallback")    ? JOURNAL_FALLBACK
                                                     : JOURNAL_MET;
        return true;
    }
    if (r->kind != JOURNAL_TRACK || !text_is(r->name, PLAN_VIEWED)) return false;
    out->viewed = true;
    out->experiment = event_property(event, TEXT("experiment_id"));
    out->experiment_name = event_property(event, TEXT("experiment_name"));
    out->variant = event_property(event, TEXT("variation_id"));
    out->variant_name = event_property(event, TEXT("variation_name"));
    return true;
}

struct text event_attribute(struct event *event, struct text name) {
    bool evaluated = event->record->kind == JOURNAL_EXPOSURE;
    json_at at = evaluated ? member(event, TEXT("attributes"), name) : member(event, TEXT("properties"), name);
    const struct json *json = &event->json;
    enum json_kind kind = json_kind(json, at);
    return kind == JSON_KIND_TRUE || kind == JSON_KIND_FALSE ? json_source(json, at) : as_text(event, at);
}
