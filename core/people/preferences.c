/* A shopper's preferences and consent, as JSON and as rows. */
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/people/customers.h"

enum { LIST_MOST = 100, NAME_MOST = 64, CAP_MOST = 1000 };

static const struct preferences defaults = {.per_day = -1, .per_week = -1};

/* --- writing --- */

static void put_cap(struct json_writer *w, struct text key, int64_t cap) {
    json_key(w, key);
    if (cap < 0)
        json_nil(w);
    else
        json_int(w, cap);
}

void preferences_write(struct json_writer *w, const struct preferences *p) {
    json_open_object(w);
    json_key(w, TEXT("muted"));
    json_open_array(w);
    for (size_t i = 0; i < p->muted_n; i++) json_text(w, p->muted[i]);
    json_close_array(w);
    json_put_bool(w, "pushes", !p->pushes_off);
    json_key(w, TEXT("channels"));
    json_open_object(w);
    for (size_t i = 0; i < p->channels_n; i++) {
        json_key(w, p->channels_off[i]);
        json_bool(w, false);
    }
    json_close_object(w);
    put_cap(w, TEXT("perDay"), p->per_day);
    put_cap(w, TEXT("perWeek"), p->per_week);
    json_key(w, TEXT("consent"));
    json_open_object(w);
    for (size_t i = 0; i < p->consents_n; i++) {
        json_key(w, p->consents[i].purpose);
        json_open_object(w);
        json_put_bool(w, "granted", p->consents[i].granted);
        json_put_time(w, "at", p->consents[i].at);
        json_close_object(w);
    }
    json_close_object(w);
    json_key(w, TEXT("at"));
    if (p->at)
        json_time(w, p->at);
    else
        json_nil(w);
    json_close_object(w);
}

/* --- reading --- */

struct reading {
    struct json json;
    struct arena *arena;
    const struct preferences *before;
    struct preferences *out;
    int64_t now;
    struct error *error;
};

static void read_muted(struct reading *r, json_at list) {
    struct preferences *out = r->out;
    size_t n = json_kind(&r->json, list) == JSON_KIND_ARRAY ? r->json.tokens[list].size : SIZE_MAX;
    if (n > LIST_MOST) {
        error_at(r->error, "/muted", "must be an array of at most %d feature keys", LIST_MOST);
        return;
    }
    out->muted = arena_array(r->arena, struct text, n + 1);
    out->muted_n = 0;
    for (json_at at = json_first(&r->json, list); at != JSON_NONE; at = json_after(&r->json, list, at)) {
        struct text key = json_unescaped(&r->json, at, r->arena);
        if (!text_is_key(key)) error_at(r->error, "/muted", "each must be the key of a feature");
        out->muted[out->muted_n++] = key;
    }
}

static bool is_true_or_false(struct reading *r, json_at at) {
    enum json_kind kind = json_kind(&r->json, at);
    return kind == JSON_KIND_TRUE || kind == JSON_KIND_FALSE;
}

static void read_channels(struct reading *r, json_at object) {
    struct preferences *out = r->out;
    size_t n = json_kind(&r->json, object) == JSON_KIND_OBJECT ? r->json.tokens[object].size : SIZE_MAX;
    if (n > LIST_MOST) {
        error_at(r->error, "/channels", "must be an object of at most %d channels, each true or false", LIST_MOST);
        return;
    }
    out->channels_off = arena_array(r->arena, struct text, n + 1);
    out->channels_n = 0;
    for (json_at at = json_first(&r->json, object); at != JSON_NONE; at = json_after(&r->json, object, at)) {
        struct text channel = json_unescaped(&r->json, at, r->arena);
        if (!text_is_key(channel) || !is_true_or_false(r, at + 1))
            error_at(r->error, "/channels", "each member must be a channel's name with true or false");
        else if (json_kind(&r->json, at + 1) == JSON_KIND_FALSE)
            out->channels_off[out->channels_n++] = channel;
    }
}

