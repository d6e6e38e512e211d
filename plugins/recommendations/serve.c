/* The answers. What is asked first that knows most: the visits like this one, then what the customer has, then what goes with the items at
 * hand, then what most people have; each fills what the ones before left. Every item says why it is there. */
#include <string.h>

#include "plugins/recommendations/popularity.h"
#include "plugins/recommendations/recommendations.h"

struct pick {
    uint32_t item, about; /* about: the item that speaks for it; MODEL_NO_ITEM: none */
    enum reason reason;
    float score;
    const struct neighbour *pair; /* for staff; NULL: it is none */
};

struct answer {
    struct shelf shelf;
    size_t n, most;
    struct pick picks[ANSWER_MOST];
};

static int read_n(parley_call *c, struct answer *answer) {
    int64_t n = ANSWER_ITEMS;
    parley->integer(parley->get(parley->settings(c), "n"), &n);
    const parley_text given = parley->query(c, "n");
    if (given.at && !read_number(given, 1, ANSWER_MOST, &n))
        return parley_fail(c, 400, "?n= is a whole number from 1 to {}", ANSWER_MOST);
    answer->most = n < 1 ? 1 : n > ANSWER_MOST ? ANSWER_MOST : (size_t)n;
    return 0;
}

static int open_answer(parley_call *c, struct answer *answer) {
    answer->n = 0;
    int rc = read_n(c, answer);
    return rc < 0 ? rc : shelf_open(c, &answer->shelf);
}

/* ---- filling ---- */

static float *blank_scores(const struct model *model) {
    return memset(model->scores, 0, model->items * sizeof *model->scores);
}

/* The best of model->scores that are not there yet. Returns where the new ones begin. */
static size_t take_best(struct answer *answer, enum reason reason) {
    struct ranked best[ANSWER_MOST];
    const struct model *model = answer->shelf.model;
    const size_t from = answer->n;
    const size_t n = rank_best(model->scores, answer->shelf.excluded, model->items, 0, best, answer->most - from);
    for (size_t i = 0; i < n; i++) {
        answer->picks[answer->n++] = (struct pick){best[i].item, MODEL_NO_ITEM, reason, best[i].score, NULL};
        answer->shelf.excluded[best[i].item] = 1;
    }
    return from;
}

static void fill_by_visit(struct answer *answer, const uint32_t *visit, size_t n) {
    struct model *model = answer->shelf.model;
    if (n == 0 || answer->n == answer->most) return;
    vsknn_score(&model->vsknn, visit, n, blank_scores(model), model->because);
    for (size_t i = take_best(answer, REASON_LOOKED); i < answer->n; i++)
        answer->picks[i].about = model->because[answer->picks[i].item];
}

static void fill_by_history(struct answer *answer) {
    const struct shelf *shelf = &answer->shelf;
    if (shelf->had_n == 0 || answer->n == answer->most) return;
    neighbours_score(&shelf->model->affinity, shelf->had, shelf->had_n, blank_scores(shelf->model));
    for (size_t i = take_best(answer, REASON_LOOKED); i < answer->n; i++) {
        struct pick *pick = &answer->picks[i];
        const size_t place = neighbours_because(&shelf->model->affinity, shelf->had, shelf->had_n, pick->item);
        if (place == shelf->had_n) continue;
        pick->about = shelf->had[place];
        if (shelf->was_bought[place]) pick->reason = REASON_BOUGHT;
    }
}

static void fill_by_neighbours(struct answer *answer, const struct neighbours *neighbours, const uint32_t *items,
                               size_t n, enum reason reason) {
    if (n == 0 || answer->n == answer->most) return;
    neighbours_score(neighbours, items, n, blank_scores(answer->shelf.model));
    for (size_t i = take_best(answer, reason); i < answer->n; i++) {
        const size_t place = neighbours_because(neighbours, items, n, answer->picks[i].item);
        if (place < n) answer->picks[i].about = items[place];
    }
}

static void fill_by_popularity(parley_call *c, struct answer *answer) {
    const struct model *model = answer->shelf.model;
    if (answer->n == answer->most || !popular_wanted(c)) return;
    memcpy(model->scores, model->popularity, model->items * sizeof *model->scores);
    take_best(answer, REASON_POPULAR);
}

static void fill(parley_call *c, struct answer *answer, const uint32_t *visit, size_t n) {
    const struct shelf *shelf = &answer->shelf;
    fill_by_visit(answer, visit, n);
    if (parley->known(c)) fill_by_history(answer);
    fill_by_neighbours(answer, &shelf->model->viewed.neighbours, visit, n, REASON_ALIKE);
    fill_by_neighbours(answer, &shelf->model->bought.neighbours, visit, n, REASON_TOGETHER);
    fill_by_neighbours(answer, &shelf->model->bought.neighbours, shelf->had, shelf->had_n, REASON_TOGETHER);
    fill_by_popularity(c, answer);
}

/* ---- writing ---- */

