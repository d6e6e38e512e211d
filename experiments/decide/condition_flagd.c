/* sem_ver and fractional, as flagd defines them (flagd.dev/reference/specifications/custom-operations). */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "experiments/decide/condition_internal.h"

/* ---- sem_ver ---- */

struct version {
    int64_t part[3];    /* major, minor, patch; those left out are 0 */
    struct text before; /* pre-release, without the dash */
};

/* A number without leading zeros. */
static bool version_number(struct text t, int64_t *out) {
    return t.n && t.at[0] != '-' && (t.n == 1 || t.at[0] != '0') && text_to_int(t, out);
}

static bool is_number(struct text t) {
    for (size_t i = 0; i < t.n; i++)
        if (t.at[i] < '0' || t.at[i] > '9') return false;
    return t.n > 0;
}

/* semver.org, 9 and 10: identifiers with dots between, none of them empty. */
static bool identifiers(struct text list, bool leading_zeros) {
    bool more = true;
    while (more) {
        struct text one;
        more = text_cut(list, '.', &one, &list);
        if (!one.n || (!leading_zeros && one.n > 1 && one.at[0] == '0' && is_number(one))) return false;
        for (size_t i = 0; i < one.n; i++)
            if (one.at[i] != '-' && !isalnum((unsigned char)one.at[i])) return false;
    }
    return true;
}

/* "1.2.3-rc.1+build", "v1.2.3", "1.2". */
static bool version_parse(struct text t, struct version *out) {
    struct text build, rest;
    *out = (struct version){.before = TEXT_NONE};
    if (t.n && (t.at[0] == 'v' || t.at[0] == 'V')) t = text_n(t.at + 1, t.n - 1);
    bool plus = text_cut(t, '+', &t, &build), dash = text_cut(t, '-', &rest, &out->before);
    if ((plus && !identifiers(build, true)) || (dash && !identifiers(out->before, false))) return false;
    for (int i = 0; i < 3; i++) {
        struct text number;
        bool more = text_cut(rest, '.', &number, &rest);
        if (!version_number(number, &out->part[i])) return false;
        if (!more) return i == 2 || !(dash || plus);
    }
    return false;
}

/* semver.org, 11.4: numbers by value and below texts; a longer list is higher when all before are equal. */
static int before_order(struct text a, struct text b) {
    if (!a.n || !b.n) return (a.n == 0) - (b.n == 0);
    while (a.n || b.n) {
        struct text x, y;
        int64_t m, n;
        if (!a.n || !b.n) return a.n ? 1 : -1;
        text_cut(a, '.', &x, &a);
        text_cut(b, '.', &y, &b);
        bool mx = is_number(x) && text_to_int(x, &m), ny = is_number(y) && text_to_int(y, &n);
        int order = mx && ny ? (m > n) - (m < n) : mx != ny ? (mx ? -1 : 1) : text_cmp(x, y);
        if (order) return order;
    }
    return 0;
}

static int version_order(const struct version *a, const struct version *b) {
    for (int i = 0; i < 3; i++)
        if (a->part[i] != b->part[i]) return a->part[i] < b->part[i] ? -1 : 1;
    return before_order(a->before, b->before);
}

static bool version_holds(const struct version *a, struct text op, const struct version *b) {
    int order = version_order(a, b);
    bool major = a->part[0] == b->part[0];
    if (text_is(op, "=")) return order == 0;
    if (text_is(op, "!=")) return order != 0;
    if (text_is(op, "<")) return order < 0;
    if (text_is(op, "<=")) return order <= 0;
    if (text_is(op, ">")) return order > 0;
    if (text_is(op, ">=")) return order >= 0;
    if (text_is(op, "^")) return major;
    return text_is(op, "~") && major && a->part[1] == b->part[1];
}

/* A version may come as a number: 1.2. */
static bool version_of(struct run *run, struct value v, struct version *out) {
    return (v.kind == VALUE_STRING || v.kind == VALUE_NUMBER) && version_parse(value_to_text(&run->home, v), out);
}

