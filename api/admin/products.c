/* The catalogue: what the shop sells, imported by its staff, listed, taken out. Parley keeps it, and plugins follow it (product_feed.h): the
 * answer waits for those that serve, and says which took the change and which hear of it later. */
#include "api/admin/tables.h"
#include "api/app.h"
#include "api/product_feed.h"
#include "core/base/json.h"
#include "core/base/memory.h"
#include "core/store/audit.h"
#include "core/store/products.h"

enum { IMPORT_BODY = 1024 * 1024, ITEMS_MOST = 5000, REJECTED_TOLD = 50, PAGE = 100, PAGE_MOST = 500 };

struct errand {
    struct lane_job job;
    struct request *request;
    int (*work)(struct errand *errand, struct sql *sql);
    int64_t now;
    struct text sku, after;
    int64_t limit;
    int64_t imported, refused;
    int64_t revision;       /* of the change */
    bool changed;           /* there is something to tell */
    struct buffer rejected; /* JSON: elements of a list */
    struct buffer list;     /* JSON, the whole answer of a list */
    struct buffer told;     /* JSON: elements, one of each plugin that was told */
    size_t waiting;
    struct error error;
};

/* ---- on the lane ---- */

static struct text member(const struct json *json, json_at item, const char *name, struct arena *arena) {
    json_at at = json_get(json, item, text_of(name));
    if (at == JSON_NONE || json_kind(json, at) == JSON_KIND_NULL) return TEXT("");
    return json_kind(json, at) == JSON_KIND_STRING ? text_trim(json_unescaped(json, at, arena)) : json_source(json, at);
}

/* Why the item is no product; NULL where it is one. */
static const char *read_item(const struct json *json, json_at item, struct arena *arena, struct product *product) {
    static const char known[] = " sku title category url image price currency available ";
    if (json_kind(json, item) != JSON_KIND_OBJECT) return "it is no object";
    for (json_at k = json_first(json, item); k != JSON_NONE; k = json_after(json, item, k)) {
        struct text name = json_unescaped(json, k, arena);
        if (!strstr(known, arena_printf(arena, " %.*s ", TEXT_ARGS(name)).at))
            return arena_printf(arena,
                                "\"%.*s\" is none of sku, title, category, url, image, price, currency, available",
                                TEXT_ARGS(name))
                .at;
    }
    json_at available = json_get(json, item, TEXT("available"));
    bool said = available != JSON_NONE && json_kind(json, available) != JSON_KIND_NULL;
    if (said && json_kind(json, available) != JSON_KIND_TRUE && json_kind(json, available) != JSON_KIND_FALSE)
        return "\"available\" is true or false";
    *product = (struct product){.sku = member(json, item, "sku", arena),
                                .title = member(json, item, "title", arena),
                                .category = member(json, item, "category", arena),
                                .url = member(json, item, "url", arena),
                                .image = member(json, item, "image", arena),
                                .price = member(json, item, "price", arena),
                                .currency = member(json, item, "currency", arena),
                                .available = !said || json_kind(json, available) == JSON_KIND_TRUE};
    return product_fault(product);
}

static void reject(struct errand *errand, int64_t index, const char *detail) {
    struct json_writer w;
    if (errand->refused++ >= REJECTED_TOLD) return;
    if (errand->rejected.n) buffer_byte(&errand->rejected, ',');
    json_writer_init(&w, &errand->rejected);
    json_open_object(&w);
    json_put_int(&w, "index", index);
    json_put_text(&w, "detail", text_of(detail));
    json_close_object(&w);
}

static int audit(struct errand *errand, struct sql *sql, struct text action, struct text key, struct text after) {
    const struct audit_entry entry = {.at = errand->now,
                                      .actor = errand->request->caller.name,
                                      .action = action,
                                      .kind = TEXT("catalogue"),
                                      .key = key,
                                      .after = after};
    return audit_write(sql, &entry, &errand->error);
}

static int import_items(struct errand *errand, struct sql *sql, const struct json *json, json_at items) {
    struct arena *arena = &errand->request->arena;
    int64_t index = 0;
    for (json_at i = json_first(json, items); i != JSON_NONE; i = json_after(json, items, i), index++) {
        struct product product;
        const char *fault = read_item(json, i, arena, &product);
        if (fault) {
            reject(errand, index, fault);
            continue;
        }
        int rc = products_put(sql, &product, errand->revision, errand->now, &errand->error);
        if (rc < 0) return rc;
        errand->imported++;
    }
    return 0;
}

static int work_import(struct errand *errand, struct sql *sql) {
    struct request *request = errand->request;
    struct json json;
    int rc = json_scan(&json, request->body, &request->arena, &errand->error);
    if (rc < 0) return rc;
    json_at items = json_get(&json, 0, TEXT("items"));
    if (json_kind(&json, 0) != JSON_KIND_OBJECT || items == JSON_NONE || json_kind(&json, items) != JSON_KIND_ARRAY)
        return error_set(
            &errand->error, ERR_INVALID,
            "the body is {\"items\": [...]}, each {\"sku\", \"title\", \"category\"?, \"url\"?, \"image\"?, "
            "\"price\"?, \"currency\"?, \"available\"?}");
    size_t n = 0;
    for (json_at i = json_first(&json, items); i != JSON_NONE; i = json_after(&json, items, i)) n++;
    if (n > ITEMS_MOST)
        return error_set(&errand->error, ERR_INVALID, "%zu items are more than the %d of one request", n, ITEMS_MOST);
    rc = products_next(sql, &errand->revision, &errand->error);
    if (rc == 0) rc = import_items(errand, sql, &json, items);
    if (rc < 0 || errand->imported == 0) return rc;
    errand->changed = true;
    struct text after = arena_printf(&request->arena, "{\"imported\":%lld,\"refused\":%lld}",
                                     (long long)errand->imported, (long long)errand->refused);
    return audit(errand, sql, TEXT("import"), TEXT("products"), after);
}

