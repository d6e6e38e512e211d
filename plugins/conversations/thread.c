/* Threads: whose they are, how several become one, what waits and since when, and the staff's queue of them. */
#include "plugins/conversations/conversations.h"

#define COLUMNS                                                                                                        \
    "t.number, t.customer, t.known, t.status, t.assignee, t.name, coalesce(t.waiting_since, 0),"                       \
    " coalesce(t.snoozed_until, 0), t.last_at, coalesce(t.order_at, 0), t.seen_by_customer, t.seen_by_staff,"          \
    " t.settings, t.feature"
enum { COLUMNS_N = 14, SEARCHED = 20000 /* messages, the newest, that a search looks at */ };
/* Who waits stands before who does not: times of this century are below it. */
static const int64_t BEHIND = 10000000000000;

static void read_row(parley_call *c, struct thread *t) {
    *t = (struct thread){
        .number = parley->col(c, 0),
        .customer = parley->col_text(c, 1),
        .known = parley->col(c, 2),
        .status = parley->col_text(c, 3),
        .assignee = parley->col_text(c, 4),
        .name = parley->col_text(c, 5),
        .waiting_since = parley->col(c, 6),
        .snoozed_until = parley->col(c, 7),
        .last_at = parley->col(c, 8),
        .order_at = parley->col(c, 9),
        .seen_by_customer = parley->col(c, 10),
        .seen_by_staff = parley->col(c, 11),
        .settings = parley->parse(c, parley->col_text(c, 12)),
        .feature = parley->col_text(c, 13),
    };
}

parley_json ids_of(parley_call *c, parley_text customer) {
    parley_json ids = parley->ids(c, customer);
    if (parley->length(ids)) return ids;
    return parley_object(c, "[?]", customer);
}

int thread_find(parley_call *c, parley_json ids, struct thread *t) {
    int rc = parley_sql(c,
                        "SELECT " COLUMNS " FROM thread t WHERE number = (SELECT min(thread) FROM member"
                        " WHERE customer IN (SELECT value FROM json_each($1)))",
                        ids);
    if (rc > 0) read_row(c, t);
    return rc;
}

int thread_of_path(parley_call *c, parley_json *ids, struct thread *t) {
    parley_text customer = parley->path(c, "customer");
    *ids = ids_of(c, customer);
    int rc = thread_find(c, *ids, t);
    if (rc) return rc;
    return parley_fail(c, 404, "there is no conversation with {}", customer);
}

/* ---- one person, one thread ---- */

static int make(parley_call *c, parley_text customer, bool known) {
    int rc =
        parley_sql(c,
                   "INSERT INTO thread (customer, known, status, last_at, place) VALUES ($1, $2, 'waiting', $3, $4)"
                   " RETURNING number",
                   customer, known, parley->now(c), BEHIND);
    if (rc < 0) return rc;
    return parley_sql(c, "INSERT INTO member (customer, thread) VALUES ($1, $2)", customer, parley->col(c, 0));
}

/* What was said in another thread of hers moves over; what it was waiting for still waits. */
static int absorb(parley_call *c, const struct thread *t, int64_t other) {
    static const char *const moves[] = {
        "UPDATE message SET thread = $1 WHERE thread = $2",
        "UPDATE member SET thread = $1 WHERE thread = $2",
        "INSERT OR IGNORE INTO fact (thread, name, value, by, at)"
        " SELECT $1, name, value, by, at FROM fact WHERE thread = $2",
        "UPDATE thread SET seen_by_staff = min(seen_by_staff, (SELECT seen_by_staff FROM thread WHERE number = $2)),"
        " assignee = coalesce(assignee, (SELECT assignee FROM thread WHERE number = $2)) WHERE number = $1",
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof moves / sizeof *moves && rc >= 0; i++) rc = parley_sql(c, moves[i], t->number, other);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM fact WHERE thread = $1", other);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM thread WHERE number = $1", other);
    return rc;
}

