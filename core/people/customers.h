/* What Parley knows of a customer beside her timeline: traits (facts, told by `identify` or corrected by staff), preferences and
 * consent. Each is kept under the key it came with and joined when it is read, so that un-merging two customers gives each of
 * them back what was hers. On the store lane; texts returned live in the arena. */
#ifndef PARLEY_CORE_PEOPLE_CUSTOMERS_H
#define PARLEY_CORE_PEOPLE_CUSTOMERS_H

#include "core/base/json_write.h"
#include "core/store/sql.h"

enum {
    TRAITS_MOST = 100,       /* names a key may have */
    TRAIT_NAME_MOST = 64,    /* bytes */
    TRAIT_VALUE_MOST = 2048, /* bytes of JSON */
};

/* --- traits --- */

enum trait_source { TRAIT_TOLD = 0, TRAIT_STAFF = 1 }; /* stored */

struct trait {
    struct text name;
    struct text value; /* JSON; "null" where staff took the fact away */
    int64_t at;        /* ms: since when it is so */
    enum trait_source source;
};

/* The facts about the person with these keys, by name: staff's word wins over what was told, then the latest. Those that staff
 * took away are left out. */
int customers_traits(struct sql *sql, struct arena *arena, const struct text *keys, size_t n, struct trait **traits,
                     size_t *traits_n, struct error *error);
/* Tells one; an older value than the one that is there changes nothing. Returns 1 where it was taken, 0 where it is older or the
 * key has TRAITS_MOST names already, or a negative code. Within the caller's transaction. */
int customers_tell(struct sql *sql, struct text key, const struct trait *trait, struct error *error);
/* Takes back staff's word: what was told holds again. Within the caller's transaction. */
int customers_lift(struct sql *sql, const struct text *keys, size_t n, struct text name, struct error *error);

/* --- preferences and consent --- */

struct preferences {
    struct text *muted; /* keys of features */
    size_t muted_n;
    struct text *channels_off; /* "email", "web" ... that she wants nothing pushed by */
    size_t channels_n;
    bool pushes_off;           /* opted out of everything pushed */
    int64_t per_day, per_week; /* at most so many pushes; -1: the house's caps */
    struct consent {
        struct text purpose; /* "marketing", "analytics" ... */
        bool granted;
        int64_t at; /* ms */
    } * consents;
    size_t consents_n;
    int64_t at; /* ms: when they were last changed; 0: never, these are the defaults */
};

/* The newest that any of the keys has; consent, muted features: of that one. */
int customers_preferences(struct sql *sql, struct arena *arena, const struct text *keys, size_t n,
                          struct preferences *preferences, struct error *error);
/* Within the caller's transaction. */
int customers_prefer(struct sql *sql, struct text key, const struct preferences *preferences, struct error *error);
/* {"muted","pushes","channels","perDay","perWeek","consent","at"}, as GET and PUT /v1/me/preferences have it. */
void preferences_write(struct json_writer *w, const struct preferences *preferences);
/* Reads what preferences_write wrote, or a shopper's body: members may be missing. Consent that says what `before` said keeps its
 * time. ERR_INVALID with places. `before` and `preferences` may not be one. */
int preferences_read(struct preferences *preferences, struct text json, const struct preferences *before, int64_t now,
                     struct arena *arena, struct error *error);
bool preferences_mute(const struct preferences *preferences, struct text feature);
/* What she refuses, each as one text: "pushes", "feature:KEY" (muted), "channel:NAME", "consent:PURPOSE"; only what `before` does not refuse. In
 * the arena. */
void preferences_refused(const struct preferences *preferences, const struct preferences *before, struct arena *arena,
                         struct text **refused, size_t *n);
/* What she said of a purpose: 1 granted, 0 refused, -1 never asked. */
int preferences_consent(const struct preferences *preferences, struct text purpose);

/* --- finding customers --- */

struct customer_found {
    struct text id;
    struct text matched; /* the word that matched, in lower case: an id, a name, an e-mail */
};
struct customer_page {
    struct customer_found *items;
    size_t n;
    struct text next; /* cursor; empty: this was the last */
};
/* Customers one of whose words begins with `q` (compared in lower case; empty: everybody), each once. Words are ids, names and
 * e-mails of those who ever identified themselves. ERR_INVALID for a cursor that is none. */
int customers_search(struct sql *sql, struct arena *arena, struct text q, struct text cursor, size_t limit,
                     struct customer_page *page, struct error *error);

/* Makes the words that a key is found by anew, from its traits. Within the caller's transaction. */
int customers_index(struct sql *sql, struct arena *arena, struct text customer, struct error *error);

/* --- unread marks: one for all agents, as the shop is one to the customer --- */

struct seen_mark {
    int64_t seq, at; /* the journal's row up to which everything was seen; when. 0: nothing was */
    struct text by;
};
int customers_seen(struct sql *sql, struct arena *arena, const struct text *keys, size_t n, struct seen_mark *mark,
                   struct error *error);
/* Only forward. Within the caller's transaction. */
int customers_see(struct sql *sql, struct text key, const struct seen_mark *mark, struct error *error);

/* Forgets all of it. Within the caller's transaction. Returns the number of rows. */
int customers_forget(struct sql *sql, const struct text *keys, size_t n, struct error *error);

#endif
