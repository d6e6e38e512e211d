/* What a condition computes with: JSON values as a small tagged struct, borrowed from the document, the condition or the
 * arena, and JavaScript's coercions, which JsonLogic is defined by. Knows nothing of operators. */
#ifndef PARLEY_EXPERIMENTS_DECIDE_VALUE_H
#define PARLEY_EXPERIMENTS_DECIDE_VALUE_H

#include "core/base/json.h"

enum value_kind { VALUE_NULL, VALUE_BOOL, VALUE_NUMBER, VALUE_STRING, VALUE_LIST, VALUE_TAPE, VALUE_SCOPE };

/* A list is computed (map, filter, missing ...) or a literal of the condition; arrays and objects of the document stay on
 * its tape. A scope is the object {current, accumulator} that reduce makes at each step. */
struct value {
    uint8_t kind; /* enum value_kind */
    bool absent;  /* it depends on an attribute that is not there: "unknown" in a trace */
    uint32_t n;   /* items of a list */
    union {
        bool truth;
        double number;
        struct text string;
        const struct value *items; /* of a list; of a scope: current, then accumulator */
        json_at at;
    };
};

/* Where tape values live, and where strings that must be made are put. */
struct value_home {
    const struct json *json;
    struct arena *arena;
};

static inline struct value value_null(void) {
    return (struct value){.kind = VALUE_NULL};
}
static inline struct value value_bool(bool truth) {
    return (struct value){.kind = VALUE_BOOL, .truth = truth};
}
static inline struct value value_number(double number) {
    return (struct value){.kind = VALUE_NUMBER, .number = number};
}
static inline struct value value_string(struct text string) {
    return (struct value){.kind = VALUE_STRING, .string = string};
}
static inline struct value value_list(const struct value *items, uint32_t n) {
    return (struct value){.kind = VALUE_LIST, .n = n, .items = items};
}

/* A value of the document; scalars are read, arrays and objects stay where they are. JSON_NONE gives an absent null. */
struct value value_of(const struct value_home *home, json_at at);

bool value_is_list(const struct value_home *home, struct value v);
/* Elements of a list or tape array, 0 for anything else. */
uint32_t value_size(const struct value_home *home, struct value v);
/* Walks the elements: start with a zeroed cursor; false at the end. */
struct value_cursor {
    uint32_t i;
    json_at at;
};
bool value_next(const struct value_home *home, struct value list, struct value_cursor *cursor, struct value *out);
/* A member by name or an element by index into *out; false, and an absent null there, where there is none. */
bool value_member(const struct value_home *home, struct value of, struct text name, struct value *out);

/* JsonLogic's truth: as JavaScript's, but an empty array is false. "0" is true. */
bool value_true(const struct value_home *home, struct value v);
/* JavaScript's Number(v), parseFloat(v) and String(v); NaN where there is no number. */
double value_to_number(const struct value_home *home, struct value v);
double value_parse_float(const struct value_home *home, struct value v);
struct text value_to_text(const struct value_home *home, struct value v);
/* ===, ==. Arrays and objects are the same as themselves alone; by == equal to a text or number through their text, as in JavaScript. */
bool value_same(const struct value_home *home, struct value a, struct value b);
bool value_equal(const struct value_home *home, struct value a, struct value b);
/* a < b and a <= b: strings by their bytes, everything else as numbers. */
bool value_less(const struct value_home *home, struct value a, struct value b);
bool value_less_or_equal(const struct value_home *home, struct value a, struct value b);

#endif
