/* All tables of routes: together they are the API. */
#include "api/admin/tables.h"
#include "api/app.h"
#include "api/ofrep/evaluate.h"
#include "api/public/tables.h"
#include "api/push.h"

const struct route *const api_tables[] = {
    health_routes, feature_routes,    tracking_routes,  web_routes,     ofrep_routes, definition_routes,
    plugin_routes, experiment_routes, operation_routes, preview_routes, push_routes,
    result_routes, plan_routes, report_routes,
};
const size_t api_tables_n = sizeof api_tables / sizeof *api_tables;
