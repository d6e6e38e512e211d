/* `parley demo crowd`: simulated shoppers in the demo shop, so that trials move while one looks. Everything they do goes through the
 * same routes as a real shopper's doing, and everything of theirs is under ids that begin with "crowd-". */
#ifndef PARLEY_PROGRAMS_PARLEY_CROWD_H
#define PARLEY_PROGRAMS_PARLEY_CROWD_H

#include "core/base/json.h"
#include "core/base/json_write.h"
#include "programs/parley/call.h"

struct ware {
    const char *sku, *name, *picture;
    double price;
    const char *question, *answer; /* what somebody might ask about it, and what somebody who has it says */
};

/* A visit under way, and what all of them did. */
struct crowd {
    struct call *call;
    uint64_t seed;             /* the state of chance */
    struct arena arena;        /* dies with each visit */
    struct buffer events;      /* of the visit, as they will go into a batch */
    struct json answer;        /* of the last request */
    struct buffer answer_body; /* its text */
    char who[40];
    bool asked_for_opinion; /* she met the poll of the trial */
    int64_t visits, votes, orders, questions, answers, boards, comments, messages;
    enum exit_code failed; /* the server is gone, or does not let us in */
};

/* crowd.c: the tools of a visit. */
double crowd_chance(struct crowd *crowd);         /* at least 0, below 1 */
size_t crowd_pick(struct crowd *crowd, size_t n); /* below n */
/* Sends a request as the visitor, JSON or NULL; true where it was done, with the answer in crowd->answer. That a shopper may not
 * do something (switched off, too often) is no failure. */
bool crowd_send(struct crowd *crowd, const char *method, const char *path, const char *body);
/* The text at a member of an object of the answer, on the visit's arena; "" where there is none. */
const char *crowd_text(struct crowd *crowd, json_at object, const char *member);
/* An event of hers about a product, told with the others at the end of the visit. */
void crowd_track(struct crowd *crowd, const char *event, const struct ware *ware);
void crowd_track_order(struct crowd *crowd, const struct ware *const *wares, size_t n);

/* crowd_acts.c: what a visitor does, beginning to end, but for sending her events. */
void crowd_visit(struct crowd *crowd);

enum exit_code crowd_run(struct call *call);

#endif
