/* What a customer may ask of the plugin: all that it holds about her, and that it forgets her. */
#include "plugins/polls/polls.h"

int rights_export(parley_call *c, parley_text customer) {
    parley_json votes = parley->list(c);
    int row = parley_sql(
        c,
        "SELECT vote.poll, poll.question, vote.choice, vote.at, vote.said FROM vote JOIN poll ON poll.id = vote.poll"
        " WHERE vote.voter = $1 ORDER BY vote.number",
        customer);
    for (; row > 0; row = parley->next(c))
        parley_append(c, votes, "{poll, question, options, at, said}", parley->col_text(c, 0), parley->col_text(c, 1),
                      vote_keys(c, parley->col_text(c, 2)), (parley_time){parley->col(c, 3)},
                      parley->parse(c, parley->col_text(c, 4)));
    parley_json asked, voted;
    if (row >= 0) row = friends_export(c, customer, &asked, &voted);
    if (row < 0) return row;
    return parley_reply(c, 200, "{votes, friends: {asked, voted}}", votes, asked, voted);
}

/* Her votes leave the tallies: a nameless row takes back each choice that counted, then her name goes from every row. What stays
 * says that somebody chose something, and not who. */
int rights_forget(parley_call *c, parley_text customer) {
    int rc = parley_sql(c,
                        "INSERT INTO vote (poll, voter, known, choice, before, before_known, feature, variant, at)"
                        " SELECT poll, NULL, known, '', choice, known, feature, variant, $2 FROM vote"
                        " WHERE voter = $1 AND choice <> ''"
                        "   AND NOT EXISTS (SELECT 1 FROM vote later WHERE later.voter = vote.voter"
                        "                   AND later.poll = vote.poll AND later.number > vote.number)",
                        customer, parley->now(c));
    if (rc >= 0) rc = parley_sql(c, "UPDATE vote SET voter = NULL, said = NULL WHERE voter = $1", customer);
    if (rc >= 0) rc = friends_forget(c, customer);
    return rc < 0 ? rc : 0;
}
