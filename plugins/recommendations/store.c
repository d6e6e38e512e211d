/* The model's bytes in the database, as pieces of base64: SQL takes texts. A piece at a time, each encoded on the helper thread and written
 * in a transaction of its own, so that nobody who votes, reads or buys waits for megabytes. A model counts once its last piece is there. */
#include <stdlib.h>
#include <string.h>

#include "plugins/base64.h"
#include "plugins/recommendations/recommendations.h"

enum { PIECE = 192 << 10 /* bytes, a multiple of 3 */ };

/* Into `out`, which has room for 3 * n / 4 bytes. Returns how many; SIZE_MAX where it is no base64. */
static size_t base64_read(const char *at, size_t n, unsigned char *out) {
    size_t o = 0;
    uint32_t bits = 0;
    int have = 0;
    while (n > 0 && at[n - 1] == '=') n--;
    for (size_t i = 0; i < n; i++) {
        const char *letter = at[i] ? strchr(base64_letters, at[i]) : NULL;
        if (!letter) return SIZE_MAX;
        bits = bits << 6 | (uint32_t)(letter - base64_letters);
        have += 6;
        if (have < 8) continue;
        have -= 8;
        out[o++] = (unsigned char)(bits >> have);
    }
    return o;
}

/* ---- writing ---- */

struct parcel {
    struct parcel *next;
    struct bytes bytes;
    int64_t job, at; /* at: which model, when it was trained */
    size_t sent;
};

static struct parcel *parcel_of(parley_json value) {
    int64_t at = 0;
    parley->integer(parley->get(value, "parcel"), &at);
    return (struct parcel *)(intptr_t)at;
}

static void parcel_free(struct memory *memory, struct parcel *parcel) {
    struct parcel **at = &memory->parcels;
    while (*at != parcel) at = &(*at)->next;
    *at = parcel->next;
    free(parcel->bytes.at);
    free(parcel);
}

void store_drop(struct memory *memory) {
    while (memory->parcels) parcel_free(memory, memory->parcels);
}

static int run(parley_call *w, parley_json input) {
    const struct parcel *parcel = parcel_of(input);
    const size_t left = parcel->bytes.n - parcel->sent, n = left < PIECE ? left : PIECE;
    char *text = parley->alloc(w, 4 * ((n + 2) / 3));
    const parley_text body = {text, base64_write(parcel->bytes.at + parcel->sent, n, text)};
    return parley_reply(w, 200, "{parcel, body}", (int64_t)(intptr_t)parcel, body);
}

static int finish(parley_call *c, struct memory *memory, struct parcel *parcel) {
    int rc = parley_sql(c, "UPDATE state SET model = $1", parcel->at);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM piece WHERE model <> $1", parcel->at);
    memory->stored = rc >= 0;
    parcel_free(memory, parcel);
    return rc < 0 ? rc : 0;
}

static int done(parley_call *c, parley_json result);

static int send(parley_call *c, struct memory *memory, struct parcel *parcel) {
    int rc = parley_work(c, run, done, "{parcel}", (int64_t)(intptr_t)parcel);
    if (rc == 0) return 0;
    parley_log(c, PARLEY_WARN, "the model serves but is not stored: too much work is under way; the next one will be");
    parcel_free(memory, parcel);
    return 0;
}

static int done(parley_call *c, parley_json result) {
    struct memory *memory = parley->state(c);
    struct parcel *parcel = parcel_of(result);
    if (!parcel) return 0;
    if (parcel->job != memory->job) { /* a newer model is on its way */
        parcel_free(memory, parcel);
        return 0;
    }
    int rc = parley_sql(c,
                        "INSERT INTO piece (model, number, body) VALUES ($1, $2, $3)"
                        " ON CONFLICT (model, number) DO UPDATE SET body = $3",
                        parcel->at, parcel->sent / PIECE, parley->text(parley->get(result, "body")));
    if (rc < 0) {
        parcel_free(memory, parcel);
        return rc;
    }
    parcel->sent += PIECE;
    return parcel->sent < parcel->bytes.n ? send(c, memory, parcel) : finish(c, memory, parcel);
}

int store_model(parley_call *c, struct model *model, struct bytes bytes, int64_t job) {
    struct memory *memory = parley->state(c);
    struct parcel *parcel = allocate(1, sizeof *parcel);
    *parcel = (struct parcel){.next = memory->parcels, .bytes = bytes, .job = job, .at = model->facts.at};
    memory->parcels = parcel;
    return send(c, memory, parcel);
}

/* ---- reading ---- */

struct model *store_load(parley_call *c) {
    struct bytes bytes = {0};
    bool whole = true;
    int row = parley_sql(c, "SELECT sum(length(body)) FROM piece WHERE model = (SELECT model FROM state)");
    if (row > 0 && parley->col(c, 0) > 0) bytes.at = allocate((size_t)parley->col(c, 0), 1);
    if (!bytes.at) return NULL;
    row = parley_sql(c, "SELECT body FROM piece WHERE model = (SELECT model FROM state) ORDER BY number");
    for (; row > 0 && whole; row = parley->next(c)) {
        const parley_text body = parley->col_text(c, 0);
        const size_t n = base64_read(body.at, body.n, bytes.at + bytes.n);
        whole = n != SIZE_MAX;
        if (whole) bytes.n += n;
    }
    struct model *model = whole && row == 0 ? model_read(bytes.at, bytes.n) : NULL;
    if (!model) parley_log(c, PARLEY_WARN, "the stored model is damaged or of another version: a new one is trained");
    free(bytes.at);
    return model;
}
