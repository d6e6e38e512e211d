/* Writing definitions: form first, then what they refer to, then what a running experiment makes of it. */
#include <stdio.h>
#include <string.h>

#include "experiments/model/catalogue_internal.h"

int definition_parse(enum definition_kind kind, const json_t *body, struct text key, struct arena *arena,
                     union definition_parsed *into, struct error *error) {
    memset(into, 0, sizeof *into);
    switch (kind) {
    case DEFINITION_FEATURE: return feature_parse(&into->feature, body, key, arena, error);
    case DEFINITION_EXPERIMENT: return experiment_parse(&into->experiment, body, key, arena, error);
    case DEFINITION_METRIC: return metric_parse(&into->metric, body, key, arena, error);
    case DEFINITION_SEGMENT: return segment_parse(&into->segment, body, key, arena, error);
    case DEFINITION_LAYER: return layer_parse(&into->layer, body, key, arena, error);
    case DEFINITION_HOLDOUT: return holdout_parse(&into->holdout, body, key, arena, error);
    case DEFINITION_PAGE: return page_parse(&into->page, body, key, arena, error);
    }
    return ERR_INTERNAL;
}

static int check_section_settings(const struct releases *releases, const struct page *page,
                                  const struct snapshot *snapshot, struct error *error) {
    int rc = 0;
    for (uint32_t i = 0; i < page->n_sections; i++) {
        const struct page_section *section = &page->sections[i];
        char at[100];
        snprintf(at, sizeof at, "/sections/%.*s/settings", TEXT_ARGS(section->id));
        if (section->settings.n &&
            releases_check_section(releases, &snapshot_feature(snapshot, section->feature)->definition,
                                   section->settings, at, error) < 0)
            rc = ERR_INVALID;
    }
    return rc;
}

int definition_check(const struct catalogue *c, enum definition_kind kind, union definition_parsed *parsed,
                     const struct snapshot *snapshot, struct error *error) {
    int rc;
    switch (kind) {
    case DEFINITION_FEATURE:
        rc = check_feature(&parsed->feature, snapshot, error);
        return rc < 0 ? rc : releases_check_feature(c->releases, &parsed->feature, "", error);
    case DEFINITION_EXPERIMENT: return check_experiment(&parsed->experiment, snapshot, error);
    case DEFINITION_SEGMENT: return check_segment(&parsed->segment, snapshot, error);
    case DEFINITION_HOLDOUT: return check_holdout(&parsed->holdout, snapshot, error);
    case DEFINITION_METRIC: return check_metric(&parsed->metric, snapshot, error);
    case DEFINITION_PAGE:
        rc = check_page(&parsed->page, snapshot, error);
        return rc < 0 ? rc : check_section_settings(c->releases, &parsed->page, snapshot, error);
    case DEFINITION_LAYER: return 0;
    }
    return ERR_INTERNAL;
}

json_t *definition_canonical(enum definition_kind kind, const union definition_parsed *parsed, const json_t *body) {
    switch (kind) {
    case DEFINITION_FEATURE: return feature_canonical(&parsed->feature, body);
    case DEFINITION_EXPERIMENT: return experiment_canonical(&parsed->experiment, body);
    case DEFINITION_METRIC: return metric_canonical(&parsed->metric, body);
    case DEFINITION_SEGMENT: return segment_canonical(&parsed->segment, body);
    case DEFINITION_LAYER: return layer_canonical(&parsed->layer, body);
    case DEFINITION_HOLDOUT: return holdout_canonical(&parsed->holdout, body);
    case DEFINITION_PAGE: return page_canonical(&parsed->page, body);
    }
    return NULL;
}

