#include "core/plugins/worker_ask.h"

/* A shopper's call is about herself; staff, events, timers and what follows from them may be about anybody. */
static bool may_ask(const parley_call *call, struct text customer) {
    return !call_is_shoppers(call) || text_eq(customer, call->request.customer);
}

static parley_json refuse(parley_call *call, const char *what, struct text why) {
    runtime_log(call->runtime, PARLEY_WARN, arena_printf(&call->arena, "no %s: %.*s", what, TEXT_ARGS(why)));
    return (parley_json){0};
}

/* Kinds are separated by blanks on this side and by commas on the other. */
static void put_kinds(struct json_writer *w, parley_call *call, const char *kinds) {
    char *commas = arena_cstr(&call->arena, text_of(kinds));
    for (char *c = commas; *c; c++)
        if (*c == ' ') *c = ',';
    json_put_text(w, "kinds", text_of(commas));
}

static struct text question(parley_call *call, const struct ask *ask, struct text customer) {
    struct buffer *out = &call->runtime->scratch;
    struct json_writer w;
    buffer_clear(out);
    json_writer_init(&w, out);
    json_open_object(&w);
    json_put_text(&w, "ask", text_of(ask->what));
    json_put_text(&w, "customer", customer);
    if (ask->kinds) put_kinds(&w, call, ask->kinds);
    if (ask->before.n) json_put_text(&w, "before", text_of_parley(ask->before));
    if (ask->limit) json_put_int(&w, "limit", ask->limit);
    if (ask->contact) json_put_text(&w, "contact", text_of(ask->contact));
    if (ask->feature.n) json_put_text(&w, "feature", text_of_parley(ask->feature));
    if (ask->channel) json_put_text(&w, "channel", text_of(ask->channel));
    if (ask->word.n) json_put_text(&w, "word", text_of_parley(ask->word));
    json_close_object(&w);
    return arena_text(&call->arena, buffer_view(out));
}

parley_json ask_parley(parley_call *call, const struct ask *ask) {
    struct text customer = ask->customer.at ? text_of_parley(ask->customer) : call->request.customer;
    struct frame_reply reply = {0};
    if (!customer.n && !ask->word.n) return refuse(call, ask->what, TEXT("no customer is named"));
    if (ask->word.n ? call_is_shoppers(call) : !may_ask(call, customer))
        return refuse(call, ask->what, TEXT("a shopper asks about herself alone"));
    if (!call->runtime->ask) return refuse(call, ask->what, TEXT("nobody can be asked here"));
    struct error error = {0};
    int rc = call->runtime->ask(call->runtime, question(call, ask, customer), &call->arena, &reply, &error);
    if (rc < 0) return refuse(call, ask->what, text_of(error.detail));
    parley_json answer = document_scan(&call->arena, reply.body, NULL);
    if (reply.status == 200 && parley_is(answer)) return answer;
    return refuse(call, ask->what, text_of_parley(document_text(document_get(answer, "detail"))));
}
