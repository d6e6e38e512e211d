/* GET /share/{feature}/{id}: the page of a link that a shopper passed on. The plugin behind the feature says what a stranger may see of it
 * (its route GET /share/{id}); whoever asks is nobody, so the page is the same for all who read
 * the same language, and looking is no exposure: whoever was sent a link sees what it leads to, whatever her arm of a trial. */
#include "api/app.h"
#include "api/public/share_page.h"
#include "api/public/tables.h"

/* Which variant makes the page: what the feature serves by default, else the first that a plugin serves; NULL where the feature is off. */
static const struct variant *variant_for_all(const struct snapshot_feature *feature) {
    const struct feature *f = &feature->definition;
    if (!f->enabled || feature->killed || f->stage == STAGE_RETIRED) return NULL;
    if (f->variants[f->by_default].plugin.n) return &f->variants[f->by_default];
    for (uint32_t i = 0; i < f->n_variants; i++)
        if (f->variants[i].plugin.n) return &f->variants[i];
    return NULL;
}

static struct text text_at(const struct json *json, json_at object, const char *name, struct arena *arena) {
    json_at at = json_get(json, object, text_of(name));
    return at != JSON_NONE && json_kind(json, at) == JSON_KIND_STRING ? json_unescaped(json, at, arena) : TEXT("");
}

static void read_items(const struct json *json, struct share_page *page, struct arena *arena) {
    json_at list = json_get(json, 0, TEXT("items"));
    if (list == JSON_NONE || json_kind(json, list) != JSON_KIND_ARRAY) return;
    size_t n = 0;
    for (json_at i = json_first(json, list); i != JSON_NONE; i = json_after(json, list, i)) n++;
    struct share_item *items = arena_array(arena, struct share_item, n);
    page->items = items;
    for (json_at i = json_first(json, list); i != JSON_NONE; i = json_after(json, list, i)) {
        if (json_kind(json, i) != JSON_KIND_OBJECT) continue;
        items[page->n_items++] = (struct share_item){.title = text_at(json, i, "title", arena),
                                                     .url = text_at(json, i, "url", arena),
                                                     .image = text_at(json, i, "image", arena),
                                                     .line = text_at(json, i, "line", arena),
                                                     .text = text_at(json, i, "text", arena)};
    }
}

static bool read_page(struct text body, struct share_page *page, struct arena *arena) {
    struct json json;
    if (json_scan(&json, body, arena, NULL) < 0 || json_kind(&json, 0) != JSON_KIND_OBJECT) return false;
    json_at listed = json_get(&json, 0, TEXT("listed"));
    *page = (struct share_page){.type = "website",
                                .title = text_at(&json, 0, "title", arena),
                                .by = text_at(&json, 0, "by", arena),
                                .description = text_at(&json, 0, "description", arena),
                                .image = text_at(&json, 0, "image", arena),
                                .url = text_at(&json, 0, "url", arena),
                                .listed = listed != JSON_NONE && json_kind(&json, listed) == JSON_KIND_TRUE};
    read_items(&json, page, arena);
    return page->title.n > 0;
}

static void on_answer(void *user, const struct plugin_answer *answer) {
    struct request *request = user;
    struct share_page page;
    if (answer->code)
        share_page_absent(request, 503);
    else if (answer->reply.status == 200 &&
             read_page(arena_text(&request->arena, answer->reply.body), &page, &request->arena))
        share_page_reply(request, &page);
    else
        share_page_absent(request, 404);
}

static void handle_share(struct request *request) {
    struct app *app = request->app;
    struct text key = request_param(request, "feature"), id = request_param(request, "id");
    const struct snapshot_feature *feature = snapshot_feature(app->snapshot, key);
    const struct variant *variant = feature ? variant_for_all(feature) : NULL;
    if (!variant) {
        share_page_absent(request, 404);
        return;
    }
    struct frame_request frame = {
        .method = TEXT("GET"),
        .path = arena_printf(&request->arena, "/share/%.*s", TEXT_ARGS(id)),
        .feature = key,
        .variant = variant->key,
        .attributes = arena_printf(&request->arena, "{\"language\":\"%s\"}", share_words_for(request)->language),
        .settings = settings_of(app, variant),
        .now = clock_now(app->clock)};
    struct plugin_call call = {.plugin = variant->plugin,
                               .version = variant->release,
                               .request = &frame,
                               .answered = on_answer,
                               .user = request};
    int rc = plugins_call(app->plugins, &call, NULL);
    if (rc) share_page_absent(request, rc == ERR_UNAVAILABLE ? 503 : 404);
}

const struct route share_routes[] = {
    {METHOD_GET, "/share/{feature}/{id}", 0, 0, 0, handle_share},
    {0},
};
