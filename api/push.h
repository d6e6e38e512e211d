/* What the server tells without being asked: administrators each change of the configuration, OpenFeature clients that it is
 * time to evaluate again. Loop thread. */
#ifndef PARLEY_API_PUSH_H
#define PARLEY_API_PUSH_H

#include "api/app.h"
#include "core/store/audit.h"

struct push;

/* Streams with a comment every `heartbeat` ms. `app` needs its loop, clock and telemetry by now. */
struct push *push_open(struct app *app, int64_t heartbeat);
/* Ends every stream, those to come too, so that the server can drain. */
void push_end(struct push *push);
/* After the server was stopped: freed with the loop's next turns. */
void push_close(struct push *push);

/* Every stream's listeners read now: a comment, or the end where app->tokens know theirs no longer. */
void push_beat(struct push *push);
/* app->snapshot is new: clients evaluate again now, and when the snapshot's next scheduled change is due. */
void push_snapshot(struct push *push);
/* Administrators are told what was done: {"kind","key","version","action","revision"}, version only where a definition has
 * a new one, revision as app->snapshot has it by now. `changes` is newest first, as the audit log has it. */
void push_changes(struct push *push, const struct audit_page *changes);
/* Administrators are told what happened to a plugin's release: an event named "plugin" with {"plugin","release","state",
 * "before"?,"detail"?}. */
void push_plugin(struct push *push, const struct plugin_event *event);
/* Who follows the plugin's log reads its line of that "seq", an event named "line". */
void push_plugin_line(struct push *push, struct text plugin, size_t seq);
/* What a plugin notifies of: agents and managers read an event "plugin-note" with {"plugin","topic","customer"}, the customer's own
 * pages a "note" with {"plugin","topic"}. */
struct push_note {
    struct text plugin, topic, customer;
    bool known; /* to the shop; else the customer is an anonymous visitor */
};
void push_note(struct push *push, const struct push_note *note);
/* "eventStreams" for the answer to a bulk evaluation under app->snapshot. */
void push_write_streams(struct request *request, struct json_writer *w);
/* Changes when an earlier eventStreams may soon no longer be accepted: part of what a bulk answer's ETag covers. */
int64_t push_streams_period(int64_t now);

extern const struct route push_routes[];

#endif
