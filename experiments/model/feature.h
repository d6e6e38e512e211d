/* A feature: a unit of the site that can be switched, as contract.md defines it. From JSON to a validated struct, and the
 * canonical JSON that GET answers. Knows nothing of experiments and of who is asking. */
#ifndef PARLEY_EXPERIMENTS_MODEL_FEATURE_H
#define PARLEY_EXPERIMENTS_MODEL_FEATURE_H

#include "experiments/decide/bucket.h"
#include "experiments/decide/condition.h"

enum {
    FEATURE_MAX_VARIANTS = 32,
    FEATURE_MAX_RULES = 100,
    FEATURE_MAX_PREREQUISITES = 16,
    FEATURE_MAX_VALUE = 64 * 1024, /* bytes of a variant's value or settings as JSON */
    MODEL_MAX_TAGS = 32,
    MODEL_MAX_NAME = 200, /* bytes of names, owners, tags, attribute names */
    MODEL_MAX_PROSE = 4000
};

enum feature_type { FEATURE_BOOLEAN, FEATURE_STRING, FEATURE_NUMBER, FEATURE_OBJECT };
enum feature_stage { STAGE_DRAFT, STAGE_TRIAL, STAGE_SHIPPED, STAGE_RETIRING, STAGE_RETIRED };
/* What a shopper gets while the release behind her variant is down: an error to try again later, or the off variant. */
enum feature_when_down { WHEN_DOWN_UNAVAILABLE, WHEN_DOWN_OFF };
extern const char *const feature_types[],
    *const feature_stages[], *const feature_when_downs[]; /* their names, in that order, NULL-terminated */

struct variant {
    struct text key;
    struct text value;    /* JSON */
    struct text plugin;   /* TEXT_NONE where the variant has none */
    struct text release;  /* TEXT_NONE: the plugin's active release */
    struct text settings; /* JSON object; TEXT_NONE where there are none */
};

struct rule {
    struct text id;
    const struct condition *condition; /* NULL: everybody */
    bool overrides;                    /* looked at before holdouts */
    int serve;                         /* index of a variant, or -1: split */
    struct bucket_ranges split;        /* over the feature's variants */
    struct text by;                    /* the attribute that is hashed for a split; "targetingKey" by default */
    uint64_t seed;                     /* of the split: feature key and rule id */
};

struct prerequisite {
    struct text feature;
    struct text *variants;
    uint32_t n_variants;
};

struct feature {
    struct text key, name, owner;
    enum feature_type type;
    enum feature_stage stage;
    enum feature_when_down when_down;
    bool enabled;
    struct variant *variants;
    struct rule *rules;
    struct prerequisite *prerequisites;
    struct text *tags;
    uint32_t n_variants, n_rules, n_prerequisites, n_tags;
    uint32_t off, by_default; /* indexes of variants */
    int64_t review_by;        /* ms; 0 where there is none */
};

/* Validates `body` (borrowed, only read) and puts the feature into `arena`. `url_key` is the key in the path, or TEXT_NONE.
 * 0 or ERR_INVALID with every fault in `error`. Read-only members that GET adds (version, killed ...) are passed over.
 * Any thread. */
int feature_parse(struct feature *feature, const json_t *body, struct text url_key, struct arena *arena,
                  struct error *error);
/* What GET answers: the body in the contract's order, with defaults. A new reference. `feature` was parsed from `body`. */
json_t *feature_canonical(const struct feature *feature, const json_t *body);
/* The index of a variant, or -1. */
int feature_variant(const struct feature *feature, struct text key);

#endif
