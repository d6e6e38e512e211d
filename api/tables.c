/* All tables of routes: together they are the API. */
#include "api/admin/tables.h"
#include "api/app.h"
#include "api/ofrep/evaluate.h"
#include "api/public/tables.h"
#include "api/push.h"

/* clang-format off: one a line, so that two changes meet less often */
const struct route *const api_tables[] = {
    health_routes,
    feature_routes,
    tracking_routes,
    cloudevent_routes,
    page_routes,
    web_routes,
    ofrep_routes,
    definition_routes,
    plugin_routes,
    experiment_routes,
    operation_routes,
    page_admin_routes,
    preview_routes,
    push_routes,
    segment_routes,
    impact_routes,
};
/* clang-format on */
const size_t api_tables_n = sizeof api_tables / sizeof *api_tables;
