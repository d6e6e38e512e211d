/* What agents know of her beside her traits: facts of this plugin, each with who said it and when, to be seen and corrected. */
#include "plugins/conversations/conversations.h"

parley_json facts_of(parley_call *c, int64_t thread) {
    parley_json items = parley->list(c);
    int rc = parley_sql(c, "SELECT name, value, by, at FROM fact WHERE thread = $1 ORDER BY name", thread);
    for (; rc > 0; rc = parley->next(c))
        parley_append(c, items, "{name, value, by, at}", parley->col_text(c, 0), parley->col_text(c, 1),
                      parley->col_text(c, 2), (parley_time){parley->col(c, 3)});
    return items;
}

static int check_room(parley_call *c, const struct thread *t, parley_text name) {
    int rc = parley_sql(c, "SELECT count(*) FROM fact WHERE thread = $1 AND name <> $2", t->number, name);
    if (rc < 0) return rc;
    return parley->col(c, 0) < FACTS_MOST
               ? 0
               : parley_fail(c, 409, "there are {} facts already; take one away", FACTS_MOST);
}

/* PUT /threads/{customer}/facts/{name} {"value"} */
int fact_put(parley_call *c) {
    struct thread t;
    parley_json ids, body = parley->body(c);
    parley_text name = parley->path(c, "name"), value = parley->text(parley->get(body, "value"));
    int rc = parley->only(c, body, "value");
    if (rc < 0) return rc;
    if (value.n < 1 || value.n > FACT_MOST)
        return parley_invalid(c, "/value", "\"value\" is a text of 1 to {} bytes", FACT_MOST);
    if (name.n > 64) return parley->fail(c, 400, "a fact's name has at most 64 bytes");
    rc = thread_of_path(c, &ids, &t);
    if (rc >= 0) rc = check_room(c, &t, name);
    if (rc >= 0)
        rc = parley_sql(
            c,
            "INSERT INTO fact (thread, name, value, by, at) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (thread, name) DO UPDATE SET value = excluded.value, by = excluded.by, at = excluded.at",
            t.number, name, value, parley->agent(c), parley->now(c));
    if (rc >= 0) rc = parley->notify(c, t.customer, t.known, "fact");
    return rc < 0 ? rc : parley_reply(c, 200, "{name, value, by}", name, value, parley->agent(c));
}

/* DELETE /threads/{customer}/facts/{name} */
int fact_remove(parley_call *c) {
    struct thread t;
    parley_json ids;
    int rc = thread_of_path(c, &ids, &t);
    if (rc >= 0)
        rc = parley_sql(c, "DELETE FROM fact WHERE thread = $1 AND name = $2", t.number, parley->path(c, "name"));
    if (rc > 0) rc = parley->notify(c, t.customer, t.known, "fact");
    return rc < 0 ? rc : 0;
}
