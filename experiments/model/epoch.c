/* Which changes open an epoch (semantics.md, "Epochs"): those after which a unit may meet a variant for another reason, or
 * meet something else under the same name. */
#include "core/base/buffer.h"
#include "experiments/model/lifecycle.h"

static uint64_t total_weight(const struct experiment *experiment) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < experiment->n_arms; i++) total += experiment->arms[i].weight;
    return total;
}

/* Every variant has the same share in both; weights are relative, so 1:1 is 50:50. */
static bool same_weights(const struct experiment *a, const struct experiment *b) {
    uint64_t total_a = total_weight(a), total_b = total_weight(b);
    for (uint32_t i = 0; i < a->n_arms; i++) {
        int j = experiment_arm(b, a->arms[i].variant);
        uint64_t other = j < 0 ? 0 : b->arms[j].weight;
        if (a->arms[i].weight * total_b != other * total_a) return false;
    }
    return true;
}

static bool same_variants(const struct experiment *experiment, const struct feature *a, const struct feature *b) {
    for (uint32_t i = 0; i < experiment->n_arms; i++) {
        int m = feature_variant(a, experiment->arms[i].variant), n = feature_variant(b, experiment->arms[i].variant);
        if (m < 0 || n < 0) {
            if (m != n) return false;
            continue;
        }
        const struct variant *x = &a->variants[m], *y = &b->variants[n];
        if (!text_eq(x->value, y->value) || !text_eq(x->plugin, y->plugin) || !text_eq(x->release, y->release) ||
            !text_eq(x->settings, y->settings))
            return false;
    }
    return true;
}

static bool same_condition(const struct condition *a, const struct condition *b) {
    if (!a || !b) return a == b;
    struct buffer x = {0}, y = {0};
    condition_write(a, &x);
    condition_write(b, &y);
    bool same = text_eq(buffer_view(&x), buffer_view(&y));
    buffer_free(&x);
    buffer_free(&y);
    return same;
}

static uint64_t split_weight(const struct rule *rule, int variant) {
    if (variant < 0) return 0;
    return rule->split.ends[variant] - (variant ? rule->split.ends[variant - 1] : 0);
}

/* Both serve the same variant, or split alike: the ranges' order matters, so the keys must stand in the same order. */
static bool same_target(const struct feature *a, const struct rule *x, const struct feature *b, const struct rule *y) {
    if ((x->serve < 0) != (y->serve < 0)) return false;
    if (x->serve >= 0) return text_eq(a->variants[x->serve].key, b->variants[y->serve].key);
    if (!text_eq(x->by, y->by)) return false;
    uint32_t n = a->n_variants > b->n_variants ? a->n_variants : b->n_variants;
    uint64_t total_a = x->split.ends[a->n_variants - 1], total_b = y->split.ends[b->n_variants - 1];
    for (uint32_t i = 0; i < n; i++) {
        uint64_t in_a = i < a->n_variants ? split_weight(x, (int)i) : 0;
        uint64_t in_b = i < b->n_variants ? split_weight(y, (int)i) : 0;
        if (in_a * total_b != in_b * total_a || (in_a && !text_eq(a->variants[i].key, b->variants[i].key)))
            return false;
    }
    return true;
}

static bool same_rules(const struct feature *a, const struct feature *b) {
    if (a->n_rules != b->n_rules) return false;
    for (uint32_t i = 0; i < a->n_rules; i++) {
        const struct rule *x = &a->rules[i], *y = &b->rules[i];
        bool same_id = x->serve >= 0 || text_eq(x->id, y->id); /* the id is the salt of a split */
        if (x->overrides != y->overrides || !same_id || !same_condition(x->condition, y->condition) ||
            !same_target(a, x, b, y))
            return false;
    }
    return true;
}

static bool same_prerequisites(const struct feature *a, const struct feature *b) {
    if (a->n_prerequisites != b->n_prerequisites) return false;
    for (uint32_t i = 0; i < a->n_prerequisites; i++) {
        const struct prerequisite *x = &a->prerequisites[i], *y = &b->prerequisites[i];
        if (!text_eq(x->feature, y->feature) || x->n_variants != y->n_variants) return false;
        for (uint32_t j = 0; j < x->n_variants; j++)
            if (!text_eq(x->variants[j], y->variants[j])) return false;
    }
    return true;
}

bool epoch_opens(const struct experiment *was, const struct experiment *now, const struct feature *feature_was,
                 const struct feature *feature_now) {
    bool same_share = !now->layer.n || was->traffic == now->traffic;
    return !(same_weights(was, now) && same_weights(now, was) && same_share &&
             text_eq(was->audience_source, now->audience_source) && same_variants(now, feature_was, feature_now) &&
             same_rules(feature_was, feature_now) && same_prerequisites(feature_was, feature_now));
}
