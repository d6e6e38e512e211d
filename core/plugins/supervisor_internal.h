/* What the supervisor's files share: its phases (supervisor.c) and the frames it takes (supervisor_frames.c). */
#ifndef PARLEY_CORE_PLUGINS_SUPERVISOR_INTERNAL_H
#define PARLEY_CORE_PLUGINS_SUPERVISOR_INTERNAL_H

#include "core/plugins/supervisor.h"

void supervisor_enter(struct supervisor *w, enum supervisor_phase phase);
/* It is about to exit; where it does not, it is ended. */
void supervisor_leaves(struct supervisor *w);
void supervisor_say(struct supervisor *w, enum frame_type type, uint64_t id, struct text payload);
void supervisor_ping(struct supervisor *w);
/* Why it ends, unless that is known already. */
void supervisor_blame(struct supervisor *w, const char *why, ...) __attribute__((format(printf, 2, 3)));
/* A line of its log; too many of them are dropped and counted. */
void supervisor_line(struct supervisor *w, enum log_level level, struct text text);
/* For the channel: a whole frame came. */
void supervisor_frame(void *user, const struct frame *frame);

#endif
