/* Erasing a customer everywhere: suppressed first, then figures, journal, plugins and parley.db, step by step; what a crash or a
 * plugin that is down interrupts is taken up again. Its timer also looks after merges.h. Loop thread. */
#ifndef PARLEY_API_ERASURE_H
#define PARLEY_API_ERASURE_H

#include "api/app.h"
#include "core/people/erasure.h"

struct erasures;

struct erasures *erasures_open(struct app *app);
/* Takes up what an earlier run of the server left. When plugins run. */
void erasures_resume(struct erasures *erasures);
/* Steps under way stop at the next boundary once app->draining; from now on what is stored of them is only waited for. Before the
 * threads end that do them. */
void erasures_stop(struct erasures *erasures);
/* When these threads and the mailbox are closed: tells who still waits, and is freed with the loop's next turns. */
void erasures_close(struct erasures *erasures);

/* Erases the customer with these keys (copied; the first one names her). `told` is called exactly once: when it is done; after ten
 * seconds with what was done so far, the rest going on by itself; or with an error when it could not be begun. */
typedef void (*erasure_told)(void *user, const struct erasure *erasure, const struct error *error);
void erasures_start(struct erasures *erasures, const struct text *keys, size_t n, struct text actor, erasure_told told,
                    void *user);

#endif
