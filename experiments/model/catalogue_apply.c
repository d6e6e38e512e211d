/* Many definitions as one change: form first, then what they refer to (each other included), then what running experiments make
 * of them. What is not named stays, or goes, as the caller says. */
#include <stdio.h>

#include "core/base/json_dump.h"
#include "experiments/model/catalogue_internal.h"

enum outcome { UNCHANGED, CHANGED, CREATED, DELETED };
static const char *const outcomes[] = {"unchanged", "changed", "created", "deleted"};

struct applied {
    enum definition_kind kind;
    struct text key;
    const json_t *body; /* as sent */
    json_t *canonical;  /* owned, until it is in the draft */
    enum outcome outcome;
    union definition_parsed parsed;
};

struct batch {
    struct draft draft;
    struct applied *items; /* those that were sent, then those that are pruned */
    size_t n, sent;
    struct map places[DEFINITION_PAGE + 1]; /* by kind: key -> struct applied */
    struct error *error;
};

/* ---- faults, with the way to them ---- */

static void pass_on(struct batch *b, size_t i, const char *member, const struct error *why) {
    char pointer[sizeof why->at[0].pointer];
    for (int k = 0; k < why->places; k++) {
        snprintf(pointer, sizeof pointer, "/definitions/%zu/%s%s", i, member, why->at[k].pointer);
        if (why->code != ERR_INVALID) error_set(b->error, why->code, "%s: %s", pointer, why->at[k].detail);
        error_at(b->error, pointer, "%s", why->at[k].detail);
    }
    if (why->places) return;
    snprintf(pointer, sizeof pointer, "/definitions/%zu/%s", i, member);
    error_set(b->error, why->code, "%s: %s", pointer, why->detail);
    error_at(b->error, pointer, "%s", why->detail);
}

static int fault(struct batch *b, size_t i, const char *member, const char *words) {
    struct error why = {0};
    error_set(&why, ERR_INVALID, "%s", words);
    pass_on(b, i, member, &why);
    return ERR_INVALID;
}

/* ---- form ---- */

static int read_item(struct batch *b, size_t i, const json_t *json) {
    static const char *const members[] = {"kind", "body", NULL};
    struct applied *item = &b->items[i];
    struct error why = {0};
    struct reader r = {&b->draft.arena, &why, 0};
    int kind = -1;
    if (reader_object(&r, NULL, json, members) && !reader_choice(&r, NULL, json, "kind", definition_kinds, &kind) &&
        !r.faults)
        reader_missing(&r, NULL, "kind", "feature, experiment, metric, segment, layer, holdout or page");
    item->body = json_object_get(json, "body");
    if (!r.faults && !item->body) reader_missing(&r, NULL, "body", "the definition, with its key");
    if (r.faults) {
        pass_on(b, i, "", &why);
        return ERR_INVALID;
    }
    item->kind = (enum definition_kind)kind;
    if (definition_parse(item->kind, item->body, TEXT_NONE, &b->draft.arena, &item->parsed, &why) < 0) {
        pass_on(b, i, "body", &why);
        return ERR_INVALID;
    }
    const char *key = json_string_value(json_object_get(item->body, "key"));
    item->key = arena_text(&b->draft.arena, text_of(key));
    if (map_put(&b->places[item->kind], item->key, item)) return fault(b, i, "body/key", "stands here twice; keep one");
    return 0;
}

static int read_items(struct batch *b, const json_t *list) {
    int rc = 0;
    for (size_t i = 0; i < b->sent; i++)
        if (read_item(b, i, json_array_get(list, i)) < 0) rc = ERR_INVALID;
    return rc;
}

/* ---- what is different ---- */

static int compare(struct batch *b, size_t i) {
    struct applied *item = &b->items[i];
    struct catalogue *c = b->draft.catalogue;
    const struct entry *entry = catalogue_find(c, item->kind, item->key);
    struct error why = {0};
    if (item->kind == DEFINITION_SEGMENT) catalogue_settle_list(c, &item->parsed.segment);
    item->canonical = definition_canonical(item->kind, &item->parsed, item->body);
    int rc = definition_keep_origin(c, item->kind, item->key, item->canonical, &why);
    if (rc < 0) pass_on(b, i, "body", &why);
    if (rc < 0) return rc;
    item->outcome = !entry ? CREATED : json_equal(entry->body, item->canonical) ? UNCHANGED : CHANGED;
    if (item->outcome == UNCHANGED) return 0;
    json_t *body = json_incref(item->canonical);
    rc = draft_definition(&b->draft, item->kind, item->key, body, DOCUMENT_ANY, &why);
    if (rc < 0) pass_on(b, i, "body", &why);
    return rc;
}

/* ---- what is not named goes ---- */

static void prune(struct batch *b, unsigned kinds) {
    const struct catalogue *c = b->draft.catalogue;
    for (size_t i = 0; i < c->n; i++) {
        const struct entry *entry = &c->entries[i];
        bool brought = releases_bring(c->releases, catalogue_origin(entry), entry->key);
        if (!(kinds & 1u << entry->kind) || brought || map_get(&b->places[entry->kind], entry->key)) continue;
        b->items[b->n++] = (struct applied){.kind = entry->kind, .key = entry->key, .outcome = DELETED};
        draft_body(&b->draft, entry->kind, entry->key, NULL, DOCUMENT_ANY);
        draft_state(&b->draft, entry->kind, entry->key, NULL);
    }
}

