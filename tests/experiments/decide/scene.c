#include "tests/experiments/decide/scene.h"

#include <criterion/criterion.h>

#include "tests/experiments/quoted.h"

void scene_begin(struct scene *scene) {
    *scene = (struct scene){.now = 1000000};
    arena_init(&scene->arena, 65536);
}

void scene_end(struct scene *scene) {
    for (size_t i = 0; i < scene->n_owned; i++) json_decref(scene->owned[i]);
    snapshot_release(scene->snapshot);
    remembered_all_free(&scene->remembered);
    arena_free(&scene->arena);
}

static void compile(struct scene *scene) {
    struct error error = {0};
    struct snapshot *snapshot = NULL;
    cr_assert_eq(snapshot_build(&snapshot, 1, scene->definitions, scene->n, &error), 0, "%s", error.detail);
    snapshot_release(scene->snapshot);
    scene->snapshot = snapshot;
}

static json_t *own(struct scene *scene, json_t *json) {
    cr_assert_lt(scene->n_owned, sizeof scene->owned / sizeof *scene->owned);
    return scene->owned[scene->n_owned++] = json;
}

static struct definition *find(struct scene *scene, enum definition_kind kind, struct text key) {
    for (size_t i = 0; i < scene->n; i++)
        if (scene->definitions[i].kind == kind && text_eq(scene->definitions[i].key, key))
            return &scene->definitions[i];
    return NULL;
}

void scene_define(struct scene *scene, enum definition_kind kind, const char *body, const char *state) {
    json_t *json = own(scene, quoted_json(body));
    struct text key = text_of(json_string_value(json_object_get(json, "key")));
    struct definition *definition = find(scene, kind, key);
    if (!definition) definition = &scene->definitions[scene->n++];
    *definition = (struct definition){kind, key, json, state ? own(scene, quoted_json(state)) : NULL};
    compile(scene);
}

static void set_state(struct scene *scene, struct text key, const struct experiment_state *state) {
    find(scene, DEFINITION_EXPERIMENT, key)->state = own(scene, experiment_state_json(state));
    compile(scene);
}

void scene_start(struct scene *scene, const char *experiment, int64_t at) {
    const struct snapshot_experiment *e = snapshot_experiment(scene->snapshot, text_of(experiment));
    struct experiment_state state = e->state;
    struct error error = {0};
    int free;
    struct slots_taken taken =
        snapshot_slots_taken(scene->snapshot, e->definition.layer, e->definition.key, &scene->arena);
    cr_assert_eq(lifecycle_start(&state, &e->definition, at, taken, &scene->arena, &free, &error), 0, "%s",
                 error.detail);
    set_state(scene, text_of(experiment), &state);
}

void scene_change(struct scene *scene, const char *body) {
    json_t *json = own(scene, quoted_json(body));
    struct text key = text_of(json_string_value(json_object_get(json, "key")));
    struct error error = {0};
    struct experiment now;
    int free;
    const struct snapshot_experiment *e = snapshot_experiment(scene->snapshot, key);
    const struct feature *feature = &e->feature->definition;
    cr_assert_eq(experiment_parse(&now, json, TEXT_NONE, &scene->arena, &error), 0, "%s", error.detail);
    experiment_settle(&now, feature);
    struct experiment_state state = e->state;
    struct slots_taken taken = snapshot_slots_taken(scene->snapshot, now.layer, key, &scene->arena);
    cr_assert_eq(lifecycle_change(&state, &e->definition, &now, feature, feature, scene->now, taken, &scene->arena,
                                  &free, &error),
                 0, "%s", error.detail);
    find(scene, DEFINITION_EXPERIMENT, key)->body = json;
    set_state(scene, key, &state);
}

void scene_phase(struct scene *scene, const char *experiment, enum experiment_phase phase) {
    struct experiment_state state = snapshot_experiment(scene->snapshot, text_of(experiment))->state;
    state.phase = phase;
    state.turns = &scene->now; /* a pause has begun, and nothing ended it */
    state.n_turns = phase == PHASE_PAUSED;
    set_state(scene, text_of(experiment), &state);
}

static struct context context_of(struct scene *scene, struct json *json, const char *key, const char *quoted) {
    struct error error = {0};
    char *text = quoted ? arena_cstr(&scene->arena, text_of(quoted))
                        : (char *)arena_printf(&scene->arena, key ? "{'targetingKey':'%s'}" : "{}", key).at;
    for (char *c = text; *c; c++)
        if (*c == '\'') *c = '"';
    cr_assert_eq(json_scan(json, text_of(text), &scene->arena, &error), 0, "%s: %s", text, error.detail);
    struct text targeting_key = json_unescaped(json, json_get(json, 0, TEXT("targetingKey")), &scene->arena);
    return (struct context){
        .json = json, .root = 0, .targeting_key = targeting_key, .now = scene->now, .arena = &scene->arena};
}

const char *scene_decide(struct scene *scene, const char *feature, const char *key, const char *context) {
    struct json json;
    struct context asking = context_of(scene, &json, key, context);
    decide(scene->snapshot, snapshot_feature(scene->snapshot, text_of(feature)), &asking, &scene->remembered,
           &scene->decision);
    return scene->decision.variant ? arena_cstr(&scene->arena, scene->decision.variant->key) : "";
}

void scene_expose(struct scene *scene) {
    const struct decision *d = &scene->decision;
    if (!d->expose || d->enrolled) return;
    struct remembered_unit unit = {d->unit, scene->now, d->arm, d->epoch};
    remembered_put(remembered_make(&scene->remembered, d->experiment->state.salt), &unit);
}

const char *scene_trace(struct scene *scene, const char *feature, const char *context) {
    struct buffer out = {0};
    struct json_writer w;
    struct json json;
    struct context asking = context_of(scene, &json, NULL, context);
    json_writer_init(&w, &out);
    decide_trace(scene->snapshot, snapshot_feature(scene->snapshot, text_of(feature)), &asking, &scene->remembered, &w);
    const char *text = arena_cstr(&scene->arena, buffer_view(&out));
    buffer_free(&out);
    return text;
}
