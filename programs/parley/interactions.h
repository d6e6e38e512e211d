/* Who had what, and when, from a file: four columns between tabs without a header (person, item, rating, time: MovieLens' u.data), or CSV
 * with a header. They become sets for the recommender. Ratings are not looked at: that somebody rated is what counts. */
#ifndef PARLEY_PROGRAMS_PARLEY_INTERACTIONS_H
#define PARLEY_PROGRAMS_PARLEY_INTERACTIONS_H

#include "core/base/arena.h"
#include "core/base/map.h"
#include "plugins/recommendations/sets.h"
#include "programs/parley/csv.h"

enum interactions_part { PART_LEARNT, PART_TEST };

struct interaction {
    uint32_t person, item, session; /* session: from 1; 0 where the row has none */
    uint32_t place;                 /* in the files */
    enum interactions_part part;
    double at; /* of any unit; 0 where the file has none */
};

struct interactions {
    struct arena arena;
    struct map people, items, sessions; /* text -> its number + 1 */
    struct text *ids;                   /* [items.n] */
    struct interaction *list;
    size_t n, room, ids_room;
    size_t left_out; /* rows without person or item, or whose time is none */
    bool has_sessions, has_times;
};

void interactions_init(struct interactions *all);
void interactions_free(struct interactions *all);
/* Adds a file (gzip too). `map`: "user=CustomerID,item=StockCode,time=InvoiceDate,session=InvoiceNo", what the header calls them; what is
 * not said is called user, item, time, session itself; time and session may be missing. ERR_INVALID, ERR_NOT_FOUND, ERR_IO. */
int interactions_read(struct interactions *all, const char *path, struct text map, enum interactions_part part,
                      struct error *error);
/* Items get their final numbers, by id: as numbers where all are, else by bytes. To be called once, after the files. */
void interactions_order(struct interactions *all);
/* The latest `percent` of all rows become the test. */
void interactions_split(struct interactions *all, int percent);
/* What each person has, in the order of time, each item once; one set for each person, in both. What she had before is not in `later`. */
void interactions_people(struct interactions *all, struct sets *before, struct sets *later);
/* Sessions in the order of their time. One that has rows of both parts is learnt from. */
void interactions_sessions(struct interactions *all, struct sets *learnt, struct sets *test);

#endif
