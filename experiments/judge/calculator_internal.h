/* What the calculator's files share: a request being read and its answer being written. The first complaint is kept; readers
 * then return harmless values and nothing is written. Included by calculator*.c alone. */
#ifndef PARLEY_EXPERIMENTS_JUDGE_CALCULATOR_INTERNAL_H
#define PARLEY_EXPERIMENTS_JUDGE_CALCULATOR_INTERNAL_H

#include "core/base/json.h"
#include "core/base/json_write.h"
#include "experiments/stats/moments.h"
#include "experiments/stats/proportions.h"

enum { ASK_LIST_MAX = 1000000 };

struct ask {
    const struct json *json;
    json_at request;
    struct arena *arena;
    struct json_writer *out;
    char complaint[256]; /* empty while nothing is wrong */
};

/* A test's answer: reads `ask->request`, and writes an object unless there was a complaint. */
typedef void ask_answer(struct ask *ask);
struct ask_test {
    const char *name;
    const char *members; /* allowed besides "test", separated by blanks */
    ask_answer *answer;
};
/* Ends with a NULL name; one table a file. */
extern const struct ask_test calculator_comparisons[];
extern const struct ask_test calculator_designs[];

struct list {
    const double *at; /* in the arena */
    size_t n;
};

/* An object in the request, or the request itself where `object` is NULL, as "path.member" in complaints. */
struct place {
    json_at at;
    const char *path; /* "control", "control.y"; "" for the request */
};

bool ask_failed(const struct ask *ask);
void ask_complain(struct ask *ask, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct place ask_request(const struct ask *ask);
/* A member that is an object with no other members than `members`. */
struct place ask_object(struct ask *ask, struct place in, const char *name, const char *members);
bool ask_has(const struct ask *ask, struct place in, const char *name);

/* Numbers, required. */
double ask_number(struct ask *ask, struct place in, const char *name);
double ask_positive(struct ask *ask, struct place in, const char *name);
double ask_not_negative(struct ask *ask, struct place in, const char *name);
double ask_not_zero(struct ask *ask, struct place in, const char *name);
/* Strictly between 0 and 1. */
double ask_probability(struct ask *ask, struct place in, const char *name);
/* A whole number from `least` to 2^53. */
double ask_count(struct ask *ask, struct place in, const char *name, double least);
/* The same with a value for when the member is absent. */
double ask_probability_or(struct ask *ask, struct place in, const char *name, double absent);
double ask_alpha(struct ask *ask);
/* The index of a word out of `words` (separated by '|'); `absent` < 0: required. */
int ask_word(struct ask *ask, struct place in, const char *name, const char *words, int absent);
/* An array of `least` to `most` numbers. */
struct list ask_list(struct ask *ask, struct place in, const char *name, size_t least, size_t most);
/* The numbers of any array; complaints name `label`. */
struct list ask_numbers(struct ask *ask, json_at array, const char *label);

/* {"n","mean","variance"} with n >= 2. */
struct sample ask_sample(struct ask *ask, const char *name);
/* {"n","successes"} with n >= least. */
struct binomial ask_binomial(struct ask *ask, const char *name, double least);

/* A whole answer: an object of numbers. */
struct ask_figure {
    const char *name;
    double value;
};
#define ASK_ANSWER(ask, ...)                                                                                           \
    ask_put_figures((ask), (const struct ask_figure[]){__VA_ARGS__},                                                   \
                    sizeof((const struct ask_figure[]){__VA_ARGS__}) / sizeof(struct ask_figure))
void ask_put_figures(struct ask *ask, const struct ask_figure *figures, size_t n);
/* {"name":[low,high]} and {"name":[…]}. */
void ask_put_interval(struct ask *ask, const char *name, struct interval interval);
void ask_put_list(struct ask *ask, const char *name, const double *values, size_t n);

#endif
