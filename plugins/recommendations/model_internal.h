/* Shared by the model's files alone. */
#ifndef RECOMMENDATIONS_MODEL_INTERNAL_H
#define RECOMMENDATIONS_MODEL_INTERNAL_H

#include "plugins/recommendations/model.h"

/* Fills what follows from ids and items: places, and the room that serving needs. Such parts are not written, they are made again. */
void model_index(struct model *model);

#endif
