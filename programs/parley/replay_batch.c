#include "programs/parley/millionths.h"
#include "programs/parley/replay.h"

static void open_event(struct json_writer *w, struct text event, const struct order *order) {
    json_open_object(w);
    json_put_text(w, "type", TEXT("track"));
    json_put_text(w, "event", event);
    json_put_text(w, "userId", order->customer->id);
    json_put_time(w, "timestamp", order->at);
}

static void put_message_id(struct json_writer *w, const char *kind, struct text first, struct text second) {
    struct buffer id = {0};
    buffer_printf(&id, "replay:%s:%.*s:%.*s", kind, TEXT_ARGS(first), TEXT_ARGS(second));
    json_put_text(w, "messageId", buffer_view(&id));
    buffer_free(&id);
}

/* She was on the shop's pages when she ordered, so there she met her variant: at that time, and told before the
 * order, which therefore counts (semantics.md: with equal timestamps an event counts if it came after the
 * exposure). */
static void put_viewed(struct json_writer *w, const struct order *order, struct text experiment, struct text variant) {
    open_event(w, TEXT("Experiment Viewed"), order);
    put_message_id(w, "viewed", experiment, order->customer->id);
    json_key(w, TEXT("properties"));
    json_open_object(w);
    json_put_text(w, "experiment_id", experiment);
    json_put_text(w, "variation_id", variant);
    json_close_object(w);
    json_close_object(w);
}

static void put_products(struct json_writer *w, const struct order *order) {
    json_key(w, TEXT("products"));
    json_open_array(w);
    for (const struct order_line *line = order->lines; line; line = line->next) {
        json_open_object(w);
        json_put_text(w, "sku", line->sku);
        millionths_json(w, TEXT("quantity"), order->refund ? -line->quantity : line->quantity);
        millionths_json(w, TEXT("price"), line->price);
        json_close_object(w);
    }
    json_close_array(w);
}

enum products { WITHOUT_PRODUCTS, WITH_PRODUCTS };

static void put_order(struct json_writer *w, const struct order *order, struct text currency, enum products products) {
    open_event(w, order->refund ? TEXT("Order Refunded") : TEXT("Order Completed"), order);
    put_message_id(w, "order", order->number, TEXT(""));
    json_key(w, TEXT("properties"));
    json_open_object(w);
    json_put_text(w, "order_id", order->number);
    millionths_json(w, TEXT("revenue"), order->sum);
    millionths_json(w, TEXT("total"), order->sum);
    if (currency.n) json_put_text(w, "currency", currency);
    if (products == WITH_PRODUCTS) put_products(w, order);
    json_close_object(w);
    json_close_object(w);
}

/* Whole where it fits into one event, else without its products. */
static void put_fitting(struct json_writer *w, const struct order *order, struct text currency,
                        size_t *without_products) {
    struct json_writer before = *w;
    size_t from = w->out->n;
    put_order(w, order, currency, WITH_PRODUCTS);
    if (w->out->n - from <= REPLAY_EVENT_BYTES) return;
    *w = before;
    w->out->n = from;
    put_order(w, order, currency, WITHOUT_PRODUCTS);
    ++*without_products;
}

size_t replay_batch(struct replay_events *events, struct text experiment, struct text currency, size_t most,
                    struct buffer *body, size_t *without_products) {
    struct json_writer w;
    size_t n = 0;
    json_writer_init(&w, body);
    json_open_object(&w);
    json_key(&w, TEXT("batch"));
    json_open_array(&w);
    while (events->next < events->n && n < most && body->n < REPLAY_BATCH_BYTES) {
        const struct order *order = events->list[events->next];
        const char *variant = order->customer->user;
        if (variant && order == order->customer->first_order && !events->viewed) {
            put_viewed(&w, order, experiment, text_of(variant));
            events->viewed = true;
        } else {
            put_fitting(&w, order, currency, without_products);
            events->viewed = false;
            events->next++;
        }
        n++;
    }
    json_close_array(&w);
    json_close_object(&w);
    return n;
}
