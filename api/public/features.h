/* Calls to plugins, shared by the shopper's route and the staff's. */
#ifndef PARLEY_API_PUBLIC_FEATURES_H
#define PARLEY_API_PUBLIC_FEATURES_H

#include "api/app.h"

/* Sends the request, whose template ends in {path...}, to a release (TEXT_NONE: the active one) and answers with its answer.
 * The caller fills feature, variant, settings and staff of `frame`; the rest comes from the request. */
void plugin_call_start(struct request *request, struct text plugin, struct text version, struct frame_request *frame);

/* Says that the answer is this shopper's alone, so that no cache mixes the arms. */
void forbid_caching(struct request *request);

#endif
