/* What may be shown to this caller. One place for the promise that nothing comes back which she saw, bought or named, which is sold out or
 * not in the catalogue: whatever ranks, ranks what is left here. */
#include <stdlib.h>
#include <string.h>

#include "plugins/recommendations/recommendations.h"

/* Of a list with commas. */
static bool next_word(parley_text *list, parley_text *word) {
    while (list->n > 0) {
        const char *comma = memchr(list->at, ',', list->n);
        word->at = list->at;
        word->n = comma ? (size_t)(comma - list->at) : list->n;
        const size_t taken = word->n + (comma != NULL);
        list->at += taken;
        list->n -= taken;
        if (word->n > 0) return true;
    }
    return false;
}

bool read_number(parley_text text, int64_t least, int64_t most, int64_t *out) {
    int64_t number = 0;
    if (text.n < 1 || text.n > 9) return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return false;
        number = number * 10 + (text.at[i] - '0');
    }
    *out = number;
    return number >= least && number <= most;
}

/* ---- the catalogue's word ---- */

static int read_hidden(parley_call *c, struct memory *memory, int64_t revision, bool listed) {
    struct model *model = memory->model;
    free(memory->hidden);
    memory->hidden = allocate(model->items, 1);
    memset(memory->hidden, 1, model->items);
    int row = parley_sql(c, "SELECT id FROM item WHERE available = 1 AND (listed = 1 OR $1 = 0)", listed);
    for (; row > 0; row = parley->next(c)) {
        const uint32_t item = model_place(model, parley->col(c, 0));
        if (item != MODEL_NO_ITEM) memory->hidden[item] = 0;
    }
    memory->catalogue = revision;
    return row;
}

/* Read again where the catalogue has changed since. */
static int hide(parley_call *c, struct memory *memory) {
    int rc = parley_sql(c, "SELECT catalogue, listed FROM state");
    if (rc < 0) return rc;
    const int64_t revision = parley->col(c, 0);
    const bool listed = parley->col(c, 1) != 0;
    return memory->hidden && memory->catalogue == revision ? 0 : read_hidden(c, memory, revision, listed);
}

/* ---- the caller ---- */

static int read_had(parley_call *c, struct shelf *shelf) {
    shelf->had = parley->alloc(c, HAS_MOST * sizeof *shelf->had);
    shelf->was_bought = parley->alloc(c, HAS_MOST);
    int row = parley_sql(c, "SELECT item, bought FROM has WHERE person = $1 ORDER BY at DESC, item LIMIT $2",
                         shelf->person, HAS_MOST);
    for (; row > 0; row = parley->next(c)) {
        const uint32_t item = model_place(shelf->model, parley->col(c, 0));
        if (item == MODEL_NO_ITEM) continue;
        shelf->excluded[item] = 1;
        shelf->was_bought[shelf->had_n] = parley->col(c, 1) != 0;
        shelf->had[shelf->had_n++] = item;
    }
    return row;
}

static int read_visit(parley_call *c, struct shelf *shelf) {
    int row = parley_sql(c, "SELECT id FROM visit WHERE person = $1 AND last >= $2 ORDER BY id DESC LIMIT 1",
                         shelf->person, parley->now(c) - VISIT_GAP);
    if (row <= 0) return row;
    const int64_t visit = parley->col(c, 0);
    shelf->visit = parley->alloc(c, LOOKS_MOST * sizeof *shelf->visit);
    row = parley_sql(c, "SELECT item FROM look WHERE visit = $1 ORDER BY place, item LIMIT $2", visit, LOOKS_MOST);
    for (; row > 0; row = parley->next(c)) {
        const uint32_t item = model_place(shelf->model, parley->col(c, 0));
        if (item != MODEL_NO_ITEM) shelf->visit[shelf->visit_n++] = item;
    }
    return row;
}

static int read_person(parley_call *c, struct shelf *shelf) {
    if (!parley_some(parley->customer(c))) return 0;
    int rc = parley_sql(c, "SELECT id FROM person WHERE customer = $1", parley->customer(c));
    if (rc <= 0) return rc;
    shelf->person = parley->col(c, 0);
    rc = read_had(c, shelf);
    return rc < 0 ? rc : read_visit(c, shelf);
}

/* ---- the request ---- */

int shelf_item(parley_call *c, const struct shelf *shelf, parley_text sku, uint32_t *item) {
    int rc = parley_sql(c, "SELECT id FROM item WHERE sku = $1", sku);
    *item = rc > 0 ? model_place(shelf->model, parley->col(c, 0)) : (uint32_t)MODEL_NO_ITEM;
    return rc < 0 ? rc : 0;
}

int given_ids(parley_call *c, parley_json *ids) {
    parley_text list = parley->query(c, "exclude"), sku;
    *ids = parley->list(c);
    for (size_t n = 0; next_word(&list, &sku); n++) {
        if (n == GIVEN_MOST) return parley_fail(c, 400, "?exclude= names at most {} ids", GIVEN_MOST);
        parley_append(c, *ids, "?", sku);
    }
    return 0;
}

static int exclude_given(parley_call *c, const struct shelf *shelf) {
    parley_json ids;
    uint32_t item;
    int rc = given_ids(c, &ids);
    for (parley_json i = parley->first(ids); rc >= 0 && parley_is(i); i = parley->after(ids, i)) {
        rc = shelf_item(c, shelf, parley->text(i), &item);
        if (rc >= 0 && item != MODEL_NO_ITEM) shelf->excluded[item] = 1;
    }
    return rc;
}

static int keep_category(parley_call *c, const struct shelf *shelf) {
    const parley_text category = parley->query(c, "category");
    if (!parley_some(category)) return 0;
    const uint32_t items = shelf->model->items;
    uint8_t *inside = parley->alloc(c, items + 1u);
    int row = parley_sql(c, "SELECT id FROM item WHERE category = $1", category);
    for (; row > 0; row = parley->next(c)) {
        const uint32_t item = model_place(shelf->model, parley->col(c, 0));
        if (item != MODEL_NO_ITEM) inside[item] = 1;
    }
    for (uint32_t i = 0; i < items; i++)
        if (!inside[i]) shelf->excluded[i] = 1;
    return row;
}

int shelf_open(parley_call *c, struct shelf *shelf) {
    struct memory *memory = parley->state(c);
    *shelf = (struct shelf){.memory = memory, .model = memory->model};
    if (!shelf->model) return 0;
    int rc = hide(c, memory);
    if (rc < 0) return rc;
    shelf->excluded = shelf->model->excluded;
    memcpy(shelf->excluded, memory->hidden, shelf->model->items);
    rc = read_person(c, shelf);
    if (rc >= 0) rc = exclude_given(c, shelf);
    if (rc >= 0) rc = keep_category(c, shelf);
    return rc;
}
