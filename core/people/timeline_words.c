/* From a record to what people read: a table of the events that Segment's e-commerce specification v2 names, each with its kind
 * and its words. An event that is not in it is told by its name. */
#include "core/people/timeline.h"

#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/number.h"

/* What follows the words. */
enum what { NOTHING, PRODUCT, ORDER, MONEY, QUERY, NAME, COUPON, REVIEW };

static const struct known_event {
    const char *event, *kind, *words;
    enum what what;
} known_events[] = {
    {"Products Searched", "search", "Searched for", QUERY},
    {"Product List Viewed", "product", "Looked at the list", NAME},
    {"Product List Filtered", "product", "Filtered the list", NAME},
    {"Promotion Viewed", "promotion", "Saw the promotion", NAME},
    {"Promotion Clicked", "promotion", "Opened the promotion", NAME},
    {"Product Clicked", "product", "Opened", PRODUCT},
    {"Product Viewed", "product", "Looked at", PRODUCT},
    {"Product Added", "cart", "Put into the cart:", PRODUCT},
    {"Product Removed", "cart", "Took out of the cart:", PRODUCT},
    {"Cart Viewed", "cart", "Looked at the cart", NOTHING},
    {"Cart Shared", "cart", "Shared the cart", NOTHING},
    {"Product Shared", "product", "Shared", PRODUCT},
    {"Checkout Started", "checkout", "Began to check out", ORDER},
    {"Checkout Step Viewed", "checkout", "Saw a step of the check-out", NOTHING},
    {"Checkout Step Completed", "checkout", "Completed a step of the check-out", NOTHING},
    {"Payment Info Entered", "checkout", "Entered how to pay", NOTHING},
    {"Order Completed", "order", "Ordered", ORDER},
    {"Order Updated", "order", "Changed an order", ORDER},
    {"Order Cancelled", "order", "Cancelled an order", ORDER},
    {"Order Refunded", "refund", "Was refunded", MONEY},
    {"Coupon Entered", "coupon", "Entered the coupon", COUPON},
    {"Coupon Applied", "coupon", "Used the coupon", COUPON},
    {"Coupon Denied", "coupon", "Was denied the coupon", COUPON},
    {"Coupon Removed", "coupon", "Took back the coupon", COUPON},
    {"Product Added to Wishlist", "wishlist", "Put on the wish list:", PRODUCT},
    {"Product Removed from Wishlist", "wishlist", "Took off the wish list:", PRODUCT},
    {"Wishlist Product Added to Cart", "wishlist", "Put from the wish list into the cart:", PRODUCT},
    {"Product Reviewed", "review", "Reviewed", REVIEW},
    {"Experiment Viewed", "exposure", "Met the experiment", NAME},
};

/* Members of `properties` that lead to something; copied into refs where they are texts or numbers. */
static const char *const references[] = {"order_id",     "product_id",  "sku",           "cart_id",
                                         "checkout_id",  "wishlist_id", "review_id",     "list_id",
                                         "promotion_id", "coupon",      "coupon_id",     "query",
                                         "url",          "feature",     "experiment_id", "variation_id"};

struct telling {
    const struct journal_record *record;
    struct arena *arena;
    struct json json;
    json_at properties;
};

static struct text property(const struct telling *t, const char *name) {
    json_at at = json_get(&t->json, t->properties, text_of(name));
    if (json_kind(&t->json, at) == JSON_KIND_NUMBER && at != JSON_NONE) return json_source(&t->json, at);
    return json_unescaped(&t->json, at, t->arena);
}

static struct text first_of(const struct telling *t, const char *const *names) {
    for (; *names; names++) {
        struct text value = property(t, *names);
        if (value.n) return value;
    }
    return TEXT("");
}

/* --- words --- */

/* "24.90 EUR"; empty where no sum is told. */
static struct text money(const struct telling *t) {
    static const char *const names[] = {"total", "revenue", "value", "price"};
    int64_t cents;
    bool exact;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_at at = json_get(&t->json, t->properties, text_of(names[i]));
        if (json_kind(&t->json, at) != JSON_KIND_NUMBER || !number_scaled(json_source(&t->json, at), 2, &cents, &exact))
            continue;
        struct text currency = property(t, "currency");
        return arena_printf(t->arena, "%s%lld.%02lld%s%.*s", cents < 0 ? "-" : "", llabs(cents) / 100,
                            llabs(cents) % 100, currency.n ? " " : "", TEXT_ARGS(currency));
    }
    return TEXT("");
}

/* How many pieces the products are; one each where nothing else is said. */
static int64_t pieces(const struct telling *t) {
    json_at products = json_get(&t->json, t->properties, TEXT("products"));
    int64_t n = 0;
    if (json_kind(&t->json, products) != JSON_KIND_ARRAY) return 0;
    for (json_at p = json_first(&t->json, products); p != JSON_NONE; p = json_after(&t->json, products, p)) {
        int64_t quantity = 1;
        json_whole(&t->json, json_get(&t->json, p, TEXT("quantity")), &quantity);
        if (quantity > 0 && quantity < 1000000) n += quantity;
    }
    return n;
}

