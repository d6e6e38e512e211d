/* The tables of /admin/v1, one for each file beside this one. */
#ifndef PARLEY_API_ADMIN_TABLES_H
#define PARLEY_API_ADMIN_TABLES_H

#include "api/router.h"

extern const struct route apply_routes[];
extern const struct route customer_routes[];
extern const struct route customer_change_routes[];
extern const struct route definition_routes[];
extern const struct route experiment_routes[];
extern const struct route impact_routes[];
extern const struct route insight_routes[];
extern const struct route operation_routes[];
extern const struct route page_admin_routes[];
extern const struct route plugin_routes[];
extern const struct route plugin_config_routes[];
extern const struct route plugin_rights_routes[];
extern const struct route preview_routes[];
extern const struct route product_routes[];
extern const struct route webhook_routes[];
extern const struct route segment_routes[];
extern const struct route plan_routes[];
extern const struct route report_routes[];
extern const struct route result_routes[];
extern const struct route usage_routes[];

#endif
