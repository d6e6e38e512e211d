/* Polls among friends: a shopper asks, whoever has the link sees and votes. The id is the link: 130 bits of chance, which no list, event
 * or timeline shows; they say "friends:" and a number. Nothing of the shop's polls is in here: a release that does not know friends'
 * polls cannot show one by mistake. */
#include "plugins/polls/polls.h"

enum {
    FRIENDS_OPTIONS_MOST = 6,
    FRIENDS_LIVE_MOST = 20,    /* of one shopper at once */
    FRIENDS_VOTERS_MOST = 500, /* this is no way around the shop's own polls */
    LINK = 26,                 /* letters of 5 bits each */
};
static const int64_t DAY = INT64_C(24) * 3600 * 1000;
static const int64_t FRIENDS_OPEN = 30, FRIENDS_KEPT = 90; /* days */

struct friends {
    int64_t number, close_at;
    parley_text id, owner, question, about;
    parley_json options; /* labels; their keys are a, b, c ... */
};

#define COLUMNS "number, close_at, id, owner, question, about, options"

static void read_row(parley_call *c, struct friends *f) {
    *f = (struct friends){parley->col(c, 0),
                          parley->col(c, 1),
                          parley->col_text(c, 2),
                          parley->col_text(c, 3),
                          parley->col_text(c, 4),
                          parley->col_text(c, 5),
                          parley->parse(c, parley->col_text(c, 6))};
}

/* 0, or refused. Who has no link learns nothing but that. */
static int find(parley_call *c, struct friends *f) {
    parley_text id = parley->path(c, "id");
    int found = parley_sql(c, "SELECT " COLUMNS " FROM friends_poll WHERE id = $1", id);
    if (found < 0) return found;
    if (found == 0)
        return parley->fail(c, 404, "this link leads to no poll: it was mistyped, or the poll was taken away");
    read_row(c, f);
    return 0;
}

static int check_allowed(parley_call *c) {
    parley_json allowed = parley->get(parley->settings(c), "friends");
    bool refused = parley->kind(allowed) == PARLEY_BOOL && !parley->truth(allowed);
    return refused ? parley->fail(c, 403, "the shop has no polls among friends") : 0;
}

static int need_shopper(parley_call *c) {
    int rc = check_allowed(c);
    if (rc < 0 || parley_some(parley->customer(c))) return rc;
    return parley->fail(c, 401, "this needs a shopper");
}

static const char *name_of(parley_call *c, const struct friends *f) {
    return parley_format(c, "friends:{}", f->number);
}

static parley_text key_of(int place) {
    static const char keys[FRIENDS_OPTIONS_MOST + 1] = "abcdef";
    return (parley_text){&keys[place], 1};
}

/* ---- the answer ---- */

static int count_votes(parley_call *c, const struct friends *f, int64_t votes[FRIENDS_OPTIONS_MOST], int64_t *voters) {
    int row = parley_sql(c, "SELECT choice, count(*) FROM friends_vote WHERE poll = $1 GROUP BY choice", f->number);
    for (*voters = 0; row > 0; row = parley->next(c)) {
        parley_text key = parley->col_text(c, 0);
        votes[key.at[0] - 'a'] = parley->col(c, 1);
        *voters += parley->col(c, 1);
    }
    return row;
}

static int view(parley_call *c, const struct friends *f, parley_json *out) {
    int64_t votes[FRIENDS_OPTIONS_MOST] = {0}, voters;
    int place = 0, rc = count_votes(c, f, votes, &voters);
    if (rc >= 0)
        rc = parley_sql(c, "SELECT choice FROM friends_vote WHERE poll = $1 AND voter = $2", f->number,
                        parley->customer(c));
    if (rc < 0) return rc;
    parley_text voted = rc > 0 ? parley->col_text(c, 0) : (parley_text){0};
    parley_json options = parley->list(c);
    for (parley_json o = parley->first(f->options); parley_is(o); o = parley->after(f->options, o), place++)
        parley_append(c, options, "{key, label, votes}", key_of(place), o, votes[place]);
    *out = parley_object(c, "{id, question, about, options, closeAt, closed, mine, voted, voters}", f->id, f->question,
                         f->about, options, (parley_time){f->close_at}, (bool)(parley->now(c) >= f->close_at),
                         (bool)parley_same(f->owner, parley->customer(c)), voted, voters);
    return 0;
}

static int answer(parley_call *c, int status, const struct friends *f) {
    parley_json seen = {0};
    int rc = view(c, f, &seen);
    if (rc < 0) return rc;
    return parley_reply(c, status, "?", seen);
}

/* ---- asking ---- */

static parley_text new_link(parley_call *c) {
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz023456789"; /* 32 */
    unsigned char chance[LINK];
    char *id = parley->alloc(c, LINK);
    parley->random(c, chance, sizeof chance);
    for (int i = 0; i < LINK; i++) id[i] = letters[chance[i] % 32];
    return (parley_text){id, LINK};
}

