/* What a plugin asks of parleyd in the middle of a callback: a customer's traits, consent, timeline, ids, whether she may be told something. Knows who may ask about whom; how the
 * question travels is the runtime's `ask`. */
#ifndef PARLEY_CORE_PLUGINS_WORKER_ASK_H
#define PARLEY_CORE_PLUGINS_WORKER_ASK_H

#include "core/plugins/worker_call.h"

enum { ASK_MS = 500 /* for one answer */ };

struct ask {
    const char *what;     /* "traits", "consent", "entries", "contact", "ids", "find" */
    parley_text customer; /* {NULL, 0}: the calling one */
    const char *kinds;    /* of entries, as the next two */
    parley_text before;
    int limit;
    const char *contact; /* of contact, as the next two: "push" or "answer" */
    parley_text feature;
    const char *channel; /* NULL: "web" */
    parley_text word;    /* to find; nobody is named then */
};

/* {NULL, 0} where there is no answer; the log says why. */
parley_json ask_parley(parley_call *call, const struct ask *ask);

#endif
