/* A model as bytes: a word that says what follows, the parts in their order, a sum over all. Reading trusts nothing: every number is held
 * against what is there before it is used. */
#include <stdlib.h>
#include <string.h>

#include "plugins/recommendations/model.h"
#include "plugins/recommendations/model_internal.h"

enum { ITEMS_MOST = 1 << 20 };
static const char MAGIC[8] = {'R', 'E', 'C', 'M', 'O', 'D', '0', '1'};

/* FNV-1a, 64 bits. */
static uint64_t sum_of(const unsigned char *at, size_t n) {
    uint64_t sum = 14695981039346656037u;
    for (size_t i = 0; i < n; i++) sum = (sum ^ at[i]) * 1099511628211u;
    return sum;
}

/* ---- writing ---- */

static void put(struct bytes *out, const void *at, size_t n) {
    if (out->n + n > out->room) {
        out->room = out->room + out->room / 2 > out->n + n ? out->room + out->room / 2 : out->n + n;
        out->at = enlarge(out->at, out->room, 1);
    }
    if (n) memcpy(out->at + out->n, at, n);
    out->n += n;
}

static void put_sets(struct bytes *out, const struct sets *sets) {
    put(out, &sets->n, sizeof sets->n);
    put(out, sets->starts, (sets->n + 1) * sizeof *sets->starts);
    put(out, sets->members, sets->starts[sets->n] * sizeof *sets->members);
}

static void put_neighbours(struct bytes *out, const struct neighbours *rows) {
    put(out, rows->starts, (rows->items + 1u) * sizeof *rows->starts);
    put(out, rows->list, rows->starts[rows->items] * sizeof *rows->list);
}

static void put_association(struct bytes *out, const struct association *association) {
    put_neighbours(out, &association->neighbours);
    put(out, association->counts, association->neighbours.items * sizeof *association->counts);
    put(out, &association->sets, sizeof association->sets);
}

struct bytes model_write(const struct model *model) {
    struct bytes out = {0};
    put(&out, MAGIC, sizeof MAGIC);
    put(&out, &model->facts, sizeof model->facts);
    put(&out, &model->items, sizeof model->items);
    put(&out, model->ids, model->items * sizeof *model->ids);
    put(&out, model->popularity, model->items * sizeof *model->popularity);
    put_neighbours(&out, &model->affinity);
    put_association(&out, &model->viewed);
    put_association(&out, &model->bought);
    put_sets(&out, &model->vsknn.visits);
    const uint64_t sum = sum_of(out.at, out.n);
    put(&out, &sum, sizeof sum);
    return out;
}

/* ---- reading ---- */

struct reader {
    const unsigned char *at;
    size_t left;
};

static bool take(struct reader *in, void *out, size_t n) {
    if (n > in->left) return false;
    if (n) memcpy(out, in->at, n);
    in->at += n;
    in->left -= n;
    return true;
}

/* A new array of `count` things. */
static void *take_new(struct reader *in, size_t count, size_t bytes) {
    if (count > in->left / bytes) return NULL;
    void *out = allocate(count, bytes);
    take(in, out, count * bytes);
    return out;
}

/* [n + 1] places in a list, growing from 0. */
static size_t *take_starts(struct reader *in, size_t n) {
    if (n >= SIZE_MAX / sizeof(size_t)) return NULL;
    size_t *starts = take_new(in, n + 1, sizeof *starts);
    bool grow = starts && starts[0] == 0;
    for (size_t i = 0; grow && i < n; i++) grow = starts[i] <= starts[i + 1];
    if (grow) return starts;
    free(starts);
    return NULL;
}

static bool take_sets(struct reader *in, struct sets *sets, uint32_t items) {
    sets->items = items;
    if (!take(in, &sets->n, sizeof sets->n) || !(sets->starts = take_starts(in, sets->n))) return false;
    const size_t total = sets->starts[sets->n];
    if (!(sets->members = take_new(in, total, sizeof *sets->members))) return false;
    for (size_t m = 0; m < total; m++)
        if (sets->members[m] >= items) return false;
    return true;
}

static bool take_neighbours(struct reader *in, struct neighbours *rows, uint32_t items) {
    rows->items = items;
    if (!(rows->starts = take_starts(in, items))) return false;
    const size_t total = rows->starts[items];
    if (!(rows->list = take_new(in, total, sizeof *rows->list))) return false;
    for (size_t m = 0; m < total; m++)
        if (rows->list[m].item >= items) return false;
    return true;
}

static bool take_association(struct reader *in, struct association *association, uint32_t items) {
    return take_neighbours(in, &association->neighbours, items) &&
           (association->counts = take_new(in, items, sizeof *association->counts)) &&
           take(in, &association->sets, sizeof association->sets);
}

static bool take_items(struct reader *in, struct model *model) {
    if (!take(in, &model->facts, sizeof model->facts) || !take(in, &model->items, sizeof model->items) ||
        model->items > ITEMS_MOST || !(model->ids = take_new(in, model->items, sizeof *model->ids)) ||
        !(model->popularity = take_new(in, model->items, sizeof *model->popularity)))
        return false;
    for (uint32_t i = 0; i < model->items; i++)
        if (model->ids[i] < 0 || model->ids[i] > INT32_MAX) return false;
    return true;
}

static bool take_model(struct reader *in, struct model *model) {
    struct sets visits = {0};
    bool fine = take_items(in, model) && take_neighbours(in, &model->affinity, model->items) &&
                take_association(in, &model->viewed, model->items) &&
                take_association(in, &model->bought, model->items) && take_sets(in, &visits, model->items) &&
                in->left == 0;
    if (fine) {
        model_index(model);
        vsknn_train(&model->vsknn, &visits, &vsknn_usual);
    }
    sets_free(&visits);
    return fine;
}

struct model *model_read(const unsigned char *bytes, size_t n) {
    uint64_t sum;
    if (n < sizeof MAGIC + sizeof sum || memcmp(bytes, MAGIC, sizeof MAGIC) != 0) return NULL;
    memcpy(&sum, bytes + n - sizeof sum, sizeof sum);
    if (sum != sum_of(bytes, n - sizeof sum)) return NULL;
    struct reader in = {bytes + sizeof MAGIC, n - sizeof MAGIC - sizeof sum};
    struct model *model = allocate(1, sizeof *model);
    if (take_model(&in, model)) return model;
    model_free(model);
    return NULL;
}
