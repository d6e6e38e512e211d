/* Who is one person: an anonymous key that identifies itself, and customers whom staff merge, by the same rules as in experiments.
 * A key that was joined points to its leader, a customer's own id to itself; a key without a row is a visitor nobody knows. */
#include "experiments/insight/insight_internal.h"

static int64_t number_of(struct text unit) {
    return (int64_t)unit_of(unit).lo;
}

int insight_leader(struct insight *in, int64_t unit, int64_t *leader, struct error *error) {
    struct sql_rows rows;
    *leader = unit;
    int rc = sql_query(in->sql, &rows, error, "SELECT leader FROM person WHERE unit = $1", SQL_I(unit));
    if (rc == 0 && (rc = sql_next(&rows, error)) > 0) *leader = sql_int(&rows, 0);
    sql_done(&rows);
    return rc;
}

int insight_know(struct insight *in, int64_t unit, struct error *error) {
    int rc = sql_run(in->sql, error, "INSERT INTO person (unit, leader) VALUES ($1, $1) ON CONFLICT DO NOTHING",
                     SQL_I(unit));
    if (rc > 0) rc = sql_run(in->sql, error, "UPDATE bought SET known = 1 WHERE who = $1", SQL_I(unit));
    return rc < 0 ? rc : 0;
}

/* All that `other` leads follows `leader` from now on. */
static int lead(struct insight *in, int64_t leader, int64_t other, bool has_row, struct error *error) {
    int rc =
        has_row
            ? sql_run(in->sql, error, "UPDATE person SET leader = $1 WHERE leader = $2", SQL_I(leader), SQL_I(other))
            : sql_run(in->sql, error, "INSERT INTO person (unit, leader) VALUES ($2, $1)", SQL_I(leader), SQL_I(other));
    if (rc >= 0)
        rc = sql_run(in->sql, error, "UPDATE bought SET who = $1, known = 1 WHERE who = $2", SQL_I(leader),
                     SQL_I(other));
    return rc < 0 ? rc : 0;
}

/* Two customers become one by the staff's word alone; then each keeps her own visits, for they may be taken apart. */
int insight_join(struct insight *in, const struct journal_record *r, struct error *error) {
    int64_t unit = number_of(r->unit), other = number_of(r->other), leader, others;
    bool staff = r->actor == JOURNAL_STAFF;
    int rc = r->flags & JOURNAL_KNOWN ? insight_know(in, unit, error) : 0;
    if (rc < 0 || !r->other.n) return rc;
    rc = insight_leader(in, unit, &leader, error);
    if (rc < 0) return rc;
    int row = insight_leader(in, other, &others, error);
    if (row < 0 || others == leader || others != other || (row && !staff)) return row < 0 ? row : 0;
    rc = lead(in, leader, other, row, error);
    if (staff) insight_forget_leaders(in);
    return rc < 0 || staff ? rc : insight_move_visits(in, unit_of(r->other), leader, error);
}

int insight_part(struct insight *in, const struct journal_record *r, struct error *error) {
    int64_t unit = number_of(r->unit), other = number_of(r->other), leader = unit, others = other;
    int rc = insight_leader(in, unit, &leader, error);
    if (rc >= 0) rc = insight_leader(in, other, &others, error);
    if (rc < 0 || unit == other || others != leader) return rc < 0 ? rc : 0;
    int64_t leaves = unit == leader ? other : unit;
    rc = sql_run(in->sql, error, "UPDATE person SET leader = unit WHERE unit = $1", SQL_I(leaves));
    if (rc >= 0)
        rc = sql_run(in->sql, error, "UPDATE bought SET who = unit WHERE who = $1 AND unit = $2", SQL_I(leader),
                     SQL_I(leaves));
    insight_forget_leaders(in);
    return rc < 0 ? rc : 0;
}

int insight_forget_person(struct insight *in, struct text key, struct error *error) {
    struct sql_value unit = SQL_I(number_of(key));
    int64_t leader;
    int rc = insight_leader(in, number_of(key), &leader, error);
    if (rc >= 0) rc = sql_run(in->sql, error, "DELETE FROM seen WHERE unit = $1", unit);
    if (rc >= 0) rc = sql_run(in->sql, error, "DELETE FROM bought WHERE who = $1 AND unit = $2", SQL_I(leader), unit);
    if (rc >= 0) rc = sql_run(in->sql, error, "DELETE FROM orders WHERE unit = $1", unit);
    if (rc >= 0) rc = sql_run(in->sql, error, "DELETE FROM visitor WHERE unit = $1", unit);
    if (rc >= 0) rc = sql_run(in->sql, error, "DELETE FROM person WHERE unit = $1", unit);
    return rc < 0 ? rc : 0;
}
