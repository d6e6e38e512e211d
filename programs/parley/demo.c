#include "programs/parley/demo.h"

#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/json.h"

/* How long a trial runs before somebody looks at it again: the default cycle is four to six weeks. */
enum { CYCLE_DAYS = 42 };

struct piece {
    const char *path; /* of the piece itself */
    const char *body;
};

static const struct piece definitions[] = {
    {"/admin/v1/metrics/added-to-basket",
     "{\"key\":\"added-to-basket\",\"name\":\"baskets filled\",\"kind\":\"conversion\","
     "\"event\":\"Product Added\",\"window\":\"P7D\"}"},
    {"/admin/v1/metrics/bought", "{\"key\":\"bought\",\"name\":\"buyers\",\"kind\":\"conversion\","
                                 "\"event\":\"Order Completed\",\"window\":\"P7D\"}"},
    {"/admin/v1/metrics/spend", "{\"key\":\"spend\",\"name\":\"spend per visitor, in euro\",\"kind\":\"mean\","
                                "\"event\":\"Order Completed\",\"value\":\"revenue\"}"},
    {"/admin/v1/metrics/products-viewed",
     "{\"key\":\"products-viewed\",\"name\":\"products looked at\",\"kind\":\"count\",\"event\":\"Product Viewed\"}"},
    {"/admin/v1/metrics/took-back",
     "{\"key\":\"took-back\",\"name\":\"taking out of the basket\",\"kind\":\"conversion\","
     "\"event\":\"Product Removed\",\"better\":\"lower\"}"},
    {"/admin/v1/features/product-poll",
     "{\"key\":\"product-poll\",\"name\":\"Poll beside the product\",\"type\":\"string\",\"enabled\":true,"
     "\"stage\":\"trial\",\"variants\":{\"off\":{\"value\":\"off\"},"
     "\"top\":{\"value\":\"top\",\"plugin\":\"polls\",\"settings\":{\"maxOptions\":4}}},"
     "\"off\":\"off\",\"default\":{\"serve\":\"off\"},\"owner\":\"merchandising\",\"tags\":[\"demo\"]}"},
    /* The demo shop has no server of its own: its browsers tell the orders. */
    {"/admin/v1/features/product-questions",
     "{\"key\":\"product-questions\",\"name\":\"Questions below the product\",\"type\":\"string\",\"enabled\":true,"
     "\"stage\":\"shipped\",\"variants\":{\"off\":{\"value\":\"off\"},"
     "\"on\":{\"value\":\"on\",\"plugin\":\"qa\",\"settings\":{\"trustBrowserOrders\":true}}},"
     "\"off\":\"off\",\"default\":{\"serve\":\"on\"},\"owner\":\"service\",\"tags\":[\"demo\"]}"},
    {"/admin/v1/features/boards",
     "{\"key\":\"boards\",\"name\":\"Boards and ensembles\",\"type\":\"string\",\"enabled\":true,\"stage\":\"shipped\","
     "\"variants\":{\"off\":{\"value\":\"off\"},\"on\":{\"value\":\"on\",\"plugin\":\"boards\",\"settings\":{"
     "\"pictures\":\"/shop/pictures/\",\"productPage\":\"/shop/product.html?sku={sku}\","
     "\"boardPage\":\"/shop/boards.html?board={id}\"}}},"
     "\"off\":\"off\",\"default\":{\"serve\":\"on\"},\"owner\":\"merchandising\",\"tags\":[\"demo\"]}"},
};

#define POLL(id, what, kind, question, options)                                                                        \
    {                                                                                                                  \
        "/admin/v1/plugins/polls/api/polls/" id,                                                                       \
            "{\"id\":\"" id "\",\"about\":\"" what "\",\"kind\":\"" kind                                               \
            "\",\"results\":\"on_vote\",\"question\":\"" question "\",\"options\":[" options "]}"                      \
    }
#define OPTION(key, label) "{\"key\":\"" key "\",\"label\":\"" label "\"}"

