#include "experiments/measure/recent.h"

#include <stdlib.h>

#include "core/base/memory.h"

enum {
    OLDEST = CLOCK_SECOND,       /* beyond it nothing is answered with (semantics.md, "Metrics") */
    RENEWED = 400,               /* ms: of this age, it is read again */
    WATCHED = 10 * CLOCK_MINUTE, /* so long after a question */
    UNASKED = 25                 /* ms: after so much of it, what nobody looks at waits for the next round */
};

void recent_init(struct recent *recent) {
    *recent = (struct recent){0};
    pthread_mutex_init(&recent->lock, NULL);
}

void recent_free(struct recent *recent) {
    recent_forget(recent);
    free(recent->items);
    pthread_mutex_destroy(&recent->lock);
}

static struct recent_results *find(struct recent *recent, struct text experiment) {
    for (uint32_t i = 0; i < recent->n; i++)
        if (text_eq(recent->items[i].results->experiment->definition.key, experiment)) return &recent->items[i];
    return NULL;
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

static bool fits(const struct measure_results *r, const struct measure_question *question, int64_t now) {
    int64_t age = now - r->as_of;
    return age >= 0 && age <= OLDEST && same_caps(r, &question->frozen);
}

void recent_expect(struct recent *recent, int64_t revision) {
    recent->revision = revision;
}

bool recent_answer(struct recent *recent, struct measure_question *question, int64_t now) {
    if (!of_all(question)) return false;
    pthread_mutex_lock(&recent->lock);
    struct recent_results *one = find(recent, question->experiment);
    if (one) one->asked = now;
    bool fit = one && one->results->snapshot->revision >= recent->revision && fits(one->results, question, now);
    if (fit) question->results = measure_results_keep(one->results);
    pthread_mutex_unlock(&recent->lock);
    return fit;
}

/* Under the lock. */
static void put(struct recent *recent, struct measure_results *results, int64_t asked) {
    recent->items = memory_grow(recent->items, (recent->n + 1) * sizeof *recent->items);
    recent->items[recent->n++] = (struct recent_results){results, asked};
}

void recent_keep(struct recent *recent, const struct measure_question *question, int64_t now) {
    struct measure_results *r = question->results;
    if (!r || !of_all(question) || !r->complete || r->units < RECENT_UNITS) return;
    pthread_mutex_lock(&recent->lock);
    struct recent_results *one = find(recent, question->experiment);
    if (one) {
        measure_results_free(one->results);
        *one = (struct recent_results){measure_results_keep(r), now};
    } else
        put(recent, measure_results_keep(r), now);
    pthread_mutex_unlock(&recent->lock);
}

static struct measure_frozen_caps frozen_of(const struct measure_results *r, struct measure_frozen *items) {
    size_t n = 0;
    for (uint32_t k = 0; k < r->n_metrics; k++)
        if (r->caps[k].frozen)
            items[n++] =
                (struct measure_frozen){r->metrics[k]->key, r->metrics[k]->cap, r->caps[k].value, r->caps[k].as_of};
    return (struct measure_frozen_caps){r->shape, items, n};
}

static struct measure_results *read_again(struct fold *fold, const struct measure_results *r, int64_t now) {
    const struct plan_experiment *plan = map_get(&fold->plan->by_key, r->experiment->definition.key);
    struct measure_frozen items[PLAN_METRICS_MAX];
    struct measure_frozen_caps frozen = frozen_of(r, items);
    return cells_read_frozen(fold, fold->measured[plan - fold->plan->experiments], MEASURE_ALL, now, &frozen);
}

static bool goes_on(const struct snapshot_experiment *experiment) {
    enum experiment_phase phase = experiment->state.phase;
    return phase == PHASE_RUNNING || phase == PHASE_PAUSED || phase == PHASE_MATURING;
}

static bool is_watched(const struct recent_results *one, int64_t now) {
    return now - one->asked <= WATCHED;
}

static void let_go(struct recent *recent, int64_t now) {
    pthread_mutex_lock(&recent->lock);
    for (uint32_t i = 0; i < recent->n;) {
        struct recent_results *one = &recent->items[i];
        if (is_watched(one, now) || goes_on(one->results->experiment)) {
            i++;
            continue;
        }
        measure_results_free(one->results);
        *one = recent->items[--recent->n];
    }
    pthread_mutex_unlock(&recent->lock);
}

/* The first figures of what has become large. */
static void take_in(struct recent *recent, struct fold *fold, int64_t now) {
    for (uint32_t i = 0; i < fold->n; i++) {
        struct measured *m = fold->measured[i];
        bool large = m->live && m->units.n >= RECENT_UNITS && goes_on(m->plan->source);
        if (!large || find(recent, m->plan->source->definition.key)) continue;
        struct measure_results *results = cells_read(fold, m, MEASURE_ALL, now);
        pthread_mutex_lock(&recent->lock);
        put(recent, results, 0);
        pthread_mutex_unlock(&recent->lock);
    }
}

static void renew(struct recent *recent, struct recent_results *one, struct fold *fold, int64_t now) {
    struct measure_results *before = one->results, *newer = read_again(fold, before, now);
    pthread_mutex_lock(&recent->lock);
    one->results = newer;
    pthread_mutex_unlock(&recent->lock);
    measure_results_free(before);
}

/* What is due, nobody looks at, and has waited longest; NULL. */
static struct recent_results *oldest_unasked(struct recent *recent, int64_t now) {
    struct recent_results *oldest = NULL;
    for (uint32_t i = 0; i < recent->n; i++) {
        struct recent_results *one = &recent->items[i];
        if (is_watched(one, now) || now - one->results->as_of < RENEWED) continue;
        if (!oldest || one->results->as_of < oldest->results->as_of) oldest = one;
    }
    return oldest;
}

/* Only this thread changes the list, so what it finds without the lock is there; `asked` alone may change, and only grows. */
void recent_renew(struct recent *recent, struct fold *fold, int64_t now) {
    uint64_t began = clock_ticks();
    let_go(recent, now);
    take_in(recent, fold, now);
    for (uint32_t i = 0; i < recent->n; i++) {
        struct recent_results *one = &recent->items[i];
        if (is_watched(one, now) && now - one->results->as_of >= RENEWED) renew(recent, one, fold, now);
    }
    for (struct recent_results *one; (one = oldest_unasked(recent, now));) {
        renew(recent, one, fold, now);
        if (clock_ticks() - began >= UNASKED * 1000000u) break;
    }
}

void recent_forget(struct recent *recent) {
    pthread_mutex_lock(&recent->lock);
    while (recent->n) measure_results_free(recent->items[--recent->n].results);
    pthread_mutex_unlock(&recent->lock);
}
