/* The tables of the routes outside /admin and /ofrep, one for each file beside this one. */
#ifndef PARLEY_API_PUBLIC_TABLES_H
#define PARLEY_API_PUBLIC_TABLES_H

#include "api/router.h"

extern const struct route cloudevent_routes[];
extern const struct route feature_routes[];
extern const struct route health_routes[];
extern const struct route hook_routes[];
extern const struct route me_routes[];
extern const struct route page_routes[];
extern const struct route product_page_routes[];
extern const struct route share_routes[];
extern const struct route tracking_routes[];
extern const struct route web_routes[];

#endif