static int read_labels(parley_call *c, parley_json labels) {
    size_t n = parley->length(labels), place = 0;
    if (parley->kind(labels) != PARLEY_ARRAY || n < POLL_OPTIONS_LEAST || n > FRIENDS_OPTIONS_MOST)
        return parley_invalid(c, "/options", "\"options\" is a list of {} to {} texts", POLL_OPTIONS_LEAST,
                              FRIENDS_OPTIONS_MOST);
    for (parley_json o = parley->first(labels); parley_is(o); o = parley->after(labels, o), place++) {
        parley_text label = parley->text(o);
        if (label.n < 1 || label.n > POLL_LABEL_MOST)
            return parley_invalid(c, parley_format(c, "/options/{}", place), "an option is a text of 1 to {} bytes",
                                  POLL_LABEL_MOST);
    }
    return 0;
}

static int read_body(parley_call *c, struct friends *f) {
    parley_json body = parley->body(c), about = parley->get(body, "about");
    if (parley->kind(body) != PARLEY_OBJECT)
        return parley->invalid(c, "", "the body is {\"question\", \"options\", \"about\"?}");
    int rc = parley->only(c, body, "question options about");
    if (rc < 0) return rc;
    f->question = parley->text(parley->get(body, "question"));
    f->options = parley->get(body, "options");
    f->about = parley->text(about);
    if (f->question.n < 1 || f->question.n > POLL_QUESTION_MOST)
        return parley_invalid(c, "/question", "\"question\" is a text of 1 to {} bytes", POLL_QUESTION_MOST);
    if (parley_is(about) && (f->about.n < 1 || f->about.n > POLL_ABOUT_MOST))
        return parley_invalid(c, "/about", "\"about\" is a text of 1 to {} bytes", POLL_ABOUT_MOST);
    return read_labels(c, f->options);
}

/* Old ones go, whosever they are; and this shopper has room for one more. */
static int make_room(parley_call *c) {
    int64_t gone = parley->now(c) - FRIENDS_KEPT * DAY;
    int rc = parley_sql(
        c, "DELETE FROM friends_vote WHERE poll IN (SELECT number FROM friends_poll WHERE created_at < $1)", gone);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM friends_poll WHERE created_at < $1", gone);
    if (rc >= 0)
        rc = parley_sql(c, "SELECT count(*) FROM friends_poll WHERE owner = $1 AND close_at > $2", parley->customer(c),
                        parley->now(c));
    if (rc < 0 || parley->col(c, 0) < FRIENDS_LIVE_MOST) return rc;
    return parley_fail(c, 429, "{} polls are open; take one away first", FRIENDS_LIVE_MOST);
}

int friends_create(parley_call *c) {
    struct friends f = {.close_at = parley->now(c) + FRIENDS_OPEN * DAY, .owner = parley->customer(c)};
    int rc = need_shopper(c);
    if (rc >= 0) rc = read_body(c, &f);
    if (rc >= 0) rc = make_room(c);
    if (rc < 0) return rc;
    f.id = new_link(c);
    rc = parley_sql(c,
                    "INSERT INTO friends_poll (id, owner, question, options, about, close_at, created_at)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING number",
                    f.id, f.owner, f.question, f.options, f.about, f.close_at, parley->now(c));
    if (rc < 0) return rc;
    f.number = parley->col(c, 0);
    rc = parley_track(c, "Friends Poll Created", "{poll, about}", name_of(c, &f), f.about);
    if (rc >= 0)
        rc = parley_timeline(c, "friends-poll", parley_format(c, "Asked friends: \"{}\"", f.question), "{poll, about}",
                             name_of(c, &f), f.about);
    return rc < 0 ? rc : answer(c, 201, &f);
}

/* GET /friends?limit=&cursor=: what she asked herself, the newest first. */
int friends_list(parley_call *c) {
    struct friends mine[POLLS_PAGE + 1];
    int64_t limit, before;
    int n = 0, rc = need_shopper(c);
    if (rc >= 0) rc = poll_page(c, &limit, &before);
    if (rc < 0) return rc;
    int row = parley_sql(
        c, "SELECT " COLUMNS " FROM friends_poll WHERE owner = $1 AND number < $2 ORDER BY number DESC LIMIT $3",
        parley->customer(c), before, limit + 1);
    for (; row > 0; row = parley->next(c)) read_row(c, &mine[n++]);
    parley_json items = parley->list(c);
    for (int i = 0; row >= 0 && i < n && i < limit; i++) {
        parley_json seen = {0};
        row = view(c, &mine[i], &seen);
        parley_append(c, items, "?", seen);
    }
    if (row < 0) return row;
    if (n <= limit) return parley_reply(c, 200, "{items, next: null}", items);
    return parley_reply(c, 200, "{items, next}", items, parley_format(c, "{}", mine[limit - 1].number));
}

/* ---- by the link ---- */

int friends_get(parley_call *c) {
    struct friends f;
    int rc = find(c, &f);
    return rc < 0 ? rc : answer(c, 200, &f);
}

