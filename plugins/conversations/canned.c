/* Canned replies: near-identical ones that went to many customers.
 *
 * A reply becomes the set of its pairs of neighbouring words, after case, punctuation, figures and the customer's own name are taken
 * out. Two replies are near-identical where the Jaccard index of their sets reaches a threshold [0.7]. Which replies are compared at all
 * is found by minhash (Broder 1997): 60 minima in 20 bands of 3, of which two replies of index s share a band with the chance
 * 1 - (1 - s^3)^20: 0.9998 at 0.7, 0.08 at 0.16. Replies of fewer than five words ("Thank you!") are not judged. */
#include "plugins/conversations/conversations.h"

enum { WORDS_LEAST = 5, BANDS = 20, ROWS = 3, CANDIDATES = 200 };

struct pairs {
    uint64_t *hash; /* ascending, each once */
    size_t n, words;
};

static uint64_t mix(uint64_t x) { /* the finalizer of splitmix64 */
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

/* The next word: its hash, as FNV-1a of its letters in lower case; figures are all alike. False at the end. */
static bool next_word(parley_text *rest, uint64_t *hash) {
    bool any = false;
    *hash = 0xCBF29CE484222325u;
    for (; rest->n; rest->at++, rest->n--) {
        unsigned char b = (unsigned char)*rest->at;
        if (b >= 'A' && b <= 'Z') b += 'a' - 'A';
        if (b >= '0' && b <= '9') b = '0';
        if (!(b >= 'a' && b <= 'z') && b != '0' && b < 0x80) {
            if (any) return true;
            continue;
        }
        *hash = (*hash ^ b) * 0x100000001B3u;
        any = true;
    }
    return any;
}

static bool is_in(parley_text words, uint64_t wanted) {
    uint64_t hash;
    while (next_word(&words, &hash))
        if (hash == wanted) return true;
    return false;
}

/* Shell sort: the sets are small, and libc's qsort may allocate. */
static void sort(uint64_t *a, size_t n) {
    for (size_t gap = n / 2; gap; gap /= 2)
        for (size_t i = gap; i < n; i++) {
            uint64_t x = a[i];
            size_t k = i;
            for (; k >= gap && a[k - gap] > x; k -= gap) a[k] = a[k - gap];
            a[k] = x;
        }
}

static struct pairs pairs_of(parley_call *c, parley_text body, parley_text name) {
    struct pairs p = {.hash = parley->alloc(c, (body.n / 2 + 1) * sizeof *p.hash)};
    uint64_t word, before = 0;
    while (next_word(&body, &word)) {
        if (is_in(name, word)) continue;
        if (p.words++) p.hash[p.n++] = mix(before * 31 + word);
        before = word;
    }
    sort(p.hash, p.n);
    size_t n = 0;
    for (size_t i = 0; i < p.n; i++)
        if (!i || p.hash[i] != p.hash[i - 1]) p.hash[n++] = p.hash[i];
    p.n = n;
    return p;
}

static double jaccard(const struct pairs *a, const struct pairs *b) {
    size_t both = 0, i = 0, k = 0;
    while (i < a->n && k < b->n) {
        both += a->hash[i] == b->hash[k];
        if (a->hash[i] <= b->hash[k]) {
            k += a->hash[i] == b->hash[k];
            i++;
        } else
            k++;
    }
    return a->n + b->n ? (double)both / (double)(a->n + b->n - both) : 0;
}

/* [hash of each band's minima] */
static parley_json bands_of(parley_call *c, const struct pairs *p) {
    parley_json bands = parley->list(c);
    for (uint64_t band = 0; band < BANDS; band++) {
        uint64_t all = 0;
        for (uint64_t row = 0; row < ROWS; row++) {
            uint64_t least = UINT64_MAX, seed = mix(1 + band * ROWS + row);
            for (size_t i = 0; i < p->n; i++) {
                uint64_t hash = mix(p->hash[i] ^ seed);
                if (hash < least) least = hash;
            }
            all = mix(all + least);
        }
        parley_append(c, bands, "?", (int64_t)all);
    }
    return bands;
}

/* A near-identical reply: whose, and whether it has been counted. */
struct like {
    int64_t number, thread;
    parley_text customer, body, name, by;
    bool known, canned;
};

static int candidates(parley_call *c, const struct message *reply, parley_json bands, struct like *found, size_t *n) {
    int rc = parley_sql(c,
                        "SELECT DISTINCT m.number, m.thread, m.customer, m.body, t.name, m.by, m.known, m.canned"
                        " FROM json_each($1) j CROSS JOIN likeness l ON l.hash = j.value AND l.band = j.key"
                        " CROSS JOIN message m ON m.number = l.reply JOIN thread t ON t.number = m.thread"
                        " WHERE m.at > $2 AND m.number <> $3 ORDER BY m.number DESC LIMIT $4",
                        bands, reply->at - FAMILY_DAYS * DAY, reply->number, CANDIDATES);
    for (*n = 0; rc > 0; rc = parley->next(c))
        found[(*n)++] = (struct like){.number = parley->col(c, 0),
                                      .thread = parley->col(c, 1),
                                      .customer = parley->col_text(c, 2),
                                      .body = parley->col_text(c, 3),
                                      .name = parley->col_text(c, 4),
                                      .by = parley->col_text(c, 5),
                                      .known = parley->col(c, 6),
                                      .canned = parley->col(c, 7)};
    return rc;
}

/* Keeps those that are near-identical, this reply among them; how many customers they went to. */
static int64_t keep_like(parley_call *c, const struct pairs *p, double threshold, struct like *found, size_t *n) {
    int64_t customers = 0;
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        struct pairs other = pairs_of(c, found[i].body, found[i].name);
        bool again = false;
        if (other.words < WORDS_LEAST || jaccard(p, &other) < threshold) continue;
        for (size_t k = 0; k < kept; k++) again |= found[k].thread == found[i].thread;
        customers += !again;
        found[kept++] = found[i];
    }
    *n = kept;
    return customers;
}