static int absorb_all(parley_call *c, struct thread *t, parley_json others) {
    for (parley_json o = parley->first(others); parley_is(o); o = parley->after(others, o)) {
        int64_t other = 0;
        parley->integer(o, &other);
        int rc = absorb(c, t, other);
        if (rc < 0) return rc;
    }
    return thread_settle(c, t);
}

static int absorb_others(parley_call *c, parley_json ids, struct thread *t) {
    parley_json others = parley->list(c);
    int rc = parley_sql(c,
                        "SELECT DISTINCT thread FROM member WHERE customer IN (SELECT value FROM json_each($1))"
                        " AND thread <> $2",
                        ids, t->number);
    for (; rc > 0; rc = parley->next(c)) parley_append(c, others, "?", parley->col(c, 0));
    if (rc < 0 || !parley->length(others)) return rc;
    return absorb_all(c, t, others);
}

/* The first of the ids names her; an anonymous thread becomes a known customer's. */
static int rename_to(parley_call *c, struct thread *t, parley_text customer) {
    if (parley_same(t->customer, customer) && t->known) return 0;
    t->customer = customer;
    t->known = true;
    return parley_sql(c, "UPDATE thread SET customer = $2, known = 1 WHERE number = $1", t->number, customer);
}

int thread_join(parley_call *c, parley_json ids, parley_text customer, bool known, struct thread *t) {
    int rc = thread_find(c, ids, t);
    if (rc == 0) {
        rc = make(c, customer, known);
        if (rc >= 0) rc = thread_find(c, ids, t);
        return rc < 0 ? rc : 0;
    }
    if (rc > 0) rc = absorb_others(c, ids, t);
    if (rc >= 0)
        rc = parley_sql(c, "INSERT INTO member (customer, thread) VALUES ($1, $2) ON CONFLICT (customer) DO NOTHING",
                        customer, t->number);
    if (rc >= 0 && known) rc = rename_to(c, t, parley->text(parley->first(ids)));
    return rc < 0 ? rc : 0;
}

int thread_settle(parley_call *c, struct thread *t) {
    int rc = parley_sql(c,
                        "UPDATE thread SET (waiting_since, last_at) = (SELECT"
                        " min(CASE WHEN author = 'customer' AND answered_at IS NULL AND overdue < 2 THEN at END),"
                        " coalesce(max(at), last_at) FROM message WHERE thread = $1) WHERE number = $1",
                        t->number);
    if (rc >= 0)
        rc = parley_sql(c,
                        "UPDATE thread SET place = coalesce(CASE WHEN status <> 'snoozed' THEN waiting_since END,"
                        " 2 * $2 - last_at) WHERE number = $1 RETURNING coalesce(waiting_since, 0), last_at",
                        t->number, BEHIND);
    if (rc <= 0) return rc;
    t->waiting_since = parley->col(c, 0);
    t->last_at = parley->col(c, 1);
    return 0;
}

int thread_name(parley_call *c, struct thread *t) {
    if (parley_some(t->name) && parley->now(c) - t->last_at < DAY) return 0; /* others wait while Parley is asked */
    parley_json traits = parley->traits(c, t->customer);
    parley_text name = parley->text(parley->get(traits, "name"));
    if (!parley_some(name)) name = parley->text(parley->get(traits, "firstName"));
    if (!parley_some(name) || name.n > REF_MOST || parley_same(name, t->name)) return 0;
    t->name = name;
    return parley_sql(c, "UPDATE thread SET name = $2 WHERE number = $1", t->number, name);
}

/* ---- the queue ---- */

parley_json thread_view(parley_call *c, const struct thread *t, int64_t unread) {
    return parley_object(
        c, "{customer, known, name, status, assignee, waitingSince, snoozedUntil, lastAt, orderAt, unread}",
        t->customer, t->known, t->name, t->status, t->assignee, time_or_null(t->waiting_since),
        time_or_null(is_text(t->status, "snoozed") ? t->snoozed_until : 0), (parley_time){t->last_at},
        time_or_null(t->order_at), unread);
}

