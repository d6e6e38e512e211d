/* The tables of the routes outside /admin and /ofrep, one for each file beside this one. */
#ifndef PARLEY_API_PUBLIC_TABLES_H
#define PARLEY_API_PUBLIC_TABLES_H

#include "api/router.h"

extern const struct route health_routes[], feature_routes[], me_routes[], tracking_routes[], cloudevent_routes[],
    web_routes[];

#endif
