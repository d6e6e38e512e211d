/* Events on their way to plugins, parleyd's side: which plugin wants which, one batch at a time to its active release, again where
 * that one died. The plugin's own database says how far it has come; what is remembered here is only what it said last. Knows nothing of
 * the journal: a feed (plugins_options.feed) is asked for what is to come. Internal to core/plugins. */
#ifndef PARLEY_CORE_PLUGINS_EVENTS_H
#define PARLEY_CORE_PLUGINS_EVENTS_H

#include "core/base/json_write.h"
#include "core/base/telemetry.h"
#include "core/plugins/feed.h"

struct plugin;

struct delivery {
    struct feed_want want;
    enum { DELIVERY_IDLE, DELIVERY_ASKED, DELIVERY_RECALLED, DELIVERY_SENT } state;
    bool known;                    /* position was said by a worker of this plugin */
    int64_t position;              /* its database includes the journal's rows up to this; -1: it has had none */
    int64_t looked;                /* rows up to this hold nothing that `subscriber` wants */
    uint32_t subscriber;           /* serial of the worker that the names are of */
    uint64_t not_before;           /* ms of the loop: something failed, or events keep coming */
    int64_t sent_first, sent_upto; /* of the batch under way; first is 0 where it has no event */
    uint64_t sent_at;              /* ms of the loop */
    int64_t sent_newest;           /* the last row of the journal then */
    int64_t careful;               /* events up to this are sent one by one: a batch did not come through */
    int64_t suspect;               /* an event that did not come through alone, and how often */
    int strikes;
    struct counter *ran, *failed, *skipped, *lag;
};

/* Makes its instruments. */
void events_make_instruments(struct plugin *plugin);
/* Asks or sends, where the plugin's active release can take something now. Called whenever that may have changed, and each second. */
void events_review(struct plugin *plugin);
/* The feed has answered. */
void events_fed(struct plugin *plugin);
/* Adds {"events": {...}} to an open object, where the plugin gets events. */
void events_json(const struct plugin *plugin, struct json_writer *w);
void events_free(struct delivery *delivery);

#endif
