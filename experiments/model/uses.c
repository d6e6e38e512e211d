#include "experiments/model/uses.h"

struct asked {
    struct text segment;
    bool found;
};

static void is_asked(void *ctx, struct text segment) {
    struct asked *asked = ctx;
    asked->found |= text_eq(asked->segment, segment);
}

static bool asks(const struct condition *condition, enum definition_kind kind, struct text key) {
    struct asked asked = {key, false};
    if (kind == DEFINITION_SEGMENT) condition_segments(condition, is_asked, &asked);
    return asked.found;
}

static bool among(const struct text *keys, uint32_t n, struct text key) {
    for (uint32_t i = 0; i < n; i++)
        if (text_eq(keys[i], key)) return true;
    return false;
}

const char *feature_uses(const struct feature *feature, enum definition_kind kind, struct text key) {
    for (uint32_t i = 0; kind == DEFINITION_FEATURE && i < feature->n_prerequisites; i++)
        if (text_eq(feature->prerequisites[i].feature, key)) return "prerequisite";
    for (uint32_t i = 0; i < feature->n_rules; i++)
        if (asks(feature->rules[i].condition, kind, key)) return "rule";
    return NULL;
}

const char *experiment_uses(const struct experiment *experiment, enum definition_kind kind, struct text key) {
    if (kind == DEFINITION_FEATURE) return text_eq(experiment->feature, key) ? "feature" : NULL;
    if (kind == DEFINITION_LAYER) return text_eq(experiment->layer, key) ? "layer" : NULL;
    if (kind == DEFINITION_SEGMENT) return asks(experiment->audience, kind, key) ? "audience" : NULL;
    if (kind != DEFINITION_METRIC) return NULL;
    if (text_eq(experiment->primary, key)) return "primary metric";
    if (among(experiment->secondary, experiment->n_secondary, key)) return "secondary metric";
    for (uint32_t i = 0; i < experiment->n_guardrails; i++)
        if (text_eq(experiment->guardrails[i].metric, key)) return "guardrail";
    return NULL;
}

const char *metric_uses(const struct metric *metric, enum definition_kind kind, struct text key) {
    return asks(metric->source.where, kind, key) || asks(metric->denominator.where, kind, key) ? "where" : NULL;
}

const char *segment_uses(const struct segment *segment, enum definition_kind kind, struct text key) {
    return asks(segment->condition, kind, key) ? "condition" : NULL;
}

const char *holdout_uses(const struct holdout *holdout, enum definition_kind kind, struct text key) {
    if (kind == DEFINITION_FEATURE) return among(holdout->features, holdout->n_features, key) ? "holdout" : NULL;
    if (kind != DEFINITION_METRIC) return NULL;
    if (text_eq(holdout->primary, key)) return "primary metric";
    return among(holdout->secondary, holdout->n_secondary, key) ? "secondary metric" : NULL;
}

const char *page_uses(const struct page *page, enum definition_kind kind, struct text key) {
    if (kind != DEFINITION_FEATURE) return NULL;
    for (uint32_t i = 0; i < page->n_sections; i++)
        if (text_eq(page->sections[i].feature, key)) return "section";
    return text_eq(page->layout, key) ? "layout" : NULL;
}

void uses_of(const struct snapshot *s, enum definition_kind kind, struct text key,
             bool (*visit)(void *ctx, const struct use *use), void *ctx) {
    const char *as;
    bool on = true;
    for (uint32_t i = 0; on && i < s->n_features; i++)
        if ((as = feature_uses(&s->features[i].definition, kind, key)))
            on = visit(ctx, &(struct use){DEFINITION_FEATURE, s->features[i].definition.key, as});
    for (uint32_t i = 0; on && i < s->n_defined; i++)
        if ((as = experiment_uses(&s->experiments[i].definition, kind, key)))
            on = visit(ctx, &(struct use){DEFINITION_EXPERIMENT, s->experiments[i].definition.key, as});
    for (uint32_t i = 0; on && i < s->n_metrics; i++)
        if ((as = metric_uses(&s->metrics[i], kind, key)))
            on = visit(ctx, &(struct use){DEFINITION_METRIC, s->metrics[i].key, as});
    for (uint32_t i = 0; on && i < s->n_segments; i++)
        if ((as = segment_uses(&s->segments[i].definition, kind, key)))
            on = visit(ctx, &(struct use){DEFINITION_SEGMENT, s->segments[i].definition.key, as});
    for (uint32_t i = 0; on && i < s->n_holdouts; i++)
        if ((as = holdout_uses(&s->holdouts[i].definition, kind, key)))
            on = visit(ctx, &(struct use){DEFINITION_HOLDOUT, s->holdouts[i].definition.key, as});
    for (uint32_t i = 0; on && i < s->n_pages; i++)
        if ((as = page_uses(&s->pages[i], kind, key)))
            on = visit(ctx, &(struct use){DEFINITION_PAGE, s->pages[i].key, as});
}