static struct text order(const struct telling *t, const char *words) {
    struct text sum = money(t);
    int64_t n = pieces(t);
    struct text items = n ? arena_printf(t->arena, " %lld item%s", (long long)n, n == 1 ? "" : "s") : TEXT("");
    return arena_printf(t->arena, "%s%.*s%s%.*s", words, TEXT_ARGS(items), sum.n ? " for " : "", TEXT_ARGS(sum));
}

/* What somebody wrote about a product, as far as a line holds it. */
static struct text review(const struct telling *t, struct text product) {
    enum { LINE = 200 };
    struct text rating = property(t, "rating"), words = property(t, "review_body");
    size_t n = words.n < LINE ? words.n : LINE;
    if (!product.n) product = TEXT("a product");
    while (n < words.n && n && ((unsigned char)words.at[n] & 0xc0) == 0x80) n--; /* not within a character */
    return arena_printf(t->arena, "%.*s%s%.*s%s%.*s%s", TEXT_ARGS(product), rating.n ? ", rating " : "",
                        TEXT_ARGS(rating), n ? ": " : "", TEXT_ARGS(text_n(words.at, n)), n < words.n ? "..." : "");
}

static struct text say(const struct telling *t, const struct known_event *known) {
    static const char *const product[] = {"name", "title", "product_id", "sku", NULL};
    static const char *const coupon[] = {"coupon_name", "coupon_id", "coupon", NULL};
    static const char *const name[] = {
        "name", "experiment_name", "experiment_id", "category", "list_id", "promotion_id", NULL};
    struct text object = TEXT("");
    if (known->what == ORDER) return order(t, known->words);
    if (known->what == MONEY) object = money(t);
    if (known->what == QUERY) object = property(t, "query");
    if (known->what == PRODUCT) object = first_of(t, product);
    if (known->what == NAME) object = first_of(t, name);
    if (known->what == COUPON) object = first_of(t, coupon);
    if (known->what == REVIEW) object = review(t, first_of(t, product));
    return arena_printf(t->arena, "%s%s%.*s", known->words, object.n ? " " : "", TEXT_ARGS(object));
}

static const struct known_event *find(struct text event) {
    for (size_t i = 0; i < sizeof known_events / sizeof *known_events; i++)
        if (text_is(event, known_events[i].event)) return &known_events[i];
    return NULL;
}

/* --- refs --- */

static void put_products(const struct telling *t, struct json_writer *w) {
    enum { PRODUCTS_MOST = 20 };
    json_at products = json_get(&t->json, t->properties, TEXT("products"));
    if (json_kind(&t->json, products) != JSON_KIND_ARRAY) return;
    int n = 0;
    json_key(w, TEXT("products"));
    json_open_array(w);
    for (json_at p = json_first(&t->json, products); p != JSON_NONE && n < PRODUCTS_MOST;
         p = json_after(&t->json, products, p)) {
        json_at id = json_get(&t->json, p, TEXT("product_id"));
        if (id == JSON_NONE) id = json_get(&t->json, p, TEXT("sku"));
        enum json_kind kind = json_kind(&t->json, id);
        if (kind != JSON_KIND_STRING && kind != JSON_KIND_NUMBER) continue;
        json_raw(w, json_source(&t->json, id));
        n++;
    }
    json_close_array(w);
}

static struct text refs(const struct telling *t) {
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        json_at at = json_get(&t->json, t->properties, text_of(references[i]));
        enum json_kind kind = json_kind(&t->json, at);
        if (kind != JSON_KIND_STRING && kind != JSON_KIND_NUMBER) continue;
        json_key(&w, text_of(references[i]));
        json_raw(&w, json_source(&t->json, at));
    }
    put_products(t, &w);
    json_close_object(&w);
    struct text made = arena_text(t->arena, buffer_view(&out));
    buffer_free(&out);
    return made;
}

/* --- who and where --- */

static struct text actor_of(const struct journal_record *r) {
    switch (r->actor) {
    case JOURNAL_STAFF: return TEXT("agent");
    case JOURNAL_SYSTEM: return TEXT("system");
    case JOURNAL_PLUGIN: return TEXT("plugin");
    default: return TEXT("customer");
    }
}

/* What the sender says; else what its context tells; else by whose token it came. */
static struct text channel_of(const struct telling *t) {
    json_at context = json_get(&t->json, 0, TEXT("context"));
    struct text said = json_unescaped(&t->json, json_get(&t->json, context, TEXT("channel")), t->arena);
    if (!said.n) said = json_unescaped(&t->json, json_get(&t->json, 0, TEXT("channel")), t->arena);
    if (text_is(said, "browser")) return TEXT("web");
    if (text_is(said, "mobile")) return TEXT("app");
    if (said.n) return said;
    if (json_get(&t->json, context, TEXT("device")) != JSON_NONE) return TEXT("app");
    bool page = json_get(&t->json, context, TEXT("page")) != JSON_NONE;
    return page || t->record->flags & JOURNAL_BROWSER || t->record->kind == JOURNAL_PAGE ? TEXT("web") : TEXT("server");
}

