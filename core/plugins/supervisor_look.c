/* What a worker waits for, each thing with a name and how long already. */
#include <jansson.h>
#include <stdio.h>

#include "core/plugins/supervisor.h"

static void wait_json(struct json_writer *out, const char *what, uint64_t since, uint64_t now) {
    char text[160];
    snprintf(text, sizeof text, "%s (%.1f s)", what, (double)(now - since) / 1e3);
    json_text(out, text_of(text));
}

void supervisor_waits_json(const struct supervisor *w, struct json_writer *out) {
    uint64_t now = env_now(w->env);
    if (supervisor_waits_for(w)) wait_json(out, supervisor_waits_for(w), w->since, now);
    for (const struct call *call = w->env->calls.first; call; call = call->after)
        if (call->worker == w) {
            char what[100];
            snprintf(what, sizeof what, "request %llu %s", call_number(call), call->what);
            double ms = (double)(clock_ticks() - call->started) / 1e6;
            wait_json(out, what, now - (uint64_t)ms, now);
        }
    if (w->effects.n) {
        char what[64];
        snprintf(what, sizeof what, "%u effects to be durable", w->effects.n);
        json_text(out, text_of(what));
    }
    json_t *said = w->waits ? json_loads(w->waits, 0, NULL) : NULL;
    for (size_t i = 0; i < json_array_size(said); i++) {
        const char *what = json_string_value(json_array_get(said, i));
        if (what) json_text(out, text_of(what));
    }
    json_decref(said);
}
