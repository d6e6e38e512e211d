#include "experiments/measure/ready.h"

#include <stdlib.h>

#include "core/base/memory.h"

enum {
    OLDEST = CLOCK_SECOND,      /* beyond it nothing is answered with (semantics.md, "Metrics") */
    RENEWED = 400,              /* ms: of this age, it is read again */
    WATCHED = 10 * CLOCK_MINUTE /* so long after a question */
};

static struct ready_results *find(struct ready *ready, const struct fold *fold, struct text experiment) {
    for (uint32_t i = 0; i < ready->n; i++) {
        struct measure_results *r = ready->items[i].results;
        if (r->snapshot == fold->plan->snapshot && text_eq(r->experiment->definition.key, experiment))
            return &ready->items[i];
    }
    return NULL;
}

static void drop(struct ready *ready, struct ready_results *one) {
    measure_results_free(one->results);
    *one = ready->items[--ready->n];
}

static bool of_all(const struct measure_question *question) {
    return !question->by.n && !question->by_day && !question->by_week;
}

/* Whether every cap that the asker froze is the one in force. */
static bool same_caps(const struct measure_results *r, const struct measure_frozen_caps *frozen) {
    for (size_t i = 0; frozen->shape == r->shape && i < frozen->n; i++)
        for (uint32_t k = 0; k < r->n_metrics; k++) {
            bool meant =
                text_eq(frozen->items[i].metric, r->metrics[k]->key) && frozen->items[i].p == r->metrics[k]->cap;
            if (meant && (!r->caps[k].frozen || r->caps[k].as_of != frozen->items[i].as_of)) return false;
        }
    return true;
}

bool ready_answer(struct ready *ready, const struct fold *fold, struct measure_question *question, int64_t now) {
    struct ready_results *one = of_all(question) ? find(ready, fold, question->experiment) : NULL;
    if (!one) return false;
    one->asked = now;
    int64_t age = now - one->results->as_of;
    if (age < 0 || age > OLDEST || !one->results->complete || !same_caps(one->results, &question->frozen)) return false;
    question->results = measure_results_keep(one->results);
    return true;
}

void ready_keep(struct ready *ready, const struct fold *fold, const struct measure_question *question, int64_t now) {
    struct measure_results *r = question->results;
    if (!r || !of_all(question) || !r->complete || r->units < READY_UNITS) return;
    struct ready_results *one = find(ready, fold, question->experiment);
    if (one)
        measure_results_free(one->results);
    else {
        ready->items = memory_grow(ready->items, (ready->n + 1) * sizeof *ready->items);
        one = &ready->items[ready->n++];
    }
    *one = (struct ready_results){measure_results_keep(r), now};
}

static struct measure_frozen_caps frozen_of(const struct measure_results *r, struct measure_frozen *items) {
    size_t n = 0;
    for (uint32_t k = 0; k < r->n_metrics; k++)
        if (r->caps[k].frozen)
            items[n++] =
                (struct measure_frozen){r->metrics[k]->key, r->metrics[k]->cap, r->caps[k].value, r->caps[k].as_of};
    return (struct measure_frozen_caps){r->shape, items, n};
}

void ready_renew(struct ready *ready, struct fold *fold, int64_t now) {
    for (uint32_t i = 0; i < ready->n;) {
        struct ready_results *one = &ready->items[i];
        const struct plan_experiment *plan = map_get(&fold->plan->by_key, one->results->experiment->definition.key);
        bool same = one->results->snapshot == fold->plan->snapshot;
        if (!same || !plan || now - one->asked > WATCHED) {
            drop(ready, one);
            continue;
        }
        i++;
        if (now - one->results->as_of < RENEWED) continue;
        struct measure_frozen items[PLAN_METRICS_MAX];
        struct measure_frozen_caps frozen = frozen_of(one->results, items);
        struct measured *measured = fold->measured[plan - fold->plan->experiments];
        struct measure_results *newer = cells_read_frozen(fold, measured, MEASURE_ALL, now, &frozen);
        measure_results_free(one->results);
        one->results = newer;
    }
}

void ready_forget(struct ready *ready) {
    while (ready->n) drop(ready, &ready->items[0]);
    free(ready->items);
    *ready = (struct ready){0};
}
