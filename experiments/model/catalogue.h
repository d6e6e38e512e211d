/* All definitions as they are now, and every way to change them: validated against each other, written with their audit rows
 * in one transaction, compiled into a new snapshot, or refused whole. One owner: the store lane. Knows nothing of HTTP. */
#ifndef PARLEY_EXPERIMENTS_MODEL_CATALOGUE_H
#define PARLEY_EXPERIMENTS_MODEL_CATALOGUE_H

#include "core/base/json_write.h"
#include "core/store/sql.h"
#include "experiments/model/releases.h"
#include "experiments/model/repository.h"
#include "experiments/model/snapshot.h"

struct catalogue;

/* Reads everything there is. `sql` is borrowed for life. ERR_CORRUPT names a definition that no longer validates. */
int catalogue_open(struct catalogue **catalogue, struct sql *sql, struct error *error);
void catalogue_close(struct catalogue *catalogue);
/* The snapshot of what is committed; a new reference, the caller's. */
struct snapshot *catalogue_snapshot(const struct catalogue *catalogue);

int64_t catalogue_revision(const struct catalogue *catalogue);
/* Reads everything again: after a transaction with changes in it was rolled back. Aborts where that is not possible. */
void catalogue_reload(struct catalogue *catalogue);

/* Does `work` in one transaction: its changes, audit rows and whatever else it writes, or nothing. All its changes together
 * are one revision. A negative code of `work`
 * rolls back. *changed: the snapshot of after it where definitions changed (a reference, the caller's), else NULL. */
int catalogue_transaction(struct catalogue *catalogue, int (*work)(void *user, struct sql *sql, struct error *error),
                          void *user, struct snapshot **changed, struct error *error);

/* Who changes, when, and on what condition. Texts are borrowed for the call. */
struct change {
    enum definition_kind kind;
    struct text key;
    int64_t if_match; /* a version, or DOCUMENT_ANY */
    struct text actor;
    int64_t now; /* ms */
};

/* Each is one change within the caller's transaction: 0, or a code with the sentence, and the caller rolls back. Afterwards
 * catalogue_show gives the result. */

/* Writes a definition whole. *created tells a new one from another version. */
int catalogue_put(struct catalogue *catalogue, const struct change *change, const json_t *body, bool *created,
                  struct error *error);
/* RFC 7396 merge patch of what is there. */
int catalogue_patch(struct catalogue *catalogue, const struct change *change, const json_t *patch, struct error *error);
int catalogue_delete(struct catalogue *catalogue, const struct change *change, struct error *error);
/* Makes an earlier version's body the newest version. */
int catalogue_restore(struct catalogue *catalogue, const struct change *change, int64_t version, struct error *error);
/* The kill switch of a feature: needs no If-Match and conflicts with nothing. */
int catalogue_kill(struct catalogue *catalogue, const struct change *change, bool killed, struct error *error);

/* Many definitions as one change: each a {"kind","body"} of `list`, which may refer to each other in any order. All are written, or
 * none; with APPLY_CHECK nothing is, but everything is checked. Those that are there as they are, are left alone. Faults point into
 * `list`: "/definitions/3/body/off". What is not in the list stays, but of the kinds in `pruned` (bits) it goes, unless a plugin brings
 * it; ERR_CONFLICT where that is a live experiment, or is still referred to. Of `change`, only who and when count. Writes
 * an element {"kind","key","outcome"} for each to `out`; with APPLY_CHECK also "before" and "after" of what would change. */
enum apply_mode { APPLY_WRITE, APPLY_CHECK };
enum { APPLY_MOST = 20000 };
int catalogue_apply(struct catalogue *catalogue, const struct change *change, const json_t *list, unsigned pruned,
                    enum apply_mode mode, struct json_writer *out, struct error *error);

/* Uploaded ids of a segment that has a list: in place of those that are there, beside them, or out of them. A version of the
 * segment, with the ids' count and digest in its body. The ids of the newest KEPT_LISTS versions are kept to be restored. */
enum list_change { LIST_REPLACE, LIST_ADD, LIST_REMOVE };
enum { IDS_MOST = 10000000, KEPT_LISTS = 8 };
int catalogue_list_change(struct catalogue *catalogue, const struct change *change, enum list_change how,
                          const struct id_list *ids, struct error *error);
/* What is known of plugin releases from now on: settings are checked against it. Takes the reference over. */
void catalogue_set_releases(struct catalogue *catalogue, struct releases *releases);
/* Whether every feature's settings suit those of `releases` that may serve it: 0, or ERR_CONFLICT with
 * "/features/KEY/variants/KEY/settings..." as places. */
int catalogue_check_releases(const struct catalogue *catalogue, const struct releases *releases, struct error *error);
/* Makes the metrics that plugins bring those of their active releases: new ones are made, changed ones changed (but not under
 * a live experiment), those that nobody brings any more are deleted unless an experiment names them. A metric of the same key that
 * is a person's, or another plugin's, stays; `note` is told each such thing, with the plugin's name. change: actor and now alone. */
int catalogue_contribute(struct catalogue *catalogue, const struct change *change,
                         void (*note)(void *user, struct text plugin, struct text sentence), void *user,
                         struct error *error);

enum experiment_step { STEP_START, STEP_PAUSE, STEP_RESUME, STEP_CONCLUDE, STEP_RAMP, STEP_END, STEP_APPROVE };
struct experiment_step_input {
    int64_t at; /* start, ramp, end: when it is, or was, due; ms */
    enum experiment_outcome outcome;
    struct text variant;
    struct text note;    /* for the audit log; of conclude, in the results too */
    bool audience_alone; /* ship: to the audience by a rule, not to everybody */
};
/* Takes the experiment `change->key` a step further; conclude changes its feature in the same transaction. */
int catalogue_step(struct catalogue *catalogue, const struct change *change, enum experiment_step step,
                   const struct experiment_step_input *input, struct error *error);

/* The definition with "version" and what Parley knows of its state. ERR_NOT_FOUND. *version may be NULL. */
int catalogue_show(const struct catalogue *catalogue, enum definition_kind kind, struct text key,
                   struct json_writer *out, int64_t *version, struct error *error);
/* Which definitions of a kind are looked for; what is empty says nothing. */
struct catalogue_filter {
    struct text state, outcome; /* of experiments: "concluded", "ship" ... */
    struct text
        q; /* words: each stands somewhere in key, name, hypothesis, owner, feature, tags or the outcome's note, in
                                 * whatever case (ASCII) */
};
/* {"items":[...],"next":"key"|null}: by key, after `after`, those that `filter` (NULL: all) takes. */
void catalogue_list(const struct catalogue *catalogue, enum definition_kind kind, const struct catalogue_filter *filter,
                    struct text after, size_t limit, struct json_writer *out);

#endif