static int work_remove(struct errand *errand, struct sql *sql) {
    int rc = products_next(sql, &errand->revision, &errand->error);
    if (rc == 0) rc = products_remove(sql, errand->sku, errand->revision, &errand->error);
    if (rc < 0) return rc;
    errand->changed = true;
    return audit(errand, sql, TEXT("remove"), errand->sku, TEXT_NONE);
}

static int work_list(struct errand *errand, struct sql *sql) {
    struct product_page page;
    struct json_writer w;
    int rc = products_list(sql, &errand->request->arena, errand->after, (size_t)errand->limit, &page, &errand->error);
    if (rc < 0) return rc;
    json_writer_init(&w, &errand->list);
    json_open_object(&w);
    json_key(&w, TEXT("items"));
    json_open_array(&w);
    for (size_t i = 0; i < page.n; i++) product_write(&page.items[i], &w);
    json_close_array(&w);
    json_key(&w, TEXT("next"));
    if (page.more)
        json_text(&w, page.items[page.n - 1].sku);
    else
        json_nil(&w);
    json_close_object(&w);
    return 0;
}

static void on_lane(struct lane_job *job, void *owner) {
    struct errand *errand = (struct errand *)job;
    int rc = sql_begin(owner, &errand->error);
    if (rc == 0) sql_end(owner, errand->work(errand, owner), &errand->error);
}

/* ---- on the loop ---- */

static void put_list(struct json_writer *w, const char *name, const struct buffer *elements) {
    json_key(w, text_of(name));
    json_open_array(w);
    if (elements->n) json_raw(w, buffer_view(elements));
    json_close_array(w);
}

static void finish(struct errand *errand) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_int(&w, "imported", errand->imported);
    json_put_int(&w, "refused", errand->refused);
    put_list(&w, "rejected", &errand->rejected);
    put_list(&w, "plugins", &errand->told);
    json_close_object(&w);
    buffer_free(&errand->rejected);
    buffer_free(&errand->told);
    reply_json(errand->request, 200, &out);
}

static void on_told(void *user, struct text plugin, enum product_feed_end end, const char *why) {
    struct errand *errand = user;
    struct json_writer w;
    if (end != PRODUCT_FEED_NO_USE) {
        if (errand->told.n) buffer_byte(&errand->told, ',');
        json_writer_init(&w, &errand->told);
        json_open_object(&w);
        json_put_text(&w, "plugin", plugin);
        json_put_bool(&w, "taken", end == PRODUCT_FEED_HAS_IT && !why);
        if (why) json_put_text(&w, "detail", text_of(why));
        json_close_object(&w);
    }
    if (--errand->waiting == 0) finish(errand);
}

static void tell_one(void *user, struct text plugin, const struct plugin_standing *standing,
                     const struct manifest *manifest) {
    struct errand *errand = user;
    if (standing->retired || !text_is(standing->active, manifest->version)) return;
    errand->waiting++;
    product_feed_ask(errand->request->app->product_feed, plugin, errand->revision, on_told, errand);
}

static void on_done(struct mail *mail) {
    struct errand *errand = (struct errand *)mail;
    if (errand->error.code) {
        buffer_free(&errand->rejected);
        buffer_free(&errand->list);
        reply_error(errand->request, &errand->error);
        return;
    }
    if (errand->list.n) {
        reply_json(errand->request, 200, &errand->list);
        return;
    }
    errand->waiting = 1; /* this function */
    if (errand->changed && errand->request->app->plugins)
        plugins_each_release(errand->request->app->plugins, tell_one, errand);
    if (--errand->waiting == 0) finish(errand);
}

static void start(struct request *request, struct errand what) {
    struct errand *errand = arena_new(&request->arena, struct errand);
    *errand = what;
    errand->request = request;
    errand->now = clock_now(request->app->clock);
    errand->job = (struct lane_job){.mail.receive = on_done, .work = on_lane, .reply_to = &request->app->mailbox};
    lane_do(main_db_lane(request->app->db), &errand->job);
}

static void handle_import(struct request *request) {
    start(request, (struct errand){.work = work_import});
}
static void handle_remove(struct request *request) {
    start(request, (struct errand){.work = work_remove, .sku = request_param(request, "sku")});
}
static void handle_list(struct request *request) {
    struct errand errand = {.work = work_list, .after = request_query(request, "cursor")};
    if (request_query_int(request, "limit", 1, PAGE_MOST, PAGE, &errand.limit)) start(request, errand);
}

enum { READERS = ROLE_MANAGER | ROLE_ANALYST | ROLE_AGENT | ROLE_SERVER, WRITERS = ROLE_MANAGER | ROLE_SERVER };
const struct route product_routes[] = {
    {METHOD_GET, "/admin/v1/catalogue", READERS, 0, 0, handle_list},
    {METHOD_POST, "/admin/v1/catalogue", WRITERS, IMPORT_BODY, 0, handle_import},
    {METHOD_DELETE, "/admin/v1/catalogue/{sku}", WRITERS, 0, 0, handle_remove},
    {0},
};
