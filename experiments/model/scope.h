/* What narrows who is asked: segments (named conditions), layers (experiments that never share a unit) and holdouts (units
 * kept from all trials of some features). From JSON to validated structs. */
#ifndef PARLEY_EXPERIMENTS_MODEL_SCOPE_H
#define PARLEY_EXPERIMENTS_MODEL_SCOPE_H

#include "experiments/model/feature.h"

/* {"key":"vip","name":"…","if":{…}} */
struct segment {
    struct text key, name;
    const struct condition *condition;
};

/* {"key":"home","name":"…","unit":"targetingKey","salt":"…"} : 10,000 slots. */
struct layer {
    struct text key, name;
    struct text unit;
    struct text salt; /* the key where the body says none */
};

/* {"key":"2027-q1","name":"…","share":5,"unit":"targetingKey","features":["a"],"start":"…","end":"…","salt":"…"} */
struct holdout {
    struct text key, name;
    struct text unit, salt;
    uint32_t share;        /* ten-thousandths of a percent */
    struct text *features; /* keys; none: every feature */
    uint32_t n_features;
    int64_t start, end; /* ms; end 0: open */
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
