/* Whether something may be pushed to a customer: what she said (muted features, channels, opt-out, consent, her own caps) and the
 * house's caps over all plugins together. A yes is written down as a contact, so that the next question counts it. On the
 * store lane. */
#ifndef PARLEY_CORE_PEOPLE_CONTACT_H
#define PARLEY_CORE_PEOPLE_CONTACT_H

#include "core/store/sql.h"

enum contact_kind {
    CONTACT_PUSH,   /* of the shop's own accord */
    CONTACT_ANSWER, /* to what she said or asked: opt-out, consent and caps do not hold it back; it is not counted */
};

struct contact {
    const struct text *keys; /* of the customer; the first one names her */
    size_t n;
    struct text plugin, feature, channel; /* who pushes and by what; empty where it has none */
    enum contact_kind kind;
};

struct contact_caps {
    int64_t day, week; /* pushes within 24 hours, within 7 days; 0: no cap */
};

/* X(name, word): the words stand in answers and in /metrics. */
#define CONTACT_ANSWERS(X)                                                                                             \
    X(YES, "allowed")                                                                                                  \
    X(MUTED, "muted")                                                                                                  \
    X(OPTED_OUT, "opted-out")                                                                                          \
    X(CHANNEL_OFF, "channel-off")                                                                                      \
    X(NO_CONSENT, "no-consent")                                                                                        \
    X(CAP_DAY, "cap-day")                                                                                              \
    X(CAP_WEEK, "cap-week")
enum contact_answer {
#define X(name, word) CONTACT_##name,
    CONTACT_ANSWERS(X)
#undef X
        CONTACT_ANSWERS_N
};
const char *contact_word(enum contact_answer answer);

/* One of contact_answer, or a negative code. Within the caller's transaction; a yes to a push has added a row. */
int may_contact(struct sql *sql, struct arena *arena, const struct contact *contact, const struct contact_caps *caps,
                int64_t now, struct error *error);
/* How many pushes the customer had within 24 hours and 7 days. */
int contact_counts(struct sql *sql, const struct text *keys, size_t n, int64_t now, int64_t *day, int64_t *week,
                   struct error *error);

#endif
