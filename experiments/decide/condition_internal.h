/* What compiling, evaluating and tracing of conditions share. */
#ifndef PARLEY_EXPERIMENTS_DECIDE_CONDITION_INTERNAL_H
#define PARLEY_EXPERIMENTS_DECIDE_CONDITION_INTERNAL_H

#include "experiments/decide/condition.h"

/* X(name, JSON, least arguments, most): the classic operators of jsonlogic.com, flagd's, ours. */
enum { ANY = UINT32_MAX };
#define CONDITION_OPERATORS(X)                                                                                         \
    X(VAR, "var", 0, 2)                                                                                                \
    X(MISSING, "missing", 0, ANY)                                                                                      \
    X(MISSING_SOME, "missing_some", 2, 2)                                                                              \
    X(IF, "if", 0, ANY)                                                                                                \
    X(TERNARY, "?:", 3, 3)                                                                                             \
    X(EQUAL, "==", 2, 2)                                                                                               \
    X(SAME, "===", 2, 2)                                                                                               \
    X(UNEQUAL, "!=", 2, 2)                                                                                             \
    X(DIFFERENT, "!==", 2, 2)                                                                                          \
    X(NOT, "!", 1, 1)                                                                                                  \
    X(TRUTH, "!!", 1, 1)                                                                                               \
    X(OR, "or", 1, ANY)                                                                                                \
    X(AND, "and", 1, ANY)                                                                                              \
    X(LESS, "<", 2, 3)                                                                                                 \
    X(LESS_OR_EQUAL, "<=", 2, 3)                                                                                       \
    X(MORE, ">", 2, 3)                                                                                                 \
    X(MORE_OR_EQUAL, ">=", 2, 3)                                                                                       \
    X(MAX, "max", 1, ANY)                                                                                              \
    X(MIN, "min", 1, ANY)                                                                                              \
    X(PLUS, "+", 1, ANY)                                                                                               \
    X(MINUS, "-", 1, 2)                                                                                                \
    X(TIMES, "*", 1, ANY)                                                                                              \
    X(DIVIDE, "/", 2, 2)                                                                                               \
    X(MODULO, "%", 2, 2)                                                                                               \
    X(MAP, "map", 2, 2)                                                                                                \
    X(FILTER, "filter", 2, 2)                                                                                          \
    X(REDUCE, "reduce", 2, 3)                                                                                          \
    X(ALL, "all", 2, 2)                                                                                                \
    X(NONE, "none", 2, 2)                                                                                              \
    X(SOME, "some", 2, 2)                                                                                              \
    X(MERGE, "merge", 0, ANY)                                                                                          \
    X(IN, "in", 2, 2)                                                                                                  \
    X(CAT, "cat", 0, ANY)                                                                                              \
    X(SUBSTR, "substr", 2, 3)                                                                                          \
    X(LOG, "log", 1, 1)                                                                                                \
    X(STARTS_WITH, "starts_with", 2, 2)                                                                                \
    X(ENDS_WITH, "ends_with", 2, 2)                                                                                    \
    X(SEM_VER, "sem_ver", 3, 3)                                                                                        \
    X(FRACTIONAL, "fractional", 1, ANY)                                                                                \
    X(IN_SEGMENT, "in_segment", 1, ANY)                                                                                \
    X(BEFORE, "before", 2, 2)                                                                                          \
    X(AFTER, "after", 2, 2)

enum condition_operator {
    OP_LITERAL, /* a value of the condition's own */
    OP_LIST,    /* an array whose elements are computed */
#define X(name, json, least, most) OP_##name,
    CONDITION_OPERATORS(X)
#undef X
};

/* One operator or literal. Arguments follow it in order: the first at its own index + 1, each next at the last one's `next`. */
struct node {
    uint8_t op;        /* enum condition_operator */
    bool fixed_path;   /* of a var: the path is literal and stands in `path` */
    bool attribute_is; /* of ==, ===, !=, !==: a var with a fixed path of one step, then a literal text */
    uint32_t count;    /* arguments */
    uint32_t next;     /* index of what follows this node's whole subtree */
    union {
        struct value literal;
        struct {
            const struct text *steps;
            uint32_t n;
        } path;
    };
};

struct condition {
    const struct node *nodes;
    uint32_t n;
};

const char *condition_operator_name(enum condition_operator op);

/* One evaluation: what it walks over, and where `var` starts from just now. */
struct run {
    const struct node *nodes;
    const struct condition_input *input;
    struct value_home home;
    struct value current; /* the root; an element inside map, filter, all, none, some; a scope inside reduce */
    uint32_t *steps;      /* spent so far, segments included */
    uint32_t segment_depth;
};

/* Spends `n` steps; false once CONDITION_MAX_STEPS are gone. */
static inline bool run_spend(struct run *run, size_t n) {
    size_t left = CONDITION_MAX_STEPS - *run->steps;
    *run->steps += (uint32_t)(n < left ? n : left);
    return n <= left;
}

/* The value of the node at `at`. */
struct value run_eval(struct run *run, uint32_t at);
/* What `var` finds at a dotted path from `current`; false, and an absent null in *out, where nothing is. */
bool run_var(struct run *run, const struct text *steps, uint32_t n, struct value *out);

/* Operators that live in files of their own; `at` is the operator's node. */
struct value run_list_operator(struct run *run,
                               uint32_t at); /* map filter reduce all none some merge missing missing_some */
struct value run_text_operator(struct run *run, uint32_t at);  /* cat substr in starts_with ends_with */
struct value run_flagd_operator(struct run *run, uint32_t at); /* sem_ver fractional */

/* Splits "a.b.0" at its dots into `arena`. An empty text has no steps: the whole. */
const struct text *condition_path(struct arena *arena, struct text path, uint32_t *n);

/* `v`, known only if `from` was. */
static inline struct value resting_on(struct value v, struct value from) {
    v.absent |= from.absent;
    return v;
}

#endif