static void read_cap(struct reading *r, const char *pointer, json_at at, int64_t *out) {
    *out = -1;
    if (json_kind(&r->json, at) == JSON_KIND_NULL) return;
    if (!json_whole(&r->json, at, out) || *out < 0 || *out > CAP_MOST)
        error_at(r->error, pointer, "must be a whole number from 0 to %d, or null for the shop's own", CAP_MOST);
}

static const struct consent *find_consent(const struct preferences *p, struct text purpose) {
    for (size_t i = 0; i < p->consents_n; i++)
        if (text_eq(p->consents[i].purpose, purpose)) return &p->consents[i];
    return NULL;
}

/* `true`, or what preferences_write wrote: {"granted":true,"at":...}. */
static void read_one_consent(struct reading *r, struct text purpose, json_at value) {
    json_at granted =
        json_kind(&r->json, value) == JSON_KIND_OBJECT ? json_get(&r->json, value, TEXT("granted")) : value;
    if (!text_is_key(purpose) || !is_true_or_false(r, granted)) {
        error_at(r->error, "/consent", "each member must be a purpose, as \"marketing\", with true or false");
        return;
    }
    struct consent consent = {purpose, json_kind(&r->json, granted) == JSON_KIND_TRUE, r->now};
    const struct consent *was = find_consent(r->before, purpose);
    if (was && was->granted == consent.granted) consent.at = was->at;
    struct consent *is = (struct consent *)(uintptr_t)find_consent(r->out, purpose);
    if (is)
        *is = consent;
    else
        r->out->consents[r->out->consents_n++] = consent;
}

/* What the body does not name stays as it was: a purpose that was answered once keeps its answer. */
static void read_consent(struct reading *r, json_at object) {
    const struct preferences *before = r->before;
    size_t n = json_kind(&r->json, object) == JSON_KIND_OBJECT ? r->json.tokens[object].size : SIZE_MAX;
    if (n > LIST_MOST) {
        error_at(r->error, "/consent", "must be an object of at most %d purposes, each true or false", LIST_MOST);
        return;
    }
    if (n + before->consents_n > LIST_MOST) {
        error_at(r->error, "/consent", "at most %d purposes in all", LIST_MOST);
        return;
    }
    r->out->consents = arena_array(r->arena, struct consent, n + before->consents_n + 1);
    if (before->consents_n) memcpy(r->out->consents, before->consents, before->consents_n * sizeof *before->consents);
    for (json_at at = json_first(&r->json, object); at != JSON_NONE; at = json_after(&r->json, object, at))
        read_one_consent(r, json_unescaped(&r->json, at, r->arena), at + 1);
}

static void read_member(struct reading *r, struct text key, json_at value) {
    if (text_is(key, "muted"))
        read_muted(r, value);
    else if (text_is(key, "channels"))
        read_channels(r, value);
    else if (text_is(key, "perDay"))
        read_cap(r, "/perDay", value, &r->out->per_day);
    else if (text_is(key, "perWeek"))
        read_cap(r, "/perWeek", value, &r->out->per_week);
    else if (text_is(key, "consent"))
        read_consent(r, value);
    else if (text_is(key, "pushes") && is_true_or_false(r, value))
        r->out->pushes_off = json_kind(&r->json, value) == JSON_KIND_FALSE;
    else if (text_is(key, "pushes"))
        error_at(r->error, "/pushes", "must be true or false");
    else if (!text_is(key, "at"))
        error_at(r->error, "", "'%.*s' is none of muted, pushes, channels, perDay, perWeek, consent",
                 (int)(key.n < NAME_MOST ? key.n : NAME_MOST), key.at);
}

int preferences_read(struct preferences *preferences, struct text json, const struct preferences *before, int64_t now,
                     struct arena *arena, struct error *error) {
    struct reading r = {.arena = arena, .before = before, .out = preferences, .now = now, .error = error};
    int rc = json_scan(&r.json, json, arena, error);
    if (rc < 0) return rc;
    if (json_kind(&r.json, 0) != JSON_KIND_OBJECT) return error_at(error, "", "must be an object");
    *preferences = *before;
    preferences->at = now;
    for (json_at at = json_first(&r.json, 0); at != JSON_NONE; at = json_after(&r.json, 0, at))
        read_member(&r, json_unescaped(&r.json, at, arena), at + 1);
    return error->code;
}

