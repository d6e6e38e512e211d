#include "core/people/contact.h"

#include "core/base/clock.h"
#include "core/people/customers.h"

enum { WEEK = 7 * CLOCK_DAY };

const char *contact_word(enum contact_answer answer) {
    static const char *const words[] = {
#define X(name, word) word,
        CONTACT_ANSWERS(X)
#undef X
    };
    return words[answer];
}

int contact_counts(struct sql *sql, const struct text *keys, size_t n, int64_t now, int64_t *day, int64_t *week,
                   struct error *error) {
    *day = *week = 0;
    for (size_t i = 0; i < n; i++) {
        struct sql_rows rows;
        int rc = sql_query(sql, &rows, error,
                           "SELECT count(*), coalesce(sum(CASE WHEN at > $2 THEN 1 ELSE 0 END), 0) FROM contact"
                           " WHERE customer = $1 AND at > $3",
                           SQL_T(keys[i]), SQL_I(now - CLOCK_DAY), SQL_I(now - WEEK));
        if (rc == 0) rc = sql_next(&rows, error);
        if (rc > 0) {
            *week += sql_int(&rows, 0);
            *day += sql_int(&rows, 1);
        }
        sql_done(&rows);
        if (rc < 0) return rc;
    }
    return 0;
}

/* What she said, whatever was pushed before. */
static enum contact_answer wish(const struct preferences *p, const struct contact *contact) {
    if (contact->feature.n && preferences_mute(p, contact->feature)) return CONTACT_MUTED;
    for (size_t i = 0; i < p->channels_n; i++)
        if (text_eq(p->channels_off[i], contact->channel)) return CONTACT_CHANNEL_OFF;
    if (contact->kind == CONTACT_ANSWER) return CONTACT_YES;
    if (p->pushes_off) return CONTACT_OPTED_OUT;
    return preferences_consent(p, TEXT("marketing")) == 0 ? CONTACT_NO_CONSENT : CONTACT_YES;
}

/* The house's cap and her own: the smaller one. */
static bool reached(int64_t count, int64_t house, int64_t own) {
    return (house > 0 && count >= house) || (own >= 0 && count >= own);
}

int may_contact(struct sql *sql, struct arena *arena, const struct contact *contact, const struct contact_caps *caps,
                int64_t now, struct error *error) {
    struct preferences p;
    int64_t day, week;
    int rc = customers_preferences(sql, arena, contact->keys, contact->n, &p, error);
    if (rc < 0) return rc;
    enum contact_answer answer = wish(&p, contact);
    if (answer != CONTACT_YES || contact->kind == CONTACT_ANSWER) return (int)answer;
    rc = contact_counts(sql, contact->keys, contact->n, now, &day, &week, error);
    if (rc < 0) return rc;
    if (reached(day, caps->day, p.per_day)) return CONTACT_CAP_DAY;
    if (reached(week, caps->week, p.per_week)) return CONTACT_CAP_WEEK;
    rc = sql_run(sql, error, "DELETE FROM contact WHERE at <= $1", SQL_I(now - WEEK));
    if (rc >= 0)
        rc = sql_run(sql, error,
                     "INSERT INTO contact (customer, at, plugin, feature, channel) VALUES ($1, $2, $3, $4, $5)",
                     SQL_T(contact->keys[0]), SQL_I(now), SQL_T(contact->plugin), SQL_T(contact->feature),
                     SQL_T(contact->channel));
    return rc < 0 ? rc : CONTACT_YES;
}