int draft_experiment_change(struct draft *draft, const struct snapshot_experiment *running,
                            const struct experiment *now, const struct feature *feature_now, struct error *error) {
    const struct snapshot *snapshot = draft->catalogue->snapshot;
    struct experiment_state state = running->state;
    struct slots_taken taken =
        snapshot_slots_taken(snapshot, running->definition.layer, running->definition.key, &draft->arena);
    int free_slots = 0;
    int rc = lifecycle_change(&state, &running->definition, now, &running->feature->definition, feature_now,
                              draft->change->now, taken, &draft->arena, &free_slots, error);
    if (rc == 0) draft_state(draft, DEFINITION_EXPERIMENT, now->key, experiment_state_json(&state));
    return rc;
}

/* Whether the same units are held out, and counted from the same moment. */
static bool same_draw(const struct holdout *a, const struct holdout *b) {
    return a->share == b->share && text_eq(a->unit, b->unit) && text_eq(a->salt, b->salt) && a->start == b->start;
}

/* A new experiment gets its state; one that runs may have to open an epoch, and so may a feature's. */
int draft_settle(struct draft *draft, enum definition_kind kind, union definition_parsed *parsed, struct error *error) {
    const struct snapshot *snapshot = draft->catalogue->snapshot;
    if (kind == DEFINITION_EXPERIMENT) {
        const struct snapshot_experiment *was = snapshot_experiment(snapshot, parsed->experiment.key);
        if (snapshot_is_live(was) && was->feature)
            return draft_experiment_change(draft, was, &parsed->experiment, &was->feature->definition, error);
        if (was && was->state.phase == PHASE_CONCLUDED)
            return error_set(
                error, ERR_CONFLICT,
                "experiment '%.*s' is concluded and stays as it was judged: write a new one under another key",
                TEXT_ARGS(was->definition.key));
        /* Its own salt, so that one that is made again under the same key draws its units anew. */
        struct text salt = was ? was->state.salt
                               : arena_printf(&draft->arena, "%.*s:%lld", TEXT_ARGS(parsed->experiment.key),
                                              (long long)snapshot->revision + 1);
        struct experiment_state state;
        lifecycle_create(&state, &parsed->experiment, salt);
        draft_state(draft, kind, parsed->experiment.key, experiment_state_json(&state));
    }
    if (kind == DEFINITION_HOLDOUT) {
        const struct snapshot_holdout *was = snapshot_holdout(snapshot, parsed->holdout.key);
        if (was && was->definition.start <= draft->change->now && !same_draw(&was->definition, &parsed->holdout))
            return error_set(error, ERR_CONFLICT,
                             "holdout '%.*s' has begun: share, unit, salt and start stay as they are; set its end and "
                             "write another",
                             TEXT_ARGS(was->definition.key));
    }
    if (kind == DEFINITION_FEATURE) {
        const struct snapshot_feature *was = snapshot_feature(snapshot, parsed->feature.key);
        if (was && snapshot_is_live(was->experiment))
            return draft_experiment_change(draft, was->experiment, &was->experiment->definition, &parsed->feature,
                                           error);
    }
    return 0;
}

/* The ids that a segment's body names, and how many they are. */
static int draft_ids(struct draft *draft, struct text key, json_t *body, struct error *error) {
    struct id_list *list = NULL;
    json_t *named = json_object_get(body, "list");
    int rc = catalogue_load_list(draft->catalogue->sql, key, body, &list, error);
    if (named) json_object_set_new(named, "count", json_integer((json_int_t)id_list_count(list)));
    draft_list(draft, key, list);
    return rc;
}

int draft_definition(struct draft *draft, enum definition_kind kind, struct text key, json_t *canonical,
                     int64_t if_match, struct error *error) {
    draft_body(draft, kind, key, canonical, if_match);
    return kind == DEFINITION_SEGMENT ? draft_ids(draft, key, canonical, error) : 0;
}

static int is_brought(const struct entry *entry, struct error *error) {
    struct text plugin = catalogue_origin(entry);
    return error_set(
        error, ERR_CONFLICT,
        "metric '%.*s' is brought by the plugin '%.*s' and changes with its releases; write your own under another key",
        TEXT_ARGS(entry->key), TEXT_ARGS(plugin));
}

