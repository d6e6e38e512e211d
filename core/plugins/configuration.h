/* A plugin's configuration: settings of the plugin as a whole, which all its releases are given, at their start and whenever they
 * change. Here: what of it may be shown. Pure; any thread. */
#ifndef PARLEY_CORE_PLUGINS_CONFIGURATION_H
#define PARLEY_CORE_PLUGINS_CONFIGURATION_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/error.h"

/* Stands for what is secret: members that the schema marks as writeOnly. Sent back, it means what is there now. */
#define CONFIGURATION_MASK "********"

enum { CONFIGURATION_MOST = 64 * 1024 }; /* bytes, as JSON */

/* 0, or ERR_INVALID where `value` (borrowed) is over CONFIGURATION_MOST without blanks. */
int configuration_check_size(const json_t *value, struct error *error);
/* False where `schema` (borrowed) marks as writeOnly what the two below would not find: anything but a property of the object, or of an
 * object that is such a property. */
bool configuration_can_mask(const json_t *schema);
/* A copy of `value` with the mask in place of what is secret by `schema`. The caller's reference; both are borrowed. */
json_t *configuration_masked(const json_t *schema, const json_t *value);
/* A copy of `sent` with what `now` has in place of each mask at a secret's place. The caller's reference; all are borrowed. */
json_t *configuration_unmasked(const json_t *schema, const json_t *sent, const json_t *now);
/* The same, and each secret that `sent` says nothing of stays as `now` has it: for what is written without them. */
json_t *configuration_with_secrets(const json_t *schema, const json_t *sent, const json_t *now);

#endif
