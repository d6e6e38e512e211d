#include "experiments/model/page.h"

#include "core/base/json_dump.h"

static const char *const section_members[] = {"feature", "title", "about", "path", "settings", "from", "until", NULL};

static void read_path(struct reader *r, const struct path *path, const json_t *value, struct page_section *section) {
    if (!reader_text(r, path, value, "path", PAGE_MAX_PATH, &section->path)) return;
    if (section->path.at[0] != '/')
        reader_fault(r, PATH_MEMBER(path, "path"), "must begin with '/', like \"/polls?about=home\"");
}

static void read_settings(struct reader *r, const struct path *path, const json_t *value,
                          struct page_section *section) {
    const json_t *settings = json_object_get(value, "settings");
    if (!settings) return;
    if (!json_is_object(settings)) {
        reader_fault(r, PATH_MEMBER(path, "settings"), "must be an object");
        return;
    }
    struct buffer out = {0};
    json_dump(&out, settings);
    if (out.n > FEATURE_MAX_VALUE)
        reader_fault(r, PATH_MEMBER(path, "settings"), "has %zu bytes; at most %d are allowed", out.n,
                     FEATURE_MAX_VALUE);
    section->settings = arena_text(r->arena, buffer_view(&out));
    buffer_free(&out);
}

static void read_section(struct reader *r, const struct path *path, const json_t *value, struct page_section *section) {
    if (!reader_object(r, path, value, section_members)) return;
    if (!json_object_get(value, "feature"))
        reader_missing(r, path, "feature", "name the feature that fills the section");
    reader_key(r, path, value, "feature", &section->feature);
    reader_text(r, path, value, "title", MODEL_MAX_NAME, &section->title);
    reader_text(r, path, value, "about", PAGE_MAX_ABOUT, &section->about);
    read_path(r, path, value, section);
    read_settings(r, path, value, section);
    reader_time(r, path, value, "from", &section->from);
    if (reader_time(r, path, value, "until", &section->until) && section->until <= section->from)
        reader_fault(r, PATH_MEMBER(path, "until"), "does not lie after from; write a later date");
}

static void read_sections(struct reader *r, const json_t *body, struct page *page) {
    const struct path *path = PATH_MEMBER(NULL, "sections");
    const json_t *sections = json_object_get(body, "sections");
    const char *id;
    json_t *value;
    if (!sections) {
        reader_missing(r, NULL, "sections", "write {\"hero\":{\"feature\":\"home-poll\"}}");
        return;
    }
    if (!json_is_object(sections) || json_object_size(sections) > PAGE_MAX_SECTIONS) {
        reader_fault(r, path, "must be an object of at most %d sections by their names", PAGE_MAX_SECTIONS);
        return;
    }
    page->sections = arena_array(r->arena, struct page_section, json_object_size(sections));
    json_object_foreach((json_t *)(uintptr_t)sections, id, value) {
        struct page_section *section = &page->sections[page->n_sections++];
        section->id = arena_text(r->arena, text_of(id));
        if (!text_is_key(section->id))
            reader_fault(r, path, "has a section \"%.64s\"; names are 1 to 64 of A-Z a-z 0-9 . _ -", id);
        read_section(r, PATH_MEMBER(path, id), value, section);
    }
}

/* Without an order the sections come as they are written. */
static void read_order(struct reader *r, const json_t *body, struct page *page) {
    struct text *ids = NULL;
    uint32_t n = 0;
    page->order = arena_array(r->arena, uint32_t, page->n_sections);
    if (!json_object_get(body, "order")) {
        for (; page->n_order < page->n_sections; page->n_order++) page->order[page->n_order] = page->n_order;
        return;
    }
    if (!reader_texts(r, NULL, body, "order", PAGE_MAX_SECTIONS, 64, &ids, &n)) return;
    for (uint32_t i = 0; i < n; i++) {
        int at = page_section(page, ids[i]);
        if (at < 0)
            reader_fault(r, PATH_ELEMENT(PATH_MEMBER(NULL, "order"), i), "is no section of the page");
        else
            page->order[page->n_order++] = (uint32_t)at;
    }
}

int page_parse(struct page *page, const json_t *body, struct text url_key, struct arena *arena, struct error *error) {
    static const char *const members[] = {"key", "name", "sections", "order", "layout", "deadline", "owner", NULL};
    struct reader r = {arena, error, 0};
    int64_t deadline = PAGE_DEADLINE;
    *page = (struct page){0};
    if (!reader_definition(&r, body, members)) return ERR_INVALID;
    reader_own_key(&r, body, url_key, &page->key);
    reader_text(&r, NULL, body, "name", MODEL_MAX_NAME, &page->name);
    reader_text(&r, NULL, body, "owner", MODEL_MAX_NAME, &page->owner);
    reader_key(&r, NULL, body, "layout", &page->layout);
    reader_integer(&r, NULL, body, "deadline", 5, 5000, &deadline);
    page->deadline = (int)deadline;
    read_sections(&r, body, page);
    read_order(&r, body, page);
    return reader_result(&r);
}

json_t *page_canonical(const struct page *page, const json_t *body) {
    static const char *const order[] = {"name", "sections", "order", "layout", "deadline", "owner", NULL};
    json_t *ids = json_array();
    for (uint32_t i = 0; i < page->n_order; i++) {
        struct text id = page->sections[page->order[i]].id;
        json_array_append_new(ids, json_stringn(id.at, id.n));
    }
    json_t *defaults = json_pack("{s:o, s:i}", "order", ids, "deadline", page->deadline);
    json_t *out = reader_canonical(page->key, body, order, defaults);
    json_decref(defaults);
    return out;
}

int page_section(const struct page *page, struct text id) {
    for (uint32_t i = 0; i < page->n_sections; i++)
        if (text_eq(page->sections[i].id, id)) return (int)i;
    return -1;
}