int definition_keep_origin(const struct catalogue *c, enum definition_kind kind, struct text key, json_t *written,
                           struct error *error) {
    const struct entry *entry = catalogue_find(c, kind, key);
    if (!entry || !catalogue_origin(entry).n) return 0;
    json_object_set(written, "origin", json_object_get(entry->body, "origin"));
    return json_equal(written, entry->body) ? 0 : is_brought(entry, error);
}

static int write_body(struct catalogue *c, const struct change *change, const json_t *body, const char *action,
                      struct error *error) {
    struct draft draft;
    union definition_parsed parsed;
    enum definition_kind kind = change->kind;
    draft_begin(&draft, c, change, action);
    int rc = definition_parse(kind, body, change->key, &draft.arena, &parsed, error);
    if (rc == 0) rc = definition_check(c, kind, &parsed, c->snapshot, error);
    if (rc == 0 && kind == DEFINITION_SEGMENT) catalogue_settle_list(c, &parsed.segment);
    json_t *written = rc == 0 ? definition_canonical(kind, &parsed, body) : NULL;
    if (rc == 0) rc = definition_keep_origin(c, kind, change->key, written, error);
    if (rc == 0) rc = draft_definition(&draft, kind, change->key, json_incref(written), change->if_match, error);
    json_decref(written);
    if (rc == 0) rc = draft_settle(&draft, kind, &parsed, error);
    if (rc == 0) return draft_commit(&draft, error);
    draft_end(&draft);
    return rc;
}

int catalogue_put(struct catalogue *c, const struct change *change, const json_t *body, bool *created,
                  struct error *error) {
    *created = !catalogue_find(c, change->kind, change->key);
    return write_body(c, change, body, "", error);
}

/* RFC 7396, section 2. A new reference. */
static json_t *merge_patch(json_t *target, const json_t *patch) {
    if (!json_is_object(patch)) return json_deep_copy(patch);
    json_t *result = json_is_object(target) ? json_copy(target) : json_object();
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)patch, name, value) {
        if (json_is_null(value))
            json_object_del(result, name);
        else
            json_object_set_new(result, name, merge_patch(json_object_get(result, name), value));
    }
    return result;
}

int catalogue_patch(struct catalogue *c, const struct change *change, const json_t *patch, struct error *error) {
    const struct entry *entry = catalogue_find(c, change->kind, change->key);
    if (!entry) return catalogue_missing(change->kind, change->key, error);
    if (!json_is_object(patch)) return error_at(error, "", "must be an object of the members to change (RFC 7396)");
    json_t *body = merge_patch(entry->body, patch);
    int rc = write_body(c, change, body, "", error);
    json_decref(body);
    return rc;
}

int catalogue_restore(struct catalogue *c, const struct change *change, int64_t version, struct error *error) {
    struct arena arena;
    struct document stored;
    arena_init(&arena, 16 * 1024);
    int rc =
        repository_get(c->sql, &arena, text_of(definition_kinds[change->kind]), change->key, version, &stored, error);
    json_t *body = rc == 0 ? json_loadb(stored.body.at, stored.body.n, 0, NULL) : NULL;
    if (rc == 0) rc = write_body(c, change, body, "restore", error);
    json_decref(body);
    arena_free(&arena);
    return rc;
}

int catalogue_delete(struct catalogue *c, const struct change *change, struct error *error) {
    const struct entry *entry = catalogue_find(c, change->kind, change->key);
    if (!entry) return catalogue_missing(change->kind, change->key, error);
    if (releases_bring(c->releases, catalogue_origin(entry), entry->key)) return is_brought(entry, error);
    int rc = check_not_live(change->kind, change->key, c->snapshot, error);
    if (rc == 0) rc = check_unused(change->kind, change->key, c->snapshot, error);
    if (rc < 0) return rc;
    struct draft draft;
    draft_begin(&draft, c, change, "");
    draft_body(&draft, change->kind, change->key, NULL, change->if_match);
    draft_state(&draft, change->kind, change->key, NULL);
    return draft_commit(&draft, error);
}
