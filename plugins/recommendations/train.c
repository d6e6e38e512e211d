/* Training, beside serving: rows are read and the model is made on the helper thread; back on the plugin's thread the pointer is swapped,
 * and the model's bytes are put away piece by piece. */
#include <stdlib.h>
#include <string.h>

#include "plugins/recommendations/compare.h"
#include "plugins/recommendations/recommendations.h"

/* What one thread hands to the other. */
struct trained {
    struct model *model;
    struct bytes bytes;
};

/* ---- reading; on the helper's thread ---- */

/* The items by their ids as shoppers see them; places[id] is an item's number. */
static int read_items(parley_call *w, struct model_inputs *inputs, int64_t **ids, uint32_t **places, int64_t *ids_end) {
    int row = parley_sql(w, "SELECT count(*), max(id) FROM item");
    if (row < 0) return row;
    const size_t room = (size_t)parley->col(w, 0);
    *ids_end = parley->col(w, 1) + 1;
    *ids = allocate(room, sizeof **ids);
    *places = allocate((size_t)*ids_end, sizeof **places);
    memset(*places, 0xff, (size_t)*ids_end * sizeof **places);
    row = parley_sql(w, "SELECT id FROM item WHERE id < $1 ORDER BY sku LIMIT $2", *ids_end, room);
    for (; row > 0; row = parley->next(w)) {
        (*ids)[inputs->items] = parley->col(w, 0);
        (*places)[parley->col(w, 0)] = inputs->items++;
    }
    inputs->ids = *ids;
    return row;
}

/* Rows (set, item) in the order of sets: the items that are known, into one set for each that has at least `least`. */
static int read_sets(parley_call *w, int row, struct sets *sets, const uint32_t *places, int64_t ids_end) {
    int64_t set = -1;
    for (; row > 0; row = parley->next(w)) {
        const int64_t id = parley->col(w, 1);
        if (id >= ids_end || places[id] == MODEL_NO_ITEM) continue;
        if (parley->col(w, 0) != set) sets_begin(sets);
        set = parley->col(w, 0);
        sets_add(sets, places[id]);
    }
    return row;
}

int train_read(parley_call *w, struct model_inputs *inputs, int64_t **ids) {
    uint32_t *places = NULL;
    int64_t ids_end = 0;
    int rc = read_items(w, inputs, ids, &places, &ids_end);
    sets_init(&inputs->owners, inputs->items);
    sets_init(&inputs->visits, inputs->items);
    sets_init(&inputs->baskets, inputs->items);
    if (rc == 0)
        rc = read_sets(
            w, parley_sql(w, "SELECT person, item FROM has ORDER BY person DESC, item LIMIT $1", TRAIN_ROWS_MOST),
            &inputs->owners, places, ids_end);
    if (rc == 0)
        rc = read_sets(
            w,
            parley_sql(w,
                       "SELECT visit, item FROM look WHERE visit > (SELECT coalesce(max(id), 0) FROM visit) - $1"
                       " ORDER BY visit, place, item",
                       TRAIN_VISITS_MOST),
            &inputs->visits, places, ids_end);
    if (rc == 0)
        rc = read_sets(
            w, parley_sql(w, "SELECT purchase, item FROM line ORDER BY purchase, item LIMIT $1", TRAIN_ROWS_MOST),
            &inputs->baskets, places, ids_end);
    free(places);
    return rc;
}

void trained_free(struct trained *trained) {
    if (!trained) return;
    model_free(trained->model);
    free(trained->bytes.at);
    free(trained);
}