static const struct piece polls[] = {
    POLL("next-shelf", "home", "single", "What should the next shelf be for?",
         OPTION("garden", "The garden") "," OPTION("boat", "The boat") "," OPTION("children", "Small hands")),
    POLL("mug-colour", "sku:HT-101", "single", "Which colour should the next mug have?",
         OPTION("slate", "Slate") "," OPTION("gorse", "Gorse yellow") "," OPTION("rust", "Boat-keel rust")),
    POLL("throw-pattern", "sku:HT-102", "single", "What should the next throw look like?",
         OPTION("plain", "Plain") "," OPTION("check", "A quiet check") "," OPTION("stripe", "Broad stripes")),
    POLL("lantern-where", "sku:HT-103", "multiple", "Where would your lantern stand?",
         OPTION("table", "On the table outside") "," OPTION("boat", "On a boat") "," OPTION(
             "window", "In the window") "," OPTION("tent", "At the tent")),
    POLL("soap-scent", "sku:HT-104", "single", "Which scent should come next?",
         OPTION("juniper", "Juniper") "," OPTION("pine", "Pine tar") "," OPTION("none", "None at all, please")),
    POLL("teapot-size", "sku:HT-105", "single", "How many cups should a teapot hold?",
         OPTION("two", "Two") "," OPTION("four", "Four is right") "," OPTION("eight", "Eight, we are many")),
    POLL("basket-use", "sku:HT-106", "multiple", "What would you keep in it?",
         OPTION("logs", "Logs") "," OPTION("wool", "Wool") "," OPTION("toys", "Toys") "," OPTION("cat", "The cat")),
    POLL("honey-how", "sku:HT-107", "single", "How do you eat heather honey?",
         OPTION("toast", "On toast") "," OPTION("tea", "In tea") "," OPTION("spoon", "With a spoon, at night")),
    POLL("candle-when", "sku:HT-108", "single", "When do you light a candle?",
         OPTION("daily", "Every evening") "," OPTION("guests", "When guests come") "," OPTION("storm",
                                                                                              "When the power is out")),
};

/* ---- what it sells: a catalogue that boards, questions and recommendations know ---- */

#define WARE(sku, title, category, price, picture)                                                                     \
    "{\"sku\":\"" sku "\",\"title\":\"" title "\",\"category\":\"" category "\",\"price\":" price                      \
    ",\"currency\":\"EUR\",\"url\":\"/shop/product.html?sku=" sku "\",\"image\":\"/shop/pictures/" picture ".svg\"}"
/* clang-format off */
static const char catalogue[] = "{\"items\":["
    WARE("HT-101", "Breakwater enamel mug", "Table", "18", "mug") ","
    WARE("HT-102", "Thistle wool throw", "Rooms", "120", "throw") ","
    WARE("HT-103", "Pierhead storm lantern", "Light", "64", "lantern") ","
    WARE("HT-104", "Oat and sea-salt soap", "Bath", "9.50", "soap") ","
    WARE("HT-105", "Haar stoneware teapot", "Table", "72", "teapot") ","
    WARE("HT-106", "Creel log basket", "Rooms", "58", "basket") ","
    WARE("HT-107", "Heather honey", "Larder", "12", "honey") ","
    WARE("HT-108", "Pair of beeswax candles", "Light", "16", "candles") "]}";
/* clang-format on */

/* ---- the home page: a section for each plugin that is there, and one that is the shop's own; most components bring their
 * heading along ---- */

static const struct {
    const char *plugin; /* NULL: none */
    const char *section, *feature;
    const char *feature_body; /* NULL: it is there already */
    const char *section_members;
} home[] = {
    {NULL, "note", "delivery-note",
     "{\"key\":\"delivery-note\",\"name\":\"A sentence about delivery\",\"type\":\"string\",\"stage\":\"shipped\","
     "\"variants\":{\"off\":{\"value\":\"\"},\"on\":{\"value\":\"The boat goes on Monday: what is ordered by Sunday "
     "evening is on it.\"}},\"off\":\"off\",\"default\":{\"serve\":\"on\"},\"owner\":\"merchandising\","
     "\"tags\":[\"demo\",\"home\"]}",
     ""},
#define PLUGGED(plugin, section, feature, name, members)                                                               \
    {                                                                                                                  \
        plugin, section, feature,                                                                                      \
            "{\"key\":\"" feature "\",\"name\":\"" name                                                                \
            "\",\"type\":\"string\",\"stage\":\"shipped\",\"variants\":{\"off\":{\"value\":\"off\"},"                  \
            "\"on\":{\"value\":\"on\",\"plugin\":\"" plugin "\"}},\"off\":\"off\",\"default\":{\"serve\":\"on\"},"     \
            "\"owner\":\"merchandising\",\"tags\":[\"demo\",\"home\"]}",                                               \
            members                                                                                                    \
    }
    PLUGGED("recommendations", "recommended", "home-recommended", "Recommended on the home page", ""),
    PLUGGED("polls", "question", "home-poll", "Poll on the home page",
            ",\"title\":\"Help us choose\",\"about\":\"home\",\"path\":\"/polls?about=home\""),
    {"qa", "questions", "product-questions", NULL,
     ",\"title\":\"Asked about our storm lantern\",\"about\":\"sku:HT-103\""},
    PLUGGED("conversations", "talk", "home-talk", "Conversation on the home page", ""),
    {"boards", "boards", "boards", NULL, ",\"title\":\"Keep together what belongs together\""},
};

static const char trial_path[] = "/admin/v1/experiments/product-poll-trial";

