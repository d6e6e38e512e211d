#include "api/public/share_page.h"

#include "api/app.h"
#include "api/languages.h"
#include "core/base/html.h"

/* ---- words ---- */

static const struct share_words words[] = {
    {
        .language = "en",
        .locale = "en_GB",
        .by = "by",
        .open = "Open it in the shop",
        .nothing = "Nothing to see here",
        .gone = "What this link led to is private, or is not there any more.",
        .later = "Not just now",
        .not_now = "What this link leads to cannot be shown at the moment. Please try again.",
        .sold_out = "sold out",
        .point = ".",
    },
    {
        .language = "de",
        .locale = "de_DE",
        .by = "von",
        .open = "Im Laden öffnen",
        .nothing = "Hier gibt es nichts zu sehen",
        .gone = "Wohin dieser Link führte, ist privat oder nicht mehr da.",
        .later = "Gerade nicht",
        .not_now = "Wohin dieser Link führt, lässt sich gerade nicht zeigen. Bitte versuchen Sie es noch einmal.",
        .sold_out = "ausverkauft",
        .point = ",",
    },
};

const struct share_words *share_words_for(struct request *request) {
    static const char *const offered[] = {"en", "de"};
    _Static_assert(sizeof offered / sizeof *offered == sizeof words / sizeof *words, "the same, in the same order");
    return &words[languages_best(request_header(request, "Accept-Language"), offered, 2)];
}

/* ---- pieces ---- */

/* A text between two pieces of markup. */
static void put(struct buffer *out, const char *before, struct text text, const char *after) {
    buffer_cstr(out, before);
    html_escape(out, text);
    buffer_cstr(out, after);
}

static void put_some(struct buffer *out, const char *before, struct text text, const char *after) {
    if (text.n) put(out, before, text, after);
}

/* The address as others reach it; empty where it is none. */
static struct text absolute(struct request *request, struct text address) {
    if (!html_link_safe(address)) return TEXT_NONE;
    if (!text_starts(address, TEXT("/"))) return address;
    struct text origin = app_origin(request);
    return arena_printf(&request->arena, "%.*s%.*s", TEXT_ARGS(origin), TEXT_ARGS(address));
}

/* ---- what other sites read ---- */

static void put_head(struct buffer *out, struct request *request, const struct share_page *page) {
    struct text own = absolute(request, request->path), image = absolute(request, page->image);
    struct text shop = absolute(request, page->url);
    const struct share_words *w = share_words_for(request);
    buffer_printf(out, "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", w->language);
    buffer_cstr(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n");
    put(out, "<title>", page->title, "</title>\n");
    put_some(out, "<meta name=\"description\" content=\"", page->description, "\">\n");
    if (!page->listed) buffer_cstr(out, "<meta name=\"robots\" content=\"noindex\">\n");
    put(out, "<meta property=\"og:type\" content=\"", text_of(page->type), "\">\n");
    put(out, "<meta property=\"og:locale\" content=\"", text_of(w->locale), "\">\n");
    put(out, "<meta property=\"og:title\" content=\"", page->title, "\">\n");
    put_some(out, "<meta property=\"og:description\" content=\"", page->description, "\">\n");
    put_some(out, "<meta property=\"og:url\" content=\"", own, "\">\n");
    put_some(out, "<meta property=\"og:image\" content=\"", image, "\">\n");
    put_some(out, "<meta property=\"product:price:amount\" content=\"", page->amount, "\">\n");
    put_some(out, "<meta property=\"product:price:currency\" content=\"", page->currency, "\">\n");
    put_some(out, "<meta property=\"product:availability\" content=\"", page->availability, "\">\n");
    buffer_printf(out, "<meta name=\"twitter:card\" content=\"%s\">\n", image.n ? "summary_large_image" : "summary");
    put(out, "<meta name=\"twitter:title\" content=\"", page->title, "\">\n");
    put_some(out, "<meta name=\"twitter:description\" content=\"", page->description, "\">\n");
    put_some(out, "<meta name=\"twitter:image\" content=\"", image, "\">\n");
    put_some(out, "<link rel=\"canonical\" href=\"", shop.n ? shop : own, "\">\n");
    buffer_cstr(out, "<link rel=\"stylesheet\" href=\"/shop/share.css\">\n</head>\n");
}

/* ---- what people read ---- */

static void put_picture(struct buffer *out, struct text image) {
    if (html_link_safe(image))
        put(out, "<img src=\"", image, "\" alt=\"\" loading=\"lazy\" referrerpolicy=\"no-referrer\">\n");
}

/* Addresses are what shoppers typed: nothing is recommended by them. */
static void put_item(struct buffer *out, const struct share_item *item) {
    bool leads = html_link_safe(item->url);
    buffer_cstr(out, "<li>\n");
    put_picture(out, item->image);
    if (item->title.n && leads) {
        put(out, "<h2><a rel=\"ugc nofollow noreferrer\" href=\"", item->url, "\">");
        put(out, "", item->title, "</a></h2>\n");
    } else
        put_some(out, "<h2>", item->title, "</h2>\n");
    put_some(out, "<p class=\"line\">", item->line, "</p>\n");
    put_some(out, "<p class=\"text\">", item->text, "</p>\n");
    buffer_cstr(out, "</li>\n");
}

static void put_body(struct buffer *out, const struct share_words *w, const struct share_page *page) {
    struct text shop = html_link_safe(page->url) ? page->url : TEXT_NONE;
    buffer_cstr(out, "<body>\n<main>\n<header>\n");
    put(out, "<h1>", page->title, "</h1>\n");
    if (page->by.n) {
        buffer_printf(out, "<p class=\"by\">%s", w->by);
        put(out, " ", page->by, "</p>\n");
    }
    put_some(out, "<p class=\"text\">", page->description, "</p>\n");
    if (shop.n) {
        put(out, "<p><a class=\"open\" href=\"", shop, "\">");
        buffer_printf(out, "%s</a></p>\n", w->open);
    }
    buffer_cstr(out, "</header>\n");
    if (page->n_items == 0) put_picture(out, page->image);
    if (page->n_items > 0) buffer_cstr(out, "<ul>\n");
    for (size_t i = 0; i < page->n_items; i++) put_item(out, &page->items[i]);
    if (page->n_items > 0) buffer_cstr(out, "</ul>\n");
    buffer_cstr(out, "</main>\n</body>\n</html>\n");
}

/* ---- answers ---- */

/* Nothing but a style sheet and pictures: a text that slipped through an escaper would still not run. */
static void reply_page(struct request *request, int status, const struct share_page *page) {
    const struct share_words *w = share_words_for(request);
    struct buffer out = {0};
    put_head(&out, request, page);
    put_body(&out, w, page);
    reply_header(
        request, "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self' https: http:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'");
    reply_header(request, "Referrer-Policy", "same-origin");
    reply_header(request, "Cache-Control", "no-cache");
    reply_header(request, "Content-Language", w->language);
    reply_header(request, "Vary", "Accept-Language");
    reply_buffer(request, status, "text/html; charset=utf-8", &out);
}

void share_page_reply(struct request *request, const struct share_page *page) {
    if (!page->listed) reply_header(request, "X-Robots-Tag", "noindex");
    reply_page(request, 200, page);
}

void share_page_absent(struct request *request, int status) {
    const struct share_words *w = share_words_for(request);
    const struct share_page page = {
        .type = "website",
        .title = text_of(status == 503 ? w->later : w->nothing),
        .description = text_of(status == 503 ? w->not_now : w->gone),
    };
    if (status == 503) reply_header(request, "Retry-After", "5");
    reply_page(request, status, &page);
}