/* --- asking --- */

bool preferences_mute(const struct preferences *preferences, struct text feature) {
    for (size_t i = 0; i < preferences->muted_n; i++)
        if (text_eq(preferences->muted[i], feature)) return true;
    return false;
}

int preferences_consent(const struct preferences *preferences, struct text purpose) {
    const struct consent *consent = find_consent(preferences, purpose);
    return consent ? consent->granted : -1;
}

static size_t write_refusals(const struct preferences *p, struct arena *arena, struct text **out) {
    size_t n = 0;
    *out = arena_array(arena, struct text, 1 + p->muted_n + p->channels_n + p->consents_n);
    if (p->pushes_off) (*out)[n++] = TEXT("pushes");
    for (size_t i = 0; i < p->muted_n; i++) (*out)[n++] = arena_printf(arena, "feature:%.*s", TEXT_ARGS(p->muted[i]));
    for (size_t i = 0; i < p->channels_n; i++)
        (*out)[n++] = arena_printf(arena, "channel:%.*s", TEXT_ARGS(p->channels_off[i]));
    for (size_t i = 0; i < p->consents_n; i++)
        if (!p->consents[i].granted)
            (*out)[n++] = arena_printf(arena, "consent:%.*s", TEXT_ARGS(p->consents[i].purpose));
    return n;
}

void preferences_refused(const struct preferences *preferences, const struct preferences *before, struct arena *arena,
                         struct text **refused, size_t *n) {
    struct text *were;
    const size_t were_n = write_refusals(before, arena, &were), are_n = write_refusals(preferences, arena, refused);
    *n = 0;
    for (size_t i = 0; i < are_n; i++) {
        bool known = false;
        for (size_t k = 0; k < were_n; k++) known |= text_eq((*refused)[i], were[k]);
        if (!known) (*refused)[(*n)++] = (*refused)[i];
    }
}

/* --- keeping --- */

/* A consent's own time stands in the JSON. */
static void read_times(struct preferences *p, struct text body, struct arena *arena) {
    struct json json;
    if (json_scan(&json, body, arena, NULL) != 0) return;
    json_at object = json_get(&json, 0, TEXT("consent"));
    for (json_at at = json_first(&json, object); at != JSON_NONE; at = json_after(&json, object, at)) {
        struct consent *c = (struct consent *)(uintptr_t)find_consent(p, json_unescaped(&json, at, arena));
        if (c) clock_parse(json_unescaped(&json, json_get(&json, at + 1, TEXT("at")), arena), &c->at);
    }
}

int customers_preferences(struct sql *sql, struct arena *arena, const struct text *keys, size_t n,
                          struct preferences *preferences, struct error *error) {
    *preferences = defaults;
    struct text body = TEXT_NONE;
    int64_t newest = 0;
    for (size_t i = 0; i < n; i++) {
        struct sql_rows rows;
        int rc = sql_query(sql, &rows, error, "SELECT body, at FROM preference WHERE customer = $1", SQL_T(keys[i]));
        if (rc == 0) rc = sql_next(&rows, error);
        if (rc > 0 && sql_int(&rows, 1) > newest) {
            body = sql_copy(&rows, 0, arena);
            newest = sql_int(&rows, 1);
        }
        sql_done(&rows);
        if (rc < 0) return rc;
    }
    if (!newest) return 0;
    int rc = preferences_read(preferences, body, &defaults, newest, arena, error);
    if (rc == 0) read_times(preferences, body, arena);
    return rc;
}

int customers_prefer(struct sql *sql, struct text key, const struct preferences *preferences, struct error *error) {
    struct buffer body = {0};
    struct json_writer w;
    json_writer_init(&w, &body);
    preferences_write(&w, preferences);
    int rc = sql_run(sql, error,
                     "INSERT INTO preference (customer, body, at) VALUES ($1, $2, $3)"
                     " ON CONFLICT (customer) DO UPDATE SET body = excluded.body, at = excluded.at",
                     SQL_T(key), SQL_T(buffer_view(&body)), SQL_I(preferences->at));
    buffer_free(&body);
    return rc < 0 ? rc : 0;
}