/* --- each kind of record --- */

static void describe_event(struct telling *t, struct timeline_entry *entry) {
    const struct known_event *known = find(t->record->name);
    entry->kind = known ? text_of(known->kind) : TEXT("event");
    entry->body = known ? say(t, known) : arena_text(t->arena, t->record->name);
    if (t->record->actor == JOURNAL_PLUGIN) entry->kind = TEXT("measure");
}

static void describe_page(const struct telling *t, struct timeline_entry *entry) {
    static const char *const names[] = {"title", "path", "url", NULL};
    struct text name = t->record->name.n ? t->record->name : first_of(t, names);
    entry->kind = TEXT("page");
    entry->body = arena_printf(t->arena, "Opened %s%.*s", name.n ? "the page " : "a page", TEXT_ARGS(name));
}

static void describe_exposure(const struct telling *t, struct timeline_entry *entry) {
    struct text variant = json_unescaped(&t->json, json_get(&t->json, 0, TEXT("variant")), t->arena);
    struct buffer out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w);
    json_put_text(&w, "experiment", t->record->name);
    json_put_text(&w, "variant", variant);
    json_close_object(&w);
    entry->kind = TEXT("exposure");
    entry->actor = TEXT("system");
    entry->channel = TEXT("web");
    entry->body = arena_printf(t->arena, "Met %.*s of %.*s", TEXT_ARGS(variant), TEXT_ARGS(t->record->name));
    entry->refs = arena_text(t->arena, buffer_view(&out));
    buffer_free(&out);
}

/* A plugin's own entry: its kind, its sentence, its refs; and actor and channel where it says them. */
static void describe_entry(const struct telling *t, struct timeline_entry *entry) {
    json_at said = json_get(&t->json, 0, TEXT("entry")), its_refs = json_get(&t->json, said, TEXT("refs"));
    struct text actor = json_unescaped(&t->json, json_get(&t->json, said, TEXT("actor")), t->arena);
    struct text channel = json_unescaped(&t->json, json_get(&t->json, said, TEXT("channel")), t->arena);
    entry->kind = json_unescaped(&t->json, json_get(&t->json, said, TEXT("kind")), t->arena);
    entry->body = json_unescaped(&t->json, json_get(&t->json, said, TEXT("body")), t->arena);
    if (text_is(actor, "customer") || text_is(actor, "agent") || text_is(actor, "system")) entry->actor = actor;
    entry->channel = channel.n ? channel : TEXT("web");
    entry->refs = TEXT("{}");
    if (json_kind(&t->json, its_refs) != JSON_KIND_OBJECT) return;
    /* The feature it came by is a reference too, unless the plugin says one itself. */
    struct text object = json_source(&t->json, its_refs),
                feature = json_source(&t->json, json_get(&t->json, 0, TEXT("feature")));
    bool add = feature.n > 2 && json_get(&t->json, its_refs, TEXT("feature")) == JSON_NONE;
    bool empty = json_first(&t->json, its_refs) == JSON_NONE;
    entry->refs = add ? arena_printf(t->arena, "{\"feature\":%.*s%s%.*s", TEXT_ARGS(feature), empty ? "" : ",",
                                     TEXT_ARGS(text_n(object.at + 1, object.n - 1)))
                      : object;
}

void timeline_describe(const struct journal_record *record, struct arena *arena, struct timeline_entry *entry) {
    struct telling t = {.record = record, .arena = arena};
    struct text body = arena_text(arena, record->body);
    if (json_scan(&t.json, body, arena, NULL) != 0) json_scan(&t.json, TEXT("{}"), arena, NULL);
    t.properties = json_get(&t.json, 0, TEXT("properties"));
    *entry = (struct timeline_entry){
        .seq = record->seq, .at = record->at, .actor = actor_of(record), .channel = channel_of(&t), .refs = refs(&t)};
    switch ((enum journal_kind)record->kind) {
    case JOURNAL_TRACK: describe_event(&t, entry); break;
    case JOURNAL_PAGE: describe_page(&t, entry); break;
    case JOURNAL_EXPOSURE: describe_exposure(&t, entry); break;
    case JOURNAL_ENTRY: describe_entry(&t, entry); break;
    case JOURNAL_IDENTIFY:
    case JOURNAL_ALIAS:
        entry->kind = TEXT("identity");
        entry->body = record->actor == JOURNAL_STAFF ? TEXT("Was merged with another customer's record")
                                                     : TEXT("Told who she is");
        break;
    case JOURNAL_PART:
        entry->kind = TEXT("identity");
        entry->body = TEXT("Was taken apart from another customer's record");
        break;
    }
}
