/* Tokens: what a program or a person shows to be let in, and the role it gives. A token is seen once, when it is made; the
 * store keeps its hash. The loop looks tokens up in an immutable table in memory, made anew after every change.
 * Knows nothing of what a role may do: that stands in the API's route table. */
#ifndef PARLEY_CORE_PEOPLE_TOKENS_H
#define PARLEY_CORE_PEOPLE_TOKENS_H

#include "core/base/secret.h"
#include "core/store/sql.h"

/* Bits, so that a route can name several. Kept in the database by name. */
enum role {
    ROLE_ADMIN = 1 << 0,
    ROLE_MANAGER = 1 << 1,
    ROLE_ANALYST = 1 << 2,
    ROLE_AGENT = 1 << 3,
    ROLE_PUBLISHER = 1 << 4,
    ROLE_SERVER = 1 << 5,
    ROLE_BROWSER = 1 << 6, /* a public key: it stands in the shop's pages */
};
const char *role_name(enum role role); /* "admin" ... */
enum role role_of(struct text name);   /* 0 where there is none of that name */

enum {
    TOKEN_ROOM = 40,      /* parley_ and 32 characters of base32 (160 random bits), NUL */
    TOKEN_NAME_ROOM = 65, /* a name has 1 to 64 bytes */
    TOKEN_LEAST = 32,     /* PARLEY_ADMIN_TOKEN must be as long as this */
};

/* --- checking: on the loop --- */

struct principal {
    enum role role;
    char id[ID_ROOM]; /* of the token; "environment" for PARLEY_ADMIN_TOKEN */
    char name[TOKEN_NAME_ROOM];
};

struct token_table;

/* All tokens in force, and `admin_token` (TEXT_NONE: none; else at least TOKEN_LEAST bytes, or ERR_INVALID) with role admin.
 * On the store lane; the table then belongs to the caller, and any thread may read it. */
int token_table_load(struct token_table **table, struct sql *sql, struct text admin_token, struct error *error);
void token_table_free(struct token_table *table); /* NULL is fine */
/* Who shows this token at `now`; ERR_UNAUTHENTICATED where nobody does. `principal` is a copy and outlives the table. */
int tokens_check(const struct token_table *table, struct text token, int64_t now, struct principal *principal,
                 struct error *error);

/* --- keeping: on the store lane; texts returned live in the arena. Changes are audited --- */

struct token {
    struct text id, name;
    enum role role;
    struct text public; /* the token itself where it is no secret (role browser); else TEXT_NONE */
    int64_t created;    /* ms since 1970, as are the next two */
    int64_t expires;    /* 0: never */
    int64_t revoked;    /* 0: in force */
};

/* Within the caller's transaction. `token` says name, role and expires (ERR_INVALID, with the place, where they make no
 * sense) and is filled up; `secret` takes the token, which cannot be read again. */
int tokens_create(struct sql *sql, struct arena *arena, struct token *token, struct text actor, int64_t now,
                  char secret[static TOKEN_ROOM], struct error *error);
/* Within the caller's transaction. Once and for all; a token revoked before stays as it is. ERR_NOT_FOUND. */
int tokens_revoke(struct sql *sql, struct arena *arena, struct text id, struct text actor, int64_t now,
                  struct error *error);
int tokens_get(struct sql *sql, struct arena *arena, struct text id, struct token *token, struct error *error);

struct token_page {
    struct token *items; /* newest first; revoked ones too */
    size_t n;
    bool more;
};
/* Tokens made before the one with id `before` (empty: from the newest). */
int tokens_list(struct sql *sql, struct arena *arena, struct text before, size_t limit, struct token_page *page,
                struct error *error);

#endif