static struct value eval_sem_ver(struct run *run, uint32_t at) {
    uint32_t second = run->nodes[at + 1].next, third = run->nodes[second].next;
    struct value left = run_eval(run, at + 1), op = run_eval(run, second), right = run_eval(run, third);
    struct version a, b;
    bool holds = op.kind == VALUE_STRING && version_of(run, left, &a) && version_of(run, right, &b) &&
                 version_holds(&a, op.string, &b);
    return resting_on(resting_on(resting_on(value_bool(holds), left), op), right);
}

/* ---- fractional ---- */

static uint32_t rotate(uint32_t x, int by) {
    return (x << by) | (x >> (32 - by));
}

static uint32_t murmur_mix(uint32_t k) {
    return rotate(k * 0xcc9e2d51u, 15) * 0x1b873593u;
}

/* MurmurHash3_x86_32 by Austin Appleby, seed 0. */
static uint32_t murmur3(struct text t) {
    const unsigned char *s = (const unsigned char *)t.at;
    uint32_t h = 0, k;
    size_t blocks = t.n / 4;
    for (size_t i = 0; i < blocks; i++) {
        memcpy(&k, s + i * 4, 4);
        h = rotate(h ^ murmur_mix(k), 13) * 5 + 0xe6546b64u;
    }
    k = 0;
    for (size_t i = t.n; i > blocks * 4; i--) k = k << 8 | s[i - 1];
    if (t.n % 4) h ^= murmur_mix(k);
    h ^= (uint32_t)t.n;
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
}

/* What is hashed where no expression says: the feature's key and the targeting key. Nothing where there is no targeting key. */
static struct text default_seed(struct run *run) {
    struct value root = value_of(&run->home, run->input->json ? run->input->root : JSON_NONE);
    struct value key;
    value_member(&run->home, root, TEXT("targetingKey"), &key);
    struct text unit = key.kind == VALUE_STRING ? key.string : TEXT_NONE;
    if (!unit.n) return TEXT_NONE;
    return arena_printf(run->input->arena, "%.*s%.*s", TEXT_ARGS(run->input->feature_key), TEXT_ARGS(unit));
}

/* One [variant, weight]; the weight is 1 where it is left out or null, 0 where it is below. False where it is none. */
static bool share(struct run *run, uint32_t at, struct value *variant, double *weight) {
    struct value pair = run_eval(run, at), second;
    struct value_cursor cursor = {0};
    if (!value_is_list(&run->home, pair) || !value_next(&run->home, pair, &cursor, variant)) return false;
    *weight = 1;
    if (value_next(&run->home, pair, &cursor, &second) && second.kind != VALUE_NULL) {
        if (second.kind != VALUE_NUMBER || isnan(second.number)) return false;
        *weight = fmax(0, second.number);
    }
    return true;
}

static struct value eval_fractional(struct run *run, uint32_t at) {
    uint32_t first = at + 1, end = run->nodes[at].next;
    const struct node *head = &run->nodes[first];
    bool given = head->op != OP_LIST && !(head->op == OP_LITERAL && head->literal.kind == VALUE_LIST);
    struct value seed = given ? run_eval(run, first) : value_null(), variant;
    struct value nothing = resting_on(value_null(), seed);
    if (seed.kind != VALUE_STRING && seed.kind != VALUE_NULL) return nothing;
    if (given) first = head->next;
    struct text hashed = seed.kind == VALUE_STRING ? seed.string : default_seed(run);
    if (seed.kind == VALUE_NULL && !hashed.n) return nothing;
    double total = 0, weight = 0, upto = 0;
    for (uint32_t child = first; child < end; child = run->nodes[child].next) {
        if (!share(run, child, &variant, &weight)) return nothing;
        total += weight;
    }
    int32_t hash = (int32_t)murmur3(hashed);
    double bucket = fabs((double)hash) / INT32_MAX * 100;
    for (uint32_t child = first; child < end && total > 0; child = run->nodes[child].next) {
        if (!share(run, child, &variant, &weight)) return nothing; /* out of steps since */
        upto += weight * 100 / total;
        if (bucket < upto) return variant;
    }
    return nothing;
}

struct value run_flagd_operator(struct run *run, uint32_t at) {
    return run->nodes[at].op == OP_SEM_VER ? eval_sem_ver(run, at) : eval_fractional(run, at);
}
