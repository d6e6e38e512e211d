#include "core/plugins/rights.h"

#include <stdlib.h>

#include "core/base/memory.h"
#include "core/plugins/host_internal.h"

/* One plugin's part: what is said of it, and the copies that hold the texts, since an answer lives as long as its callback. */
struct part {
    struct round *round;
    struct plugin_right said;
    struct buffer version, held;
};

struct round {
    struct mail mail; /* the way back to the caller */
    struct plugin_env *env;
    struct part *parts;
    size_t n, waiting;
    plugin_rights_done done;
    void *user;
};

static int by_plugin(const void *a, const void *b) {
    return text_cmp(((const struct plugin_right *)a)->plugin, ((const struct plugin_right *)b)->plugin);
}

static void tell(struct mail *mail) {
    struct round *round = (struct round *)mail;
    struct plugin_env *env = round->env;
    struct plugin_rights rights = {.each = memory_zero(round->n + 1, sizeof *rights.each), .n = round->n};
    for (size_t i = 0; i < round->n; i++) {
        rights.each[i] = round->parts[i].said;
        rights.failed += rights.each[i].code != 0;
    }
    qsort(rights.each, rights.n, sizeof *rights.each, by_plugin);
    round->done(round->user, &rights);
    for (size_t i = 0; i < round->n; i++) {
        buffer_free(&round->parts[i].version);
        buffer_free(&round->parts[i].held);
    }
    free(rights.each);
    free(round->parts);
    free(round);
    env->operations--;
    env->changed(env);
}

static void one_less(struct round *round) {
    if (--round->waiting == 0) mailbox_post(round->env->mailbox, &round->mail);
}

static void on_answer(void *user, const struct plugin_answer *answer) {
    struct part *part = user;
    bool refused = !answer->code && answer->reply.status >= 300;
    part->said.code = refused ? ERR_INTERNAL : answer->code;
    buffer_text(&part->version, answer->version);
    part->said.version = buffer_view(&part->version);
    if (!part->said.code && answer->reply.body.n) {
        buffer_text(&part->held, answer->reply.body);
        part->said.held = buffer_view(&part->held);
    }
    one_less(part->round);
}

typedef int (*rights_errand)(struct plugins *plugins, struct text plugin, struct text customer,
                             void (*answered)(void *user, const struct plugin_answer *answer), void *user);

static void ask_all(struct plugins *plugins, rights_errand errand, struct text customer, plugin_rights_done done,
                    void *user) {
    struct round *round = memory_new(struct round);
    *round = (struct round){.mail.receive = tell,
                            .env = &plugins->env,
                            .parts = memory_zero(plugins->n + 1, sizeof *round->parts),
                            .waiting = 1, /* this function: nobody is told before it returns */
                            .done = done,
                            .user = user};
    plugins->env.operations++; /* stopping waits for it */
    for (size_t i = 0; i < plugins->n; i++) {
        const struct plugin *plugin = plugins->list[i];
        if (!plugin->active) continue;
        struct part *part = &round->parts[round->n++];
        part->round = round;
        part->said.plugin = text_of(plugin->name);
        part->said.version = text_of(plugin->active->version);
        round->waiting++;
        part->said.code = errand(plugins, part->said.plugin, customer, on_answer, part);
        if (part->said.code) one_less(round);
    }
    one_less(round);
}

void plugins_export_all(struct plugins *plugins, struct text customer, plugin_rights_done done, void *user) {
    ask_all(plugins, plugins_export, customer, done, user);
}

void plugins_forget_all(struct plugins *plugins, struct text customer, plugin_rights_done done, void *user) {
    ask_all(plugins, plugins_forget, customer, done, user);
}

void plugin_rights_json(const struct plugin_rights *rights, struct json_writer *w) {
    json_open_object(w);
    for (size_t i = 0; i < rights->n; i++) {
        if (!rights->each[i].held.n) continue;
        json_key(w, rights->each[i].plugin);
        json_raw(w, rights->each[i].held);
    }
    json_close_object(w);
}
