#include "plugins/recommendations/model.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugins/recommendations/compare.h"
#include "plugins/recommendations/ease.h"
#include "plugins/recommendations/model_internal.h"
#include "plugins/recommendations/popularity.h"

static int64_t milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void model_index(struct model *model) {
    for (uint32_t i = 0; i < model->items; i++)
        if (model->ids[i] >= model->ids_end) model->ids_end = model->ids[i] + 1;
    model->places = allocate((size_t)model->ids_end, sizeof *model->places);
    memset(model->places, 0xff, (size_t)model->ids_end * sizeof *model->places);
    for (uint32_t i = 0; i < model->items; i++) model->places[model->ids[i]] = i;
    model->scores = allocate(model->items, sizeof *model->scores);
    model->because = allocate(model->items, sizeof *model->because);
    model->excluded = allocate(model->items, sizeof *model->excluded);
}

static void train_affinity(struct model *model, const struct model_inputs *inputs) {
    model->facts.method = MODEL_EASE;
    if (inputs->items <= EASE_ITEMS_MOST &&
        ease_train(&model->affinity, &inputs->owners, inputs->lambda, inputs->keep) == 0)
        return;
    const struct association_options options = {ASSOCIATION_COSINE, 1, MODEL_KNN_KEEP};
    struct association nearest;
    association_train(&nearest, &inputs->owners, &options);
    model->affinity = nearest.neighbours;
    nearest.neighbours = (struct neighbours){0};
    association_free(&nearest);
    model->facts.method = MODEL_KNN;
}

struct model *model_train(struct model_inputs *inputs) {
    const int64_t began = milliseconds();
    const struct association_options viewed = {ASSOCIATION_COSINE, MODEL_PAIRS_LEAST, MODEL_PAIRS_KEEP},
                                     bought = {ASSOCIATION_LIFT, MODEL_PAIRS_LEAST, MODEL_PAIRS_KEEP};
    struct model *model = allocate(1, sizeof *model);
    model->facts = (struct model_facts){.at = inputs->at,
                                        .people = (int64_t)inputs->owners.n,
                                        .visits = (int64_t)inputs->visits.n,
                                        .baskets = (int64_t)inputs->baskets.n,
                                        .lambda = inputs->lambda,
                                        .keep = inputs->keep};
    model->items = inputs->items;
    model->ids = allocate(inputs->items, sizeof *model->ids);
    memcpy(model->ids, inputs->ids, inputs->items * sizeof *model->ids);
    model_index(model);
    model->popularity = allocate(inputs->items, sizeof *model->popularity);
    popularity_count(&inputs->owners, model->popularity);
    association_train(&model->viewed, &inputs->visits, &viewed);
    association_train(&model->bought, &inputs->baskets, &bought);
    train_affinity(model, inputs);
    vsknn_train(&model->vsknn, &inputs->visits, &vsknn_usual);
    sets_free(&inputs->owners);
    sets_free(&inputs->baskets);
    model->facts.took = milliseconds() - began;
    return model;
}

void model_free(struct model *model) {
    if (!model) return;
    free(model->ids);
    free(model->places);
    free(model->popularity);
    neighbours_free(&model->affinity);
    association_free(&model->viewed);
    association_free(&model->bought);
    vsknn_free(&model->vsknn);
    free(model->scores);
    free(model->because);
    free(model->excluded);
    free(model);
}