static const char *counted(parley_call *c, int64_t votes, bool german) {
    if (german) return parley_format(c, votes == 1 ? "{} Stimme" : "{} Stimmen", votes);
    return parley_format(c, votes == 1 ? "{} vote" : "{} votes", votes);
}

/* What the page of the link shows, to whoever cannot have it in the shop's own: the other arm of a trial too. */
int friends_share(parley_call *c) {
    struct friends f;
    int64_t votes[FRIENDS_OPTIONS_MOST] = {0}, voters;
    parley_text language = parley->text(parley->attribute(c, "language"));
    bool german = parley_same(language, PARLEY_TEXT("de"));
    int place = 0, rc = check_allowed(c);
    if (rc >= 0) rc = find(c, &f);
    if (rc >= 0) rc = count_votes(c, &f, votes, &voters);
    if (rc < 0) return rc;
    parley_json items = parley->list(c);
    for (parley_json o = parley->first(f.options); parley_is(o); o = parley->after(f.options, o), place++)
        parley_append(c, items, "{title, line}", o, counted(c, votes[place], german));
    return parley_reply(c, 200, "{title, description, listed: false, items}", f.question,
                        german ? "Eine Umfrage unter Freunden" : "A poll among friends", items);
}

static int check_vote(parley_call *c, const struct friends *f, parley_text *choice) {
    parley_json body = parley->body(c);
    *choice = parley->text(parley->get(body, "option"));
    int rc = parley->only(c, body, "option");
    if (rc < 0) return rc;
    if (choice->n != 1 || choice->at[0] < 'a' || choice->at[0] >= 'a' + (int)parley->length(f->options))
        return parley->invalid(c, "/option", "\"option\" is the key of one of the poll's options");
    if (parley->now(c) >= f->close_at) return parley->fail(c, 409, "this poll is closed");
    rc = parley_sql(c, "SELECT count(*) FROM friends_vote WHERE poll = $1 AND voter <> $2", f->number,
                    parley->customer(c));
    if (rc < 0 || parley->col(c, 0) < FRIENDS_VOTERS_MOST) return rc;
    return parley_fail(c, 409, "{} friends have voted; no more can", FRIENDS_VOTERS_MOST);
}

int friends_vote(parley_call *c) {
    struct friends f;
    parley_text choice = {0};
    int rc = need_shopper(c);
    if (rc >= 0) rc = find(c, &f);
    if (rc >= 0) rc = check_vote(c, &f, &choice);
    if (rc < 0) return rc;
    rc = parley_sql(
        c,
        "INSERT INTO friends_vote (poll, voter, choice, at) VALUES ($1, $2, $3, $4) ON CONFLICT (poll, voter)"
        " DO UPDATE SET choice = excluded.choice, at = excluded.at WHERE choice <> excluded.choice",
        f.number, parley->customer(c), choice, parley->now(c));
    if (rc > 0) rc = parley_track(c, "Friends Poll Voted", "{poll, option, about}", name_of(c, &f), choice, f.about);
    return rc < 0 ? rc : answer(c, 200, &f);
}

/* Its owner takes it away, with every vote. */
int friends_remove(parley_call *c) {
    struct friends f;
    int rc = need_shopper(c);
    if (rc >= 0) rc = find(c, &f);
    if (rc < 0) return rc;
    if (!parley_same(f.owner, parley->customer(c))) return parley->fail(c, 403, "only who asked can take a poll away");
    rc = parley_sql(c, "DELETE FROM friends_vote WHERE poll = $1", f.number);
    if (rc >= 0) rc = parley_sql(c, "DELETE FROM friends_poll WHERE number = $1", f.number);
    return rc < 0 ? rc : 0;
}

/* ---- rights ---- */

int friends_export(parley_call *c, parley_text customer, parley_json *asked, parley_json *voted) {
    *asked = parley->list(c), *voted = parley->list(c);
    int row = parley_sql(c, "SELECT question, options, created_at FROM friends_poll WHERE owner = $1 ORDER BY number",
                         customer);
    for (; row > 0; row = parley->next(c))
        parley_append(c, *asked, "{question, options, at}", parley->col_text(c, 0),
                      parley->parse(c, parley->col_text(c, 1)), (parley_time){parley->col(c, 2)});
    if (row >= 0)
        row = parley_sql(c,
                         "SELECT question, choice, at FROM friends_vote v JOIN friends_poll p ON p.number = v.poll"
                         " WHERE voter = $1 ORDER BY at",
                         customer);
    for (; row > 0; row = parley->next(c))
        parley_append(c, *voted, "{question, option, at}", parley->col_text(c, 0), parley->col_text(c, 1),
                      (parley_time){parley->col(c, 2)});
    return row;
}

/* What she asked goes with its votes, and what she voted in others'. */
int friends_forget(parley_call *c, parley_text customer) {
    int rc = parley_sql(
        c, "DELETE FROM friends_vote WHERE voter = $1 OR poll IN (SELECT number FROM friends_poll WHERE owner = $1)",
        customer);
    if (rc < 0) return rc;
    return parley_sql(c, "DELETE FROM friends_poll WHERE owner = $1", customer);
}
