/* Webhooks: calls from anybody to a plugin that takes them, held to so many a second for each plugin. Loop thread. */
#ifndef PARLEY_API_PUBLIC_HOOKS_H
#define PARLEY_API_PUBLIC_HOOKS_H

#include "core/base/clock.h"
#include "core/base/text.h"

struct hooks;

/* At most `rate` calls a second, and as many at once, for each plugin. */
struct hooks *hooks_new(int rate);
void hooks_free(struct hooks *hooks); /* NULL is fine */
/* Takes one call of the plugin at `now` (ms); false: there have been too many. */
bool hooks_admit(struct hooks *hooks, struct text plugin, int64_t now);

#endif
