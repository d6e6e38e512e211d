/* <parley/test.h>: looking at answers, and at what a plugin caused. */
#include <stdio.h>

#include "core/plugins/harness.h"

/* ---- JSON ---- */

/* A token of a JSON pointer: ~1 is '/', ~0 is '~'. */
static struct text unescape(struct arena *arena, struct text token) {
    char *at = arena_alloc(arena, token.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < token.n; i++) {
        bool escape = token.at[i] == '~' && i + 1 < token.n;
        at[n++] = !escape ? token.at[i] : token.at[++i] == '1' ? '/' : '~';
    }
    return text_n(at, n);
}

static json_at child(const struct json *json, json_at parent, struct text token) {
    int64_t index;
    if (json_kind(json, parent) == JSON_KIND_OBJECT) return json_get(json, parent, token);
    if (json_kind(json, parent) != JSON_KIND_ARRAY || !text_to_int(token, &index) || index < 0) return JSON_NONE;
    json_at at = json_first(json, parent);
    while (index-- > 0 && at != JSON_NONE) at = json_after(json, parent, at);
    return at;
}

struct text harness_find(struct text source, const char *pointer) {
    struct arena arena;
    struct json json;
    json_at at = 0;
    arena_init(&arena, 4096);
    bool found = json_scan(&json, source, &arena, NULL) == 0;
    struct text token, rest = text_of(pointer);
    harness_require(!rest.n || *rest.at == '/', "a JSON pointer is empty or begins with '/': %s", pointer);
    if (rest.n) rest = text_n(rest.at + 1, rest.n - 1);
    for (bool more = found && *pointer; more && at != JSON_NONE;) {
        more = text_cut(rest, '/', &token, &rest);
        at = child(&json, at, unescape(&arena, token));
    }
    struct text value = found && at != JSON_NONE ? json_source(&json, at) : TEXT_NONE;
    arena_free(&arena);
    return value;
}

static const char *seen(struct buffer *buffer) {
    *buffer_reserve(buffer, 1) = 0;
    return buffer->at;
}

const char *parley_test_body(parley_test *t) {
    return seen(&t->body);
}

const char *parley_test_logs(parley_test *t) {
    return seen(&t->logs);
}

static const char *kept(struct parley_test *t, struct text value) {
    return value.at ? arena_cstr(&t->kept, value) : NULL;
}

const char *parley_test_at(parley_test *t, const char *pointer) {
    return kept(t, harness_find(buffer_view(&t->body), pointer));
}

const char *parley_test_json(parley_test *t, const char *json, const char *pointer) {
    return json ? kept(t, harness_find(text_of(json), pointer)) : NULL;
}

bool parley_test_says(parley_test *t, const char *pointer, const char *expected) {
    struct text found = harness_find(buffer_view(&t->body), pointer);
    if (text_is(found, expected)) return true;
    fprintf(stderr, "%s is %.*s, not %s, in the answer %d %s\n", *pointer ? pointer : "the whole",
            TEXT_ARGS(found.n ? found : TEXT("not there")), expected, t->status, parley_test_body(t));
    return false;
}

/* ---- what was caused ---- */

/* Whether `effect` has `value` (NULL: anything) at `pointer`. */
static bool is(const struct effect_seen *effect, const char *pointer, const char *value) {
    struct buffer quoted = {0};
    struct text found = harness_find(effect->json, pointer);
    if (value) json_escape(&quoted, text_of(value));
    bool same = found.n && (!value || text_eq(found, buffer_view(&quoted)));
    buffer_free(&quoted);
    return same;
}

static size_t how_many(const struct parley_test *t, const char *pointer, const char *value) {
    size_t n = 0;
    for (const struct effect_seen *e = t->effects; e; e = e->next) n += is(e, pointer, value);
    return n;
}

static const struct effect_seen *nth(const struct parley_test *t, const char *pointer, const char *value, size_t i) {
    const struct effect_seen *e = t->effects;
    while (e && (!is(e, pointer, value) || i-- > 0)) e = e->next;
    return e;
}

size_t parley_test_tracked(parley_test *t, const char *event) {
    return how_many(t, "/event", event);
}

const char *parley_test_properties(parley_test *t, const char *event, size_t i) {
    const struct effect_seen *e = nth(t, "/event", event, i);
    return e ? kept(t, harness_find(e->json, "/properties")) : NULL;
}

size_t parley_test_effects(parley_test *t, const char *kind) {
    return how_many(t, "/kind", kind);
}

const char *parley_test_effect(parley_test *t, const char *kind, size_t i) {
    const struct effect_seen *e = nth(t, "/kind", kind, i);
    return e ? kept(t, e->json) : NULL;
}

static const struct metric *metric(const struct parley_test *t, const char *name, bool observed) {
    static const struct metric none;
    for (size_t i = 0; i < t->metrics.n; i++) {
        const struct metric *m = &t->metrics.items[i];
        if (m->observed == observed && strcmp(m->name, name) == 0) return m;
    }
    return &none;
}

int64_t parley_test_counted(parley_test *t, const char *name) {
    return metric(t, name, false)->count;
}

size_t parley_test_observed(parley_test *t, const char *name, double *sum) {
    const struct metric *m = metric(t, name, true);
    size_t n = 0;
    for (int b = 0; b <= DISTRIBUTION_BUCKETS; b++) n += (size_t)m->bucket[b];
    if (sum) *sum = m->sum;
    return n;
}

size_t parley_test_notified(parley_test *t, const char *topic) {
    return how_many(t, "/topic", topic);
}

const char *parley_test_note(parley_test *t, const char *topic, size_t i) {
    const struct effect_seen *e = nth(t, "/topic", topic, i);
    if (!e) return NULL;
    struct text customer = harness_find(e->json, "/customer");
    return arena_printf(&t->kept, "%.*s", (int)customer.n - 2, customer.at + 1).at;
}

size_t parley_test_entries(parley_test *t, const char *kind) {
    return how_many(t, "/entry/kind", kind);
}

const char *parley_test_entry(parley_test *t, const char *kind, size_t i) {
    const struct effect_seen *e = nth(t, "/entry/kind", kind, i);
    if (!e) return NULL;
    struct text customer = harness_find(e->json, "/customer"), entry = harness_find(e->json, "/entry");
    /* The entry is an object with members. */
    return arena_printf(&t->kept, "{\"customer\":%.*s,%.*s", TEXT_ARGS(customer), (int)entry.n - 1, entry.at + 1).at;
}
