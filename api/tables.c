/* All tables of routes: together they are the API. */
#include "api/admin/tables.h"
#include "api/app.h"
#include "api/ofrep/evaluate.h"
#include "api/public/tables.h"
#include "api/push.h"

/* One a line, so that two changes meet less often. */
/* clang-format off */
const struct route *const api_tables[] = {
    ofrep_routes,
    push_routes,
    cloudevent_routes,
    feature_routes,
    health_routes,
    hook_routes,
    me_routes,
    page_routes,
    tracking_routes,
    web_routes,
    customer_routes,
    customer_change_routes,
    definition_routes,
    apply_routes,
    experiment_routes,
    impact_routes,
    insight_routes,
    operation_routes,
    page_admin_routes,
    plugin_routes,
    plugin_rights_routes,
    preview_routes,
    segment_routes,
    plan_routes,
    report_routes,
    result_routes,
    product_routes,
    product_page_routes,
    share_routes,
    usage_routes,
    webhook_routes,
    plugin_config_routes,
};
/* clang-format on */
const size_t api_tables_n = sizeof api_tables / sizeof *api_tables;