/* Between wildcards, with LIKE's own characters escaped. */
static parley_text pattern_of(parley_call *c, parley_text q) {
    if (!parley_some(q)) return (parley_text){0};
    char *out = parley->alloc(c, 2 * q.n + 2);
    size_t n = 0;
    out[n++] = '%';
    for (size_t i = 0; i < q.n; i++) {
        if (q.at[i] == '%' || q.at[i] == '_' || q.at[i] == '\\') out[n++] = '\\';
        out[n++] = q.at[i];
    }
    out[n++] = '%';
    return (parley_text){out, n};
}

/* "PLACE-NUMBER" of the last thread of the page before. */
static bool read_cursor(parley_call *c, int64_t *place, int64_t *number) {
    parley_text cursor = parley->query(c, "cursor");
    size_t dash = 0;
    *place = *number = -1;
    if (!parley_some(cursor)) return true;
    while (dash < cursor.n && cursor.at[dash] != '-') dash++;
    return dash < cursor.n && parley->integer(parley->parse(c, (parley_text){cursor.at, dash}), place) &&
           parley->integer(parley->parse(c, (parley_text){cursor.at + dash + 1, cursor.n - dash - 1}), number);
}

/* GET /inbox?status=&assignee=&unread=yes&q=&limit=&cursor=: who waits longest first, then who spoke last. assignee=none: nobody's. */
int threads_inbox(parley_call *c) {
    parley_text q = parley->query(c, "q"), assignee = parley->query(c, "assignee"), status = parley->query(c, "status");
    int64_t limit, place, number;
    int rc = read_limit(c, &limit);
    if (rc < 0) return rc;
    if (q.n > REF_MOST) return parley_fail(c, 400, "q: at most {} bytes", REF_MOST);
    if (!read_cursor(c, &place, &number)) return parley->fail(c, 400, "cursor: take it from the `next` of a page");
    parley_json items = parley->list(c), next = {0};
    rc = parley_sql(
        c,
        "SELECT " COLUMNS ", t.place,"
        " (SELECT count(*) FROM message m WHERE m.thread = t.number AND m.author = 'customer'"
        "   AND m.number > t.seen_by_staff) AS unread,"
        " (SELECT body FROM message m WHERE m.thread = t.number AND m.author <> 'note' ORDER BY number DESC LIMIT 1)"
        " FROM thread t WHERE (t.place, t.number) > ($1, $2) AND ($3 = '' OR t.status = $3)"
        " AND ($4 = '' OR coalesce(t.assignee, 'none') = $4) AND (coalesce($5, '') <> 'yes' OR unread > 0)"
        " AND ($6 IS NULL OR t.customer LIKE $6 ESCAPE '\\' OR t.name LIKE $6 ESCAPE '\\' OR t.number IN"
        "   (SELECT m.thread FROM message m WHERE m.number > (SELECT coalesce(max(number), 0) FROM message) - $8"
        "     AND m.body LIKE $6 ESCAPE '\\'))"
        " ORDER BY t.place, t.number LIMIT $7",
        place, number, parley_some(status) ? status : PARLEY_TEXT(""),
        parley_some(assignee) ? assignee : PARLEY_TEXT(""), parley->query(c, "unread"), pattern_of(c, q), limit + 1,
        SEARCHED);
    for (; rc > 0; rc = parley->next(c)) {
        struct thread t;
        if ((int64_t)parley->length(items) == limit) {
            next = parley_object(c, "?", parley_format(c, "{}-{}", place, number));
            break;
        }
        read_row(c, &t);
        place = parley->col(c, COLUMNS_N);
        number = t.number;
        parley_append(c, items, "{thread, last}", thread_view(c, &t, parley->col(c, COLUMNS_N + 1)),
                      parley->col_text(c, COLUMNS_N + 2));
    }
    if (rc < 0) return rc;
    return parley_reply(c, 200, "{items, next}", items, next);
}
