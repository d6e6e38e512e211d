/* The page that a shared link leads to: what other sites show of it (Open Graph, Twitter's cards), and the thing itself, without
 * script. Everything in it is a text that somebody wrote; each is escaped where it is put, by core/base/html.h, and an address that is
 * none is left out. Knows nothing of who made it. */
#ifndef PARLEY_API_PUBLIC_SHARE_PAGE_H
#define PARLEY_API_PUBLIC_SHARE_PAGE_H

#include "api/request.h"

/* Texts are borrowed; empty where there is none. */
struct share_item {
    struct text title, url, image;
    struct text line; /* "2 × 18.90 EUR" */
    struct text text;
};

struct share_page {
    const char *type; /* of Open Graph: "website", "product" */
    struct text title, by, description, image;
    struct text url; /* where the shop itself shows it: an address, or a path of this server */
    bool listed;     /* search engines may have it */
    struct text amount, currency, availability; /* of a product: "18.90", "EUR", "instock" */
    const struct share_item *items;
    size_t n_items;
};

/* What the page itself says beside what it shows, in one language. */
struct share_words {
    const char *language, *locale; /* "de", "de_DE" */
    const char *by, *open;
    const char *nothing, *gone;   /* title and text where there is nothing */
    const char *later, *not_now;  /* and where there is something, at another time */
    const char *sold_out, *point; /* of decimals */
};

/* By what whoever asks reads best (Accept-Language): English or German. */
const struct share_words *share_words_for(struct request *request);

/* Answers with the page; its own address is that of the request. */
void share_page_reply(struct request *request, const struct share_page *page);
/* A page that says that there is nothing here: 404, or 503 where it may come back. It is the same whatever is not to be seen. */
void share_page_absent(struct request *request, int status);

#endif
