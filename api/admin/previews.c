/* Links by which staff, or whoever has them, sees a variant before it is anybody's: nothing is stored, the link is signed. */
#include <jansson.h>

#include "api/admin/tables.h"
#include "api/visitor.h"
#include "core/base/json_write.h"
#include "experiments/model/reader.h"

enum { DAY_MS = 24 * 3600 * 1000, LONGEST_DAYS = 30 };

struct asked {
    struct text feature, variant;
    int64_t lasts;
};

static void read_asked(struct reader *reader, const json_t *body, struct asked *asked) {
    static const char *const known[] = {"feature", "variant", "expiresIn", NULL};
    if (!reader_object(reader, NULL, body, known)) return;
    if (!reader_key(reader, NULL, body, "feature", &asked->feature) && !reader->faults)
        reader_missing(reader, NULL, "feature", "the key of a feature");
    if (!reader_text(reader, NULL, body, "variant", 64, &asked->variant) && !reader->faults)
        reader_missing(reader, NULL, "variant", "one of its variants");
    if (reader_duration(reader, NULL, body, "expiresIn", &asked->lasts) &&
        (asked->lasts <= 0 || asked->lasts > (int64_t)LONGEST_DAYS * DAY_MS))
        reader_fault(reader, PATH_MEMBER(NULL, "expiresIn"), "must be at most P%dD", LONGEST_DAYS);
}

/* That there is such a variant. */
static void check_asked(struct reader *reader, const struct snapshot *snapshot, const struct asked *asked) {
    const struct snapshot_feature *feature = snapshot_feature(snapshot, asked->feature);
    if (!feature)
        reader_fault(reader, PATH_MEMBER(NULL, "feature"), "there is no feature '%.*s'", TEXT_ARGS(asked->feature));
    else if (feature_variant(&feature->definition, asked->variant) < 0)
        reader_fault(reader, PATH_MEMBER(NULL, "variant"), "the feature has no variant '%.*s'",
                     TEXT_ARGS(asked->variant));
}

static void answer(struct request *request, const struct asked *asked) {
    int64_t expires = clock_now(request->app->clock) + asked->lasts;
    struct text token = visitor_preview(request, asked->feature, asked->variant, expires);
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_text(&w, "feature", asked->feature);
    json_put_text(&w, "variant", asked->variant);
    json_put_text(&w, "token", token);
    json_put_text(&w, "query", arena_printf(&request->arena, "?parley_preview=%.*s", TEXT_ARGS(token)));
    json_put_time(&w, "expiresAt", expires / 1000 * 1000);
    json_close_object(&w);
    reply_json(request, 201, &out);
}

static void handle_create(struct request *request) {
    struct error error = {0};
    struct asked asked = {.lasts = DAY_MS};
    struct reader reader = {&request->arena, &error, 0};
    struct json scanned;
    json_error_t why;
    json_t *body = NULL;
    if (json_scan(&scanned, request->body, &request->arena, &error) == 0) {
        body = json_loadb(request->body.at, request->body.n, JSON_DECODE_ANY, &why);
        read_asked(&reader, body, &asked);
        if (!reader.faults) check_asked(&reader, request->app->snapshot, &asked);
        json_decref(body);
    }
    if (error.code)
        reply_error(request, &error);
    else
        answer(request, &asked);
}

const struct route preview_routes[] = {
    {METHOD_POST, "/admin/v1/previews", ROLE_MANAGER, 4096, 0, handle_create},
    {0},
};
