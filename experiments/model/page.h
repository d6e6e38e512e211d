/* A page: sections in an order, each of them a feature. What a shopper gets of it is decided section by section when the page
 * is composed; a layout, itself a feature, may reorder it for some. From JSON to a validated struct. */
#ifndef PARLEY_EXPERIMENTS_MODEL_PAGE_H
#define PARLEY_EXPERIMENTS_MODEL_PAGE_H

#include "experiments/model/feature.h"

enum { PAGE_MAX_SECTIONS = 64, PAGE_MAX_PATH = 512, PAGE_MAX_ABOUT = 200, PAGE_DEADLINE = 100 /* ms */ };

/* {"feature":"home-poll","title":"Tell us","about":"home","path":"/polls?about=home","settings":{…},"from":"…","until":"…"} */
struct page_section {
    struct text id, feature;
    struct text title;    /* the heading over it; TEXT_NONE: none */
    struct text about;    /* what its component is told it is about, like "sku:HT-101"; TEXT_NONE */
    struct text path;     /* what the feature's plugin is asked, from '/' on; TEXT_NONE: it is not asked */
    struct text settings; /* JSON object whose members go over the variant's settings; TEXT_NONE */
    int64_t from, until;  /* ms: it is there from ≤ now < until; 0: open */
};

/* {"key":"home","name":"…","sections":{"hero":{…}},"order":["hero"],"layout":"home-layout","deadline":100,"owner":"…"} */
struct page {
    struct text key, name, owner;
    struct text layout; /* an object feature whose value may say {"order":[…],"settings":{"hero":{…}}}; TEXT_NONE */
    int deadline;       /* ms until the page is answered, late sections left out */
    struct page_section *sections;
    uint32_t n_sections;
    uint32_t *order; /* indexes of sections, none twice; sections that are not in it rest */
    uint32_t n_order;
};

/* As feature_parse and feature_canonical. */
int page_parse(struct page *page, const json_t *body, struct text url_key, struct arena *arena, struct error *error);
json_t *page_canonical(const struct page *page, const json_t *body);
/* The index of a section, or -1. */
int page_section(const struct page *page, struct text id);

#endif