static struct text trial_body(struct call *call) {
    char review[CLOCK_ISO_ROOM];
    clock_iso(review, clock_now(&clock_system) + (int64_t)CYCLE_DAYS * CLOCK_DAY);
    return arena_printf(
        &call->arena,
        "{\"key\":\"product-poll-trial\",\"name\":\"A poll beside the product\",\"feature\":\"product-poll\","
        "\"hypothesis\":\"Who is asked for an opinion on a product is more likely to put it into the basket.\","
        "\"unit\":\"targetingKey\",\"control\":\"off\",\"weights\":{\"off\":50,\"top\":50},\"traffic\":100,"
        "\"metrics\":{\"primary\":\"added-to-basket\",\"secondary\":[\"bought\",\"spend\",\"products-viewed\"],"
        "\"guardrails\":[{\"metric\":\"took-back\",\"harm\":\"increase\",\"margin\":0.05,\"action\":\"warn\"}]},"
        "\"mde\":0.1,\"analysis\":{\"method\":\"sequential\",\"nStar\":2000},\"owner\":\"merchandising\","
        "\"reviewBy\":\"%.10s\"}",
        review);
}

/* Makes what is not there yet: by PUT to its own path, or by POST to `collection`. */
static enum exit_code ensure(struct call *call, const char *path, const char *collection, struct text body) {
    struct answer answer;
    struct error error = {0};
    if (client_ask(&call->client, "GET", path, TEXT_NONE, NULL, &answer, &error) != 0) {
        fprintf(stderr, "parley: %s\n", error.detail);
        return EXIT_TRY_AGAIN;
    }
    enum exit_code code = exit_of_status(answer.status);
    if (code != EXIT_OK && code != EXIT_NOT_FOUND) client_refused(&answer);
    buffer_free(&answer.body);
    if (code != EXIT_NOT_FOUND) return code;
    code = client_fetch(&call->client, collection ? "POST" : "PUT", collection ? collection : path, body, &answer);
    if (code != EXIT_OK) return code;
    buffer_free(&answer.body);
    fprintf(stderr, "made %s\n", strncmp(path, "/admin/v1/", 10) ? path : path + 10);
    return EXIT_OK;
}

static bool is_installed(struct call *call, const char *plugin) {
    struct answer answer;
    struct error error = {0};
    const char *path = arena_printf(&call->arena, "/admin/v1/plugins/%s", plugin).at;
    if (client_ask(&call->client, "GET", path, TEXT_NONE, NULL, &answer, &error) != 0) return false;
    buffer_free(&answer.body);
    return answer.status == 200;
}

static enum exit_code make_home(struct call *call) {
    enum exit_code code = EXIT_OK;
    struct buffer page = {0};
    buffer_cstr(&page,
                "{\"key\":\"home\",\"name\":\"The shop's first page\",\"owner\":\"merchandising\",\"sections\":{");
    const char *between = "";
    for (size_t i = 0; i < sizeof home / sizeof *home && code == EXIT_OK; i++) {
        if (home[i].plugin && !is_installed(call, home[i].plugin)) continue;
        const char *path = arena_printf(&call->arena, "/admin/v1/features/%s", home[i].feature).at;
        if (home[i].feature_body) code = ensure(call, path, NULL, text_of(home[i].feature_body));
        buffer_printf(&page, "%s\"%s\":{\"feature\":\"%s\"%s}", between, home[i].section, home[i].feature,
                      home[i].section_members);
        between = ",";
    }
    buffer_cstr(&page, "}}");
    if (code == EXIT_OK) code = ensure(call, "/admin/v1/pages/home", NULL, buffer_view(&page));
    buffer_free(&page);
    return code;
}

static enum exit_code start_trial(struct call *call) {
    struct answer answer;
    struct json json;
    enum exit_code code = client_fetch(&call->client, "GET", trial_path, TEXT_NONE, &answer);
    if (code != EXIT_OK) return code;
    bool draft = json_scan(&json, buffer_view(&answer.body), &call->arena, NULL) == 0 &&
                 text_is(json_unescaped(&json, json_get(&json, 0, TEXT("state")), &call->arena), "draft");
    buffer_free(&answer.body);
    if (!draft) return EXIT_OK;
    const char *path = arena_printf(&call->arena, "%s/start", trial_path).at;
    code = client_fetch(&call->client, "POST", path, TEXT("{}"), &answer);
    if (code != EXIT_OK) return code;
    buffer_free(&answer.body);
    fprintf(stderr, "started product-poll-trial\n");
    return EXIT_OK;
}

enum exit_code demo_setup(struct call *call) {
    enum exit_code code = EXIT_OK;
    for (size_t i = 0; i < sizeof definitions / sizeof *definitions && code == EXIT_OK; i++)
        code = ensure(call, definitions[i].path, NULL, text_of(definitions[i].body));
    for (size_t i = 0; i < sizeof polls / sizeof *polls && code == EXIT_OK; i++)
        code = ensure(call, polls[i].path, "/admin/v1/plugins/polls/api/polls", text_of(polls[i].body));
    if (code == EXIT_OK) code = ensure(call, "/v1/products/HT-101", "/admin/v1/catalogue", text_of(catalogue));
    if (code == EXIT_OK) code = make_home(call);
    if (code == EXIT_OK) code = ensure(call, trial_path, NULL, trial_body(call));
    return code == EXIT_OK ? start_trial(call) : code;
}
