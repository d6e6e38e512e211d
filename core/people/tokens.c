#include "core/people/tokens.h"

#include "core/base/json_write.h"
#include "core/store/audit.h"

static const struct {
    enum role role;
    const char *name;
} roles[] = {
    {ROLE_ADMIN, "admin"},         {ROLE_MANAGER, "manager"}, {ROLE_ANALYST, "analyst"}, {ROLE_AGENT, "agent"},
    {ROLE_PUBLISHER, "publisher"}, {ROLE_SERVER, "server"},   {ROLE_BROWSER, "browser"},
};
enum { ROLES = sizeof roles / sizeof *roles };

const char *role_name(enum role role) {
    for (int i = 0; i < ROLES; i++)
        if (roles[i].role == role) return roles[i].name;
    return "none";
}

enum role role_of(struct text name) {
    for (int i = 0; i < ROLES; i++)
        if (text_is(name, roles[i].name)) return roles[i].role;
    return 0;
}

static void make_secret(char out[static TOKEN_ROOM]) {
    static const char prefix[] = "parley_", digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    enum { START = sizeof prefix - 1 };
    unsigned char random[TOKEN_ROOM - 1 - START];
    secret_bytes(random, sizeof random);
    memcpy(out, prefix, START);
    for (size_t i = 0; i < sizeof random; i++) out[START + i] = digits[random[i] & 31];
    out[TOKEN_ROOM - 1] = 0;
}

static int check(const struct token *token, int64_t now, struct error *error) {
    int rc = 0;
    if (token->name.n < 1 || token->name.n >= TOKEN_NAME_ROOM)
        rc = error_at(error, "/name", "a token has a name of 1 to %d bytes", TOKEN_NAME_ROOM - 1);
    if (role_of(text_of(role_name(token->role))) == 0)
        rc = error_at(error, "/role", "one of admin, manager, analyst, agent, publisher, server, browser");
    if (token->expires && token->expires <= now) rc = error_at(error, "/expires", "this time has passed");
    return rc;
}

/* A token for the audit log: everything but the secret. */
static struct text describe(const struct token *token, struct buffer *out) {
    struct json_writer w;
    buffer_clear(out);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_put_text(&w, "name", token->name);
    json_put_text(&w, "role", text_of(role_name(token->role)));
    if (token->expires) json_put_time(&w, "expires", token->expires);
    if (token->revoked) json_put_time(&w, "revoked", token->revoked);
    json_close_object(&w);
    return buffer_view(out);
}

static int audit(struct sql *sql, struct text action, const struct token *before, const struct token *after,
                 struct text actor, int64_t now, struct error *error) {
    struct buffer was = {0}, is = {0};
    struct audit_entry entry = {.at = now, .actor = actor, .action = action, .kind = TEXT("token"), .key = after->id};
    if (before) entry.before = describe(before, &was);
    entry.after = describe(after, &is);
    int rc = audit_write(sql, &entry, error);
    buffer_free(&was);
    buffer_free(&is);
    return rc;
}

int tokens_create(struct sql *sql, struct arena *arena, struct token *token, struct text actor, int64_t now,
                  char secret[static TOKEN_ROOM], struct error *error) {
    int rc = check(token, now, error);
    if (rc < 0) return rc;
    char id[ID_ROOM];
    unsigned char hash[SECRET_HASH_BYTES];
    id_new(id, now);
    make_secret(secret);
    secret_hash(hash, text_of(secret));
    token->id = arena_text(arena, text_of(id));
    token->public = token->role == ROLE_BROWSER ? arena_text(arena, text_of(secret)) : TEXT_NONE;
    token->created = now;
    token->revoked = 0;
    rc = sql_run(
        sql, error,
        "INSERT INTO token (id, name, role, hash, public, created, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        SQL_T(token->id), SQL_T(token->name), SQL_T(text_of(role_name(token->role))),
        SQL_B(text_n((char *)hash, sizeof hash)), SQL_T_OR_NULL(token->public), SQL_I(now),
        token->expires ? SQL_I(token->expires) : SQL_NULL);
    return rc < 0 ? rc : audit(sql, TEXT("create"), NULL, token, actor, now, error);
}

#define COLUMNS "SELECT id, name, role, public, created, expires, revoked FROM token"

static struct token read_token(const struct sql_rows *rows, struct arena *arena) {
    return (struct token){
        .id = sql_copy(rows, 0, arena),
        .name = sql_copy(rows, 1, arena),
        .role = role_of(sql_text(rows, 2)),
        .public = sql_copy(rows, 3, arena),
        .created = sql_int(rows, 4),
        .expires = sql_int(rows, 5), /* NULL reads as 0 */
        .revoked = sql_int(rows, 6),
    };
}

int tokens_get(struct sql *sql, struct arena *arena, struct text id, struct token *token, struct error *error) {
    struct sql_rows rows;
    int rc = sql_query(sql, &rows, error, COLUMNS " WHERE id = $1", SQL_T(id));
    if (rc == 0) rc = sql_next(&rows, error);
    if (rc > 0) *token = read_token(&rows, arena);
    sql_done(&rows);
    if (rc == 0) return error_set(error, ERR_NOT_FOUND, "there is no token %.*s", TEXT_ARGS(id));
    return rc < 0 ? rc : 0;
}

int tokens_revoke(struct sql *sql, struct arena *arena, struct text id, struct text actor, int64_t now,
                  struct error *error) {
    struct token before;
    int rc = tokens_get(sql, arena, id, &before, error);
    if (rc < 0 || before.revoked) return rc;
    struct token after = before;
    after.revoked = now;
    rc = sql_run(sql, error, "UPDATE token SET revoked = $2 WHERE id = $1", SQL_T(id), SQL_I(now));
    return rc < 0 ? rc : audit(sql, TEXT("revoke"), &before, &after, actor, now, error);
}

int tokens_list(struct sql *sql, struct arena *arena, struct text before, size_t limit, struct token_page *page,
                struct error *error) {
    *page = (struct token_page){.items = arena_array(arena, struct token, limit)};
    struct sql_rows rows;
    /* Ids are time-ordered and their digits sort below "~". */
    int rc = sql_query(sql, &rows, error, COLUMNS " WHERE id < $1 ORDER BY id DESC LIMIT $2",
                       SQL_T(before.n ? before : TEXT("~")), SQL_I(limit + 1));
    while (rc >= 0 && (rc = sql_next(&rows, error)) > 0) {
        page->more = page->n == limit;
        if (page->more) break;
        page->items[page->n++] = read_token(&rows, arena);
    }
    sql_done(&rows);
    return rc < 0 ? rc : 0;
}
