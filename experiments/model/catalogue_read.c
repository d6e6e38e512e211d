/* Definitions as they are shown, listed and looked for. */
#include "core/base/clock.h"
#include "core/base/json_dump.h"
#include "experiments/model/catalogue_internal.h"

static void write_state(const struct entry *entry, const struct snapshot *snapshot, struct json_writer *out) {
    if (entry->kind == DEFINITION_FEATURE) {
        const struct snapshot_feature *feature = snapshot_feature(snapshot, entry->key);
        json_put_bool(out, "killed", feature && feature->killed);
    }
    const struct snapshot_experiment *experiment =
        entry->kind == DEFINITION_EXPERIMENT ? snapshot_experiment(snapshot, entry->key) : NULL;
    if (!experiment) return;
    const struct experiment_state *state = &experiment->state;
    json_put_text(out, "state", text_of(experiment_phases[state->phase]));
    if (state->start_at) json_put_time(out, "startedAt", state->start_at);
    if (state->end_at) json_put_time(out, "endsAt", state->end_at);
    if (state->start_at) json_put_double(out, "trafficNow", state->traffic / 10000.0);
    if (state->ramp_steps) {
        json_put_int(out, "rampStep", state->ramp_steps);
        json_put_time(out, "rampSince", state->ramp_from);
    }
    if (state->ramp_approved) json_put_time(out, "rampApprovedAt", state->ramp_approved);
    json_put_int(out, "epochs", state->n_epochs);
    if (state->phase != PHASE_CONCLUDED) return;
    json_put_time(out, "concludedAt", state->concluded_at);
    json_put_text(out, "outcome", text_of(experiment_outcomes[state->outcome]));
    if (state->outcome_variant.n) json_put_text(out, "outcomeVariant", state->outcome_variant);
    if (state->note.n) json_put_text(out, "outcomeNote", state->note);
}

static void write_entry(const struct catalogue *c, const struct entry *entry, struct json_writer *out) {
    const char *name;
    json_t *value;
    json_open_object(out);
    struct buffer bytes = {0};
    json_object_foreach(entry->body, name, value) {
        buffer_clear(&bytes);
        json_dump(&bytes, value);
        json_key(out, text_of(name));
        json_raw(out, buffer_view(&bytes));
    }
    buffer_free(&bytes);
    json_put_int(out, "version", entry->version);
    json_put_time(out, "updatedAt", entry->at);
    write_state(entry, c->snapshot, out);
    json_close_object(out);
}

int catalogue_show(const struct catalogue *c, enum definition_kind kind, struct text key, struct json_writer *out,
                   int64_t *version, struct error *error) {
    const struct entry *entry = catalogue_find(c, kind, key);
    if (!entry) return catalogue_missing(kind, key, error);
    write_entry(c, entry, out);
    if (version) *version = entry->version;
    return 0;
}

/* ---- looking for some ---- */

static bool has_word(struct text in, struct text word) {
    for (size_t i = 0; i + word.n <= in.n; i++)
        if (text_eq_nocase(text_n(in.at + i, word.n), word)) return true;
    return false;
}

static bool body_has(const json_t *body, struct text word) {
    static const char *const members[] = {"key", "name", "hypothesis", "owner", "feature"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (has_word(text_of(json_string_value(json_object_get(body, members[i]))), word)) return true;
    const json_t *tags = json_object_get(body, "tags"), *tag;
    size_t i;
    json_array_foreach(tags, i, tag) if (has_word(text_of(json_string_value(tag)), word)) return true;
    return false;
}

static bool takes(const struct catalogue *c, const struct catalogue_filter *filter, const struct entry *entry) {
    const struct snapshot_experiment *e =
        entry->kind == DEFINITION_EXPERIMENT ? snapshot_experiment(c->snapshot, entry->key) : NULL;
    if (!filter) return true;
    if (filter->state.n && !(e && text_is(filter->state, experiment_phases[e->state.phase]))) return false;
    if (filter->outcome.n &&
        !(e && e->state.phase == PHASE_CONCLUDED && text_is(filter->outcome, experiment_outcomes[e->state.outcome])))
        return false;
    for (struct text rest = filter->q, word; rest.n;) {
        text_cut(rest, ' ', &word, &rest);
        if (word.n && !body_has(entry->body, word) && !(e && has_word(e->state.note, word))) return false;
    }
    return true;
}

void catalogue_list(const struct catalogue *c, enum definition_kind kind, const struct catalogue_filter *filter,
                    struct text after, size_t limit, struct json_writer *out) {
    bool found, more = false;
    size_t i = catalogue_place(c, kind, after, &found), n = 0;
    struct text last = TEXT_NONE;
    if (found) i++;
    json_open_object(out);
    json_key(out, TEXT("items"));
    json_open_array(out);
    for (; i < c->n && c->entries[i].kind == kind && !more; i++) {
        if (!takes(c, filter, &c->entries[i])) continue;
        more = n == limit;
        if (more) break;
        write_entry(c, &c->entries[i], out);
        last = c->entries[i].key;
        n++;
    }
    json_close_array(out);
    if (more)
        json_put_text(out, "next", last);
    else
        json_put_null(out, "next");
    json_close_object(out);
}
