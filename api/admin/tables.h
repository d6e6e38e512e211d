/* The tables of /admin/v1, one for each file beside this one. */
#ifndef PARLEY_API_ADMIN_TABLES_H
#define PARLEY_API_ADMIN_TABLES_H

#include "api/router.h"

extern const struct route definition_routes[], experiment_routes[], plugin_routes[], operation_routes[],
    preview_routes[], result_routes[], plan_routes[], report_routes[];

#endif