static int count_canned(parley_call *c, const struct like *like, int64_t customers) {
    if (like->canned) return 0;
    int rc = parley_sql(c, "UPDATE message SET canned = 1 WHERE number = $1", like->number);
    return rc < 0 ? rc
                  : parley_track_for(c, like->customer, like->known, "Reply Canned", "{message, agent, customers}",
                                     like->number, like->by, customers);
}

int canned_look(parley_call *c, const struct thread *t, const struct message *reply) {
    double threshold = 0.7;
    int64_t many = 3;
    parley->number(parley->get(t->settings, "cannedSimilarity"), &threshold);
    parley->integer(parley->get(t->settings, "cannedCustomers"), &many);
    struct pairs p = pairs_of(c, reply->body, t->name);
    if (p.words < WORDS_LEAST) return 0;
    parley_json bands = bands_of(c, &p);
    struct like *found = parley->alloc(c, (CANDIDATES + 1) * sizeof *found);
    size_t n;
    int rc =
        parley_sql(c, "INSERT OR IGNORE INTO likeness (hash, band, reply) SELECT value, key, $2 FROM json_each($1)",
                   bands, reply->number);
    if (rc >= 0) rc = candidates(c, reply, bands, found, &n);
    if (rc < 0) return rc;
    found[n++] = (struct like){.number = reply->number,
                               .thread = t->number,
                               .customer = reply->customer,
                               .body = reply->body,
                               .name = t->name,
                               .by = reply->by,
                               .known = reply->known};
    int64_t customers = keep_like(c, &p, threshold, found, &n);
    for (size_t i = 0; i < n && customers >= many && rc >= 0; i++) rc = count_canned(c, &found[i], customers);
    return rc < 0 ? rc : 0;
}
