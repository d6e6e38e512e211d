/* What catalogue.c shares with catalogue_steps.c: entries, and a change while it is being made. */
#ifndef PARLEY_EXPERIMENTS_MODEL_CATALOGUE_INTERNAL_H
#define PARLEY_EXPERIMENTS_MODEL_CATALOGUE_INTERNAL_H

#include "experiments/model/catalogue.h"
#include "experiments/model/check.h"

/* A definition as committed. */
struct entry {
    enum definition_kind kind;
    struct text key; /* owned, as are body and state */
    int64_t version, at;
    json_t *body, *state; /* state: NULL where there is none */
    struct id_list *list; /* of a segment: one reference; NULL where it has none */
};

struct catalogue {
    struct sql *sql;
    struct entry *entries; /* by kind, then key */
    size_t n;
    struct snapshot *snapshot;
    struct releases *releases; /* NULL: nothing is known of plugins yet */
    int64_t before;            /* the revision before the transaction that is under way; -1: none is */
};

/* A change under way: what will be different, kept apart until it is committed. */
struct draft {
    struct catalogue *catalogue;
    const struct change *change;
    struct text action, note;
    struct draft_item {
        enum definition_kind kind;
        struct text key;
        json_t *body; /* owned; NULL: deleted, or unchanged where only the state changes */
        json_t *state;
        struct id_list *list; /* of a segment whose body changes; one reference */
        bool body_changes, state_changes;
        int64_t if_match;
        int64_t version; /* after the commit */
    } * items;
    size_t n, room;
    struct map places[DEFINITION_PAGE + 1]; /* by kind: key -> the item's number, from 1 */
    struct arena arena;
};

/* The plugin that brings the metric, "polls"; TEXT_NONE where it is a person's. */
struct text catalogue_origin(const struct entry *entry);
/* States stand beside definitions under a kind of their own: "experiment-state", "feature-state". */
#define STATE_SUFFIX "-state"

/* The entry, made where there is none; good until the next is made or forgotten. */
struct entry *catalogue_entry(struct catalogue *catalogue, enum definition_kind kind, struct text key);
void catalogue_forget(struct catalogue *catalogue, enum definition_kind kind, struct text key);
struct draft;
/* A snapshot of what is committed, with the draft (NULL: none) laid over it. */
int catalogue_compile(const struct catalogue *catalogue, const struct draft *draft, int64_t revision,
                      struct snapshot **out, struct error *error);
/* Where an entry is, or would be, among the catalogue's. */
size_t catalogue_place(const struct catalogue *catalogue, enum definition_kind kind, struct text key, bool *found);
const struct entry *catalogue_find(const struct catalogue *catalogue, enum definition_kind kind, struct text key);
int catalogue_missing(enum definition_kind kind, struct text key, struct error *error);

void draft_begin(struct draft *draft, struct catalogue *catalogue, const struct change *change, const char *action);
/* Steals body and state. */
void draft_body(struct draft *draft, enum definition_kind kind, struct text key, json_t *body, int64_t if_match);
/* The ids of a segment whose body is in the draft. Takes over the reference. */
void draft_list(struct draft *draft, struct text key, struct id_list *list);
void draft_state(struct draft *draft, enum definition_kind kind, struct text key, json_t *state);
/* What the draft would make of the catalogue. */
int draft_compile(const struct draft *draft, struct snapshot **out, struct error *error);
/* Compiles, writes, takes over; or leaves everything as it was. Ends the draft either way. */
int draft_commit(struct draft *draft, struct error *error);
void draft_end(struct draft *draft);

/* The ids that a segment's body names by digest, in *list: a reference, NULL where it names none. ERR_GONE where they are not kept. */
int catalogue_load_list(struct sql *sql, struct text segment, const json_t *body, struct id_list **list,
                        struct error *error);
/* A segment with a list that says no digest keeps the ids that are there. */
void catalogue_settle_list(const struct catalogue *catalogue, struct segment *segment);

/* A body as its kind reads it. */
union definition_parsed {
    struct feature feature;
    struct experiment experiment;
    struct metric metric;
    struct segment segment;
    struct layer layer;
    struct holdout holdout;
    struct page page;
};
/* The form alone; `key` TEXT_NONE: the body says it. */
int definition_parse(enum definition_kind kind, const json_t *body, struct text key, struct arena *arena,
                     union definition_parsed *into, struct error *error);
/* What it refers to. */
int definition_check(const struct catalogue *catalogue, enum definition_kind kind, union definition_parsed *parsed,
                     const struct snapshot *snapshot, struct error *error);
/* What a plugin brings is not for people to change (ERR_CONFLICT); the same again is fine, and `written` gets its origin. */
int definition_keep_origin(const struct catalogue *catalogue, enum definition_kind kind, struct text key,
                           json_t *written, struct error *error);
/* As it is stored. A new reference. */
json_t *definition_canonical(enum definition_kind kind, const union definition_parsed *parsed, const json_t *body);
/* The body, and the ids that it names, into the draft. Steals `canonical`. */
int draft_definition(struct draft *draft, enum definition_kind kind, struct text key, json_t *canonical,
                     int64_t if_match, struct error *error);
/* The states that the definition changes, into the draft. */
int draft_settle(struct draft *draft, enum definition_kind kind, union definition_parsed *parsed, struct error *error);

/* The state document of an experiment's entry after `change` of its or its feature's definition; adds it to the draft where it
 * differs. */
int draft_experiment_change(struct draft *draft, const struct snapshot_experiment *running,
                            const struct experiment *now, const struct feature *feature_now, struct error *error);

#endif
