/* Who may call what: the token's role against the route's. */
#include <sodium.h>
#include <stdio.h>

#include "api/app.h"
#include "core/base/secret.h"

/* Basic authentication carries the token as user name, on the tracking endpoints (Segment's libraries do so). */
static struct text basic_user(struct request *request, struct text encoded) {
    size_t n = 0;
    char *plain = arena_alloc(&request->arena, encoded.n + 1);
    if (sodium_base642bin((unsigned char *)plain, encoded.n, encoded.at, encoded.n, NULL, &n, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return TEXT_NONE;
    struct text user, password;
    text_cut(text_n(plain, n), ':', &user, &password);
    return user;
}

static struct text presented_token(struct request *request) {
    struct text authorization = request->headers.authorization, scheme, rest;
    if (text_cut(authorization, ' ', &scheme, &rest)) {
        if (text_eq_nocase(scheme, TEXT("Bearer"))) return rest;
        if (text_eq_nocase(scheme, TEXT("Basic")) && request->route->flags & ROUTE_BASIC)
            return basic_user(request, rest);
    }
    return request->headers.api_key;
}

static struct text role_list(struct request *request, unsigned roles) {
    struct text list = TEXT("");
    for (unsigned role = ROLE_ADMIN << 1; role <= roles; role <<= 1)
        if (roles & role)
            list = arena_printf(&request->arena, "%.*s%s%s", TEXT_ARGS(list), list.n ? ", " : "",
                                role_name((enum role)role));
    return list;
}

/* As tokens_check; the same token again, within a second and under the same table, is only compared (in constant time). */
static bool check_token(struct app *app, struct text token, struct principal *who) {
    int64_t now = clock_now(app->clock);
    if (app->last_token.of == app->tokens && now < app->last_token.until &&
        secret_equal(token, text_n(app->last_token.token, app->last_token.n))) {
        *who = app->last_token.who;
        return true;
    }
    if (tokens_check(app->tokens, token, now, who, NULL) != 0) return false;
    if (token.n <= sizeof app->last_token.token) {
        memcpy(app->last_token.token, token.at, token.n);
        app->last_token.n = token.n;
        app->last_token.of = app->tokens;
        app->last_token.until = now + CLOCK_SECOND;
        app->last_token.who = *who;
    }
    return true;
}

static bool admit_role(struct request *request) {
    const struct route *route = request->route;
    struct text token = presented_token(request);
    struct principal who;
    if (token.n && check_token(request->app, token, &who)) {
        request->caller.role = who.role;
        request->caller.id = arena_text(&request->arena, text_of(who.id));
        request->caller.name = arena_text(&request->arena, text_of(who.name));
        if (request->caller.role & (route->roles | ROLE_ADMIN)) return true;
        reply_problem(request, ERR_FORBIDDEN, "a token with role %s may not do this; it takes admin%s%.*s",
                      role_name(who.role), route->roles & ~(unsigned)ROLE_ADMIN ? " or one of " : "",
                      TEXT_ARGS(role_list(request, route->roles)));
        return false;
    }
    if (!token.n && request->loopback && route->flags & ROUTE_LOOPBACK_FREE) return true;
    reply_header(request, "WWW-Authenticate", "Bearer realm=\"parley\"");
    reply_problem(request, ERR_UNAUTHENTICATED,
                  token.n ? "this token is not known here, has expired or was revoked"
                          : "send a token as Authorization: Bearer TOKEN or X-API-Key: TOKEN");
    return false;
}

bool app_still_admits(struct request *request) {
    struct principal who;
    return !request->route->roles || check_token(request->app, presented_token(request), &who);
}

bool app_admit(struct request *request) {
    if (request->route->roles && !admit_role(request)) return false;
    return !(request->route->flags & ROUTE_SHOPPER) || identity_establish(request, &request->app->identity);
}
