/* What the catalogue says of one product, for the shop's pages (JSON) and for a link that is passed on (a page with Open Graph). */
#include "api/app.h"
#include "api/public/share_page.h"
#include "api/public/tables.h"
#include "core/store/products.h"

struct lookup {
    struct lane_job job;
    struct request *request;
    void (*answer)(struct lookup *look);
    struct product product;
    struct error error;
};

static void on_lane(struct lane_job *job, void *owner) {
    struct lookup *look = (struct lookup *)job;
    struct text sku = request_param(look->request, "sku");
    products_get(owner, &look->request->arena, sku, &look->product, &look->error);
}

static void on_found(struct mail *mail) {
    struct lookup *look = (struct lookup *)mail;
    look->answer(look);
}

static void look_up(struct request *request, void (*answer)(struct lookup *look)) {
    struct lookup *look = arena_new(&request->arena, struct lookup);
    *look = (struct lookup){.request = request, .answer = answer};
    look->job = (struct lane_job){.mail.receive = on_found, .work = on_lane, .reply_to = &request->app->mailbox};
    lane_do(main_db_lane(request->app->db), &look->job);
}

static void answer_json(struct lookup *look) {
    struct buffer out = {0};
    struct json_writer w;
    if (look->error.code) {
        reply_error(look->request, &look->error);
        return;
    }
    json_writer_init(&w, &out);
    product_write(&look->product, &w);
    reply_header(look->request, "Cache-Control", "no-cache");
    reply_json(look->request, 200, &out);
}

/* "18.90 EUR, sold out" in the words of the page. */
static struct text price_line(struct request *request, const struct product *p) {
    const struct share_words *words = share_words_for(request);
    struct text whole, cents;
    bool broken = text_cut(p->price, '.', &whole, &cents);
    return arena_printf(&request->arena, "%.*s%s%.*s %.*s%s%s", TEXT_ARGS(whole), broken ? words->point : "",
                        TEXT_ARGS(cents), TEXT_ARGS(p->currency), p->available ? "" : ", ",
                        p->available ? "" : words->sold_out);
}

static void answer_page(struct lookup *look) {
    const struct product *p = &look->product;
    if (look->error.code) {
        share_page_absent(look->request, look->error.code == ERR_NOT_FOUND ? 404 : 503);
        return;
    }
    const struct share_page page = {
        .type = "product",
        .title = p->title,
        .description = p->price.n ? price_line(look->request, p) : TEXT(""),
        .image = p->image,
        .url = p->url,
        .listed = true,
        .amount = p->price,
        .currency = p->currency,
        .availability = p->available ? TEXT("instock") : TEXT("oos"),
    };
    share_page_reply(look->request, &page);
}

static void handle_product(struct request *request) {
    look_up(request, answer_json);
}
static void handle_page(struct request *request) {
    look_up(request, answer_page);
}

const struct route product_page_routes[] = {
    {METHOD_GET, "/v1/products/{sku}", ROLE_BROWSER | ROLE_SERVER, 0, 0, handle_product},
    {METHOD_GET, "/products/{sku}", 0, 0, 0, handle_page},
    {0},
};