/* Nobody loses a trial by leaving it out, nor what somebody still refers to. */
static int check_pruned(const struct batch *b, const struct snapshot *after) {
    for (size_t i = b->sent; i < b->n; i++) {
        const struct applied *item = &b->items[i];
        int rc = check_not_live(item->kind, item->key, b->draft.catalogue->snapshot, b->error);
        if (rc == 0) rc = check_unused(item->kind, item->key, after, b->error);
        if (rc < 0) return rc;
    }
    return 0;
}

static int check(struct batch *b) {
    struct snapshot *after;
    int rc = draft_compile(&b->draft, &after, b->error);
    if (rc < 0) return rc;
    rc = check_pruned(b, after);
    for (size_t i = 0; i < b->sent; i++) {
        struct error why = {0};
        if (b->items[i].outcome == UNCHANGED) continue;
        int fails = definition_check(b->draft.catalogue, b->items[i].kind, &b->items[i].parsed, after, &why);
        if (fails < 0) pass_on(b, i, "body", &why);
        if (fails < 0) rc = fails;
    }
    if (rc == 0) rc = check_segment_depths(after, b->error);
    snapshot_release(after);
    return rc;
}

/* ---- what running experiments make of it ---- */

static struct applied *changed(const struct batch *b, enum definition_kind kind, struct text key) {
    struct applied *item = map_get(&b->places[kind], key);
    return item && item->outcome != UNCHANGED ? item : NULL;
}

/* An experiment whose feature changes with it makes one step, not two. */
static int settle(struct batch *b, struct applied *item, struct error *why) {
    const struct snapshot *before = b->draft.catalogue->snapshot;
    const struct snapshot_experiment *running = NULL;
    if (item->kind == DEFINITION_FEATURE) {
        const struct snapshot_feature *was = snapshot_feature(before, item->key);
        running = was ? was->experiment : NULL;
        if (running && changed(b, DEFINITION_EXPERIMENT, running->definition.key)) return 0;
    }
    if (item->kind == DEFINITION_EXPERIMENT) {
        running = snapshot_experiment(before, item->key);
        bool live = running && running->feature && running->feature->experiment == running;
        const struct applied *feature = live ? changed(b, DEFINITION_FEATURE, running->definition.feature) : NULL;
        if (feature)
            return draft_experiment_change(&b->draft, running, &item->parsed.experiment, &feature->parsed.feature, why);
    }
    return draft_settle(&b->draft, item->kind, &item->parsed, why);
}

static int settle_all(struct batch *b) {
    for (size_t i = 0; i < b->sent; i++) {
        struct error why = {0};
        if (b->items[i].outcome == UNCHANGED) continue;
        int rc = settle(b, &b->items[i], &why);
        if (rc < 0) pass_on(b, i, "body", &why);
        if (rc < 0) return rc;
    }
    return 0;
}

/* ---- the whole ---- */

static void put_body(struct json_writer *out, const char *name, const json_t *body) {
    struct buffer bytes = {0};
    json_dump(&bytes, body);
    json_key(out, text_of(name));
    json_raw(out, buffer_view(&bytes));
    buffer_free(&bytes);
}

static void write_outcomes(const struct batch *b, enum apply_mode mode, struct json_writer *out) {
    for (size_t i = 0; i < b->n; i++) {
        const struct applied *item = &b->items[i];
        json_open_object(out);
        json_put_text(out, "kind", text_of(definition_kinds[item->kind]));
        json_put_text(out, "key", item->key);
        json_put_text(out, "outcome", text_of(outcomes[item->outcome]));
        const struct entry *entry = catalogue_find(b->draft.catalogue, item->kind, item->key);
        bool gone = item->outcome == DELETED, told = mode == APPLY_CHECK && item->outcome != UNCHANGED;
        if (told && entry) put_body(out, "before", entry->body);
        if (told && !gone) put_body(out, "after", item->canonical);
        json_close_object(out);
    }
}

int catalogue_apply(struct catalogue *c, const struct change *change, const json_t *list, unsigned pruned,
                    enum apply_mode mode, struct json_writer *out, struct error *error) {
    struct batch b = {.n = json_array_size(list), .sent = json_array_size(list), .error = error};
    if (!json_is_array(list) || b.n > APPLY_MOST)
        return error_at(error, "/definitions", "is not an array of at most %d definitions", APPLY_MOST);
    draft_begin(&b.draft, c, change, "");
    b.items = arena_array(&b.draft.arena, struct applied, b.n + (pruned ? c->n : 0));
    int rc = read_items(&b, list);
    for (size_t i = 0; rc == 0 && i < b.sent; i++) rc = compare(&b, i);
    if (rc == 0) prune(&b, pruned);
    if (rc == 0 && b.draft.n) rc = check(&b);
    if (rc == 0) rc = settle_all(&b);
    if (rc == 0) write_outcomes(&b, mode, out);
    for (size_t i = 0; i < b.n; i++) json_decref(b.items[i].canonical);
    for (int kind = 0; kind <= DEFINITION_PAGE; kind++) map_free(&b.places[kind]);
    if (rc == 0 && mode == APPLY_WRITE && b.draft.n) return draft_commit(&b.draft, error);
    draft_end(&b.draft);
    return rc;
}
