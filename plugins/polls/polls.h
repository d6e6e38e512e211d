/* Polls: one question in context whose result is shown back. What the plugin's files share.
 *
 * A vote is a row of an append-only log; what counts is each voter's last row (last write wins), never a counter. Who may see the
 * tally is decided in one place, results.c, through which every answer goes. */
#ifndef POLLS_H
#define POLLS_H

#include <parley/plugin.h>

enum {
    POLL_OPTIONS_LEAST = 2,
    POLL_OPTIONS_MOST = 20,
    POLL_KEY_MOST = 64,                                         /* bytes of a poll's id and of an option's key */
    POLL_QUESTION_MOST = 500,                                   /* bytes */
    POLL_LABEL_MOST = 200,                                      /* bytes */
    POLL_ABOUT_MOST = 200,                                      /* bytes */
    POLLS_PAGE = 50,                                            /* polls in one answer */
    POLL_CHOICE_MOST = POLL_OPTIONS_MOST * (POLL_KEY_MOST + 1), /* bytes of a choice as the log has it */
};

/* A poll as the database has it. Texts are borrowed until the callback returns. */
struct poll {
    parley_text id, question, kind, results, about; /* about: {NULL, 0} where it is about nothing */
    parley_json options;                            /* [{key, label}] */
    int64_t close_at;                               /* ms; INT64_MAX: never */
    int64_t revision;                               /* of the definition */
    int64_t number;                                 /* in the order of making */
};

/* poll.c */
int poll_find(parley_call *c, parley_text id, struct poll *poll); /* 0, or refused with 404 */
bool poll_closed(parley_call *c, const struct poll *poll);
bool poll_is_multiple(const struct poll *poll);
/* The place of an option in the poll, from 0; -1 where it has none such. */
int poll_place(const struct poll *poll, parley_text key);
/* ?limit= and ?cursor= of a list that has the highest numbers first; refused where they are wrong. */
int poll_page(parley_call *c, int64_t *limit, int64_t *before);
int poll_list(parley_call *c); /* GET /polls */
int poll_get(parley_call *c);  /* GET /polls/{id} */

/* define.c */
int poll_create(parley_call *c); /* POST /polls */
int poll_change(parley_call *c); /* PATCH /polls/{id} */

/* vote.c. A choice is the keys of the options taken, in the poll's order, joined by commas; "" is none. */
parley_text vote_choice(parley_call *c, const struct poll *poll); /* the caller's */
parley_json vote_keys(parley_call *c, parley_text choice);        /* as a list */
bool vote_next_key(parley_text *choice, parley_text *key);        /* takes the first one off */
int vote_limit(parley_call *c, const struct poll *poll);          /* how many options a voter may take */
int vote_put(parley_call *c);                                     /* PUT /polls/{id}/vote */
int vote_withdraw(parley_call *c);                                /* DELETE /polls/{id}/vote */
int vote_more(parley_call *c);                                    /* POST /polls/{id}/more */

/* tally.c */
struct tally {
    int64_t voters[2];                   /* [0] anonymous, [1] known */
    int64_t votes[POLL_OPTIONS_MOST][2]; /* by the option's place in the poll */
};
/* What the caller sees of the log: what is on disk, or also what its transaction has added. */
enum tally_view { VIEW_COMMITTED, VIEW_IN_TRANSACTION };
int tally_of(parley_call *c, const struct poll *poll, enum tally_view view, struct tally *tally);
struct tally_memory *tally_memory_new(void);
void tally_memory_free(struct tally_memory *memory);
void tally_memory_rolled_back(void *state);

/* results.c: the one gate. A poll as this caller may see it; `choice` is her own. */
parley_json results_view(parley_call *c, const struct poll *poll, parley_text choice, enum tally_view view);
/* [{key, votes}] of counts by the option's place; from 1.1 on with the share of the voters, to a tenth. */
parley_json results_counts(parley_call *c, const struct poll *poll, const int64_t votes[POLL_OPTIONS_MOST],
                           int64_t voters);
int results_for_staff(parley_call *c); /* GET /polls/{id}/results?by= */

/* segments.c */
/* What goes with the caller's vote: [[name, value] ...] of what the variant's setting "segments" names; {NULL, 0} where it names nothing. */
parley_json segments_of_voter(parley_call *c);
/* [{segment, voters, options}] with cells under five merged; refused where no vote says `by`. */
int segments_by(parley_call *c, const struct poll *poll, parley_text by, parley_json *out);

/* friends.c */
int friends_create(parley_call *c); /* POST /friends */
int friends_list(parley_call *c);   /* GET /friends */
int friends_get(parley_call *c);    /* GET /friends/{id} */
int friends_share(parley_call *c);  /* GET /share/{id} */
int friends_vote(parley_call *c);   /* PUT /friends/{id}/vote */
int friends_remove(parley_call *c); /* DELETE /friends/{id} */
/* Lists of what she asked and where she voted; negative where it failed. */
int friends_export(parley_call *c, parley_text customer, parley_json *asked, parley_json *voted);
int friends_forget(parley_call *c, parley_text customer);

/* rights.c */
int rights_export(parley_call *c, parley_text customer);
int rights_forget(parley_call *c, parley_text customer);

#endif