static int run(parley_call *w, parley_json input) {
    double lambda = (double)EASE_LAMBDA;
    int64_t keep = EASE_KEEP, job = 0, at = 0, *ids = NULL;
    parley->number(parley->get(input, "lambda"), &lambda);
    parley->integer(parley->get(input, "keep"), &keep);
    parley->integer(parley->get(input, "job"), &job);
    parley->integer(parley->get(input, "memory"), &at);
    struct memory *memory = (struct memory *)(intptr_t)at;
    struct model_inputs inputs = {.lambda = (float)lambda, .keep = (uint32_t)keep, .at = parley->now(w)};
    int rc = train_read(w, &inputs, &ids);
    if (rc == 0) {
        struct trained *trained = allocate(1, sizeof *trained);
        trained->model = model_train(&inputs);
        trained->bytes = model_write(trained->model);
        trained_free(atomic_exchange(&memory->trained, trained));
        rc = parley_reply(w, 200, "{job}", job);
    }
    sets_free(&inputs.owners);
    sets_free(&inputs.visits);
    sets_free(&inputs.baskets);
    free(ids);
    return rc;
}

/* ---- on the plugin's thread ---- */

static void take_over(struct memory *memory, struct model *model) {
    model_free(memory->model);
    free(memory->hidden);
    memory->model = model;
    memory->hidden = NULL;
    memory->stored = false;
}

static void say_trained(parley_call *c, const struct model *model) {
    const struct model_facts *facts = &model->facts;
    parley->observe(c, "training_seconds", (double)facts->took / 1000);
    parley_log(c, PARLEY_INFO, "trained in {} ms on {} people, {} visits and {} orders, {} items", facts->took,
               facts->people, facts->visits, facts->baskets, model->items);
    if (facts->method != MODEL_KNN) return;
    parley_log(c, PARLEY_INFO, "more than {} items, or no memory for EASE: item-kNN knows the customers",
               EASE_ITEMS_MOST);
}

static int done(parley_call *c, parley_json result) {
    struct memory *memory = parley->state(c);
    int64_t job = 0;
    parley->integer(parley->get(result, "job"), &job);
    struct trained *trained = atomic_exchange(&memory->trained, NULL);
    memory->training = 0;
    if (!trained) {
        parley->count(c, "trainings_failed", 1);
        parley_log(c, PARLEY_ERROR, "the training failed; the model before goes on serving");
        return train_soon(c, memory);
    }
    struct trained whole = *trained;
    free(trained);
    say_trained(c, whole.model);
    take_over(memory, whole.model);
    int rc = store_model(c, whole.model, whole.bytes, job);
    if (rc < 0 || !memory->again) return rc;
    memory->again = false;
    return train_begin(c, memory);
}

int train_begin(parley_call *c, struct memory *memory) {
    if (is_under_way(memory->training, parley->now(c))) {
        memory->again = true;
        return 0;
    }
    int rc = parley_sql(c, "SELECT lambda, keep FROM state");
    if (rc < 0) return rc;
    const double lambda = parley->col_double(c, 0);
    const int64_t keep = parley->col(c, 1);
    rc = parley_work(c, run, done, "{lambda, keep, job, memory}", lambda, keep, ++memory->job,
                     (int64_t)(intptr_t)memory);
    if (rc < 0) return train_soon(c, memory);
    memory->training = parley->now(c);
    return 0;
}

/* The first model soon, so that a new shop has one; the others not more often than every ten minutes. What was undone is set again, for
 * the same time: a row of refusals does not put the training off. */
int train_soon(parley_call *c, struct memory *memory) {
    if (memory->due) return 0;
    if (memory->due_at == 0) {
        memory->due_at = parley->now(c) + TRAIN_SOON;
        if (memory->model && memory->model->facts.at + TRAIN_AGAIN > memory->due_at)
            memory->due_at = memory->model->facts.at + TRAIN_AGAIN;
    }
    int rc = parley->timer(c, PARLEY_TEXT("train"), memory->due_at);
    memory->due = rc >= 0;
    return rc;
}

int train_on_timer(parley_call *c, parley_text name) {
    struct memory *memory = parley->state(c);
    memory->due = false;
    memory->due_at = 0;
    return train_begin(c, memory);
}
