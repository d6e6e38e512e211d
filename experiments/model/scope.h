/* What narrows who is asked: segments (named conditions), layers (experiments that never share a unit) and holdouts (units
 * kept from all trials of some features). From JSON to validated structs. */
#ifndef PARLEY_EXPERIMENTS_MODEL_SCOPE_H
#define PARLEY_EXPERIMENTS_MODEL_SCOPE_H

#include "experiments/model/feature.h"

/* {"key":"vip","name":"…","if":{…}}, or with a list of ids in place of the condition:
 * {"key":"vip","list":{"unit":"targetingKey","count":2,"digest":"…"}}, of which people write the unit alone. */
struct segment {
    struct text key, name;
    const struct condition *condition; /* NULL: a list */
    struct text unit;                  /* of a list: the attribute that is looked up */
    struct text digest;                /* of the ids; TEXT_NONE: those that are there, or none yet */
    int64_t count;
};

/* {"key":"home","name":"…","unit":"targetingKey","salt":"…"} : 10,000 slots. */
struct layer {
    struct text key, name;
    struct text unit;
    struct text salt; /* the key where the body says none */
};

/* {"key":"2027-q1","name":"…","share":5,"unit":"targetingKey","features":["a"],"start":"…","end":"…","salt":"…",
 *  "metrics":{"primary":"bought","secondary":["spend"]}} : reads out as experiment `holdout:KEY`. */
struct holdout {
    struct text key, name;
    struct text unit, salt;
    uint32_t share;        /* ten-thousandths of a percent */
    struct text *features; /* keys; none: every feature */
    uint32_t n_features;
    int64_t start, end;  /* ms; end 0: open */
    struct text primary; /* key of a metric; TEXT_NONE */
    struct text *secondary;
    uint32_t n_secondary;
};

/* As feature_parse. */
int segment_parse(struct segment *segment, const json_t *body, struct text url_key, struct arena *arena,
                  struct error *error);
int layer_parse(struct layer *layer, const json_t *body, struct text url_key, struct arena *arena, struct error *error);
int holdout_parse(struct holdout *holdout, const json_t *body, struct text url_key, struct arena *arena,
                  struct error *error);
json_t *segment_canonical(const struct segment *segment, const json_t *body);
json_t *layer_canonical(const struct layer *layer, const json_t *body);
json_t *holdout_canonical(const struct holdout *holdout, const json_t *body);

#endif
