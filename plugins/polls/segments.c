/* A poll by segment, for the staff: by what Parley knows of each vote (known, feature, variant), or by what the voter said of herself when
 * she voted, as far as the variant's setting "segments" asks for it. Small cells are merged: they would tell who is in them. */
#include "plugins/polls/polls.h"

enum { SEGMENTS_MOST = 64, CELL_LEAST = 5, VALUE_MOST = 64 /* bytes: what is longer is no segment */ };

/* ---- when somebody votes ---- */

/* What the shop was told of her by `identify`, else what the page says of the visit. */
static parley_json value_of(parley_call *c, parley_json traits, parley_text name) {
    const char *key = parley_format(c, "{}", name);
    parley_json value = parley->get(traits, key);
    return parley_is(value) ? value : parley->attribute(c, key);
}

static bool is_segment(parley_json value) {
    const enum parley_kind kind = parley->kind(value);
    if (kind == PARLEY_STRING) return parley_some(parley->text(value)) && parley->text(value).n <= VALUE_MOST;
    return kind == PARLEY_NUMBER || kind == PARLEY_BOOL;
}

parley_json segments_of_voter(parley_call *c) {
    parley_json names = parley->get(parley->settings(c), "segments"), traits = {0};
    if (parley->length(names) == 0) return (parley_json){0};
    if (parley->known(c)) traits = parley->traits(c, (parley_text){0});
    parley_json said = parley->list(c);
    for (parley_json n = parley->first(names); parley_is(n); n = parley->after(names, n)) {
        parley_json value = value_of(c, traits, parley->text(n));
        if (is_segment(value)) parley_append(c, said, "[?, ?]", n, value);
    }
    return said;
}

/* ---- when the staff ask ---- */

struct segment {
    parley_text name;
    int64_t voters, votes[POLL_OPTIONS_MOST];
};

struct segments {
    struct segment all[SEGMENTS_MOST];
    int n;
    struct segment other; /* those beyond, and the small ones */
};

static void fold(struct segment *into, const struct segment *from) {
    into->voters += from->voters;
    for (int i = 0; i < POLL_OPTIONS_MOST; i++) into->votes[i] += from->votes[i];
}

/* Cells of fewer than CELL_LEAST voters go into `other`; while that is too small itself the next smallest joins it. */
static void merge_small(struct segments *s) {
    for (;;) {
        int smallest = -1;
        for (int i = 0; i < s->n; i++)
            if (smallest < 0 || s->all[i].voters < s->all[smallest].voters) smallest = i;
        bool needed = smallest >= 0 &&
                      (s->all[smallest].voters < CELL_LEAST || (s->other.voters > 0 && s->other.voters < CELL_LEAST));
        if (!needed) return;
        fold(&s->other, &s->all[smallest]);
        s->all[smallest] = s->all[--s->n];
    }
}

static struct segment *segment_named(struct segments *s, parley_text name) {
    for (int i = 0; i < s->n; i++)
        if (parley_same(s->all[i].name, name)) return &s->all[i];
    if (s->n == SEGMENTS_MOST) return &s->other;
    s->all[s->n] = (struct segment){.name = name};
    return &s->all[s->n++];
}

/* The last choices that are not withdrawn, by `by`. */
static int read_segments(parley_call *c, const struct poll *poll, parley_text by, struct segments *s) {
    int row = parley_sql(c,
                         "SELECT CASE $2 WHEN 'known' THEN CASE known WHEN 1 THEN 'known' ELSE 'anonymous' END"
                         "               WHEN 'feature' THEN feature WHEN 'variant' THEN variant"
                         "               ELSE coalesce((SELECT json_extract(value, '$[1]') FROM json_each(vote.said)"
                         "                              WHERE json_extract(value, '$[0]') = $2), 'unknown') END,"
                         "       choice, count(*)"
                         " FROM vote WHERE poll = $1 AND voter IS NOT NULL AND choice <> ''"
                         "   AND NOT EXISTS (SELECT 1 FROM vote later WHERE later.voter = vote.voter"
                         "                   AND later.poll = vote.poll AND later.number > vote.number)"
                         " GROUP BY 1, 2 ORDER BY 1, 2",
                         poll->id, by);
    for (; row > 0; row = parley->next(c)) {
        struct segment *segment = segment_named(s, parley->col_text(c, 0));
        parley_text choice = parley->col_text(c, 1);
        int64_t voters = parley->col(c, 2);
        segment->voters += voters;
        for (parley_text key; vote_next_key(&choice, &key);) {
            int place = poll_place(poll, key);
            if (place >= 0) segment->votes[place] += voters;
        }
    }
    return row;
}

static bool is_column(parley_text by) {
    return parley_same(by, PARLEY_TEXT("known")) || parley_same(by, PARLEY_TEXT("feature")) ||
           parley_same(by, PARLEY_TEXT("variant"));
}

/* 0 where some vote of the poll says `by`, or there is no vote at all. */
static int check_by(parley_call *c, const struct poll *poll, parley_text by) {
    if (is_column(by)) return 0;
    int rc = parley_sql(c,
                        "SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM json_each(said)"
                        " WHERE json_extract(value, '$[0]') = $2)) FROM vote WHERE poll = $1 AND voter IS NOT NULL",
                        poll->id, by);
    if (rc < 0 || parley->col(c, 0) == 0 || parley->col(c, 1) > 0) return rc < 0 ? rc : 0;
    return parley_fail(c, 400,
                       "no vote says \"{}\": by is known, feature, variant, or a trait that the setting \"segments\""
                       " of the variant names",
                       by);
}

static void append(parley_call *c, parley_json list, const struct poll *poll, const struct segment *segment) {
    parley_append(c, list, "{segment, voters, options}", segment->name, segment->voters,
                  results_counts(c, poll, segment->votes, segment->voters));
}

int segments_by(parley_call *c, const struct poll *poll, parley_text by, parley_json *out) {
    struct segments s = {.other.name = PARLEY_TEXT("other")};
    int rc = check_by(c, poll, by);
    if (rc >= 0) rc = read_segments(c, poll, by, &s);
    if (rc < 0) return rc;
    merge_small(&s);
    *out = parley->list(c);
    for (int i = 0; i < s.n; i++) append(c, *out, poll, &s.all[i]);
    if (s.other.voters) append(c, *out, poll, &s.other);
    return 0;
}
