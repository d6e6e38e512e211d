/* Calls on their way: from the caller to a release's worker and back, in time or not, and on to the next worker when theirs
 * dies. Internal to core/plugins. */
#ifndef PARLEY_CORE_PLUGINS_TRAFFIC_H
#define PARLEY_CORE_PLUGINS_TRAFFIC_H

#include "core/plugins/plugin.h"

/* To `release`, or (NULL) to whichever is active. Like plugins_call. */
int traffic_request(struct plugin *plugin, struct release *release, const struct plugin_call *call, int *retry_after);
/* FRAME_EXPORT or FRAME_FORGET to the active release, which is started for it where it is down. */
int traffic_errand(struct plugin *plugin, enum frame_type type, struct text customer,
                   void (*answered)(void *user, const struct plugin_answer *answer), void *user);

/* FRAME_EVENTS or FRAME_CONFIGURE to that release, which takes calls now; it is sent to no other. As plugins_call; ERR_TOO_LARGE over FRAME_MAX_PAYLOAD. */
int traffic_direct(struct release *release, enum frame_type type, struct text payload,
                   void (*answered)(void *user, const struct plugin_answer *answer), void *user);

void traffic_reply(struct release *release, struct supervisor *worker, const struct frame *frame);
/* The call's time has come. */
void traffic_due(struct call *call);
/* Its worker is gone: each call waits for the next one, or is answered. */
void traffic_worker_gone(struct release *release, struct supervisor *worker);
/* Sends what waits for that release. */
void traffic_running(struct release *release);
/* Answers what waits for that release, which will not run. */
void traffic_down(struct release *release);

#endif
