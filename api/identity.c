#include "api/identity.h"

#include <jwt.h>
#include <stdio.h>
#include "core/base/clock.h"

#include "core/base/secret.h"
#include "core/people/tokens.h"

#define COOKIE "parley_anon"
enum { SIGNATURE_DIGITS = 32, CUSTOMER_MOST = 256 };

/* The first 128 bits of HMAC-SHA256 over the id, in hex. */
static void cookie_signature(char out[static SECRET_HASH_HEX], const struct identity_keys *keys, struct text id) {
    char message[CUSTOMER_MOST + 8];
    int n = snprintf(message, sizeof message, "anon:%.*s", TEXT_ARGS(id));
    secret_sign(out, text_of(keys->server), text_n(message, (size_t)n));
    out[SIGNATURE_DIGITS] = 0;
}

static void by_cookie(struct request *request, const struct identity_keys *keys) {
    struct text value = request_cookie(request, COOKIE), id, signature;
    char expected[SECRET_HASH_HEX];
    if (!text_cut(value, '.', &id, &signature) || !id.n || id.n > 64) return;
    cookie_signature(expected, keys, id);
    if (!secret_equal(text_of(expected), signature)) return;
    request->caller.anonymous = id;
    request->caller.customer = id;
}

static const char *jwt_fault(jwt_t *jwt) {
    if (jwt_get_alg(jwt) != JWT_ALG_HS256) return "its alg must be HS256";
    const char *subject = jwt_get_grant(jwt, "sub");
    if (!subject || !*subject || strlen(subject) > CUSTOMER_MOST) return "it needs a sub of 1 to 256 bytes";
    if (!text_utf8_valid(text_of(subject))) return "its sub is not UTF-8";
    if (jwt_get_grant_int(jwt, "exp") <= 0) return "it needs an exp";
    return NULL;
}

static bool by_jwt(struct request *request, const struct identity_keys *keys) {
    jwt_t *jwt = NULL;
    const char *fault = "no shop.jwt-secret is configured";
    if (keys->shop_jwt.n) {
        char *token = arena_cstr(&request->arena, request->headers.customer);
        fault = jwt_decode(&jwt, token, (const unsigned char *)keys->shop_jwt.at, (int)keys->shop_jwt.n) == 0
                    ? jwt_fault(jwt)
                    : "its signature is not the shop's";
        if (!fault && jwt_get_grant_int(jwt, "exp") <= clock_now(&clock_system) / 1000) fault = "it has expired";
    }
    if (fault)
        reply_problem(request, ERR_UNAUTHENTICATED, "Parley-Customer is not a valid JWT: %s", fault);
    else {
        request->caller.customer = arena_text(&request->arena, text_of(jwt_get_grant(jwt, "sub")));
        request->caller.known = true;
    }
    jwt_free(jwt);
    return !fault;
}

static bool by_word(struct request *request) {
    if (!(request->caller.role & (ROLE_SERVER | ROLE_ADMIN))) {
        reply_problem(request, ERR_FORBIDDEN, "Parley-Act-As needs a token with role server or admin");
        return false;
    }
    struct text id = request->headers.act_as;
    if (id.n > CUSTOMER_MOST || !text_utf8_valid(id)) {
        reply_problem(request, ERR_INVALID, "Parley-Act-As must be UTF-8 of at most %d bytes", CUSTOMER_MOST);
        return false;
    }
    request->caller.customer = id;
    request->caller.known = true;
    return true;
}

bool identity_establish(struct request *request, const struct identity_keys *keys) {
    if (request->headers.cookie.n) by_cookie(request, keys);
    if (request->headers.act_as.n) return by_word(request);
    return !request->headers.customer.n || by_jwt(request, keys);
}

void identity_welcome(struct request *request, const struct identity_keys *keys, int64_t now) {
    if (request->caller.customer.n) return;
    char id[ID_ROOM], signature[SECRET_HASH_HEX];
    id_new(id, now);
    struct text customer = arena_printf(&request->arena, "anon-%s", id);
    cookie_signature(signature, keys, customer);
    struct text cookie = arena_printf(&request->arena, "%s=%s.%s; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax%s",
                                      COOKIE, customer.at, signature, keys->secure_cookies ? "; Secure" : "");
    reply_header(request, "Set-Cookie", cookie.at);
    request->caller.customer = request->caller.anonymous = customer;
}