static struct offer offer_of(const struct model *model, const struct pick *pick) {
    struct offer offer = {.item = model->ids[pick->item], .reason = pick->reason, .score = (double)pick->score};
    if (pick->about != MODEL_NO_ITEM) offer.about = model->ids[pick->about];
    if (!pick->pair) return offer;
    offer.together = pick->pair->together;
    offer.lift = association_lift(&model->bought, pick->about, pick->pair);
    return offer;
}

static int write_answer(parley_call *c, const struct answer *answer, const char *list) {
    const struct model *model = answer->shelf.model;
    parley_json items = parley->list(c);
    for (size_t i = 0; i < answer->n; i++) {
        const struct offer offer = offer_of(model, &answer->picks[i]);
        offer_write(c, &offer, items);
    }
    return offers_reply(c, list, items, model ? model->facts.at : 0);
}

/* ---- routes ---- */

int serve_recommend(parley_call *c) {
    struct answer answer;
    int rc = open_answer(c, &answer);
    if (rc < 0) return rc;
    if (!answer.shelf.model) return early_answer(c, "recommended", answer.most, (parley_json){0});
    fill(c, &answer, answer.shelf.visit, answer.shelf.visit_n);
    return write_answer(c, &answer, "recommended");
}

/* The body's items are the visit; each once, where it was last. */
static int read_items(parley_call *c, struct answer *answer, uint32_t *visit, size_t *n) {
    parley_json items = parley->get(parley->body(c), "items");
    uint32_t item;
    size_t place = 0;
    for (parley_json i = parley->first(items); parley_is(i); i = parley->after(items, i), place++) {
        if (!parley_some(parley->text(i)))
            return parley_invalid(c, parley_format(c, "/items/{}", place), "an item is named by its id, a text");
        int rc = answer->shelf.model ? shelf_item(c, &answer->shelf, parley->text(i), &item) : 0;
        if (rc < 0) return rc;
        if (!answer->shelf.model || item == MODEL_NO_ITEM) continue;
        answer->shelf.excluded[item] = 1;
        size_t kept = 0;
        for (size_t k = 0; k < *n; k++)
            if (visit[k] != item) visit[kept++] = visit[k];
        visit[kept++] = item;
        *n = kept;
    }
    return 0;
}

int serve_session(parley_call *c) {
    struct answer answer;
    uint32_t visit[GIVEN_MOST];
    size_t n = 0;
    parley_json items = parley->get(parley->body(c), "items");
    if (parley->kind(parley->body(c)) != PARLEY_OBJECT) return parley->invalid(c, "", "the body is an object");
    int rc = parley->only(c, parley->body(c), "items");
    if (rc < 0) return rc;
    if (parley->kind(items) != PARLEY_ARRAY || parley->length(items) > GIVEN_MOST)
        return parley_invalid(c, "/items", "\"items\" is a list of at most {} ids, the latest last", GIVEN_MOST);
    rc = open_answer(c, &answer);
    if (rc >= 0) rc = read_items(c, &answer, visit, &n);
    if (rc < 0) return rc;
    if (!answer.shelf.model) return early_answer(c, "session", answer.most, items);
    fill(c, &answer, visit, n);
    return write_answer(c, &answer, "session");
}

/* The item of the path; refused with 404 where nobody ever named it. */
static int open_item(parley_call *c, struct answer *answer, uint32_t *item) {
    const parley_text sku = parley->path(c, "sku");
    *item = MODEL_NO_ITEM;
    int rc = parley_sql(c, "SELECT id FROM item WHERE sku = $1", sku);
    if (rc == 0) return parley_fail(c, 404, "there is no item \"{}\"", sku);
    if (rc > 0) rc = open_answer(c, answer);
    if (rc < 0 || !answer->shelf.model) return rc;
    rc = shelf_item(c, &answer->shelf, sku, item);
    if (*item != MODEL_NO_ITEM) answer->shelf.excluded[*item] = 1;
    return rc;
}

int serve_similar(parley_call *c) {
    struct answer answer;
    uint32_t item;
    int rc = open_item(c, &answer, &item);
    if (rc < 0) return rc;
    if (item != MODEL_NO_ITEM) {
        fill_by_neighbours(&answer, &answer.shelf.model->viewed.neighbours, &item, 1, REASON_ALIKE);
        fill_by_neighbours(&answer, &answer.shelf.model->affinity, &item, 1, REASON_ALIKE);
    }
    return write_answer(c, &answer, "similar");
}

int serve_ensemble(parley_call *c) {
    struct answer answer;
    uint32_t item;
    int rc = open_item(c, &answer, &item);
    if (rc < 0) return rc;
    if (item == MODEL_NO_ITEM) return write_answer(c, &answer, "ensemble");
    const struct neighbours *pairs = &answer.shelf.model->bought.neighbours;
    fill_by_neighbours(&answer, pairs, &item, 1, REASON_TOGETHER);
    for (size_t i = 0; i < answer.n; i++)
        for (size_t p = 0; p < neighbours_size(pairs, item); p++)
            if (neighbours_of(pairs, item)[p].item == answer.picks[i].item)
                answer.picks[i].pair = &neighbours_of(pairs, item)[p];
    return write_answer(c, &answer, "ensemble");
}
